"""From when to when there are logs of an account and Region, by the hour, and where some are missing between."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from keywatch.sources.source import EPOCH

GAP = 6  # hours without any record of an account and Region that had some before and after

Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Gap:
    """A span (UTC) without records of an account and Region."""

    account: str
    region: str
    start: datetime
    end: datetime


@dataclass(slots=True)
class Coverage:
    """The hours in which there were records, one bit an hour."""

    _first: dict[Place, int] = field(default_factory=dict)
    _hours: dict[Place, int] = field(default_factory=dict)

    def add(self, hours: Iterable[tuple[str, str, int]]) -> None:
        """Take in samples: account, Region and hours since 1970."""
        for account, region, hour in hours:
            place = account, region
            first = self._first.setdefault(place, hour)
            bits = self._hours.get(place, 0)
            if hour < first:
                bits <<= first - hour
                self._first[place] = first = hour
            self._hours[place] = bits | 1 << (hour - first)

    def end(self, account: str, region: str) -> datetime | None:
        """Return until when there are records of an account and Region; of all together where that place is unknown."""
        ends = self._ends()
        return ends.get((account, region)) or max(ends.values(), default=None)

    def span(self) -> tuple[datetime, datetime] | None:
        """Return from when to when there are records at all; ``None`` where there are none."""
        ends = self._ends()
        return (_when(min(self._first.values())), max(ends.values())) if ends else None

    def _ends(self) -> dict[Place, datetime]:
        return {
            place: _when(self._first[place] + bits.bit_length())
            for place, bits in self._hours.items()
        }

    def gaps(self) -> Iterator[Gap]:
        """Yield the spans of ``GAP`` hours and more in which records are missing."""
        for (account, region), bits in sorted(self._hours.items()):
            first, at = self._first[account, region], 0
            for run in f"{bits:b}"[::-1].split("1"):
                if len(run) >= GAP:
                    yield Gap(account, region, _when(first + at), _when(first + at + len(run)))
                at += len(run) + 1


def _when(hour: int) -> datetime:
    return EPOCH + timedelta(hours=hour)
