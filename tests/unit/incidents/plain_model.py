"""What must be true of incidents whatever happens, from what a test did to a world and what people were told.

Nothing here knows how the program works: only which calls failed and were taken over, what is
broken, what the table holds for everybody to read, and which messages went out.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from keywatch.incidents.lifecycle import LIFECYCLE
from keywatch.model.incident import ENDED, HELD, LIVE, NEW, OPEN, SILENCED

USABLE, GONE, MISSING = "Enabled", "gone", "missing"
MOST_BYTES = 16 * 1024
SOON = timedelta(minutes=2)  # a lease, or a hold, and a minute of the clock
LATER = timedelta(
    hours=1, minutes=2
)  # the longest that a group or the next room for messages is waited for
REMEMBERED = timedelta(seconds=30)  # an instance remembers silences for a moment
SKEW = timedelta(seconds=10)  # its clock may be ahead
TRANSITIONS = frozenset(
    {(state, step.state) for (state, _), step in LIFECYCLE.items()}
    | {(state, state) for state in LIVE | ENDED}
)
# An item in which both are seen between two looks has gone through what lies between.
REACHABLE = TRANSITIONS | {
    (one, last) for one, two in TRANSITIONS for also, last in TRANSITIONS if two == also
}


@dataclass
class Outage:
    """What is true of one key or alias; ``taken`` is when those calls were made that the function took over from the queue."""

    state: str = USABLE
    since: datetime | None = None
    calls: set[str] = field(default_factory=set)
    taken: dict[str, datetime] = field(default_factory=dict)
    damaged: bool = False

    @property
    def broken(self) -> bool:
        return self.state != USABLE

    def taken_of_this_outage(self) -> bool:
        return self.since is not None and any(when >= self.since for when in self.taken.values())


@dataclass
class Model:
    """All that a test knows. ``crashes`` counts deaths and lost answers: each may cost one message twice."""

    outages: dict[str, Outage]
    crashes: int = 0
    lost_counts: int = 0
    opened: Counter[str] = field(default_factory=Counter)
    named: set[str] = field(default_factory=set)
    ended_ids: set[str] = field(default_factory=set)
    counted: dict[str, dict[str, int]] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)
    silences: list[tuple[str, datetime, datetime]] = field(default_factory=list)

    def is_silent(self, name: str, now: datetime) -> bool:
        """Tell whether everybody knows that there is to be silence about a key or alias."""
        known, early = now - REMEMBERED, now + SKEW
        return any(
            name == one and since <= known and until > early for one, since, until in self.silences
        )

    def hear(self, alerts: list[dict[str, Any]], now: datetime) -> None:
        """Take note of messages, and check what they say against what is true ``now``."""
        for alert in alerts:
            about = alert["group"]["members"] if "group" in alert else [name_in(alert)]
            assert not any(self.is_silent(name, now) for name in about), (alert["title"], about)
            if alert["status"] == "opened" and self.outages[name_in(alert)].damaged:
                self.opened[alert["incident_id"]] = (
                    1  # what cannot be read is told by each container
                )
            elif alert["status"] == "opened":
                self.opened[alert["incident_id"]] += 1
                twice = sum(self.opened.values()) - len(self.opened)
                assert twice <= self.crashes, (alert["title"], self.opened)
                before = alert.get("previous_incident_id")
                assert before is None or before in self.ended_ids, (before, self.ended_ids)
            self.named |= set(alert.get("group", {}).get("members", ()))
            if alert["status"] == "resolved" and "group" not in alert:
                self.ended_ids.add(alert["incident_id"])
                self._resolved(alert, now)

    def _resolved(self, alert: dict[str, Any], now: datetime) -> None:
        outage = self.outages[name_in(alert)]
        if "KMS now reports the " in " ".join(alert["notes"]):
            assert not outage.broken, (alert["title"], outage, now)

    def see(
        self, items: list[dict[str, Any]], groups: dict[str, dict[str, Any]], now: datetime
    ) -> None:
        """Check what the table holds ``now``."""
        for item in items:
            outage = self.outages[name_of(item)]
            if outage.damaged:
                continue
            assert size_of(item) <= MOST_BYTES
            self._counts(outage, name_of(item), item)
            self._transition(item)
            self._waits(item, now)
            self._nobody_is_left_in_the_dark(outage, item, groups, now)

    def _transition(self, item: dict[str, Any]) -> None:
        one, status = item["incident_id"]["S"], status_of(item)
        before = self.statuses.get(one, NEW)
        assert (before, status) in REACHABLE, (before, status)
        self.statuses[one] = status

    def _counts(self, outage: Outage, name: str, item: dict[str, Any]) -> None:
        """No call is counted twice, over all incidents of a subject, and none that was taken is forgotten."""
        seen = self.counted.setdefault(name, {})
        one, failures = item["incident_id"]["S"], int(item["failures"]["N"])
        assert failures >= seen.get(one, 0), "a count went down"
        assert self.statuses.get(one) not in ENDED or failures == seen[one], "what ended counts"
        seen[one] = failures
        assert sum(seen.values()) <= len(outage.calls), (seen, outage)

    def _waits(self, item: dict[str, Any], now: datetime) -> None:
        """What lives waits for the clock, and what ended does not."""
        due = float(item["due_at"]["N"]) - now.timestamp()
        if status_of(item) in LIVE:
            assert "queue" in item
            assert due <= timedelta(hours=7).total_seconds()
        else:
            assert "queue" not in item

    def _nobody_is_left_in_the_dark(
        self, outage: Outage, item: dict[str, Any], groups: dict[str, Any], now: datetime
    ) -> None:
        """Of what is broken and failed, people know, or will without another failure."""
        if not outage.broken or not outage.taken_of_this_outage():
            return
        status, due = status_of(item), float(item["due_at"]["N"]) - now.timestamp()
        group = item.get("group", {}).get("S", "-")
        if status in {NEW, HELD}:
            assert due <= (LATER if group == "-" and "group" in item else SOON).total_seconds()
        elif status == SILENCED:
            # It is looked at when the silence ends, and at least every hour.
            assert due <= LATER.total_seconds()
        elif status == OPEN and group != "-":
            told = name_of(item) in self.named or item["incident_id"]["S"] in self.opened
            waiting = groups.get(group)
            assert told or (waiting and "queue" in waiting), (item, waiting)
        elif status == OPEN:
            assert self.opened[item["incident_id"]["S"]], item
        else:
            # Only of what does not exist silence is taken for the end.
            silent = outage.state in {MISSING, GONE}
            assert status not in ENDED or silent, (status, outage, now)

    def settled(self, items: list[dict[str, Any]]) -> None:
        """Check what must be true in the end, when all that was broken works and hours were quiet."""
        for item in items:
            name, outage = name_of(item), self.outages[name_of(item)]
            if outage.damaged:
                continue
            assert status_of(item) in ENDED, (name, status_of(item))
            seen = sum(self.counted[name].values())
            assert seen + self.lost_counts >= len(outage.taken), (name, self.counted[name], outage)


def status_of(item: dict[str, Any]) -> str:
    """Return the state of an incident, in the words of the lifecycle table."""
    status: str = item["status"]["S"]
    if status == HELD and item.get("silence", {}).get("S", "-") != "-":
        return SILENCED
    return "deleted" if status == "resolved" and "gone" in item else status


def name_of(item: dict[str, Any]) -> str:
    """Return the name of the key or alias that an incident is about."""
    return str(item["subject"]["S"].rpartition("|")[2].rpartition(":")[2].removeprefix("key/"))


def name_in(alert: dict[str, Any]) -> str:
    """Return the name of the key or alias that a message is about."""
    subject = alert["subject"]
    return str(subject["alias"] or subject["key_arn"].rpartition("/")[2])


def size_of(item: dict[str, Any]) -> int:
    """Return about how many bytes DynamoDB counts of an item."""
    return sum(
        len(name) + len(str(next(iter(value.values()))).encode()) for name, value in item.items()
    )
