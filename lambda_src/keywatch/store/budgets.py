"""How many messages may be sent in an hour, whatever happens: counted in the table, for all instances together.

A part is kept for what is critical, so that a flood of warnings cannot silence it. What is withheld
is counted until a message said so.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.model.levels import Severity
from keywatch.store.table import Condition, Item, Table, Update, absent, equals

RESERVED_FOR_CRITICAL = 5  # one in so many
_KEY: Item = {"subject": {"S": "keywatch"}, "item": {"S": "messages"}}
_TRIES = 4


class Withheld(Exception):
    """No message may be sent now. ``until`` (UTC) is when there is room again."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"so many messages were sent that none may be until {until.isoformat()}")
        self.until = until


class MessageBudget:
    """So many messages ``per_hour``. ``now`` is a UTC clock; ``count`` takes the name of a metric to add one to.

    Where the table does not answer, each container counts for itself.
    """

    def __init__(
        self,
        table: Table,
        per_hour: int,
        now: Callable[[], datetime],
        count: Callable[[str], None] = lambda _metric: None,
    ) -> None:
        self._table, self._per_hour, self._now, self._count = table, per_hour, now, count
        self._own: Counter[datetime] = Counter()
        self._lock = Lock()

    def take(self, severity: str) -> int:
        """Take the room for one message; return how many were withheld and not told of. Raises ``Withheld``."""
        most = self._per_hour
        if severity != Severity.CRITICAL:
            most -= self._per_hour // RESERVED_FOR_CRITICAL
        hour = self._now().replace(minute=0, second=0, microsecond=0)
        try:
            withheld = self._take(hour, most)
        except (ClientError, BotoCoreError):
            self._count("TableUnreachable")
            withheld = self._take_own(hour, most)
        if withheld is None:
            self._count("MessagesWithheld")
            raise Withheld(hour + timedelta(hours=1))
        return withheld

    def _take(self, hour: datetime, most: int) -> int | None:
        """Return how many were withheld before; ``None`` where there is no room."""
        this = {"S": hour.isoformat()}
        room = Condition("{name} < {values}", "sent", ({"N": str(most)},))
        for _ in range(_TRIES):
            sent = Update(add={"sent": 1, "withheld": 0})
            if item := self._table.update_and_read(_KEY, sent, equals("hour", this), room):
                return int(item["withheld"]["N"])
            seen = self._table.read(_KEY)
            if seen.get("hour") == this:
                if int(seen["sent"]["N"]) < most:
                    continue  # somebody else began the hour between the two calls
                self._table.update(_KEY, Update(add={"withheld": 1}))
                return None
            begun = Update(set={"hour": this, "sent": {"N": "0"}})
            unchanged = equals("hour", seen["hour"]) if "hour" in seen else absent("hour")
            self._table.update(_KEY, begun, unchanged)
        return 0  # in doubt it is sent

    def _take_own(self, hour: datetime, most: int) -> int | None:
        with self._lock:
            if hour not in self._own:
                self._own.clear()
            if self._own[hour] >= most:
                return None
            self._own[hour] += 1
        return 0

    def give_back(self) -> None:
        """Give the room back for a message that was not sent."""
        self._change(Update(add={"sent": -1}))

    def told(self, withheld: int) -> None:
        """Note that a message said how many were withheld."""
        self._change(Update(add={"withheld": -withheld}))

    def _change(self, update: Update) -> None:
        try:
            self._table.update(_KEY, update, Condition("attribute_exists({name})", "hour"))
        except (ClientError, BotoCoreError):
            self._count("TableUnreachable")
