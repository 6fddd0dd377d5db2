"""The pace of look-ups in CloudTrail's history: two a second are allowed for a whole account and Region, whoever asks.

All instances keep one pace: each takes the next free moment from one item of the table, and waits
for it. Source: CloudTrail API Reference, LookupEvents.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.lookups.history import Refused
from keywatch.store.housekeeping import chores_of, kept_for
from keywatch.store.table import Attribute, Table, Update, absent, equals, time_of

GAP = timedelta(seconds=0.6)  # leaves people who ask by hand some room
LONGEST = timedelta(seconds=3)
_TRIES = 5


class Pace:
    """``wait(region)`` returns when the next call may be made. ``now`` is a UTC clock, ``sleep`` waits for seconds.

    Where the table does not answer, each container keeps a pace of its own. Every ``account`` that a
    hub looks into has a pace of its own; without one it is the deployment's.
    """

    def __init__(
        self,
        table: Table,
        now: Callable[[], datetime],
        sleep: Callable[[float], None],
        count: Callable[[str], None],
        account: str = "",
    ) -> None:
        self._account, self._expires = account, kept_for(account)
        self._table, self._now, self._sleep, self._count = table, now, sleep, count
        self._own: dict[str, datetime] = {}
        self._lock = Lock()

    def wait(self, region: str) -> None:
        """Wait for a turn; raises ``Refused`` where none is free within a few seconds."""
        try:
            turn = self._turn(region)
        except (ClientError, BotoCoreError):
            self._count("PaceUnknown")
            turn = self._own_turn(region)
        self._sleep(max(0.0, (turn - self._now()).total_seconds()))

    def _turn(self, region: str) -> datetime:
        key = chores_of(self._account, f"pace#cloudtrail#{region}")
        for _ in range(_TRIES):
            seen = self._table.read(key).get("next_at")
            turn = self._next(time_of(seen) if seen else None)
            taken = Update(set={"next_at": _written(turn + GAP)} | self._expires(turn))
            unchanged = equals("next_at", seen) if seen else absent("next_at")
            if self._table.update(key, taken, unchanged):
                return turn
        raise Refused

    def _own_turn(self, region: str) -> datetime:
        with self._lock:
            turn = self._next(self._own.get(region))
            self._own[region] = turn + GAP
        return turn

    def _next(self, free_at: datetime | None) -> datetime:
        now = self._now()
        turn = max(now, free_at) if free_at else now
        if turn - now > LONGEST:
            raise Refused
        return turn


def _written(moment: datetime) -> Attribute:
    return {"N": f"{moment.timestamp():.3f}"}
