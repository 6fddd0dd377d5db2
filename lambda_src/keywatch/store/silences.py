"""Silences in the incident table: one partition, sorted by when they end, so that only those are read that are on.

Every container remembers them for a moment: they are read once for a batch, not for every event.
Where they cannot be read there are none: in doubt people are told.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain, islice

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.model.silence import MOST_SILENCES, Silence
from keywatch.store.incident_items import UnreadableItemError, epoch, readable, seconds
from keywatch.store.table import Item, Table, Update, absent, time_of

PARTITION = {"S": "keywatch-silences"}
KEEP = timedelta(days=30)  # after it has ended
FRESH = timedelta(seconds=20)
_MOST_READ = 4 * MOST_SILENCES  # those that were ended before their time included

Unreadable = Callable[[Item, Exception], None]


class SilenceTable:
    """The silences that are on. Its methods raise botocore's errors when DynamoDB does not answer, but for ``current``.

    ``unreadable`` is told of each item that cannot be read, and why; ``count`` takes the name of a
    metric to add one to, while the exception that it is about is handled.
    """

    def __init__(self, table: Table, unreadable: Unreadable, count: Callable[[str], None]) -> None:
        self._table, self._unreadable, self._count = table, unreadable, count
        self._known: tuple[datetime, tuple[Silence, ...]] | None = None

    def current(self, now: datetime) -> tuple[Silence, ...]:
        """Return the silences that are on, as they were read within the last moments; none where they cannot be read."""
        known = self._known
        if known is None or not timedelta() <= now - known[0] < FRESH:
            known = self._known = (
                now,
                self._read(now),
            )  # who comes meanwhile reads, too: nobody waits
        return tuple(one for one in known[1] if now < one.until)

    def refresh(self) -> None:
        """Read anew when they are asked for next."""
        self._known = None

    def _read(self, now: datetime) -> tuple[Silence, ...]:
        try:
            return tuple(self.active(now))
        except (ClientError, BotoCoreError):
            self._count("SilencesUnknown")
            return ()

    def active(self, now: datetime) -> Iterator[Silence]:
        """Yield the silences that are on, those that end first before the others."""
        pages = self._table.pages(
            KeyConditionExpression="subject = :partition AND #item > :now",
            FilterExpression="attribute_not_exists(ended_at)",
            ExpressionAttributeNames={"#item": "item"},
            ExpressionAttributeValues={":partition": PARTITION, ":now": {"S": _stamp(now)}},
            ConsistentRead=True,
        )
        items = islice(chain.from_iterable(pages), _MOST_READ)
        return (one for one in self._readable(items) if now < one.until)

    def _readable(self, items: Iterable[Item]) -> Iterator[Silence]:
        for item in items:
            try:
                yield readable(_silence_of, item)
            except UnreadableItemError as error:
                self._unreadable(item, error)

    def add(self, silence: Silence) -> None:
        """Keep a silence."""
        self._table.put(
            {
                **_key(silence),
                "silence_id": {"S": silence.id},
                "match": {"S": json.dumps(dict(silence.match))},
                "reason": {"S": silence.reason},
                "created": epoch(silence.created),
                "until": epoch(silence.until),
                "expires_at": seconds(silence.until + KEEP),
            },
            absent("subject"),
        )
        self.refresh()

    def end(self, silence: Silence, now: datetime) -> bool:
        """End a silence before its time; ``False`` where somebody else did."""
        ended = self._table.update(
            _key(silence), Update(set={"ended_at": epoch(now)}), absent("ended_at")
        )
        self.refresh()
        return ended


def _stamp(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S")


def _key(silence: Silence) -> Item:
    return {"subject": PARTITION, "item": {"S": f"{_stamp(silence.until)}#{silence.id}"}}


def _silence_of(item: Item) -> Silence:
    match = json.loads(item["match"]["S"])
    return Silence(
        id=item["silence_id"]["S"],
        match={str(name): str(value) for name, value in match.items()},
        reason=item["reason"]["S"],
        created=time_of(item["created"]),
        until=time_of(item["until"]),
    )
