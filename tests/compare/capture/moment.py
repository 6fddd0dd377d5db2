"""A clock that only the scenarios move.

It takes the place of ``datetime.now``, ``time.monotonic`` and ``time.sleep`` before the tree's modules are imported; what was
imported earlier (boto3, moto, the standard library) keeps the real ones where it took them by name.
"""

import datetime as dt
import random
import time
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
_REAL = datetime


class Moment:
    def __init__(self) -> None:
        self.now = START

    def wait(self, **span: float) -> None:
        self.now += timedelta(**span)


MOMENT = Moment()


class _Kind(type):
    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, _REAL)

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(other, _REAL)


class _Datetime(_REAL, metaclass=_Kind):
    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        return MOMENT.now.astimezone(tz) if tz else MOMENT.now.replace(tzinfo=None)

    @classmethod
    def utcnow(cls) -> datetime:
        return MOMENT.now.replace(tzinfo=None)


def stop_the_clock() -> None:
    """Let every later import see the scenarios' time, and every pause pass at once."""
    _Datetime.__name__ = _Datetime.__qualname__ = "datetime"
    _Datetime.__module__ = "datetime"
    dt.datetime = _Datetime  # type: ignore[misc]
    time.monotonic = (MOMENT.now - START).total_seconds
    time.sleep = lambda seconds: MOMENT.wait(seconds=seconds)
    random.random = lambda: 0.5
