"""What KeyWatch remembers about its own chores: one item in the incident table, changed by conditional writes.

Times are stored as seconds since 1970, names as text. The functions that run every minute may
overlap: whoever finds a chore due claims it by changing what it saw, and only one of two succeeds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from keywatch.services import Services

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEY = {"subject": {"S": "keywatch"}, "item": {"S": "housekeeping"}}


@dataclass(frozen=True, slots=True)
class HousekeepingState:
    """What the book said when it was read."""

    attributes: Mapping[str, Mapping[str, Any]]

    def time(self, name: str) -> datetime | None:
        """Return a time (UTC) that was noted, or ``None``."""
        number = self.attributes.get(name, {}).get("N")
        return datetime.fromtimestamp(float(number), UTC) if number else None

    def text(self, name: str) -> str | None:
        """Return a text that was noted, or ``None``."""
        text = self.attributes.get(name, {}).get("S")
        return text if isinstance(text, str) else None


class HousekeepingStore:
    """The item. All methods raise botocore's errors when DynamoDB does not answer; a lost race is an answer."""

    def __init__(self, services: Services) -> None:
        self._client: DynamoDBClient = services.client("dynamodb", services.settings.region)
        self._table = services.settings.table

    def read(self) -> HousekeepingState:
        """Return what is in the book."""
        answer = self._client.get_item(TableName=self._table, Key=KEY, ConsistentRead=True)
        return HousekeepingState(answer.get("Item", {}))

    def minute(self, now: datetime) -> HousekeepingState:
        """Note that the clock runs, and since when it does; return the page."""
        answer = self._client.update_item(
            TableName=self._table,
            Key=KEY,
            UpdateExpression="SET clock_at = :now, since = if_not_exists(since, :now)",
            ExpressionAttributeValues={":now": _written(now)},
            ReturnValues="ALL_NEW",
        )
        return HousekeepingState(answer["Attributes"])

    def claim(self, page: HousekeepingState, name: str, **notes: datetime | str | None) -> bool:
        """Note ``notes`` if ``name`` still is what ``page`` says; ``None`` erases. ``False``: somebody else was first."""
        seen = page.attributes.get(name)
        condition = "#seen = :seen" if seen else "attribute_not_exists(#seen)"
        return self._note(notes, condition, {"#seen": name}, {":seen": seen} if seen else {})

    def note(self, **notes: datetime | str | None) -> None:
        """Note ``notes``, whatever was there before; ``None`` erases."""
        self._note(notes, None, {}, {})

    def note_latest(self, name: str, when: datetime) -> bool:
        """Note a time unless a later one is there already."""
        return self._note(
            {name: when},
            "attribute_not_exists(#seen) OR #seen < :seen",
            {"#seen": name},
            {":seen": _written(when)},
        )

    def _note(
        self,
        notes: Mapping[str, datetime | str | None],
        condition: str | None,
        names: dict[str, str],
        values: dict[str, Any],
    ) -> bool:
        kept = {name: value for name, value in notes.items() if value is not None}
        sets = [f"#n{i} = :n{i}" for i, _ in enumerate(kept)]
        gone = [f"#g{i}" for i, _ in enumerate(name for name in notes if name not in kept)]
        names |= {f"#n{i}": name for i, name in enumerate(kept)}
        names |= {
            f"#g{i}": name for i, name in enumerate(name for name in notes if name not in kept)
        }
        values |= {f":n{i}": _written(value) for i, value in enumerate(kept.values())}
        parts = [f"SET {', '.join(sets)}"] if sets else []
        parts += [f"REMOVE {', '.join(gone)}"] if gone else []
        request: dict[str, Any] = {
            "ExpressionAttributeNames": names,
            "UpdateExpression": " ".join(parts),
        }
        request |= {"ConditionExpression": condition} if condition else {}
        request |= {"ExpressionAttributeValues": values} if values else {}
        try:
            self._client.update_item(TableName=self._table, Key=KEY, **request)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "ConditionalCheckFailedException":
                return False
            raise
        return True


def _written(value: datetime | str) -> dict[str, str]:
    return {"S": value} if isinstance(value, str) else {"N": f"{value.timestamp():.3f}"}
