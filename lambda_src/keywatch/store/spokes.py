"""What a hub remembers of each spoke: one item for an account and Region, in sixty partitions, one for each minute of an hour.

All Regions of an account are in one partition: their chores take one session. An item ends by itself
a month after the last sign of the spoke.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from zlib import crc32

from keywatch.sources.canary import LATE
from keywatch.store.housekeeping import (
    CALL_RETURNED,
    CANARY_RETURNED,
    HousekeepingState,
    HousekeepingStore,
    written,
)
from keywatch.store.table import Attribute, Condition, Item, Table, Update

BUCKETS = 60
KEEP = timedelta(days=30)
FIRST_CALLED, LISTED, SEEN = "first_called", "listed", "seen"
CLOSED, TRUST, VERSION = "closed", "trust", "version"
LOOKED_AT = "looked_at"
UNWELL: Item = {"subject": {"S": "keywatch"}, "item": {"S": "spokes"}}


class Health(StrEnum):
    """How a spoke is, the worst first; the values are what people read."""

    CLOSED = "cannot be looked into"
    NEVER_ANSWERED = "never answered"
    BLIND = "went blind"
    MISTRUSTED = "has a look-up role that trusts somebody else"
    OUTDATED = "runs another version"
    NEW = "is new"
    WELL = "is well"


UNHEALTHY = frozenset(Health) - {Health.NEW, Health.WELL}


@dataclass(frozen=True, slots=True)
class Spoke:
    """One spoke, and what was noted of it when it was read."""

    account: str
    region: str
    state: HousekeepingState

    def health(self, now: datetime, version: str = "") -> Health:
        """Return how it is; ``version`` is the one that it should have (empty: any)."""
        returned, called = self.state.time(CANARY_RETURNED), self.state.time(FIRST_CALLED)
        if self.state.text(CLOSED):
            return Health.CLOSED
        if returned is None:
            return Health.NEVER_ANSWERED if called and now - called > LATE else Health.NEW
        if now - returned > LATE:
            return Health.BLIND
        if self.state.text(TRUST):
            return Health.MISTRUSTED
        has = self.state.text(VERSION)
        return Health.OUTDATED if version and has is not None and has != version else Health.WELL


def bucket_of(account: str) -> int:
    """Return the minute of the hour in which the chores of an account are done."""
    return crc32(account.encode()) % BUCKETS


def hour_of(account: str, region: str) -> int:
    """Return how many hours after a spoke is first known its daily sweep begins: another number for most spokes."""
    return crc32(f"{account}|{region}".encode()) % 24


def _key(account: str, region: str) -> Item:
    return {"subject": _partition(bucket_of(account)), "item": {"S": f"{account}|{region}"}}


def _partition(bucket: int) -> Attribute:
    return {"S": f"keywatch-spokes|{bucket:02}"}


class SpokeStore:
    """The spokes. All methods raise botocore's errors when DynamoDB does not answer. Times are UTC."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def note(self, account: str, region: str, sign: str, now: datetime) -> None:
        """Note a sign of a spoke: that it was ``SEEN`` (an event of it came) or ``LISTED`` (it is expected to be there)."""
        self._table.update(_key(account, region), self._update(sign, now, now))

    def returned(self, account: str, region: str, call: str, called: datetime) -> None:
        """Note that a canary, called then, came back from a spoke, unless a later one of its kind did: one write for each."""
        name = CALL_RETURNED.format(call)
        test = "(attribute_not_exists({name}) OR {name} < {values})"
        noted = self._update(name, called, called)
        noted = replace(noted, set={**noted.set, CANARY_RETURNED: written(called)})
        latest = Condition(test, name, (written(called),))
        self._table.update(_key(account, region), noted, latest)

    @staticmethod
    def _update(name: str, when: datetime, now: datetime) -> Update:
        expires: Attribute = {"N": str(int((now + KEEP).timestamp()))}
        return Update(
            set={name: written(when), "expires_at": expires}, once={"since": written(now)}
        )

    def chores(self, spoke: Spoke) -> HousekeepingStore:
        """Return the notes of a spoke, to be changed."""
        return HousekeepingStore(self._table, _key(spoke.account, spoke.region))

    def of_minute(self, bucket: int) -> Iterator[Spoke]:
        """Yield the spokes whose chores are done in a minute of the hour, in order."""
        pages = self._table.pages(
            KeyConditionExpression="subject = :bucket",
            ExpressionAttributeValues={":bucket": _partition(bucket)},
        )
        for items in pages:
            for item in items:
                account, _, region = item["item"]["S"].partition("|")
                yield Spoke(account, region, HousekeepingState(item))

    def all(self) -> Iterator[Spoke]:
        """Yield every spoke."""
        for bucket in range(BUCKETS):
            yield from self.of_minute(bucket)

    def count_unwell(self, bucket: int, count: int) -> int:
        """Note how many spokes of one minute are not well; return how many of all are."""
        update = Update(set={f"unwell_{bucket:02}": {"N": str(count)}})
        item = self._table.update_and_read(UNWELL, update) or {}
        counts = (value for name, value in item.items() if name.startswith("unwell_"))
        return sum(int(value["N"]) for value in counts)

    def unwell(self) -> int:
        """Return how many spokes are not well, as far as was noted."""
        item = self._table.read(UNWELL)
        return sum(int(value["N"]) for name, value in item.items() if name.startswith("unwell_"))
