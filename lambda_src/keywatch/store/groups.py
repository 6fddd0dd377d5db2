"""Groups in DynamoDB: one item for what its subjects have in common, changed by conditional writes.

A group that is full costs nothing more for each subject that joins: a container counts them, and
adds them up in one write. So a wave of thousands does not meet in one item.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain, islice
from threading import Lock

from keywatch.model.group import ALONE, Group, GroupKey, group_id
from keywatch.model.incident import KEEP, LEASE, Incident
from keywatch.store.incident_items import UnreadableItemError, epoch, readable, seconds
from keywatch.store.table import Condition, Item, Table, Update, absent, equals, time_of

DUE_INDEX, QUEUE = "due", "groups"
ITEM = "group"
_TRIES = 4
_MOST_REMEMBERED = 2_000


@dataclass
class _Remembered:
    """Groups that were full when they were last seen, and who joined them since, by the id of what they have in common."""

    full: dict[str, Group] = field(default_factory=dict)
    joined: Counter[str] = field(default_factory=Counter)
    members: defaultdict[str, list[Incident]] = field(default_factory=lambda: defaultdict(list))
    lock: Lock = field(default_factory=Lock)


Unreadable = Callable[[Item, Exception], None]


def _say_nothing(_item: Item, _error: Exception) -> None:
    """Tell nobody."""


class GroupTable:
    """The groups. All methods raise botocore's errors when DynamoDB does not answer; lost races are answers.

    ``unreadable`` is told of each item that cannot be read, and why: it costs only itself. What
    would join that group alerts by itself.
    """

    def __init__(
        self, table: Table, unreadable: Unreadable = _say_nothing, keep: timedelta = KEEP
    ) -> None:
        self._table = table
        self._keep = keep
        self._unreadable = unreadable
        self._remembered = _Remembered()

    def join(self, keys: Iterable[GroupKey], subject: str, now: datetime) -> Group | None:
        """Let a subject (its id) join groups; return the first that tells of it, ``None`` where it alerts by itself.

        A subject that alerts by itself may join again: it is counted once.
        """
        told_by = [group for key in keys if (group := self._join(key, subject, now))]
        return told_by[0] if told_by else None

    def _join(self, key: GroupKey, subject: str, now: datetime) -> Group | None:
        for _ in range(_TRIES):
            group = self._recall(key, now) or self._read(key)
            if group is None or not group.takes(now):
                if self._begin(key, group, subject, now):
                    return None
            elif subject in group.alone:
                return None
            elif group.is_full:
                if waiting := group if group.due_at else self._wait(group, now):
                    self._count(waiting, now)
                    return waiting
            elif self._alone(group, subject, now):
                return None
        return None  # so many are at it that nobody can tell: in doubt it is told

    def full(self, key: GroupKey, now: datetime) -> Group | None:
        """Return the group of what subjects have in common if it is known to be full, and that the clock looks at it."""
        return self._recall(key, now)

    def joined(self, group: Group, now: datetime) -> None:
        """Count a subject that is left to a full group."""
        self._count(group, now)

    def _recall(self, key: GroupKey, now: datetime) -> Group | None:
        with self._remembered.lock:
            group = self._remembered.full.get(key.id)
        return group if group and group.takes(now) else None

    def _read(self, key: GroupKey) -> Group | None:
        item = self._table.read(_key(key.id))
        return next(self._readable([item]), None) if item else None

    def _readable(self, items: Iterable[Item]) -> Iterator[Group]:
        for item in items:
            try:
                yield group_of(item)
            except UnreadableItemError as error:
                self._unreadable(item, error)

    def _begin(self, key: GroupKey, before: Group | None, subject: str, now: datetime) -> bool:
        """Begin a group, or another window of one that people were or will be told of and that has not ended."""
        window = {
            "joined_at": epoch(now),
            "alone": {"SS": [subject]},
            "expires_at": seconds(now + self._keep),
        }
        if before and (before.messages or before.due_at):
            same = equals("joined_at", epoch(before.joined_at))
            return self._table.update(_key(key.id), Update(set=window, add={"size": 1}), same)
        began = Group(group_id(key, now), key, 1, frozenset({subject}), now, now)
        unchanged = equals("joined_at", epoch(before.joined_at)) if before else absent("subject")
        return self._table.put(_item_of(began) | window, unchanged)

    def _alone(self, group: Group, subject: str, now: datetime) -> bool:
        room = Condition("size({name}) < {values}", "alone", ({"N": str(ALONE)},))
        update = Update(
            set={"joined_at": epoch(max(now, group.joined_at))},
            add={"size": 1},
            include={"alone": subject},
        )
        return self._table.update(_key(group.key.id), update, _same(group), room)

    def _wait(self, group: Group, now: datetime) -> Group | None:
        """Let the clock look at a group that is full, before anything is left to it: who counts may die before adding up.

        Return the group as it is then, which is remembered: that is written once, not for each who joins.
        """
        due = Update(set={"queue": {"S": QUEUE}}, once={"due_at": epoch(now)})
        item = self._table.update_and_read(_key(group.key.id), due, _same(group))
        return group_of(item) if item else None

    def _count(self, group: Group, now: datetime) -> None:
        with self._remembered.lock:
            if len(self._remembered.full) >= _MOST_REMEMBERED:
                self._remembered.full.clear()
            self._remembered.full[group.key.id] = replace(group, joined_at=now)
            self._remembered.joined[group.key.id] += 1

    def add_up(self, now: datetime) -> Iterator[Group]:
        """Write how many joined full groups since the last time; yield those groups as they are then."""
        with self._remembered.lock:
            keys = list(self._remembered.joined)
        for key in keys:
            with self._remembered.lock:
                count = self._remembered.joined.pop(key, 0)
            if count and (group := self._add(key, count, now)):
                yield group

    def _add(self, key: str, count: int, now: datetime) -> Group | None:
        update = Update(
            set={"joined_at": epoch(now), "queue": {"S": QUEUE}},
            once={"due_at": epoch(now)},
            add={"size": count},
        )
        exists = Condition("attribute_exists({name})", "group_id")
        try:
            item = self._table.update_and_read(_key(key), update, exists)
        except Exception:
            with self._remembered.lock:
                self._remembered.joined[key] += count
            raise
        return group_of(item) if item else None

    def told_through(self, group: Group, incident: Incident) -> None:
        """Remember an incident that a group tells of, until it did: the index may not show it yet."""
        with self._remembered.lock:
            members = self._remembered.members[group.id]
            if len(members) < _MOST_REMEMBERED:
                members.append(incident)

    def fresh_members(self, group: Group) -> list[Incident]:
        """Return and forget the incidents that were remembered of a group."""
        with self._remembered.lock:
            return self._remembered.members.pop(group.id, [])

    def due(self, now: datetime) -> Iterator[Group]:
        """Yield the groups that are due."""
        pages = self._table.pages(
            IndexName=DUE_INDEX,
            KeyConditionExpression="queue = :queue AND due_at <= :now",
            ExpressionAttributeValues={":queue": {"S": QUEUE}, ":now": epoch(now)},
        )
        return self._readable(chain.from_iterable(pages))

    def going_on(self, most: int) -> list[Group]:
        """Return up to ``most`` groups that have not ended."""
        pages = self._table.pages(
            IndexName=DUE_INDEX,
            KeyConditionExpression="queue = :queue",
            ExpressionAttributeValues={":queue": {"S": QUEUE}},
        )
        return list(islice(self._readable(chain.from_iterable(pages)), most))

    def claim(self, group: Group, now: datetime) -> Group | None:
        """Take a due group for the time of a lease; ``None`` when somebody else was first."""
        if group.due_at is None:
            return None
        lease = Update(set={"due_at": epoch(now + LEASE)})
        seen = equals("due_at", epoch(group.due_at))
        item = self._table.update_and_read(_key(group.key.id), lease, _same(group), seen)
        return group_of(item) if item else None

    def record_sent(self, group: Group, now: datetime, due_at: datetime) -> None:
        """Record that a message told of ``group.size`` subjects, after it was sent."""
        sent = {
            "told_at": epoch(now),
            "told_size": {"N": str(group.size)},
            "due_at": epoch(due_at),
            "expires_at": seconds(now + self._keep),
            "owner": {"S": group.owner or ""},
            "severity": {"S": group.severity or ""},
            "silenced": {"S": "yes" if group.silenced else "no"},
        }
        self._table.update(_key(group.key.id), Update(set=sent, add={"messages": 1}), _same(group))

    def postpone(self, group: Group, due_at: datetime) -> None:
        """Look at a group again later."""
        self._table.update(_key(group.key.id), Update(set={"due_at": epoch(due_at)}), _same(group))

    def keep_silent(self, group: Group) -> None:
        """Note that a silence kept a message about a group back: it is told when the silence ends."""
        self._table.update(_key(group.key.id), Update(set={"silenced": {"S": "yes"}}), _same(group))

    def end(self, group: Group) -> bool:
        """End a group that nobody joined meanwhile: what breaks later is another."""
        with self._remembered.lock:
            self._remembered.full.pop(group.key.id, None)
        ended = Update(
            set={"joined_at": {"N": "0"}},
            remove=(
                *("queue", "due_at", "messages", "told_size", "told_at"),
                *("owner", "severity", "silenced"),
            ),
        )
        none_since = equals("size", {"N": str(group.size)})
        return self._table.update(_key(group.key.id), ended, _same(group), none_since)


def _key(group_key_id: str) -> Item:
    return {"subject": {"S": group_key_id}, "item": {"S": ITEM}}


def _same(group: Group) -> Condition:
    return equals("group_id", {"S": group.id})


def _item_of(group: Group) -> dict[str, object]:
    key = group.key
    return {
        **_key(key.id),
        "group_id": {"S": group.id},
        "by": {"S": key.by},
        "account": {"S": key.account},
        "region": {"S": key.region},
        "name": {"S": key.name},
        "size": {"N": str(group.size)},
        "since": epoch(group.since),
        **({"replayed": {"S": key.replayed}} if key.replayed else {}),
        **({"about": {"S": key.about}} if key.about else {}),
    }


def group_of(item: Item) -> Group:
    """Return the group that an item holds; raises ``UnreadableItemError``."""
    return readable(_group_of, item)


def _group_of(item: Item) -> Group:
    by, account, region, name = (item[one]["S"] for one in ("by", "account", "region", "name"))
    replayed, about = (item[one]["S"] if one in item else "" for one in ("replayed", "about"))
    return Group(
        id=item["group_id"]["S"],
        key=GroupKey(by, account, region, name, replayed, about),
        size=int(item["size"]["N"]),
        alone=frozenset(item["alone"]["SS"]),
        since=time_of(item["since"]),
        joined_at=time_of(item["joined_at"]),
        due_at=time_of(item["due_at"]) if "due_at" in item else None,
        messages=int(item["messages"]["N"]) if "messages" in item else 0,
        told_size=int(item["told_size"]["N"]) if "told_size" in item else 0,
        told_at=time_of(item["told_at"]) if "told_at" in item else None,
        owner=item["owner"]["S"] or None if "owner" in item else None,
        severity=item["severity"]["S"] or None if "severity" in item else None,
        silenced=item["silenced"]["S"] == "yes" if "silenced" in item else False,
    )
