"""What was true when, and who saw it when: KMS is eventually consistent, so that truth and sight are two questions."""

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from tests.worlds.clock import Dice, seconds

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Version(Generic[T]):
    """A value from a moment on (``None``: it does not exist), and the changes (event ids) that brought it about."""

    when: datetime
    value: T | None
    made_by: tuple[str, ...] = ()


@dataclass
class Timeline(Generic[T]):
    """The versions of one thing, oldest first. ``name`` makes its lags its own."""

    name: str
    dice: Dice
    versions: list[Version[T]] = field(default_factory=list)

    def write(self, when: datetime, value: T | None, *made_by: str) -> None:
        """Add a version; they may be written in any order."""
        place = bisect_right([version.when for version in self.versions], when)
        self.versions.insert(place, Version(when, value, made_by))

    def at(self, when: datetime) -> Version[T] | None:
        """Return what is true at a moment."""
        return next((version for version in reversed(self.versions) if version.when <= when), None)

    def seen(self, when: datetime, reader: str) -> Version[T] | None:
        """Return what a reader sees at a moment: the newest version that has reached it."""
        found = (
            v
            for v in reversed(self.versions)
            if v.when <= when and v.when + self.lag(v, reader) <= when
        )
        return next(found, None)

    def lag(self, version: Version[T], reader: str):
        """Return how long a version takes to reach a reader: mostly a second or two, "in some cases several minutes"."""
        if (
            version is self.versions[0]
            and self.versions[0].value is not None
            and not version.made_by
        ):
            return seconds(0)
        roll = self.dice.roll("lag", self.name, version.when)
        longest = 2.0 if roll < 0.72 else 20.0 if roll < 0.88 else 60.0 if roll < 0.96 else 240.0
        return seconds(
            longest * self.dice.between(0.15, 1.0, "share", self.name, version.when, reader)
        )

    def existed_before(self, when: datetime) -> bool:
        """Tell whether it existed at some time before."""
        return any(version.value is not None and version.when < when for version in self.versions)
