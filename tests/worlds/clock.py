"""Time and chance of a world: both virtual, so that a seed tells the same story every time."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")


class Clock:
    """A clock that only its owner moves, and only forward. ``now`` is UTC."""

    def __init__(self, start: datetime) -> None:
        self._start = start.timestamp()
        self._seconds = self._start

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self._seconds, UTC)

    @property
    def seconds(self) -> float:
        """Return the seconds since 1970."""
        return self._seconds

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._seconds += max(0.0, seconds)

    def to(self, when: datetime) -> None:
        """Move on to a moment; one that has passed is left alone."""
        self._seconds = max(self._seconds, when.timestamp())


@dataclass(frozen=True, slots=True)
class Dice:
    """Chance by name: the same question has the same answer, in whatever order questions are asked."""

    seed: int

    def roll(self, *what: object) -> float:
        """Return a number from 0 to 1 that depends on nothing but the seed and ``what``."""
        return (
            int.from_bytes(blake2b(repr((self.seed, *what)).encode(), digest_size=8).digest())
            / 2**64
        )

    def number(self, *what: object) -> int:
        """Return a whole number of 128 bits."""
        return int.from_bytes(blake2b(repr((self.seed, *what)).encode(), digest_size=16).digest())

    def chance(self, probability: float, *what: object) -> bool:
        """Tell whether something of this probability happens."""
        return self.roll(*what) < probability

    def between(self, low: float, high: float, *what: object) -> float:
        """Return a number between two."""
        return low + (high - low) * self.roll(*what)

    def of(self, options: "tuple[T, ...] | list[T]", *what: object) -> T:
        """Return one of several."""
        return options[int(self.roll(*what) * len(options))]


def seconds(number: float) -> timedelta:
    """Return a span of so many seconds."""
    return timedelta(seconds=number)


def minutes(number: float) -> timedelta:
    """Return a span of so many minutes."""
    return timedelta(minutes=number)
