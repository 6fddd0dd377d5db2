"""The values of settings that are more than a text or a number: where chat alerts go, and what is ignored."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExistingTopic:
    """A topic that somebody else's chat configuration listens to, and its customer managed key, if it has one."""

    topic_arn: str
    topic_key_arn: str | None = None


@dataclass(frozen=True, slots=True)
class SlackChannel:
    """A Slack channel, in a workspace that Amazon Q Developer in chat applications is authorized for.

    ``region`` is where it is configured, once for the account; without it, in the first Region.
    """

    slack_workspace_id: str
    slack_channel_id: str
    region: str | None = None


@dataclass(frozen=True, slots=True)
class TeamsChannel:
    """A Microsoft Teams channel, in a team that Amazon Q Developer in chat applications is authorized for.

    ``region`` is where it is configured, once for the account; without it, in the first Region.
    """

    teams_tenant_id: str
    teams_team_id: str
    teams_channel_id: str
    region: str | None = None


Chat = ExistingTopic | SlackChannel | TeamsChannel


@dataclass(frozen=True, slots=True)
class StackSet:
    """Spokes that the hub's stack deploys itself: to which parts of the organisation, in which Regions, and as whom.

    ``call_as`` is as AWS has it: ``SELF`` in the organisation's management account, else
    ``DELEGATED_ADMIN``.
    """

    organizational_units: tuple[str, ...]
    regions: tuple[str, ...]
    call_as: str = "DELEGATED_ADMIN"


@dataclass(frozen=True, slots=True)
class Hub:
    """The organisation whose accounts report here. ``regions`` are where their spokes are; ``accounts`` lets names be read."""

    organization_id: str
    stack_set: StackSet | None = None
    accounts: bool = False
    regions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ignore:
    """Failures not to alert: all patterns that are set must match. ``*`` stands for anything."""

    reason: str
    principal: str | None = None
    service: str | None = None
    operation: str | None = None
    key: str | None = None
    cause: str | None = None
    account: str | None = None

    def as_dict(self) -> dict[str, str]:
        """Return the rule as the function reads it: the patterns that are set, and the reason."""
        pairs = {name: getattr(self, name) for name in (*PATTERNS, "reason")}
        return {name: value for name, value in pairs.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Webhook:
    """One receiver of alerts by web hook. ``secret_arn`` is a secret of Secrets Manager, ``secret_key`` a member of its JSON.

    Without ``severities`` or ``owners`` it gets all; the owner ``unknown`` is that of what nobody is known to own.
    """

    kind: str
    secret_arn: str
    secret_key: str | None = None
    url: str | None = None
    header: str | None = None
    severities: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()


PATTERNS = ("principal", "service", "operation", "key", "cause", "account")
