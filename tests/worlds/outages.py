"""What was broken for callers, and for how long: what KeyWatch owes a message about."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.worlds.attempts import STORE_CAUSES, truly
from tests.worlds.chronicle import Chronicle, Told
from tests.worlds.clock import minutes
from tests.worlds.kms import Kms
from tests.worlds.records import Failed

QUIET = minutes(60)  # between two outages of one thing
OLD = minutes(30)  # a failure that is told later is no news
SEEN_LATER = minutes(4)  # what has healed by then need not be told


@dataclass
class Outage:
    """One thing that was broken for callers in one way, as long as it lasted."""

    thing: str
    causes: frozenset[str]
    near: frozenset[str]
    calls: list[Told]

    @property
    def begins(self) -> datetime:
        return self.calls[0].what.when

    @property
    def arrivals(self) -> list[datetime]:
        """Return when KeyWatch was told of each call that it was told of."""
        return sorted(told.first for told in self.calls if told.first)

    @property
    def names(self) -> frozenset[str]:
        outcomes = [told.what.outcome for told in self.calls]
        stores = [frozenset({outcome.store}) for outcome in outcomes if outcome.store]
        return frozenset().union(*(o.names | o.kin for o in outcomes), *stores)

    @property
    def callers(self) -> set[str]:
        return {token for told in self.calls for token in told.what.probe.caller.tokens}

    def owed(self, kms: Kms) -> bool:
        """Tell whether KeyWatch had to say something: it was told, and minutes later it was still so."""
        return any(_lasted(kms, told) for told in self.calls)

    def __str__(self) -> str:
        span = f"{self.begins:%H:%M:%S}-{self.calls[-1].what.when:%H:%M:%S}"
        causes = ",".join(sorted(self.causes))
        told = f"{len(self.calls)} calls ({len(self.arrivals)} told)"
        return f"{self.calls[0].episode} {self.thing}: {causes}, {told} {span}"


def _lasted(kms: Kms, told: Told) -> bool:
    failed, first = told.what, told.first
    if first is None or first - failed.when > OLD or "not_yet_visible" in failed.outcome.causes:
        return False
    return all(
        later is not None and bool(later.causes & failed.outcome.causes)
        for later in (truly(kms, failed.probe, moment) for moment in _minutes_after(first))
    )


def _minutes_after(first: datetime) -> Iterator[datetime]:
    """Yield the moments at which it must still be so: what is mended and broken again meanwhile was over for a look-up."""
    step = minutes(1)
    while step <= SEEN_LATER:
        yield first + step
        step += minutes(1)


def outages_of(story: Chronicle) -> Iterator[Outage]:
    """Yield the outages of a story: calls that failed for one cause at one thing, without an hour of quiet in between."""
    groups: dict[tuple[str, frozenset[str]], list[Told]] = {}
    for told in sorted(story.calls, key=lambda told: told.what.when):
        groups.setdefault((thing_of(told.what), told.what.outcome.causes), []).append(told)
    for (thing, causes), calls in groups.items():
        near = frozenset().union(*(told.what.outcome.near for told in calls))
        for part in _parts(calls):
            yield Outage(thing, causes, near, part)


def _parts(calls: list[Told]) -> Iterator[list[Told]]:
    part: list[Told] = []
    last = datetime.min.replace(tzinfo=UTC)
    for told in calls:
        if part and told.what.when - last > QUIET:
            yield part
            part = []
        part.append(told)
        last = told.what.when
    yield part


def thing_of(failed: Failed) -> str:
    """Return the name of what broke."""
    outcome = failed.outcome
    if outcome.store and outcome.causes & STORE_CAUSES:
        return outcome.store
    if "missing_or_not_authorized" in outcome.causes:
        return failed.probe.caller.name
    return outcome.resources[0] if outcome.resources else failed.probe.typed
