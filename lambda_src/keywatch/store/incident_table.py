"""Incidents and the change ledger in DynamoDB: one partition per subject, one item for its incident, one per change.

Every write that decides something is conditional, and stands alone: nothing relies on two items
changing together.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice

from keywatch.model.evidence import ChangeFact
from keywatch.model.incident import (
    HELD,
    KEEP,
    LEASE,
    MUTED,
    OPEN,
    FailureBatch,
    Incident,
    provisional,
)
from keywatch.model.signals import KeyChange, Subject
from keywatch.store.incident_items import (
    INCIDENT,
    QUEUE,
    STORED_NAMES,
    change_of,
    counting,
    epoch,
    incident_of,
    item_of,
    item_of_change,
    seconds,
)
from keywatch.store.table import Condition, Item, Table, Update, absent, equals

DUE_INDEX = "due"
MAX_CHANGES = 25
_GOING_ON = Condition("{name} IN ({values})", "status", ({"S": OPEN}, {"S": HELD}, {"S": MUTED}))


@dataclass(frozen=True, slots=True)
class StoredSubject:
    """What the table holds about a subject: its incident, if any, and its newest changes."""

    incident: Incident | None
    changes: tuple[ChangeFact, ...]


class IncidentTable:
    """The table. All methods raise botocore's errors when DynamoDB does not answer; lost races are answers."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def read(self, subject: Subject) -> StoredSubject:
        """Return the incident of a subject and its newest changes: one query."""
        pages = self._table.pages(
            KeyConditionExpression="subject = :subject",
            ExpressionAttributeValues={":subject": {"S": subject.id}},
            ScanIndexForward=False,  # "incident" sorts after "change#…": it comes first, then the newest changes
            Limit=MAX_CHANGES + 1,
            ConsistentRead=True,
        )
        incident, changes = None, []
        for item in next(pages):
            if item["item"]["S"] == INCIDENT:
                incident = incident_of(item)
            else:
                changes.append(change_of(item))
        return StoredSubject(incident, tuple(changes))

    def open(
        self, subject: Subject, batch: FailureBatch, now: datetime, ended: Incident | None
    ) -> Incident | None:
        """Claim a new incident, in place of one that ``ended``; ``None`` when somebody else was first."""
        incident = provisional(subject, batch, now)
        conditions = _unchanged(ended) if ended else (absent("subject"),)
        return incident if self._table.put(item_of(incident, now), *conditions) else None

    def count(
        self, incident: Incident, batch: FailureBatch, *, due_at: datetime | None = None
    ) -> bool:
        """Add failures to an incident; ``due_at`` asks the clock to look at it. ``False`` when it is no longer that incident."""
        due = {"due_at": epoch(due_at)} if due_at else {}
        return self._update(incident, counting(incident, batch, **due))

    def claim(
        self, incident: Incident, now: datetime, batch: FailureBatch | None = None
    ) -> Incident | None:
        """Take a due incident for the time of a lease, counting what came with it; ``None`` when somebody else was first."""
        lease = {"due_at": epoch(now + LEASE)}
        update = counting(incident, batch, **lease) if batch else Update(set=lease)
        item = self._table.update_and_read(_key(incident.subject), update, *_unchanged(incident))
        return incident_of(item) if item else None

    def record_outcome(
        self, incident: Incident, due_at: datetime, **changed: str | datetime | None
    ) -> None:
        """Record what was done with a claimed incident, after it was done, and when it is due again.

        ``due_at`` is left alone where somebody asked for an earlier look meanwhile.
        """
        outcome = {
            STORED_NAMES.get(name, name): epoch(value)
            if isinstance(value, datetime)
            else {"S": value}
            for name, value in changed.items()
            if value is not None
        }
        outcome["expires_at"] = seconds(max(incident.last_seen, due_at) + KEEP)
        timed = Update(set=outcome | {"due_at": epoch(due_at)})
        if not self._update(incident, timed, equals("due_at", epoch(incident.due_at))):
            self._update(incident, Update(set=outcome))

    def end(self, incident: Incident, status: str, now: datetime) -> bool:
        """End an incident, unless failures came meanwhile; it leaves the clock's queue."""
        ended = {
            "status": {"S": status},
            "expires_at": seconds(now + KEEP),
            "due_at": epoch(now),
        }
        none_since = equals("failures", {"N": str(incident.failures)})
        return self._update(incident, Update(set=ended, remove=("queue",)), none_since)

    def schedule_now(self, subject: Subject, now: datetime) -> bool:
        """Ask the clock to look at the incident of a subject soon; ``False`` when there is none that goes on."""
        update = Update(set={"due_at": epoch(now)})
        return self._table.update_and_read(_key(subject), update, _GOING_ON) is not None

    def due(self, now: datetime, most: int) -> Iterator[Incident]:
        """Yield up to ``most`` incidents that are due, the longest waiting first."""
        pages = self._table.pages(
            IndexName=DUE_INDEX,
            KeyConditionExpression="queue = :queue AND due_at <= :now",
            ExpressionAttributeValues={":queue": {"S": QUEUE}, ":now": epoch(now)},
            Limit=most,
        )
        return map(incident_of, next(pages))

    def going_on(self, most: int) -> Iterator[Incident]:
        """Yield up to ``most`` incidents that have not ended, those that the clock looks at last first: the newest failures."""
        pages = self._table.pages(
            IndexName=DUE_INDEX,
            KeyConditionExpression="queue = :queue",
            ExpressionAttributeValues={":queue": {"S": QUEUE}},
            ScanIndexForward=False,
            Limit=most,
        )
        return map(incident_of, islice(chain.from_iterable(pages), most))

    def record(self, change: KeyChange, subject: Subject) -> None:
        """Keep a change of a subject in the ledger; the same change twice is kept once."""
        self._table.put(item_of_change(change, subject))

    def _update(self, incident: Incident, update: Update, *more: Condition) -> bool:
        """Change an incident, if it is still that one and ``more`` holds."""
        same = equals("incident_id", {"S": incident.id})
        key = _key(incident.subject)
        return self._table.update_and_read(key, update, same, *more) is not None


def _key(subject: Subject) -> Item:
    return {"subject": {"S": subject.id}, "item": {"S": INCIDENT}}


def _unchanged(incident: Incident) -> tuple[Condition, Condition]:
    """Return the conditions that it is still this incident, and that nobody claimed or scheduled it meanwhile."""
    return equals("incident_id", {"S": incident.id}), equals("due_at", epoch(incident.due_at))
