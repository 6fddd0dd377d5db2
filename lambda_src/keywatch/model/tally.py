"""Names and how many calls each had, in room that is bounded whatever comes. Pure.

The method is Space-Saving (Metwally, Agrawal, El Abbadi 2005): where a kind has no room left, the
name with the smallest possible count gives way to the new one. Whoever makes many calls is kept.
What is kept of each name is how many of its calls were surely counted, and ``missed``: how many
more it may have had while it was not among the kept. The rest of a kind is ``(others)``.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_NAMES = 20
MOST_CHARACTERS = 200
OTHERS = "(others)"

Name = tuple[str, str]  # the kind (caller, operation, service, resource) and the name
Names = Mapping[Name, int]


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts by (kind, name). They are never too high, and with ``(others)`` they add up to all calls of a kind."""

    counts: Names = field(default_factory=dict)
    missed: Names = field(default_factory=dict)

    def adding(self, more: Names) -> "Tally":
        """Return this tally with ``more`` calls counted, the most frequent names first."""
        counts, missed = dict(self.counts), dict(self.missed)
        room = {kind: _of_kind(counts, kind) for kind, _ in {*more, *counts}}
        for (kind, name), count in sorted(more.items(), key=lambda one: -one[1]):
            key = (kind, short(name))
            if key not in counts and key[1] != OTHERS:
                kept = room[kind]
                if len(kept) >= MOST_NAMES:
                    missed[key] = _make_room(kept, counts, missed)
                kept.add(key)
            counts[key] = counts.get(key, 0) + count
        return Tally(counts, {key: number for key, number in missed.items() if number})

    def without(self, key: Name) -> "Tally":
        """Return this tally without one name, whose calls are then among the others."""
        counts, missed = dict(self.counts), dict(self.missed)
        _drop(key, counts, missed)
        return Tally(counts, missed)

    def rows(self) -> list[tuple[str, str, int, int]]:
        """Return kind, name, count and missed, the most frequent first."""
        frequent = sorted(self.counts.items(), key=lambda one: (-one[1], one[0]))
        return [(*key, count, self.missed.get(key, 0)) for key, count in frequent]


def _of_kind(counts: Names, kind: str) -> set[Name]:
    return {key for key in counts if key[0] == kind and key[1] != OTHERS}


def _make_room(kept: set[Name], counts: dict[Name, int], missed: dict[Name, int]) -> int:
    """Drop the name of a kind that has the smallest possible count, and return that count."""
    smallest = min(kept, key=lambda key: (counts[key] + missed.get(key, 0), key))
    possible = counts[smallest] + missed.get(smallest, 0)
    kept.discard(smallest)
    _drop(smallest, counts, missed)
    return possible


def _drop(key: Name, counts: dict[Name, int], missed: dict[Name, int]) -> None:
    others = (key[0], OTHERS)
    count = counts.pop(key)
    counts[others] = counts.get(others, 0) + count
    missed.pop(key, None)


def short(name: str) -> str:
    """Return a name, or of a long one its beginning and what tells it from others that begin alike."""
    if len(name) <= MOST_CHARACTERS:
        return name
    mark = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:8]
    return f"{name[: MOST_CHARACTERS - 12]}...{mark}"
