"""Where KeyWatch may look, and how what a failure is about must be named there."""

from dataclasses import dataclass

from keywatch.model.identifiers import KeyIdentifier, Kind, parse
from keywatch.model.signals import UNKNOWN, KeyFailure
from keywatch.settings import Settings


@dataclass(frozen=True, slots=True)
class Scope:
    """The account and Region that look-ups start from, and in which other Regions they may be made.

    For what the deployment's own account told of, they are the deployment's; for what another
    account told a hub, they are those of the event.
    """

    account: str
    region: str
    search_regions: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: Settings, failure: KeyFailure | None = None) -> "Scope":
        """Return where a deployment may look to explain ``failure``."""
        told_by = failure.recorded_in if failure and settings.hub else None
        if failure is None or told_by in {None, settings.account}:
            return cls(settings.account, settings.region, settings.search_regions)
        return cls(str(told_by), failure.region or settings.region, settings.search_regions)


@dataclass(frozen=True, slots=True)
class Target:
    """The key or alias in question (``wanted``; ``None`` where none was named), and where KMS looked for it.

    ``account`` is the one that owns it by its ARN, or else in which KMS looked. ``is_own`` tells
    whether that is KeyWatch's own; ``is_seen_from_here`` whether KeyWatch's CloudTrail knows of it.
    """

    wanted: KeyIdentifier | None
    account: str
    region: str
    partition: str
    is_own: bool
    is_seen_from_here: bool

    @property
    def full_name(self) -> str | None:
        """Return it as typed, where that names its account."""
        return self.wanted.text if self.wanted and self.wanted.account else None

    @property
    def short_name(self) -> str | None:
        """Return its alias or key id."""
        return (self.wanted.alias or self.wanted.key_id) if self.wanted else None

    def name_in(self, region: str) -> str | None:
        """Return how KeyWatch must name it there: in full where it belongs to another account than its own."""
        if self.wanted is None:
            return None
        return (self.short_name or self.wanted.text) if self.is_own else self.arn_in(region)

    def arn_in(self, region: str) -> str:
        """Return its full name in ``region``, in the account in which KMS looked."""
        wanted = self.wanted
        resource = (wanted.alias if wanted else None) or f"key/{wanted.key_id if wanted else None}"
        return f"arn:{self.partition}:kms:{region}:{self.account}:{resource}"


def target_of(failure: KeyFailure, scope: Scope) -> Target:
    """Return what ``failure`` is about: as the caller named it, or else the key that AWS named.

    Where nobody says in which account KMS looked, it is taken to be KeyWatch's own.
    """
    wanted, subject, region = failure.identifier, failure.subject, failure.region or scope.region
    if wanted is None or wanted.kind is Kind.MALFORMED:
        wanted = parse(failure.key_arn) if failure.key_arn else None
    asked = subject.account if subject.account != UNKNOWN else failure.account or scope.account
    account = (wanted.account if wanted else None) or asked
    return Target(
        wanted=wanted,
        account=account,
        region=region,
        partition=(wanted.partition if wanted else None) or failure.partition,
        is_own=account == scope.account,
        is_seen_from_here=asked == scope.account
        and (wanted is None or wanted.region in {None, region}),
    )
