"""What checks on demand have told people of, so that the same check does not tell them again."""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime

from keywatch.store.table import Item, Table, Update, time_of


class SentChecks:
    """The messages of checks. All methods raise botocore's errors when DynamoDB does not answer. Times are UTC."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def sent_at(self, found: Iterable[tuple[str, ...]]) -> datetime | None:
        """Return when a message told of just this; ``None`` where none did lately."""
        item = self._table.read(_key(found))
        return time_of(item["sent_at"]) if item else None

    def record(self, found: Iterable[tuple[str, ...]], now: datetime, until: datetime) -> None:
        """Remember that a message told of this, after it was sent, at least ``until`` then."""
        sent = {
            "sent_at": {"N": f"{now.timestamp():.3f}"},
            "expires_at": {"N": str(int(until.timestamp()))},
        }
        self._table.update(_key(found), Update(set=sent))


def _key(found: Iterable[tuple[str, ...]]) -> Item:
    digest = hashlib.sha256(json.dumps(sorted(found)).encode()).hexdigest()
    return {"subject": {"S": "keywatch"}, "item": {"S": f"check#{digest[:32]}"}}
