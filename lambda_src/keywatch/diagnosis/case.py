"""What every hypothesis gets (a ``Case``) and gives (a ``Finding``)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from keywatch.catalogue.causes import Confidence
from keywatch.catalogue.changes import ALIAS_CHANGES, UNDONE_BY
from keywatch.model.evidence import ChangeFact, Evidence, KeyFacts, LookupOutcome, LookupResult
from keywatch.model.identifiers import KeyIdentifier, Kind
from keywatch.model.signals import KeyFailure
from keywatch.model.subjects import UNKNOWN

# KMS is eventually consistent: usually seconds, "in some cases several minutes" (KMS Developer
# Guide, "Accessing KMS").
PROPAGATION = timedelta(minutes=5)
# CloudTrail writes whole seconds, and the hosts of one service differ a little: closer than this,
# order proves nothing.
SKEW = timedelta(seconds=5)
_MISSING = frozenset({"alias_not_found", "key_not_found"})
# Sources that know in which account and Region a call was made; a log line may come from a program
# that called elsewhere.
_KNOW_THE_PLACE = frozenset({"cloudtrail", "native", "manual", "change"})


@dataclass(frozen=True, slots=True)
class Reason:
    """One statement that supports a diagnosis, and where it comes from (error text, DescribeKey, CloudTrail event…)."""

    source: str
    text: str

    def __str__(self) -> str:
        """Return the statement as alerts show it: its source first."""
        return f"{self.source}: {self.text}"


@dataclass(frozen=True, slots=True)
class Finding:
    """A hypothesis that holds: the cause, how sure, why, and what more is known or cannot be known."""

    cause: str
    confidence: Confidence
    because: tuple[Reason, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    unknowns: tuple[str, ...] = ()

    def adding(
        self, *because: Reason, facts: Mapping[str, str] | None = None, unknowns: Iterable[str] = ()
    ) -> "Finding":
        """Return this finding with more to say."""
        return replace(
            self,
            because=(*self.because, *because),
            facts={**self.facts, **(facts or {})},
            unknowns=(*self.unknowns, *unknowns),
        )


@dataclass(frozen=True, slots=True)
class Case:
    """A failure, what was found out about it, and when that was (UTC)."""

    failure: KeyFailure
    evidence: Evidence
    now: datetime

    @property
    def identifier(self) -> KeyIdentifier | None:
        """Return what the caller asked for if it can name a key."""
        identifier = self.failure.identifier
        return identifier if identifier and identifier.kind is not Kind.MALFORMED else None

    @property
    def asked(self) -> str:
        """Return the identifier that the caller asked for, or the best name there is."""
        failure = self.failure
        return (
            (failure.identifier.text if failure.identifier else None)
            or failure.key_arn
            or failure.subject.name
        )

    @property
    def alias(self) -> str | None:
        """Return the alias that was asked for, if it was an alias."""
        if self.identifier:
            return self.identifier.alias
        return self.failure.subject.name if self.failure.subject.kind == "alias" else None

    @property
    def key_id(self) -> str | None:
        """Return the id of the key in question, as far as it was named."""
        arn_id = self.failure.key_arn.rpartition("/")[2] if self.failure.key_arn else None
        return arn_id or (self.identifier.key_id if self.identifier else None)

    @property
    def account(self) -> str | None:
        """Return the account in which KMS looked for the key."""
        account = self.failure.subject.account
        return account if account != UNKNOWN else self.failure.account

    @property
    def two_keys(self) -> bool:
        """Tell whether the call used two keys (ReEncrypt) and AWS did not say which of them failed."""
        failure = self.failure
        if failure.operation != "ReEncrypt" or failure.classification.identifier:
            return bool(failure.other_keys)
        return not any(
            action in (failure.error_message or "")
            for action in ("kms:ReEncryptFrom", "kms:ReEncryptTo")
        )

    @property
    def place_known(self) -> bool:
        """Tell whether it is known in which account and Region KMS looked, and not only where KeyWatch itself did."""
        if (
            self.failure.source in _KNOW_THE_PLACE
            or self.failure.key_arn
            or self.failure.classification.alias_arn
        ):
            return True
        return self.identifier is not None and self.identifier.account is not None

    @property
    def here(self) -> LookupResult | None:
        """Return the DescribeKey of the very thing that was asked for, where the call looked for it."""
        return self.evidence.look("DescribeKey", self.failure.region)

    @property
    def absent_here(self) -> bool:
        """Tell whether AWS itself said, to the caller or to KeyWatch, that the thing does not exist where it was asked for."""
        classification = self.failure.classification
        said = classification.cause in _MISSING and classification.confidence is Confidence.CERTAIN
        return said or (self.here is not None and self.here.outcome is LookupOutcome.ABSENT)

    def moments_before(self, when: datetime | None) -> bool:
        """Tell whether something that happened then may not have been visible everywhere when the call was made."""
        return when is not None and -SKEW <= self.failure.time - when <= PROPAGATION

    def moments_after(self, when: datetime | None) -> bool:
        """Tell whether something happened so shortly after the call that the caller was merely too early."""
        return when is not None and SKEW < when - self.failure.time <= PROPAGATION

    def before_call(self, when: datetime) -> bool:
        """Tell whether something happened before the call: only that can have made it fail."""
        return when <= self.failure.time + SKEW

    def change(self, *kinds: str) -> ChangeFact | None:
        """Return the newest known change of one of these kinds to what was asked for."""
        return max(
            (c for c in self.evidence.changes if c.what in kinds and self._concerns(c)),
            key=_when,
            default=None,
        )

    def standing(self, *kinds: str) -> ChangeFact | None:
        """Return that change unless a later one is known to have undone it: what was undone explains nothing."""
        change = self.change(*kinds)
        undone = self.change(*UNDONE_BY.get(change.what, ())) if change else None
        return None if change and undone and undone.when > change.when else change

    def _concerns(self, change: ChangeFact) -> bool:
        """Leave out what was done to other aliases of the key: a deleted alias does not explain a missing key."""
        return change.what not in ALIAS_CHANGES or (
            self.alias is not None and change.details.get("alias") in {None, self.alias}
        )


def _when(change: ChangeFact) -> datetime:
    return change.when


def stamp(when: datetime | None) -> str:
    """Return a time as people read it in an alert, in UTC and to the minute."""
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if when else "an unknown time"


def distance(earlier: datetime, later: datetime) -> str:
    """Return how long after ``earlier`` ``later`` is, in words."""
    seconds = max(0, round((later - earlier).total_seconds()))
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"  # noqa: PLR2004 - two minutes read better as minutes


AWS_ITSELF = frozenset({"AWS KMS", "AWS Internal"})


def because_change(change: ChangeFact) -> Reason:
    """Return who did what and when, naming the CloudTrail event or the ledger; AWS's own doings are no calls."""
    if change.who in AWS_ITSELF:
        return Reason(
            change_source(change), f"KMS itself did {change.what} at {stamp(change.when)}."
        )
    target = change.details.get("target_key")
    onto = (
        f" ({change.details['alias']} to {target})"
        if target and change.details.get("alias")
        else ""
    )
    return Reason(
        change_source(change), f"{change.who} called {change.what}{onto} at {stamp(change.when)}."
    )


