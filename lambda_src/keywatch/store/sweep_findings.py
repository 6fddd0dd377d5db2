"""What the daily sweep found: one item for each finding, so that a sweep can stop anywhere and the next minute goes on.

Attributes keep the names of the first version: ``told`` marks a finding that people were told of.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from keywatch.store.table import Condition, Table, Update

KEEP = timedelta(days=4)
PARTITION = {"S": "keywatch-sweep"}
Record = dict[str, Any]  # a finding as JSON


class SweepFindingStore:
    """The findings of the sweep that ``began``, beside those of the one ``before``. Times are UTC."""

    def __init__(self, table: Table, began: datetime, before: datetime, now: datetime) -> None:
        self._table = table
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
        if not self._table.update(_key(finding_id), Update(set=kept), still_there):
            self._table.update(_key(finding_id), Update(set=kept, remove=("told",)))

    def unsent(self) -> Iterator[Record]:
        """Yield the findings of this sweep that people were not told of before."""
        pages = self._table.pages(
            KeyConditionExpression="subject = :partition",
            FilterExpression="seen = :began AND attribute_not_exists(told)",
            ExpressionAttributeValues={":partition": PARTITION, ":began": self._began},
            ConsistentRead=True,
        )
        return (json.loads(item["finding"]["S"]) for items in pages for item in items)

    def mark_sent(self, records: Iterable[Record]) -> None:
        """Remember that people were told of these, or that these were not worth it."""
        for record in records:
            key = _key(f"{record['risk']}#{record['name']}")
            self._table.update(key, Update(set={"told": self._began}))


def _key(finding_id: str) -> dict[str, Any]:
    return {"subject": PARTITION, "item": {"S": finding_id}}
