"""One incident per broken thing: what it counts, when it is due again, and what its state allows. Pure.

What each state means, and what leads from one to another, is the table of
``keywatch.incidents.lifecycle``. ``due_at`` is when the clock looks at an incident again; for a
``new`` one it is the end of the claimant's lease: if the claimant died, the clock or the batch's
retry claims it anew.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from keywatch.model.calls import CallMarks, mark_of, marks_of_line, marks_of_record, remember
from keywatch.model.evidence import ChangeFact
from keywatch.model.signals import EARLY_WARNING, REPORTED, KeyFailure, Subject
from keywatch.model.tally import OTHERS, Name, Names, Tally

LEASE = timedelta(seconds=90)  # longer than the function may run
HOLD = timedelta(seconds=30)  # before a held incident is looked at again
QUIET = timedelta(minutes=10)  # without a failure before an incident can be resolved
UNPROVEN_QUIET = timedelta(hours=6)  # the same, where no probe can prove recovery
KEEP = timedelta(days=90)  # unless the setting keep_incidents_days says otherwise
SAME_MOMENT = timedelta(
    seconds=3
)  # a log line is printed, and a record cut to the second, around a call

BY_ITSELF = "-"  # in the place of a group: the incident has joined, and alerts by itself

NEW, HELD, MUTED, SILENCED, OPEN = "new", "held", "muted", "silenced", "open"
RESOLVED, HEALED, DELETED = "resolved", "healed", "deleted"
LIVE = frozenset({NEW, HELD, MUTED, SILENCED, OPEN})
ENDED = frozenset({RESOLVED, HEALED, DELETED})


@dataclass(frozen=True, slots=True)
class Incident:
    """What is stored of one incident. Times are UTC; ``names`` counts (kind, name) of callers, operations, services, resources.

    ``latest_cause`` is the reading of the newest failure, ``cause`` and ``severity`` what was last
    announced, ``announced`` every cause announced so far; ``history`` what CloudTrail was asked for
    once, because its quota is small; ``last_diagnosis`` is the diagnosis last announced (as JSON text).
    ``missed`` is by how much ``names`` may be too low; ``recent_calls`` are marks of calls that are
    counted already; ``version`` grows with each counting. ``announced_failures`` is how many had
    failed when people were last told; ``openings`` are when an incident of this subject was
    opened, ``previous_id`` the one before that people were told of; ``arrived`` is when KeyWatch
    first heard of it; ``group`` is the id of the group that tells of it. ``owner`` is whose the key is,
    as the last message said. ``silence`` is the id of the silence that covered it when it was last
    looked at.
    """

    id: str
    subject: Subject
    status: str
    failures: int
    first_seen: datetime
    last_seen: datetime
    due_at: datetime
    latest_cause: str
    latest_failure: KeyFailure
    names: Names = field(default_factory=dict)
    cause: str | None = None
    severity: str | None = None
    announced: tuple[str, ...] = ()
    sent_at: datetime | None = None
    history: tuple[ChangeFact, ...] = ()
    last_diagnosis: str | None = None
    missed: Names = field(default_factory=dict)
    recent_calls: tuple[bytes, ...] = ()
    version: int = 0
    announced_failures: int | None = None
    openings: tuple[datetime, ...] = ()
    previous_id: str | None = None
    arrived: datetime | None = None
    group: str | None = None
    owner: str | None = None
    silence: str | None = None

    def leased(self, now: datetime) -> bool:
        """Tell whether somebody is at it right now."""
        return self.status == NEW and self.due_at > now

    def counting(self, batch: "FailureBatch") -> "Incident":
        """Return the incident with a batch counted; its newest failure becomes that of the incident, if it is newer."""
        tally = Tally(self.names, self.missed).adding(batch.names)
        counted = replace(
            self,
            failures=self.failures + batch.count,
            first_seen=min(self.first_seen, batch.first_seen),
            last_seen=max(self.last_seen, batch.last_seen),
            names=tally.counts,
            missed=tally.missed,
            recent_calls=remember(self.recent_calls, batch.marks),
            version=self.version + 1,
        )
        newest, cause = batch.latest_failure, batch.latest_failure.classification.cause or ""
        if not self._is_newer(newest):
            return counted
        return replace(counted, latest_failure=newest, latest_cause=cause)

    def _is_newer(self, newest: KeyFailure) -> bool:
        """Tell whether a failure stands for the incident from now on; of one moment AWS's record does, and not a log."""
        latest = self.latest_failure
        if latest.source == EARLY_WARNING:
            return True
        same = latest.classification.cause == newest.classification.cause
        if same and abs(newest.time - latest.time) <= SAME_MOMENT:
            return newest.source != REPORTED or latest.source == REPORTED
        return newest.time >= latest.time