def change_source(change: ChangeFact) -> str:
    """Return where a change is known from."""
    if not change.event_id:
        return change.source
    return (
        f"KMS event {change.event_id}"
        if change.who == "AWS KMS"
        else f"CloudTrail event {change.event_id}"
    )


def because_look(look: LookupResult, text: str) -> Reason:
    """Return what a look-up said, naming its operation and Region."""
    return Reason(f"{look.operation} in {look.region}", text)


_WHY_NOT_SEEN = {
    LookupOutcome.DENIED: "KeyWatch was denied",
    LookupOutcome.THROTTLED: "KeyWatch was throttled",
    LookupOutcome.FAILED: "the look-up failed",
}


def not_seen(look: LookupResult) -> str:
    """Return what a look-up without an answer leaves unknown."""
    error = f" ({look.error})" if look.error else ""
    why = _WHY_NOT_SEEN.get(look.outcome, "no answer")
    return f"Could not see {look.operation} of {look.asked} in {look.region}: {why}{error}."


def key_state(key: KeyFacts) -> str:
    """Return a key's state in a sentence, with the date that goes with it."""
    if key.deletion_date:
        return f"the key is {key.state}, to be deleted on {stamp(key.deletion_date)}."
    if key.pending_days is not None:
        return f"the key is {key.state}; its {key.pending_days} days of waiting start when its last replica is deleted."
    if key.valid_to and key.state == "Enabled":
        return f"the key is {key.state}; its imported material expires on {stamp(key.valid_to)}."
    return f"the key is {key.state}."
