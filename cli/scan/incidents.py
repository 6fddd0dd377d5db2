"""Failures of one subject, in the order of time, made into incidents: counted and diagnosed as the function would. Pure.

The function sees by look-ups that something works again; a log shows it by a change that undid what
was broken, or by silence. What it would have told last is the cause: the newest that had not been
told before.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from keywatch.catalogue.causes import cause_of
from keywatch.catalogue.changes import CHANGES, MADE_BY
from keywatch.diagnosis.case import PROPAGATION, SKEW, case_of
from keywatch.diagnosis.diagnose import Diagnosis, diagnose
from keywatch.diagnosis.reasons import change_source
from keywatch.lookups.known_changes import merged, of_key_behind_alias
from keywatch.model.evidence import ChangeFact, Evidence
from keywatch.model.incident import QUIET, UNPROVEN_QUIET, FailureBatch, Incident, provisional
from keywatch.model.signals import KeyFailure, Subject
from keywatch.model.tally import Names, Tally

FOLD = 200  # failures that are added up before they are counted into the incident

Ledger = Callable[[Subject], tuple[ChangeFact, ...]]


@dataclass(frozen=True, slots=True)
class PastIncident:
    """One incident of the past.

    ``causes`` are all that it had, in the order of time; ``diagnosis`` is of its newest failure of the
    last one. ``made_by`` are the changes that the diagnosis names, ``fixed_by`` the one that undid
    them afterwards. ``places`` counts the (kind, name) of accounts and Regions; ``days`` failures by
    day (UTC). ``goes_on``: its last failure is so near to the end of the logs that nobody can say that it is over.
    """

    incident: Incident
    diagnosis: Diagnosis
    causes: tuple[str, ...]
    made_by: tuple[ChangeFact, ...]
    fixed_by: ChangeFact | None
    places: Names
    days: Counter[str]
    goes_on: bool


@dataclass(slots=True)
class _Live:
    """An incident while its failures are read. ``newest`` is the newest failure of the cause that was told last."""

    incident: Incident
    pending: FailureBatch
    told: list[str] = field(default_factory=list)
    said: set[str | None] = field(default_factory=set)
    newest: KeyFailure | None = None
    read: tuple[KeyFailure, Diagnosis, Evidence] | None = None
    places: Tally = field(default_factory=Tally)
    days: Counter[str] = field(default_factory=Counter)


class Historian:
    """Makes incidents of what happened to one subject after the other.

    ``ledger`` knows the changes of a subject; ``logs_end`` until when (UTC) there are logs of an
    account and Region.
    """

    def __init__(self, ledger: Ledger, logs_end: Callable[[str, str], datetime | None]) -> None:
        self._ledger, self._logs_end = ledger, logs_end

    def incidents(self, subject: Subject, failures: Iterable[KeyFailure]) -> Iterator[PastIncident]:
        """Yield the incidents of a subject; ``failures`` are in the order of time."""
        changes = self._ledger(subject)
        live: _Live | None = None
        for failure in failures:
            if live and _is_over(live, failure.time, changes):
                yield self._finished(live, changes)
                live = None
            live = live or _begun(failure)
            self._count(live, failure, changes)
        if live:
            yield self._finished(live, changes)

    def _count(self, live: _Live, failure: KeyFailure, changes: tuple[ChangeFact, ...]) -> None:
        if not live.pending.add(failure, ""):
            return
        places = {("account", failure.account or "-"): 1, ("region", failure.region or "-"): 1}
        live.places = live.places.adding(places)
        live.days[failure.time.date().isoformat()] += 1
        if failure.classification.cause not in live.said:
            live.said.add(failure.classification.cause)
            self._tell(live, failure, changes)
        elif live.newest and failure.classification.cause == live.newest.classification.cause:
            live.newest = failure
        if live.pending.count >= FOLD:
            _fold(live)

    def _tell(self, live: _Live, failure: KeyFailure, changes: tuple[ChangeFact, ...]) -> None:
        """Diagnose a failure of a kind that is new to the incident, and take its cause for what is told of it."""
        diagnosis, evidence = self._diagnosed(failure, changes)
        cause = diagnosis.cause
        if not live.told or (cause not in live.told and cause_of(cause).worth_telling):
            live.told.append(cause)
            live.newest = failure
            live.read = failure, diagnosis, evidence

    def _diagnosed(
        self, failure: KeyFailure, changes: tuple[ChangeFact, ...]
    ) -> tuple[Diagnosis, Evidence]:
        """Diagnose by AWS's words and by what was known of changes when the call failed."""
        evidence = Evidence(changes=merged(_known(changes, failure.time)))
        case = case_of(failure, evidence, failure.time)
        if failure.subject.kind == "alias":
            behind = of_key_behind_alias(case, self._ledger)
            evidence = replace(
                evidence, changes=merged((*evidence.changes, *_known(behind, failure.time)))
            )
        return diagnose(failure, evidence, failure.time), evidence

    def _finished(self, live: _Live, changes: tuple[ChangeFact, ...]) -> PastIncident:
        _fold(live)
        newest = live.newest or live.incident.latest_failure
        if live.read and live.read[0] is newest:
            _, diagnosis, evidence = live.read
        else:
            diagnosis, evidence = self._diagnosed(newest, changes)
        if diagnosis.cause not in live.told:
            live.told.append(diagnosis.cause)
        named = {reason.source for reason in diagnosis.because}
        fixed = _fixed(diagnosis.cause, changes, live.incident.last_seen)
        return PastIncident(
            incident=live.incident,
            diagnosis=diagnosis,
            causes=tuple(live.told),
            made_by=tuple(c for c in evidence.changes if change_source(c) in named),
            fixed_by=fixed,
            places=live.places.counts,
            days=live.days,
            goes_on=fixed is None and self._reaches_the_end(live.incident),
        )

    def _reaches_the_end(self, incident: Incident) -> bool:
        end = self._logs_end(incident.subject.account, incident.subject.region)
        return end is not None and end - incident.last_seen < UNPROVEN_QUIET


