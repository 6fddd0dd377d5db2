"""What a sweep finds: one thing at risk, when it was last used, and its place among the others. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from keywatch.actions import plain_json
from keywatch.catalogue.causes import remedies_for
from keywatch.diagnosis.reasons import stamp
from keywatch.model.identifiers import partition_of
from keywatch.model.levels import Severity

RECENTLY = timedelta(days=30)
_ORDER = (Severity.CRITICAL, Severity.HIGH, Severity.WARNING, Severity.INFO)
_NEVER = datetime.max.replace(tzinfo=UTC)
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Use:
    """When a key last did cryptography and since when KMS keeps track; both ``None`` where nobody could tell."""

    last: datetime | None = None
    tracked_since: datetime | None = None

    def recent(self, now: datetime) -> bool | None:
        """Tell whether the key was used lately; ``None`` where that is not known."""
        if self.last:
            return now - self.last <= RECENTLY
        return False if self.tracked_since and now - self.tracked_since >= RECENTLY else None

    def sentence(self, now: datetime) -> str:
        """Say when it was used last."""
        if self.last:
            days = (now - self.last).days
            ago = {0: "today", 1: "1 day ago"}.get(days, f"{days} days ago")
            return f"It was last used {ago} ({stamp(self.last)})."
        if self.tracked_since:
            return f"It was not used since {stamp(self.tracked_since)}, when KMS began to track its use."
        return "It is not known whether the key is in use."


@dataclass(frozen=True, slots=True)
class AccountRegion:
    """Where a sweep looks: account and Region."""

    account: str
    region: str

    @property
    def partition(self) -> str:
        """Return the partition of the Region."""
        return partition_of(self.region)

    def facts(self) -> dict[str, str]:
        """Return the facts that commands need of a place."""
        return {"region": self.region, "account": self.account, "partition": self.partition}

    def arn(self, resource: str) -> str:
        """Return the ARN of a key or alias there."""
        return f"arn:{self.partition}:kms:{self.region}:{self.account}:{resource}"


@dataclass(frozen=True, slots=True)
class SweepFinding:
    """One thing at risk. ``cause`` is what its users will meet; ``deadline`` when they will; ``facts`` fill the remedies."""

    risk: str
    severity: Severity
    says: str
    name: str
    cause: str | None = None
    aliases: tuple[str, ...] = ()
    state: str | None = None
    deadline: datetime | None = None
    use: Use | None = None
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Return what tells it apart from all others, and is the same in the next sweep."""
        return f"{self.risk}#{self.name}"

    @property
    def rank(self) -> tuple[int, datetime, str]:
        """Return its place in the list: the worst first, then what comes first."""
        return _ORDER.index(self.severity), self.deadline or _NEVER, self.id

    def as_json(self) -> Answer:
        """Return the finding as plain JSON."""
        remedies = remedies_for(self.cause, self.facts) if self.cause else ()
        return {
            "risk": self.risk,
            "severity": self.severity.value,
            "says": self.says,
            "name": self.name,
            "cause": self.cause,
            "aliases": list(self.aliases),
            "state": self.state,
            "deadline": plain_json.iso(self.deadline),
            "last_used": plain_json.iso(self.use.last) if self.use else None,
            "remedies": plain_json.remedies(remedies),
            "facts": dict(self.facts),
        }


def alertable(finding: SweepFinding) -> bool:
    """Tell whether a finding is worth a message: something that can break, and not just be untidy."""
    return finding.cause is not None and finding.severity is not Severity.INFO
