"""Clients that know when not to ask: what does not answer, what is no Region, and when time or room has run out.

Slow is not down, and worse: a service that takes seconds to fail makes a batch of many subjects run
out of time. After three calls in a row without an answer a service in a Region is left alone for
half a minute; then one call tries. A call that is not made raises ``NotAsked``, which every caller
of a boto3 client handles as it handles any other error.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from threading import Lock, local
from typing import Any, Protocol

from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    HTTPClientError,
)

from keywatch.catalogue.read_calls import SERVICES as LOOKED_UP  # the rest cannot be done without
from keywatch.lookups.outcomes import NotAsked

MOST_IN_A_ROW = 3
PAUSE = timedelta(seconds=30)
PER_MINUTE = 600  # look-ups; 10 a second
_HTTP_ERROR = 500
_NO_ANSWER = (HTTPClientError, EndpointConnectionError, ConnectionClosedError)
_NOT_NOW = frozenset(
    {
        "InternalServerError",
        "InternalError",
        "InternalFailure",
        "ServiceUnavailable",
        "ServiceUnavailableException",
    }
)

Factory = Callable[[str, str], Any]


def has_no_answer(error: Exception) -> bool:
    """Tell whether a service did not answer, or said that it cannot: the next call would most likely fail as well."""
    if not isinstance(error, ClientError):
        return isinstance(error, _NO_ANSWER)
    answer = error.response
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= _HTTP_ERROR or answer.get("Error", {}).get("Code") in _NOT_NOW


@dataclass
class Breaker:
    """Whether a service in a Region may be asked: after some calls in a row without an answer, not for a while."""

    now: Callable[[], datetime]
    in_a_row: int = 0
    paused_until: datetime | None = None
    lock: Lock = field(default_factory=Lock)

    def may_ask(self) -> bool:
        """Tell whether to ask now. When a pause is over, one call tries and the others wait for what becomes of it."""
        with self.lock:
            if self.paused_until is None:
                return True
            if self.now() < self.paused_until:
                return False
            self.paused_until = self.now() + PAUSE
            return True

    def record(self, *, answered: bool) -> None:
        """Note whether a call was answered."""
        with self.lock:
            self.in_a_row = 0 if answered else self.in_a_row + 1
            if answered:
                self.paused_until = None
            elif self.in_a_row >= MOST_IN_A_ROW:
                self.paused_until = self.now() + PAUSE


@dataclass
class Room:
    """So many look-ups ``per_minute``; what was not used up to that number is kept."""

    now: Callable[[], datetime]
    per_minute: int
    left: float = field(init=False)
    counted_at: datetime = field(init=False)
    lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.left, self.counted_at = float(self.per_minute), self.now()

    def take(self) -> bool:
        """Take the room for one look-up, if there is any."""
        with self.lock:
            now = self.now()
            passed = max(0.0, (now - self.counted_at).total_seconds())
            self.left = min(self.per_minute, self.left + passed * self.per_minute / 60)
            self.counted_at = now
            if self.left < 1:
                return False
            self.left -= 1
            return True


class HasRoom(Protocol):
    """Bounds how many look-ups are made."""

    def take(self) -> bool:
        """Take the room for one look-up, if there is any."""


class Guard:
    """A factory of clients around another. ``is_region`` tells Regions from made-up names; ``now`` is a UTC clock."""

    def __init__(
        self,
        factory: Factory,
        now: Callable[[], datetime],
        is_region: Callable[[str], bool] = lambda _region: True,
        per_minute: int = PER_MINUTE,
    ) -> None:
        self._factory, self._now, self._is_region = factory, now, is_region
        self._room: HasRoom = Room(now, per_minute)
        self._clients: dict[tuple[str, str], _Guarded] = {}
        self._lock = Lock()
        self._limits = local()

    def __call__(self, service: str, region: str) -> Any:  # noqa: ANN401 - stands for clients of all types
        """Return a client of ``service`` in ``region``; of a Region that does not exist none is made."""
        if held := self._clients.get((service, region)):
            return held
        if not self._is_region(region):
            return _Nowhere(region)
        client = _Guarded(self, service, self._factory(service, region), Breaker(self._now))
        with self._lock:
            return self._clients.setdefault((service, region), client)

    def bound_by(self, room: HasRoom) -> None:
        """Let ``room``, which all instances share, bound the look-ups, in place of one of this container alone."""
        self._room = room

    @contextmanager
    def within(self, limit: timedelta) -> Iterator[None]:
        """Make no look-up of this thread after ``limit``."""
        before = getattr(self._limits, "until", None)
        self._limits.until = self._now() + limit
        try:
            yield
        finally:
            self._limits.until = before

    def call(
        self,
        service: str,
        breaker: Breaker,
        ask: Callable[..., Any],
        *args: Any,  # noqa: ANN401 - the arguments of any call
        **fields: Any,  # noqa: ANN401 - as above
    ) -> Any:  # noqa: ANN401 - any answer
        """Make a call, if it may be made. Raises ``NotAsked``, and what the client raises."""
        until = getattr(self._limits, "until", None)
        if service in LOOKED_UP and until is not None and self._now() >= until:
            raise NotAsked(why="no time was left")
        if not breaker.may_ask():
            raise NotAsked(why=f"{service} did not answer")
        if service in LOOKED_UP and not self._room.take():
            raise NotAsked(why="too many look-ups were made in this minute")
        try:
            answer = ask(*args, **fields)
        except Exception as error:
            breaker.record(answered=not has_no_answer(error))
            raise
        breaker.record(answered=True)
        return answer


@dataclass
class _Guarded:
    """A client each of whose operations is a guarded call, made when it is first asked for."""

    guard: Guard
    service: str
    client: Any
    breaker: Breaker

    def __getattr__(self, operation: str) -> Any:  # noqa: ANN401 - any operation of any client
        method = getattr(self.client, operation)
        if operation == "get_paginator":
            return lambda name: _Paginator(self, method(name))
        guarded = partial(self.guard.call, self.service, self.breaker, method)
        setattr(self, operation, guarded)
        return guarded


@dataclass
class _Paginator:
    client: _Guarded
    paginator: Any

    def paginate(self, **fields: Any) -> Iterator[Any]:  # noqa: ANN401 - any operation
        pages = iter(self.paginator.paginate(**fields))
        end = object()
        while (
            page := self.client.guard.call(
                self.client.service, self.client.breaker, lambda: next(pages, end)
            )
        ) is not end:
            yield page


@dataclass
class _Nowhere:
    """The client of a Region that does not exist: nothing is ever sent."""

    region: str

    def __getattr__(self, operation: str) -> Any:  # noqa: ANN401 - any operation of any client
        if operation.startswith("__"):
            raise AttributeError(operation)
        return self._not_asked

    def _not_asked(self, *_: object, **__: object) -> Any:  # noqa: ANN401 - never returns
        raise NotAsked(why=f"there is no Region {self.region}")
