"""Spread calls over time, so that an account's own quota stays free for its applications."""

import time
from collections.abc import Callable
from threading import Lock


class RateLimiter:
    """Lets at most ``per_second`` calls begin in a second, evenly spread, whichever thread makes them.

    ``clock`` counts seconds, ``sleep`` waits; both are passed in by tests.
    """

    def __init__(
        self,
        per_second: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._gap = 1 / per_second
        self._clock, self._sleep = clock, sleep
        self._lock = Lock()
        self._next = 0.0

    def wait(self) -> None:
        """Return when the next call may begin."""
        with self._lock:  # held while sleeping: those who come later have to wait for longer anyway
            now = self._clock()
            if self._next > now:
                self._sleep(self._next - now)
                now = max(self._next, self._clock())
            self._next = now + self._gap

    def back_off(self, seconds: float) -> None:
        """Let no call begin for so long: AWS said that it was too much."""
        with self._lock:
            self._next = max(self._next, self._clock() + seconds)
