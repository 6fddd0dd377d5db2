"""What a look at an incident finds: from its counts, the diagnosis and the evidence of now. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from keywatch.catalogue.causes import cause_of
from keywatch.catalogue.changes import CHANGES, MADE_BY
from keywatch.catalogue.states import STATE_CAUSES, is_usable
from keywatch.diagnosis import early_warning
from keywatch.diagnosis.case import PROPAGATION, find_look
from keywatch.diagnosis.diagnose import Diagnosis
from keywatch.diagnosis.recovery import Recovery, recovery_of
from keywatch.incidents.lifecycle import Finding
from keywatch.incidents.severity import is_higher, needed_quiet, severity_of
from keywatch.model.evidence import ANSWERED, Evidence
from keywatch.model.incident import HELD, HOLD, MUTED, OPEN, SILENCED, UNPROVEN_QUIET, Incident
from keywatch.model.signals import EARLY_WARNING
from keywatch.model.silence import Silence

_HALF_MENDS = "CancelKeyDeletion"  # it leaves the key disabled
MENDING = timedelta(minutes=2)
OLD = timedelta(hours=1)  # a failure that comes so late says little of now


@dataclass(frozen=True, slots=True)
class Look:
    """One look at an incident: what was diagnosed, from what, and when."""

    diagnosis: Diagnosis
    evidence: Evidence
    now: datetime
    repeat_interval: timedelta
    silence: Silence | None = None


# What a silence that covers an incident makes of what is found. Of one that nobody was told of, what
# ends it or lets it wait stays as it is: nobody is told of that either.
_COVERED: Mapping[Finding, Finding] = {
    Finding.IS_BROKEN: Finding.IS_SILENCED,
    Finding.HAS_BEGUN: Finding.IS_SILENCED,
    Finding.HAS_CHANGED: Finding.IS_SILENCED,
    Finding.HURTS_MORE: Finding.IS_SILENCED,
    Finding.GOES_ON: Finding.IS_SILENCED,
    Finding.SILENCE_ENDED: Finding.IS_SILENCED,
    Finding.NOTHING_NEW: Finding.IS_SILENCED,
}
_ENDS: Mapping[Finding, Finding] = {
    Finding.IS_USABLE: Finding.ENDED_IN_SILENCE,
    Finding.IS_QUIET: Finding.ENDED_IN_SILENCE,
    Finding.IS_STILL_MISSING: Finding.ENDED_IN_SILENCE,
    Finding.IS_GONE: Finding.GONE_IN_SILENCE,
}


def finding_of(incident: Incident, look: Look, key_speaks: Callable[[], bool]) -> Finding:
    """Return what a look finds. ``key_speaks`` tells whether an alerted incident of the alias's key says it all."""
    if incident.status == OPEN:
        found = _of_open(incident, look)
        found = _ENDS.get(found, found) if look.silence or incident.silence else found
    elif incident.status == SILENCED:
        found = _of_silenced(incident, look, key_speaks)
    else:
        found = _before_alert(incident, look, key_speaks)
    return _COVERED.get(found, found) if look.silence else found


def _of_silenced(incident: Incident, look: Look, key_speaks: Callable[[], bool]) -> Finding:
    """Return what is found of what nobody was told of because of a silence: it may have ended meanwhile."""
    cause = look.diagnosis.cause
    recovery = _recovery(incident, cause, look.evidence)
    if _end(incident, cause, recovery, look.now):
        return Finding.ENDED_IN_SILENCE
    if look.silence:
        return Finding.IS_SILENCED
    if recovery is Recovery.PROVEN:
        return Finding.MAY_HEAL
    return _before_alert(incident, look, key_speaks)