def _begun(failure: KeyFailure) -> _Live:
    empty = FailureBatch(failure)
    return _Live(provisional(failure.subject, empty, failure.time), FailureBatch(failure))


def _fold(live: _Live) -> None:
    """Count what was added up; a call that was counted before is not counted again."""
    batch = live.pending.without(live.incident.recent_calls)
    if batch.is_new:
        live.incident = live.incident.counting(batch)
    live.pending = FailureBatch(live.pending.latest_failure)


def _is_over(live: _Live, now: datetime, changes: tuple[ChangeFact, ...]) -> bool:
    """Tell whether the incident had ended before a failure at ``now``: by silence, or by a change that undid it and silence."""
    quiet = now - live.pending.last_seen
    if quiet >= UNPROVEN_QUIET:
        return True
    fixed = _fixed(live.told[-1], changes, live.pending.last_seen) if quiet >= QUIET else None
    return fixed is not None and fixed.when < now


def _fixed(cause: str, changes: tuple[ChangeFact, ...], after: datetime) -> ChangeFact | None:
    """Return the first change after ``after`` that undid what brought a cause about."""
    undoing = {undo for made in _makers(cause) for undo in CHANGES[made].ended_by}
    fixing = [change for change in changes if change.what in undoing and change.when > after]
    return min(fixing, key=lambda change: change.when, default=None)


def _makers(cause: str) -> tuple[str, ...]:
    return (*MADE_BY.get(cause, ()), *(("DeleteAlias",) if cause == "alias_not_found" else ()))


def _known(changes: Iterable[ChangeFact], now: datetime) -> tuple[ChangeFact, ...]:
    """Return what was known when a call failed: what came later may have undone what made it fail.

    That KMS deleted a key is told minutes later, and what was made minutes later was asked for too early.
    """
    near = [change for change in changes if change.when <= now + PROPAGATION]
    before = [c for c in near if c.when <= now + SKEW or c.what == "DeleteKey"]
    return tuple(before or (c for c in near if CHANGES[c.what].makes_visible))
