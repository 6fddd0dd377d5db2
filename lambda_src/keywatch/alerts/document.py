"""The alert document ``keywatch.alert/1``: what an alert says, before any channel renders it."""

from dataclasses import dataclass
from datetime import datetime

from keywatch.diagnosis import Diagnosis

SCHEMA = "keywatch.alert/1"


@dataclass(frozen=True, slots=True)
class Impact:
    """Who is hurt. The lists are (name, count), most frequent first and bounded; times are UTC."""

    failures: int
    first_seen: datetime
    last_seen: datetime
    callers: tuple[tuple[str, int], ...] = ()
    operations: tuple[tuple[str, int], ...] = ()
    services: tuple[tuple[str, int], ...] = ()
    resources: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One change made to the subject: the KMS operation, who made it, when (UTC), and its CloudTrail event id."""

    what: str
    who: str
    when: datetime
    event_id: str


@dataclass(frozen=True, slots=True)
class SubjectView:
    """The broken thing by all names that are known; account and Region are those of the failing call."""

    identifier: str | None
    key_arn: str | None
    alias: str | None
    key_store: str | None
    account: str
    region: str
    partition: str = "aws"


@dataclass(frozen=True, slots=True)
class Alert:
    """One message about one incident. ``status`` is opened, reminder, changed or resolved; ``notes`` are extra sentences."""

    status: str
    incident_id: str
    subject: SubjectView
    diagnosis: Diagnosis
    impact: Impact
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
