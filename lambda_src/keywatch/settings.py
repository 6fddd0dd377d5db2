"""What the stack tells the function: environment variables, read once into frozen settings."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from keywatch.catalogue.regions import REGIONS
from keywatch.model.identifiers import partition_of

DEFAULT_REPEAT_MINUTES = 240
DEFAULT_MESSAGES_PER_HOUR = 60
DEFAULT_KEEP_DAYS = 90


@dataclass(frozen=True, slots=True)
class IgnoreRule:
    """Failures to count and not to alert: all given patterns (``*`` allowed) must match. ``reason`` says why that is right."""

    reason: str
    principal: str = "*"
    service: str = "*"
    key: str = "*"
    cause: str = "*"
    operation: str = "*"
    account: str = "*"


@dataclass(frozen=True, slots=True)
class Hub:
    """What the hub of an organisation knows of its spokes; a deployment for one account has none.

    ``look_up_role`` is the name of the role that the function assumes in every other account;
    ``regions`` are where the spokes are, as far as the settings say; ``reads_accounts`` tells that AWS
    Organizations may be read; ``spoke_version`` is that of the template of this version.
    """

    organization: str
    look_up_role: str
    regions: tuple[str, ...] = ()
    reads_accounts: bool = False
    spoke_version: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], parts: "StackParts") -> "Hub | None":
        """Return the hub that the stack is; ``None`` where it names no organisation."""
        if not (organization := environment.get("HUB_ORGANIZATION")):
            return None
        return cls(
            organization=organization,
            look_up_role=environment["LOOK_UP_ROLE"],
            regions=tuple(json.loads(environment.get("HUB_REGIONS") or "[]")),
            reads_accounts=json.loads(environment.get("HUB_ACCOUNTS") or "false") is True,
            spoke_version=str(parts.hub.get("spoke_version", "")),
        )


@dataclass(frozen=True, slots=True)
class StackParts:
    """What else the stack consists of, as far as the doctor looks at it.

    ``rules`` maps the name of each rule to the state that it must have; ``deployment`` changes with
    every deployment that changed anything; ``hub`` is what a hub has besides (its bus, the rules on
    it, the version of its spokes).
    """

    rules: Mapping[str, str] = field(default_factory=dict)
    queue_url: str = ""
    dead_letter_urls: tuple[str, ...] = ()
    health_topic_arn: str = ""
    deployment: str = ""
    hub: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, text: str) -> "StackParts":
        """Read what the stack wrote; an empty text is a function without a stack around it."""
        given = json.loads(text or "{}")
        rules, letters = dict(given.get("rules", ())), tuple(given.get("dead_letter_urls", ()))
        return cls(**given | {"rules": rules, "dead_letter_urls": letters})


@dataclass(frozen=True, slots=True)
class Settings:
    """Where this deployment lives and what it was told. ``account`` is that of the function's own role.

    ``owner_tags`` are the tags of keys that name an owner, the best first. ``runbook_url`` is the
    address of the user's own runbook, in which ``{cause}`` stands for a cause's id. ``dependents``: grants and
    AWS Config may be asked what depends on a key, through ``config_aggregator`` where one is named.
    ``own_log_group`` is what this function writes to: what it says there is never a failure of
    somebody else. ``channel_targets`` maps channels (``chat``) to the ARNs of their own topics,
    ``channel_buses`` others (``events``, ``webhooks``) to those of event buses.
    ``hub`` is there where events of other accounts come in.
    """

    table: str
    topic_arn: str
    own_role_arn: str
    region: str
    account: str
    own_log_group: str = ""
    function_name: str = ""
    channel_targets: Mapping[str, str] = field(default_factory=dict)
    channel_buses: Mapping[str, str] = field(default_factory=dict)
    fallback_topic_arn: str | None = None
    repeat_interval: timedelta = timedelta(minutes=DEFAULT_REPEAT_MINUTES)
    messages_per_hour: int = DEFAULT_MESSAGES_PER_HOUR
    search_regions: tuple[str, ...] = ()
    ignore: tuple[IgnoreRule, ...] = ()
    owner_tags: tuple[str, ...] = ()
    runbook_url: str = ""
    dependents: bool = False
    config_aggregator: str = ""
    keep_incidents: timedelta = timedelta(days=DEFAULT_KEEP_DAYS)
    parts: StackParts = field(default_factory=StackParts)
    hub: Hub | None = None

    @property
    def own_roles(self) -> frozenset[str]:
        """Return the ARNs of KeyWatch's roles in all Regions of the partition: look-ups go from each into others.

        They are exact, so that no role with a similar name passes for one of them. Which of them
        exist does not matter, so that no Region has to be told of another.
        """
        stem = self.own_role_arn.removesuffix(self.region)
        regions = REGIONS[partition_of(self.region)] if stem != self.own_role_arn else ()
        return frozenset((self.own_role_arn, *(stem + region for region in regions)))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the settings; raises ``KeyError`` naming a variable that the stack always sets."""
        role, parts = (
            environment["OWN_ROLE_ARN"],
            StackParts.from_json(environment.get("PARTS", "")),
        )
        return cls(
            table=environment["INCIDENT_TABLE"],
            topic_arn=environment["ALERT_TOPIC_ARN"],
            own_role_arn=role,
            region=environment["AWS_REGION"],
            account=role.split(":")[4] if role.count(":") > 4 else "",  # noqa: PLR2004 - arn:partition:iam::account:role/…
            own_log_group=environment.get("AWS_LAMBDA_LOG_GROUP_NAME", ""),
            function_name=environment.get("AWS_LAMBDA_FUNCTION_NAME", ""),
            channel_targets=_channel_targets(environment),
            channel_buses=_ending(environment, "_BUS_ARN"),
            fallback_topic_arn=environment.get("FALLBACK_TOPIC_ARN") or None,
            repeat_interval=timedelta(
                minutes=int(environment.get("REPEAT_INTERVAL_MINUTES") or DEFAULT_REPEAT_MINUTES)
            ),
            messages_per_hour=int(
                environment.get("MESSAGES_PER_HOUR") or DEFAULT_MESSAGES_PER_HOUR
            ),
            search_regions=tuple(json.loads(environment.get("SEARCH_REGIONS") or "[]")),
            ignore=tuple(
                IgnoreRule(**rule) for rule in json.loads(environment.get("IGNORE_RULES") or "[]")
            ),
            keep_incidents=timedelta(
                days=int(environment.get("KEEP_INCIDENTS_DAYS") or DEFAULT_KEEP_DAYS)
            ),
            owner_tags=tuple(json.loads(environment.get("OWNER_TAGS") or "[]")),
            runbook_url=environment.get("RUNBOOK_URL", ""),
            dependents=environment.get("DEPENDENTS") == "true",
            config_aggregator=environment.get("CONFIG_AGGREGATOR") or "",
            parts=parts,
            hub=Hub.from_environment(environment, parts),
        )


def _channel_targets(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the topics of channels, each given as ``<CHANNEL>_TOPIC_ARN``."""
    topics = _ending(environment, "_TOPIC_ARN")
    return {name: arn for name, arn in topics.items() if name not in {"alert", "fallback"}}


def _ending(environment: Mapping[str, str], end: str) -> dict[str, str]:
    return {
        name.removesuffix(end).lower(): arn
        for name, arn in environment.items()
        if name.endswith(end) and arn
    }
