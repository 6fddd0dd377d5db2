"""What KeyWatch has to tell: one alert about one incident, before it becomes a document."""

from dataclasses import dataclass
from datetime import datetime

from keywatch.diagnosis.diagnose import Diagnosis
from keywatch.model.evidence import ChangeFact


@dataclass(frozen=True, slots=True)
class Impact:
    """The calls that failed. The lists are (name, count), most frequent first and bounded; times are UTC."""

    failures: int
    first_seen: datetime
    last_seen: datetime
    callers: tuple[tuple[str, int], ...] = ()
    operations: tuple[tuple[str, int], ...] = ()
    services: tuple[tuple[str, int], ...] = ()
    resources: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class SubjectView:
    """The broken thing by all names that are known; account and Region are those of the failing call.

    ``account_name`` is what the organisation calls the account; empty where that is not known.
    """

    identifier: str | None
    key_arn: str | None
    alias: str | None
    key_store: str | None
    account: str
    region: str
    partition: str = "aws"
    account_name: str = ""


@dataclass(frozen=True, slots=True)
class GroupView:
    """Many subjects that broke together. ``by`` says in words what they have in common; ``size`` counts all of them.

    ``members`` are names, as many as are known.
    """

    id: str
    size: int
    by: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Alert:
    """One message about one incident, or about a ``group`` of them; ``notes`` are extra sentences.

    ``status`` is opened, reminder, changed or resolved; of a group it is group or resolved; of a test it is test.

    ``severity`` overrules the catalogue's; ``previous_cause`` (a cause id) is what a ``changed``
    alert changed from. An alert without failures is an early warning. The notes of a ``resolved``
    alert say how the recovery was, or was not, proven. ``previous_incident_id`` is the incident of the
    same subject before this one. ``owner`` is whose the key is, by its tags; ``runbook_url`` the user's own
    runbook. ``changes`` are those
    made to the subject. ``replayed`` is the private event
    source of what AWS did not tell.
    """

    status: str
    incident_id: str
    subject: SubjectView
    diagnosis: Diagnosis
    impact: Impact
    changes: tuple[ChangeFact, ...] = ()
    notes: tuple[str, ...] = ()
    severity: str | None = None
    previous_cause: str | None = None
    group: GroupView | None = None
    previous_incident_id: str | None = None
    replayed: str = ""
    owner: str | None = None
    runbook_url: str = ""
