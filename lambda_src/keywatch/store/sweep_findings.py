"""What the daily sweep found: one item for each finding, so that a sweep can stop anywhere and the next minute goes on.

Attributes keep the names of the first version: ``told`` marks a finding that people were told of.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from keywatch.store.table import Condition, Table, Update

KEEP = timedelta(days=4)
PARTITION = "keywatch-sweep"
_NEWS = {"S": "keywatch-sweep-news"}
Record = dict[str, Any]  # a finding as JSON


class SweepFindingStore:
    """The findings of the sweep that ``began``, beside those of the one ``before``. Times are UTC.

    Every spoke of a hub has a ``partition`` of its own.
    """

    def __init__(
        self,
        table: Table,
        began: datetime,
        before: datetime,
        now: datetime,
        partition: str = PARTITION,
    ) -> None:
        self._table, self._partition = table, {"S": partition}
        self._began = {"N": f"{began.timestamp():.3f}"}
        self._before = {"N": f"{before.timestamp():.3f}"}
        self._expires = {"N": str(int((now + KEEP).timestamp()))}

    def put(self, finding_id: str, record: Record) -> None:
        """Keep a finding; what the sweep before had sent stays sent, what was gone in between is new."""
        kept = {
            "seen": self._began,
            "finding": {"S": json.dumps(record)},
            "expires_at": self._expires,
        }
        still_there = Condition("{name} >= {values}", "seen", (self._before,))
        key = self._key(finding_id)
        if not self._table.update(key, Update(set=kept), still_there):
            self._table.update(key, Update(set=kept, remove=("told",)))

    def unsent(self) -> Iterator[Record]:
        """Yield the findings of this sweep that people were not told of before."""
        pages = self._table.pages(
            KeyConditionExpression="subject = :partition",
            FilterExpression="seen = :began AND attribute_not_exists(told)",
            ExpressionAttributeValues={":partition": self._partition, ":began": self._began},
            ConsistentRead=True,
        )
        return (json.loads(item["finding"]["S"]) for items in pages for item in items)

    def mark_sent(self, records: Iterable[Record]) -> None:
        """Remember that people were told of these, or that these were not worth it."""
        for record in records:
            key = self._key(f"{record['risk']}#{record['name']}")
            self._table.update(key, Update(set={"told": self._began}))

    def _key(self, finding_id: str) -> dict[str, Any]:
        return {"subject": self._partition, "item": {"S": finding_id}}


class SweepNews:
    """What the sweeps of a hub's spokes found and people were not told of yet: together it is one message. Times are UTC."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def put(self, place: str, records: Iterable[Record], now: datetime) -> None:
        """Keep what is new in a ``place`` (account and Region)."""
        for record in records:
            item = f"{place}|{record['risk']}#{record['name']}"
            kept = {
                "finding": {"S": json.dumps(record | {"news": item})},
                "expires_at": {"N": str(int((now + KEEP).timestamp()))},
            }
            self._table.update(_news(item), Update(set=kept, remove=("told",)))

    def unsent(self, most: int) -> list[Record]:
        """Return at most so many that people were not told of."""
        pages = self._table.pages(
            KeyConditionExpression="subject = :partition",
            FilterExpression="attribute_not_exists(told)",
            ExpressionAttributeValues={":partition": _NEWS},
            ConsistentRead=True,
        )
        return list(
            islice((json.loads(item["finding"]["S"]) for items in pages for item in items), most)
        )

    def mark_sent(self, records: Iterable[Record], now: datetime) -> None:
        """Remember that people were told of these."""
        for record in records:
            sent = {"told": {"N": str(int(now.timestamp()))}}
            self._table.update(_news(record["news"]), Update(set=sent))


def _news(item: str) -> dict[str, Any]:
    return {"subject": _NEWS, "item": {"S": item}}
