"""One incident per broken thing: what it counts, when it is due again, and what its state allows. Pure.

An incident is ``new`` (claimed by somebody who is about to alert), ``held`` (suspected transient),
``muted`` (an alias whose key has an incident of its own), ``open`` (alerted), ``resolved`` or
``healed`` (ended, with and without an alert before). ``due_at`` is when the clock looks at it
again; for a ``new`` one it is the end of the claimant's lease: if the claimant died, the clock or
the batch's retry claims it anew.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from keywatch.model.evidence import ChangeFact
from keywatch.model.signals import KeyFailure, Subject

LEASE = timedelta(seconds=90)  # longer than the function may run
HOLD = timedelta(seconds=30)  # before a held incident is looked at again
QUIET = timedelta(minutes=10)  # without a failure before an incident can be resolved
UNPROVEN_QUIET = timedelta(hours=6)  # the same, where no probe can prove recovery
KEEP = timedelta(days=30)
MOST_NAMES = 20
OTHERS = "(others)"

NEW, HELD, MUTED, OPEN, RESOLVED, HEALED = "new", "held", "muted", "open", "resolved", "healed"
ENDED = frozenset({RESOLVED, HEALED})

Names = Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Incident:
    """What is stored of one incident. Times are UTC; ``names`` counts (kind, name) of callers, operations, services, resources.

    ``latest_cause`` is the reading of the newest failure, ``cause`` and ``severity`` what was last
    announced, ``announced`` every cause announced so far; ``history`` what CloudTrail was asked for
    once, because its quota is small; ``last_diagnosis`` is the diagnosis last announced (as JSON text);
    ``group`` is the id of the group that tells of it.
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
    group: str | None = None

    def leased(self, now: datetime) -> bool:
        """Tell whether somebody is at it right now."""
        return self.status == NEW and self.due_at > now


@dataclass(slots=True)
class FailureBatch:
    """Failures of one subject in one batch, added up. ``messages`` are the ids of the messages that they came in.

    Of a key store the resources are its keys: which of them failed says more than what they
    protected.
    """

    latest_failure: KeyFailure
    count: int = 0
    first_seen: datetime = field(init=False)
    last_seen: datetime = field(init=False)
    names: Counter[tuple[str, str]] = field(default_factory=Counter)
    messages: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.first_seen = self.last_seen = self.latest_failure.time

    def add(self, failure: KeyFailure, message: str) -> None:
        """Count one failure; the newest becomes the sample."""
        self.count += 1
        self.messages.append(message)
        when = failure.time
        if when < self.first_seen:
            self.first_seen = when
        elif when >= self.last_seen:
            self.last_seen, self.latest_failure = when, failure
        names = self.names
        names["caller", failure.caller.principal] += 1
        if failure.operation:
            names["operation", failure.operation] += 1
        service = failure.caller.service or failure.service
        names["service", service] += 1
        resource = failure.key_arn if failure.subject.kind == "key_store" else failure.resource
        if resource:
            names["resource", resource] += 1


def new_id(subject: Subject, first_seen: datetime) -> str:
    """Return the id of an incident: the same for all who open it at once, another for the next one of the subject."""
    digest = hashlib.sha256(f"{subject.id}|{first_seen.isoformat()}".encode()).hexdigest()
    return f"kw-{digest[:16]}"


def provisional(subject: Subject, batch: FailureBatch, now: datetime) -> Incident:
    """Return the incident that failures of a subject open, claimed until the end of a lease from ``now``."""
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
        names=bounded(batch.names, ()),
    )


def bounded(names: Names, known: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Return ``names`` such that no kind has more than ``MOST_NAMES``, those ``known`` included; the rest are ``(others)``."""
    kept = set(known)
    room = Counter(kind for kind, _ in kept)
    result: Counter[tuple[str, str]] = Counter()
    for (kind, name), count in sorted(names.items(), key=lambda item: -item[1]):
        if (kind, name) not in kept and room[kind] >= MOST_NAMES:
            result[kind, OTHERS] += count
            continue
        if (kind, name) not in kept:
            kept.add((kind, name))
            room[kind] += 1
        result[kind, name] += count
    return dict(result)


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