@dataclass(slots=True)
class FailureBatch:
    """Failures of one subject in one batch, added up. ``messages`` are the ids of the messages that they came in.

    ``calls`` holds of each call that can be told from others its marks and the names that it
    counts for; of those that are ``counted`` already, by what else told of them, only the names are
    new. Of a key store the resources are its keys: which of them failed says more than what they
    protected.
    """

    latest_failure: KeyFailure
    count: int = 0
    first_seen: datetime = field(init=False)
    last_seen: datetime = field(init=False)
    names: Counter[Name] = field(default_factory=Counter)
    messages: list[str] = field(default_factory=list)
    calls: dict[bytes, tuple[CallMarks, tuple[Name, ...]]] = field(default_factory=dict)
    counted: set[bytes] = field(default_factory=set)
    _seen: set[bytes] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.first_seen = self.last_seen = self.latest_failure.time

    @property
    def marks(self) -> tuple[bytes, ...]:
        """Return what is to be remembered of the calls."""
        return tuple(mark for marks, _ in self.calls.values() for mark in marks.all)

    @property
    def is_new(self) -> bool:
        """Tell whether there is anything in it that is not known yet."""
        return bool(self.count or self.calls)

    def add(self, failure: KeyFailure, message: str) -> bool:
        """Count one failure, unless its call is counted already (``False``); the newest becomes the sample."""
        self.messages.append(message)
        names = _names(failure)
        marks = _marks(failure)
        if marks and marks.own in self.calls:
            return False
        for name in names:
            self.names[name] += 1
        is_twin = marks is not None and not marks.twins.isdisjoint(self._seen)
        if marks:
            self.calls[marks.own] = (marks, names)
            self._seen.add(marks.own)
            self._seen.update(marks.others)
        if is_twin and marks:
            self.counted.add(marks.own)
            self.latest_failure = _better(failure, self.latest_failure)
            return False
        self.count += 1
        when = failure.time
        if when < self.first_seen:
            self.first_seen = when
        elif when >= self.last_seen:
            self.last_seen, self.latest_failure = when, failure
        return True

    def absorb(self, earlier: "FailureBatch") -> None:
        """Count what an earlier batch of the same subject held as well, each call once."""
        fresh = earlier.without(self.marks)
        self.count += fresh.count
        self.names.update(fresh.names)
        self.calls = fresh.calls | self.calls
        self.counted |= fresh.counted
        self._seen.update(fresh.marks)
        self.first_seen = min(self.first_seen, fresh.first_seen)
        self.last_seen = max(self.last_seen, fresh.last_seen)

    def without(self, known: Iterable[bytes]) -> "FailureBatch":
        """Return the batch without the calls that are ``known``, or itself where there are none.

        Of a call that something else told of the names are kept: AWS's record names the caller.
        """
        already = frozenset(known)
        twice = self.calls.keys() & already
        twins = {
            own
            for own, (marks, _) in self.calls.items()
            if own not in twice and own not in self.counted and not marks.twins.isdisjoint(already)
        }
        if not twice and not twins:
            return self
        count = self.count - len(twice - self.counted) - len(twins)
        batch = FailureBatch(self.latest_failure, count)
        batch.first_seen, batch.last_seen = self.first_seen, self.last_seen
        batch.messages = self.messages
        batch.calls = {own: call for own, call in self.calls.items() if own not in twice}
        batch.counted = (self.counted | twins) - twice
        batch._seen = set(batch.marks)
        batch.names = self.names - Counter(name for own in twice for name in self.calls[own][1])
        return batch