def is_news(before: Incident, after: Incident, now: datetime, repeat_interval: timedelta) -> bool:
    """Tell whether failures that were just counted are for the clock to look at."""
    if before.silence:
        # It may have become something that the silence does not cover; else it is looked at when that ends.
        return after.latest_cause != before.latest_cause or _callers(after) != _callers(before)
    if before.status != OPEN:
        return False
    overdue = before.sent_at is not None and now - before.sent_at >= repeat_interval
    severity, _ = severity_of(before.cause or "", after)
    return (
        overdue
        or after.latest_cause != before.latest_cause
        or has_begun(after)
        or is_higher(severity, before.severity)
    )


def _callers(incident: Incident) -> set[str]:
    return {name for kind, name in incident.names if kind == "caller"}


def _before_alert(incident: Incident, look: Look, key_speaks: Callable[[], bool]) -> Finding:
    failure, quiet = incident.latest_failure, look.now - incident.last_seen
    if incident.status == HELD and quiet >= HOLD and _passed(incident, look):
        return Finding.IS_OVER
    if incident.status == MUTED and quiet >= UNPROVEN_QUIET:
        return Finding.IS_OVER
    if must_wait(incident, look):
        return Finding.MAY_HEAL
    warning = failure.source == EARLY_WARNING
    if warning and not early_warning.is_news(failure, look.diagnosis, look.evidence):
        return Finding.IS_NO_NEWS
    return Finding.KEY_SPEAKS if key_speaks() else Finding.IS_BROKEN


def must_wait(incident: Incident, look: Look) -> bool:
    """Tell whether to look again before anybody is told.

    What KMS does not show yet mostly passes. What is over when it is looked at most likely is over,
    but a look-up may lag behind the call as well: it is told only where calls go on failing.
    """
    young = look.now - incident.first_seen < PROPAGATION
    if young and _warns_of_what_was(incident, look):
        return True
    if _is_over(incident, look):
        return young or look.now - incident.last_seen >= HOLD
    return young and cause_of(look.diagnosis.cause).transient


def _warns_of_what_was(incident: Incident, look: Look) -> bool:
    """Tell whether nothing failed yet, and the look-up shows how it was before a change that is known."""
    warning = incident.latest_failure.source == EARLY_WARNING
    lags = early_warning.lags_behind(incident.subject, look.evidence)
    mended = _was_just_mended(look.diagnosis.cause, look) or _is_being_mended(incident, look)
    return warning and (lags or mended)


def _is_over(incident: Incident, look: Look) -> bool:
    """Tell whether it is over: proven, or told long after the last call failed, of what is usable now."""
    old = incident.arrived is not None and incident.arrived - incident.last_seen >= OLD
    return look.diagnosis.is_over or (old and _is_usable(look.evidence))


def _is_usable(evidence: Evidence) -> bool:
    key = evidence.key
    return key is not None and not key.external_key and bool(is_usable(key.state))


def _passed(incident: Incident, look: Look) -> bool:
    key = look.evidence.key
    usable = key is not None and bool(is_usable(key.state))
    return _is_over(incident, look) or (usable and cause_of(look.diagnosis.cause).transient)


def _of_open(incident: Incident, look: Look) -> Finding:
    announced = incident.cause or look.diagnosis.cause
    recovery = _recovery(incident, announced, look.evidence)
    if end := _end(incident, announced, recovery, look.now):
        return end
    if recovery is not Recovery.PROVEN:
        if has_begun(incident):
            return Finding.HAS_BEGUN
        if _has_changed(incident, look):
            return Finding.HAS_CHANGED
    severity, _ = severity_of(announced, incident)
    if is_higher(severity, incident.severity):
        return Finding.HURTS_MORE
    if incident.silence and recovery is not Recovery.PROVEN:
        return Finding.SILENCE_ENDED
    overdue = look.now - told_at(incident) >= look.repeat_interval
    return Finding.GOES_ON if overdue and _goes_on(incident, look.now) else Finding.NOTHING_NEW


