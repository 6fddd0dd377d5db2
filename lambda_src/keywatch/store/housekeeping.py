"""What KeyWatch remembers about its own chores: one item in the incident table, changed by conditional writes.

Times are stored as seconds since 1970, names as text. The functions that run every minute may
overlap: whoever finds a chore due claims it by changing what it saw, and only one of two succeeds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from keywatch.store.table import (
    Attribute,
    Condition,
    Item,
    Table,
    Update,
    absent,
    equals,
    time_of,
)

_PARTITION = "keywatch"
KEY = {"subject": {"S": _PARTITION}, "item": {"S": "housekeeping"}}
KEEP = timedelta(days=2)  # what is noted of an account that nobody looks into any more
CANARY_CALLED, CANARY_RETURNED = "canary_called", "canary_returned"
# Each of the canary's calls by itself: ``canary_missing_returned``, ``canary_denied_returned``.
CALL_RETURNED = "canary_{}_returned"
Note = datetime | str | None


def chores_of(account: str, item: str) -> Item:
    """Return the key of an item about KeyWatch's own chores: the deployment's, or those for another account."""
    partition = f"{_PARTITION}|{account}" if account else _PARTITION
    return {"subject": {"S": partition}, "item": {"S": item}}


def kept_for(account: str) -> Callable[[datetime], dict[str, Attribute]]:
    """Return what lets such an item end by itself: the deployment's own never does, that of another account some days later."""

    def expires(now: datetime) -> dict[str, Attribute]:
        return {"expires_at": {"N": str(int((now + KEEP).timestamp()))}} if account else {}

    return expires


@dataclass(frozen=True, slots=True)
class HousekeepingState:
    """What was noted when it was read."""

    attributes: Mapping[str, Attribute]

    def time(self, name: str) -> datetime | None:
        """Return a time (UTC) that was noted, or ``None``."""
        attribute = self.attributes.get(name, {})
        return time_of(attribute) if attribute.get("N") else None

    def text(self, name: str) -> str | None:
        """Return a text that was noted, or ``None``."""
        text = self.attributes.get(name, {}).get("S")
        return text if isinstance(text, str) else None

    def canary_age(self, now: datetime) -> timedelta:
        """Return how long ago the newest canary that came back was sent; without one, how long KeyWatch has been running."""
        return now - (self.time(CANARY_RETURNED) or self.time("since") or now)


class HousekeepingStore:
    """The item, or the one at ``key``. All methods raise botocore's errors when DynamoDB does not answer.

    A lost race is an answer.
    """

    def __init__(self, table: Table, key: Item = KEY) -> None:
        self._table, self._key = table, key

    def read(self) -> HousekeepingState:
        """Return what is noted."""
        return HousekeepingState(self._table.read(self._key))

    def minute(self, now: datetime) -> HousekeepingState:
        """Note that the clock runs, and since when it does; return what is noted."""
        update = Update(set={"clock_at": written(now)}, once={"since": written(now)})
        return HousekeepingState(self._table.update_and_read(self._key, update) or {})

    def claim(self, state: HousekeepingState, name: str, **notes: Note) -> bool:
        """Note ``notes`` if ``name`` still is what ``state`` says; ``None`` erases. ``False``: somebody else was first."""
        seen = state.attributes.get(name)
        return self._note(notes, equals(name, seen) if seen else absent(name))

    def note(self, **notes: Note) -> None:
        """Note ``notes``, whatever was there before; ``None`` erases."""
        self._note(notes)

    def note_latest(self, name: str, when: datetime) -> bool:
        """Note a time unless a later one is there already."""
        test = "attribute_not_exists({name}) OR {name} < {values}"
        return self._note({name: when}, Condition(test, name, (written(when),)))

    def _note(self, notes: Mapping[str, Note], *conditions: Condition) -> bool:
        kept = {name: written(value) for name, value in notes.items() if value is not None}
        erased = tuple(name for name in notes if name not in kept)
        return self._table.update(self._key, Update(set=kept, remove=erased), *conditions)


def written(value: datetime | str) -> Attribute:
    """Return a note as it is stored."""
    return {"S": value} if isinstance(value, str) else {"N": f"{value.timestamp():.3f}"}