def _marks(failure: KeyFailure) -> CallMarks | None:
    """Return by what a failure is known again; ``None`` where it cannot be told from others."""
    cause = failure.classification.cause or ""
    if failure.source == REPORTED and failure.event_id:
        return marks_of_line(failure.event_id, failure.printed_ids, cause, failure.time)
    if failure.request_id and failure.service == "kms.amazonaws.com":
        return marks_of_record(failure.request_id, cause, failure.time)
    call = failure.request_id or failure.event_id
    return CallMarks(mark_of(call)) if call else None


def _better(one: KeyFailure, other: KeyFailure) -> KeyFailure:
    """Return which of two that tell of one call says more: AWS's own record, and not a log."""
    return one if one.source != REPORTED and other.source == REPORTED else other


def _names(failure: KeyFailure) -> tuple[Name, ...]:
    resource = failure.key_arn if failure.subject.kind == "key_store" else failure.resource
    names = (
        ("caller", failure.caller.principal),
        ("operation", failure.operation or ""),
        ("service", failure.caller.service or failure.service),
        ("resource", resource or ""),
    )
    return names if failure.operation and resource else tuple(one for one in names if one[1])


def new_id(subject: Subject, first_seen: datetime, after: str = "") -> str:
    """Return the id of an incident: the same for all who open it at once, another than that of any before it.

    ``after`` is the id of the one before: a late failure may be as old as one of an incident long ended.
    """
    named = f"{subject.id}|{first_seen.isoformat()}" + (f"|{after}" if after else "")
    digest = hashlib.sha256(named.encode()).hexdigest()
    return f"kw-{digest[:16]}"


def provisional(subject: Subject, batch: FailureBatch, now: datetime) -> Incident:
    """Return the incident that failures of a subject open, claimed until the end of a lease from ``now``."""
    tally = Tally().adding(batch.names)
    return Incident(
        id=new_id(subject, batch.first_seen),
        subject=subject,
        status=NEW,
        failures=batch.count,
        first_seen=batch.first_seen,
        last_seen=batch.last_seen,
        due_at=now + LEASE,
        latest_cause=batch.latest_failure.classification.cause or "",
        latest_failure=batch.latest_failure,
        names=tally.counts,
        missed=tally.missed,
        recent_calls=remember((), batch.marks),
        version=1,
        arrived=now,
    )


def successor(ended: Incident, batch: FailureBatch, now: datetime) -> Incident:
    """Return the incident that opens after one of the same subject ended: it knows what people were told before."""
    told = ended.status in {RESOLVED, DELETED}
    incident = provisional(ended.subject, batch, now)
    return replace(
        incident,
        id=new_id(ended.subject, incident.first_seen, ended.id),
        openings=ended.openings,
        previous_id=ended.id if told else ended.previous_id,
        recent_calls=remember(ended.recent_calls, batch.marks),
    )


def by_kind(names: Names) -> dict[str, tuple[tuple[str, int], ...]]:
    """Return the (name, count) of each kind, most frequent first; those without a name of their own come last."""
    found: dict[str, list[tuple[str, int]]] = {}
    for (kind, name), count in names.items():
        found.setdefault(kind, []).append((name, count))
    order = {
        kind: sorted(counts, key=lambda item: (item[0] == OTHERS, -item[1], item[0]))
        for kind, counts in found.items()
    }
    return {kind: tuple(counts) for kind, counts in order.items()}
