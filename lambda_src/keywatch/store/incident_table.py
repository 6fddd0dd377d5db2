"""Incidents and the change ledger in DynamoDB: one partition per subject, one item for its incident, one per change.

Every write that decides something is conditional, and stands alone: nothing relies on two items
changing together. An item that cannot be read costs only itself: it is counted, left as it is, and
moved away from the head of the clock's queue.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.model.evidence import ChangeFact
from keywatch.model.incident import (
    BY_ITSELF,
    DELETED,
    HELD,
    KEEP,
    LEASE,
    LIVE,
    MUTED,
    OPEN,
    RESOLVED,
    SILENCED,
    FailureBatch,
    Incident,
    provisional,
    successor,
)
from keywatch.model.signals import KeyChange, Subject
from keywatch.model.silence import NO_SILENCE
from keywatch.store.incident_items import (
    GONE,
    INCIDENT,
    QUEUES,
    STORED_NAMES,
    UnreadableItemError,
    change_of,
    counting,
    epoch,
    incident_of,
    item_of,
    item_of_change,
    seconds,
)
from keywatch.store.table import Attribute, Condition, Item, Table, Update, absent, equals

DUE_INDEX = "due"
MAX_CHANGES = 25
PAGE = 50  # items of one partition of the queue that are read at once
TRIES = 5  # to count beside others who count
SET_ASIDE = timedelta(hours=1)  # before an unreadable item is looked at again
_GOING_ON = Condition("{name} IN ({values})", "status", ({"S": OPEN}, {"S": HELD}, {"S": MUTED}))
_LIVE = Condition("{name} IN ({values})", "status", tuple({"S": one} for one in sorted(LIVE)))

Unreadable = Callable[[Item, Exception], None]
IsNews = Callable[[Incident, Incident], datetime | None]


def _say_nothing(_item: Item, _error: Exception) -> None:
    """Tell nobody."""


def _never(_before: Incident, _after: Incident) -> None:
    """Take no count for news."""


@dataclass(frozen=True, slots=True)
class StoredSubject:
    """What the table holds about a subject: its incident, if any, and its newest changes.

    ``is_unreadable``: there is an incident, but this version cannot read it.
    """

    incident: Incident | None
    changes: tuple[ChangeFact, ...]
    is_unreadable: bool = False


class IncidentTable:
    """The table. All methods raise botocore's errors when DynamoDB does not answer; lost races are answers.

    ``unreadable`` is told of each item that cannot be read, and why. Incidents are kept for ``keep``
    after they were last seen.
    """

    def __init__(
        self, table: Table, unreadable: Unreadable = _say_nothing, keep: timedelta = KEEP
    ) -> None:
        self._table = table
        self._unreadable = unreadable
        self._keep = keep

    def read(self, subject: Subject) -> StoredSubject:
        """Return the incident of a subject and its newest changes: one query."""
        pages = self._table.pages(
            KeyConditionExpression="subject = :subject",
            ExpressionAttributeValues={":subject": {"S": subject.id}},
            ScanIndexForward=False,  # "incident" sorts after "change#…": it comes first, then the newest changes
            Limit=MAX_CHANGES + 1,
            ConsistentRead=True,
        )
        items = next(pages)
        stored = [item for item in items if item["item"]["S"] == INCIDENT]
        incidents = list(self._readable(stored))
        changes = [
            change
            for item in items
            if item["item"]["S"] != INCIDENT and (change := self._change(item))
        ]
        incident = incidents[0] if incidents else None
        return StoredSubject(incident, tuple(changes), bool(stored) and incident is None)

    def open(
        self, subject: Subject, batch: FailureBatch, now: datetime, ended: Incident | None
    ) -> Incident | None:
        """Claim a new incident, in place of one that ``ended``; ``None`` when somebody else was first."""
        fresh = batch.without(ended.recent_calls if ended else ())
        incident = successor(ended, fresh, now) if ended else provisional(subject, fresh, now)
        conditions = _unchanged(ended) if ended else (absent("subject"),)
        return (
            incident if self._table.put(item_of(incident, now, self._keep), *conditions) else None
        )

    def open_told(self, incident: Incident, now: datetime) -> bool:
        """Write the first incident of a subject, of which its group tells; ``False`` when somebody else was first."""
        return self._table.put(item_of(incident, now, self._keep), absent("subject"))

    def count(
        self,
        incident: Incident,
        batch: FailureBatch,
        is_news: IsNews = _never,
    ) -> Incident | None:
        """Add failures to a live incident, each call once; return it as it is then, ``None`` when it is that incident no longer.

        ``is_news`` is asked, of the incident before and after, whether the clock shall look at it,
        and when. Who counts beside many others may come too late several times; then the calls are
        counted without their names.
        """
        known: Incident | None = incident
        for _ in range(TRIES):
            if known is None or known.id != incident.id or known.status not in LIVE:
                return None
            fresh = batch.without(known.recent_calls)
            if not fresh.is_new:
                return known
            after = known.counting(fresh)
            due_at = is_news(known, after)
            due: dict[str, Attribute] = {"due_at": epoch(due_at)} if due_at else {}
            if item := self._change_live(known, counting(known, after, **due), _version(known)):
                return incident_of(item)
            known = self.read(incident.subject).incident
        item = self._change_live(incident, Update(add={"failures": batch.count}))
        return incident_of(item) if item else None

    def claim(
        self, incident: Incident, now: datetime, batch: FailureBatch | None = None
    ) -> Incident | None:
        """Take a due incident for the time of a lease, counting what came with it; ``None`` when somebody else was first."""
        lease = {"due_at": epoch(now + LEASE)}
        update = Update(set=lease)
        conditions: tuple[Condition, ...] = _unchanged(incident)
        if batch and (fresh := batch.without(incident.recent_calls)).is_new:
            update = counting(incident, incident.counting(fresh), **lease)
            conditions = (*conditions, _version(incident))
        item = self._table.update_and_read(_key(incident.subject), update, *conditions, _LIVE)
        return incident_of(item) if item else None

    def record_outcome(
        self, incident: Incident, due_at: datetime, **changed: str | datetime | None
    ) -> None:
        """Record what was done with a claimed incident, after it was done, and when it is due again.

        ``due_at`` is left alone where somebody asked for an earlier look meanwhile.
        """
        if not self.postpone(incident, due_at, **changed):
            self._change_live(incident, Update(set=_outcome(incident, due_at, changed, self._keep)))

    def postpone(
        self, incident: Incident, due_at: datetime, **changed: str | datetime | None
    ) -> bool:
        """Say when an incident is due again, and what changed; ``False`` when somebody claimed or scheduled it meanwhile."""
        update = Update(
            set=_outcome(incident, due_at, changed, self._keep) | {"due_at": epoch(due_at)}
        )
        unchanged = equals("due_at", epoch(incident.due_at))
        return self._change_live(incident, update, unchanged) is not None

    def end(self, incident: Incident, status: str, now: datetime) -> bool:
        """End an incident, unless failures came meanwhile; it leaves the clock's queue."""
        is_gone = status == DELETED
        ended = {
            "status": {"S": RESOLVED if is_gone else status},
            "expires_at": seconds(now + self._keep),
            "due_at": epoch(now),
            **({GONE: {"S": "yes"}} if is_gone else {}),
        }
        none_since = equals("failures", {"N": str(incident.failures)})
        update = Update(set=ended, remove=("queue",))
        return self._change_live(incident, update, none_since) is not None

    def schedule_now(self, subject: Subject, now: datetime) -> bool:
        """Ask the clock to look at the incident of a subject soon; ``False`` when there is none that goes on."""
        update = Update(set={"due_at": epoch(now)})
        return self._table.update_and_read(_key(subject), update, _GOING_ON) is not None

    def due(self, now: datetime, most: int | None = None) -> Iterator[Incident]:
        """Yield the incidents that are due, the longest waiting first; they may be handled while they are read."""
        queues = [self._queue(queue, until=now) for queue in QUEUES]
        waiting = heapq.merge(*queues, key=_waiting_since)
        return islice(self._readable(waiting, set_aside_until=now + SET_ASIDE), most)

    def going_on(self, most: int) -> Iterator[Incident]:
        """Yield up to ``most`` incidents that have not ended, those that the clock looks at last first: the newest failures."""
        queues = [self._queue(queue) for queue in QUEUES]
        newest = heapq.merge(*queues, key=_waiting_since, reverse=True)
        return islice(self._readable(newest), most)

    def members(self, group: str) -> Iterator[Incident]:
        """Yield the incidents of a group (its id) that have not ended; of all others nothing leaves DynamoDB."""
        return self._readable(self._filtered("#group = :group", group=group))

    def by_themselves(self, most: int) -> Iterator[Incident]:
        """Yield up to ``most`` incidents that have not ended and that no group tells of."""
        none = "attribute_not_exists(#group) OR #group = :group"
        return islice(self._readable(self._filtered(none, group=BY_ITSELF)), most)

    def _filtered(self, condition: str, *, group: str) -> Iterator[Item]:
        for queue in QUEUES:
            pages = self._table.pages(
                IndexName=DUE_INDEX,
                KeyConditionExpression="queue = :queue",
                FilterExpression=condition,
                ExpressionAttributeNames={"#group": "group"},
                ExpressionAttributeValues={":queue": {"S": queue}, ":group": {"S": group}},
                ScanIndexForward=False,
            )
            yield from chain.from_iterable(pages)

    def _queue(self, queue: str, *, until: datetime | None = None) -> Iterator[Item]:
        """Yield what waits in one partition of the queue, page by page as it is needed.

        That is what is due ``until`` then, the longest waiting first; or all of it, in reverse.
        """
        condition = "queue = :queue"
        values: dict[str, Attribute] = {":queue": {"S": queue}}
        if until:
            condition, values = (
                f"{condition} AND due_at <= :until",
                {**values, ":until": epoch(until)},
            )
        pages = self._table.pages(
            IndexName=DUE_INDEX,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
            ScanIndexForward=until is not None,
            Limit=PAGE,
        )
        return chain.from_iterable(pages)

    def record(self, change: KeyChange, subject: Subject) -> None:
        """Keep a change of a subject in the ledger; the same change twice is kept once."""
        self._table.put(item_of_change(change, subject))

    def _readable(
        self, items: Iterable[Item], set_aside_until: datetime | None = None
    ) -> Iterator[Incident]:
        """Yield the incidents of the items that can be read; say of the others that they cannot."""
        for item in items:
            try:
                yield incident_of(item)
            except UnreadableItemError as error:
                self._unreadable(item, error)
                if set_aside_until:
                    self._set_aside(item, set_aside_until)

    def _set_aside(self, item: Item, until: datetime) -> None:
        """Move an unreadable item away from the head of the queue, unless somebody moved it; all else of it stays."""
        key = {"subject": item["subject"], "item": item["item"]}
        try:
            update = Update(set={"due_at": epoch(until)})
            self._table.update(key, update, equals("due_at", item["due_at"]))
        except (ClientError, BotoCoreError) as error:
            self._unreadable(item, error)

    def _change(self, item: Item) -> ChangeFact | None:
        try:
            return change_of(item)
        except UnreadableItemError as error:
            self._unreadable(item, error)
            return None

    def _change_live(self, incident: Incident, update: Update, *more: Condition) -> Item | None:
        """Change an incident, if it is still that one, has not ended, and ``more`` holds; return its item as it is then."""
        same = equals("incident_id", {"S": incident.id})
        return self._table.update_and_read(_key(incident.subject), update, same, _LIVE, *more)


