"""How many look-ups may be made in a minute, by all instances together.

The quotas of KMS are the account's, and not KeyWatch's to burn. Instances take room from one item of the
table, in portions: a look-up does not cost a write.
"""

from collections.abc import Callable
from datetime import datetime
from threading import Lock

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.store.housekeeping import chores_of, kept_for
from keywatch.store.table import Condition, Table, Update, equals

PORTION = 30
_ITEM = "look-ups"


class LookUpRoom:
    """Room for so many look-ups ``per_minute``. ``now`` is a UTC clock; ``count`` takes the name of a metric to add one to.

    Where the table does not answer, each container has so much room for itself. Every ``account``
    that a hub looks into has room of its own; without one it is the deployment's.
    """

    def __init__(
        self,
        table: Table,
        per_minute: int,
        now: Callable[[], datetime],
        count: Callable[[str], None],
        account: str = "",
    ) -> None:
        self._key, self._expires = chores_of(account, _ITEM), kept_for(account)
        self._table, self._per_minute, self._now, self._count = table, per_minute, now, count
        self._minute: datetime | None = None
        self._left, self._own, self._is_empty = 0, 0, False
        self._lock = Lock()

    def take(self) -> bool:
        """Take the room for one look-up, if there is any in this minute."""
        minute = self._now().replace(second=0, microsecond=0)
        with self._lock:
            if minute != self._minute:
                self._minute, self._left, self._own, self._is_empty = minute, 0, 0, False
            if self._left == 0 and self._is_empty:
                return False
            if self._left:
                self._left -= 1
                return True
        portion = self._portion(minute)  # not under the lock: the table may be slow
        with self._lock:
            if portion == 0:
                self._is_empty = True
                return False
            self._left += portion - 1
        return True

    def _portion(self, minute: datetime) -> int:
        this = {"S": minute.isoformat()}
        most = {"N": str(self._per_minute - PORTION)}
        more = Update(add={"taken": PORTION})
        first = Update(set={"minute": this, "taken": {"N": str(PORTION)}} | self._expires(minute))
        another = Condition(
            "(attribute_not_exists({name}) OR {name} <> {values})", "minute", (this,)
        )
        room = Condition("{name} <= {values}", "taken", (most,))
        try:
            taken = (
                self._table.update(self._key, more, equals("minute", this), room)
                or self._table.update(self._key, first, another)
                # Somebody else began the minute between the two calls.
                or self._table.update(self._key, more, equals("minute", this), room)
            )
        except (ClientError, BotoCoreError):
            self._count("TableUnreachable")
            return self._own_portion()
        return PORTION if taken else 0

    def _own_portion(self) -> int:
        with self._lock:
            self._own += PORTION
            return PORTION if self._own <= self._per_minute else 0