def _recovery(incident: Incident, announced: str, evidence: Evidence) -> Recovery:
    """Return whether all is over that was announced and that calls failed with since: one cause may come beside another."""
    causes = {announced, incident.latest_failure.classification.cause or announced}
    seen = {recovery_of(cause, incident.subject, evidence) for cause in causes}
    return next(
        known for known in (Recovery.REFUTED, Recovery.UNKNOWN, Recovery.PROVEN) if known in seen
    )


def _end(incident: Incident, cause: str, recovery: Recovery, now: datetime) -> Finding | None:
    """Return how an incident ended; ``None`` while it lasts.

    A key that exists and cannot be used stays broken however quiet it is; only of what is missing
    or cannot be probed silence is taken for the end. What is gone for good was told a while ago.
    """
    quiet = now - incident.last_seen
    if recovery is Recovery.PROVEN:
        return Finding.IS_USABLE if quiet >= needed_quiet(incident) else None
    if cause_of(cause).is_final:
        untold = now - told_at(incident)
        return Finding.IS_GONE if min(quiet, untold) >= UNPROVEN_QUIET else None
    if quiet < UNPROVEN_QUIET:
        return None
    if recovery is Recovery.UNKNOWN:
        return Finding.IS_QUIET
    return Finding.IS_STILL_MISSING if cause_of(cause).ends_by_silence else None


def has_begun(incident: Incident) -> bool:
    """Tell whether calls fail, and people know an early warning only."""
    return incident.announced_failures == 0 and incident.failures > 0


def _has_changed(incident: Incident, look: Look) -> bool:
    """Tell whether the diagnosis is news.

    A state that KMS reports always is (a cancelled deletion leaves the key disabled). Of anything
    else a cause that was announced before is not: the errors of two callers may alternate.
    """
    cause, key = look.diagnosis.cause, look.evidence.key
    if cause == incident.cause or not cause_of(cause).worth_telling:
        return False
    if _was_just_mended(cause, look) or _is_over(incident, look):
        return False
    if incident.last_seen <= told_at(incident) and not _saw(incident, look.evidence):
        return False
    if key and key.state in STATE_CAUSES:
        return STATE_CAUSES[key.state] == cause
    return cause not in incident.announced


def _saw(incident: Incident, evidence: Evidence) -> bool:
    """Tell whether a look-up showed anything of what is broken: without one, and without a new failure, nothing is news."""
    look = find_look(evidence, "DescribeKey", incident.subject.region)
    store = find_look(evidence, "DescribeCustomKeyStores")
    return any(asked is not None and asked.outcome in ANSWERED for asked in (look, store))


def _was_just_mended(cause: str, look: Look) -> bool:
    """Tell whether a change of the last minutes undid a cause: a look-up may still show what was before it."""
    undo = {undone for made in MADE_BY.get(cause, ()) for undone in CHANGES[made].ended_by}
    undone = [change.when for change in look.evidence.changes if change.what in undo]
    made = [
        change.when for change in look.evidence.changes if change.what in MADE_BY.get(cause, ())
    ]
    newest = max(undone, default=None)
    return (
        newest is not None
        and look.now - newest <= PROPAGATION
        and newest > max(made, default=newest - PROPAGATION)
    )


def _is_being_mended(incident: Incident, look: Look) -> bool:
    """Tell whether a deletion was cancelled a moment ago and no call failed since: whoever cancels mostly enables next."""
    cancelled = [c.when for c in look.evidence.changes if c.what == _HALF_MENDS]
    newest = max(cancelled, default=None)
    return (
        look.diagnosis.cause in CHANGES[_HALF_MENDS].makes
        and newest is not None
        and look.now - newest <= MENDING
        and incident.last_seen <= newest
    )


def _goes_on(incident: Incident, now: datetime) -> bool:
    recent = now - incident.last_seen < needed_quiet(incident)
    return incident.last_seen > told_at(incident) and recent


def told_at(incident: Incident) -> datetime:
    """Return when people were last told (UTC)."""
    return incident.sent_at or incident.first_seen