def _outcome(
    incident: Incident,
    due_at: datetime,
    changed: Mapping[str, str | datetime | None],
    keep: timedelta,
) -> dict[str, Attribute]:
    if "status" in changed and "silence" not in changed and incident.silence:
        changed = {**changed, "silence": NO_SILENCE}
    if changed.get("status") == SILENCED:
        changed = {**changed, "status": HELD}  # which every version knows, and would look at again
    outcome = {
        STORED_NAMES.get(name, name): epoch(value) if isinstance(value, datetime) else {"S": value}
        for name, value in changed.items()
        if value is not None
    }
    return outcome | {"expires_at": seconds(max(incident.last_seen, due_at) + keep)}


def _key(subject: Subject) -> Item:
    return {"subject": {"S": subject.id}, "item": {"S": INCIDENT}}


def _unchanged(incident: Incident) -> tuple[Condition, Condition]:
    """Return the conditions that it is still this incident, and that nobody claimed or scheduled it meanwhile."""
    return equals("incident_id", {"S": incident.id}), equals("due_at", epoch(incident.due_at))


def _version(incident: Incident) -> Condition:
    """Return the condition that nobody counted meanwhile."""
    if not incident.version:
        return absent("version")
    return equals("version", {"N": str(incident.version)})


def _waiting_since(item: Item) -> float:
    return float(item["due_at"]["N"])
