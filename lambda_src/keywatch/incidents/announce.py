"""One look at an incident: diagnose, find what that means, and do what the table says. A send is recorded after it happened."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.alerts.document import GONE
from keywatch.alerts.incident_alert import alert_of
from keywatch.catalogue.causes import cause_of
from keywatch.diagnosis.case import PROPAGATION
from keywatch.diagnosis.diagnose import Diagnosis
from keywatch.incidents import grouping, silenced
from keywatch.incidents.assess import assess
from keywatch.incidents.ending import end
from keywatch.incidents.findings import Look, finding_of, has_begun, told_at
from keywatch.incidents.lifecycle import LIFECYCLE, TELLS, Finding, IncidentAction, Transition
from keywatch.incidents.owners import with_owner
from keywatch.incidents.severity import flapping_note, is_higher, needed_quiet, severity_of
from keywatch.model.evidence import FROM_TRAIL, ChangeFact
from keywatch.model.group import Group
from keywatch.model.incident import (
    DELETED,
    HELD,
    HOLD,
    MUTED,
    NEW,
    OPEN,
    QUIET,
    SILENCED,
    UNPROVEN_QUIET,
    Incident,
)
from keywatch.model.levels import Severity
from keywatch.model.silence import Silence
from keywatch.services import Services
from keywatch.sources.subjects import key_subject
from keywatch.store.budgets import Withheld
from keywatch.store.incident_items import dump_times
from keywatch.store.json_forms import dump_changes, dump_diagnosis

NOTES: Mapping[Finding, str] = {
    Finding.IS_USABLE: "KMS now reports the {thing} {state}, and no call failed for {quiet}. "
    "This is not yet confirmed by a successful call.",
    Finding.IS_QUIET: "No call failed for 6 hours. It is not proven that it works again: only a successful call of "
    "the application can confirm it.",
    Finding.IS_STILL_MISSING: "No call asked for it for 6 hours. It still does not exist.",
    Finding.IS_GONE: f"{GONE}, and nothing brings it back: this incident is closed, not resolved. "
    "No call asked for it for 6 hours.",
    Finding.HAS_BEGUN: "The outage has begun: calls fail now of what the early warning announced.",
}
SILENCE_NOTE = (
    "While a silence covered this, nothing was told. The silence has ended, and it lasts."
)
LOOK_INTO_SILENCE = timedelta(hours=1)
CAME_BACK_NOTE = "Calls failed again while this incident was being reported as resolved."


@dataclass(frozen=True, slots=True)
class Found:
    """An incident, the look at it, what that found, and what the table says is done."""

    incident: Incident
    look: Look
    finding: Finding
    transition: Transition


def announce(
    services: Services, incident: Incident, changes: tuple[ChangeFact, ...]
) -> Incident | None:
    """Do with a claimed incident what its state demands; return it as it is once something was sent, ``None`` where nothing was.

    What breaks together with many others is left to their group. Raises what SNS raises; nothing is
    recorded as sent before it was.
    """
    silence = silenced.by_words(services, incident)
    if silence and not silence.asks_for_cause:
        _keep_silent(services, incident, silence)
        return None
    # What a silence may cover, or covered, joins no group before it is seen that it is to be told.
    late = silence is not None or incident.status == SILENCED
    if not late and (group := _join(services, incident, changes)):
        return _leave(services, incident, group, changes)
    found = _find(services, incident, _look(services, incident, changes))
    opens = found.transition.action is IncidentAction.OPEN
    if late and opens and (group := _join(services, incident, changes)):
        return _leave(services, incident, group, changes)
    return _act(services, found)


def _join(services: Services, incident: Incident, changes: tuple[ChangeFact, ...]) -> Group | None:
    begins = incident.status in {NEW, SILENCED}
    return grouping.join(services, incident, changes) if begins else None


def follow(
    services: Services, incident: Incident, changes: tuple[ChangeFact, ...]
) -> Incident | None:
    """Do the same with an incident that nobody has claimed: it is claimed only where something is to be told."""
    if incident.status == OPEN and grouping.is_member(incident):
        grouping.follow_member(services, incident)
        return None
    if incident.status == SILENCED and silenced.by_words(services, incident) is None:
        claimed = services.incidents.claim(incident, services.now())
        return announce(services, claimed, changes) if claimed else None
    look = _look(services, incident, changes)
    found = _find(services, incident, look)
    if found.transition.action in TELLS:
        claimed = services.incidents.claim(incident, services.now())
        if claimed is None:
            return None
        found = _find(services, claimed, look)
    return _act(services, found)


def _act(services: Services, found: Found) -> Incident | None:
    """Do what the table says; where no more messages may be sent now, it is done later."""
    try:
        return _ACTIONS[found.transition.action](services, found)
    except Withheld as withheld:
        grouping.wait_for_room(services, found.incident, withheld)
        return None


def _leave(
    services: Services, incident: Incident, group: Group, changes: tuple[ChangeFact, ...]
) -> Incident | None:
    """Leave an incident to its group, or to its key's incident; no look-up is made for it."""
    if not _key_speaks(services, incident, changes):
        return grouping.tell_together(services, incident, group, changes)
    services.counts.add("IncidentsMuted")
    due_at, cause = services.now() + QUIET, incident.latest_cause
    services.incidents.postpone(incident, due_at, status=MUTED, cause=cause)
    return None


def _look(services: Services, incident: Incident, changes: tuple[ChangeFact, ...]) -> Look:
    """Look at what is broken; CloudTrail's small quota is for what nobody was told of yet."""
    young = services.now() - incident.first_seen < PROPAGATION
    untold = incident.status in {NEW, MUTED} or (incident.status == OPEN and has_begun(incident))
    ask_trail = untold or (incident.status == HELD and not young)
    known = (*changes, *incident.history)
    diagnosis, evidence = assess(services, incident.latest_failure, known, ask_trail=ask_trail)
    silence = silenced.covering(services, incident, diagnosis.cause, evidence)
    return Look(diagnosis, evidence, services.now(), services.settings.repeat_interval, silence)


def _find(services: Services, incident: Incident, look: Look) -> Found:
    finding = finding_of(
        incident, look, lambda: _key_speaks(services, incident, look.evidence.changes)
    )
    return Found(incident, look, finding, LIFECYCLE[incident.status, finding])


def _key_speaks(services: Services, incident: Incident, changes: tuple[ChangeFact, ...]) -> bool:
    """Tell whether an alias is missing because its key is being or was deleted, and that incident was announced."""
    pointed = [change for change in changes if change.details.get("target_key")]
    if incident.subject.kind != "alias" or not pointed:
        return False
    target = max(pointed, key=lambda change: change.when).details["target_key"]
    named = key_subject(target) or replace(incident.subject, kind="key", name=target)
    subject = named.with_origin_of(incident.subject)
    try:
        of_key = services.incidents.read(subject).incident
    except (ClientError, BotoCoreError):
        services.counts.add("TableUnreachable")
        return False
    told = of_key is not None and (
        of_key.status == OPEN or (of_key.status == DELETED and incident.status == MUTED)
    )
    return told and of_key is not None and cause_of(of_key.cause).mutes_aliases


def _hold(services: Services, found: Found) -> None:
    if found.incident.status == NEW:
        services.counts.add("IncidentsHeld")
    _later(services, found, HOLD)


def _silence(services: Services, found: Found) -> None:
    if silence := found.look.silence:
        later = _next(found.incident, found.look) if found.incident.status == OPEN else None
        _postpone_silently(services, found.incident, silence, found.look.diagnosis.cause, later)


def _keep_silent(services: Services, incident: Incident, silence: Silence) -> None:
    """Look at a claimed incident when the silence ends, without any look-up until then."""
    _postpone_silently(services, incident, silence, incident.latest_cause, None)


def _postpone_silently(
    services: Services, incident: Incident, silence: Silence, cause: str, later: datetime | None
) -> None:
    """Let the clock look again ``later``, or in an hour; when the silence ends at the latest."""
    if not incident.silence:
        services.counts.add("IncidentsSilenced")
        services.history.note(incident, SILENCED, services.now(), silence.id)
    due_at = min(silence.until, later or services.now() + LOOK_INTO_SILENCE)
    status = LIFECYCLE[incident.status, Finding.IS_SILENCED].state
    of = {} if status == OPEN else {"cause": cause}
    services.incidents.postpone(incident, due_at, status=status, silence=silence.id, **of)


def _mute(services: Services, found: Found) -> None:
    if found.incident.status != MUTED:
        services.counts.add("IncidentsMuted")
    _later(services, found, QUIET)


def _later(services: Services, found: Found, after: timedelta) -> None:
    due_at, cause = found.look.now + after, found.look.diagnosis.cause
    services.incidents.postpone(found.incident, due_at, status=found.transition.state, cause=cause)


def _end(services: Services, found: Found) -> None:
    """End an incident that nobody was told of; where calls failed meanwhile it is looked at again."""
    no_news = found.finding is Finding.IS_NO_NEWS
    state, now = found.transition.state, found.look.now
    if end(services, found.incident, state, now, told=False):
        services.counts.add("ChangesNotAlerted" if no_news else "IncidentsHealed")
    else:
        services.incidents.postpone(found.incident, found.look.now)


def _wait(services: Services, found: Found) -> None:
    services.incidents.postpone(found.incident, _next(found.incident, found.look))


def _open(services: Services, found: Found) -> Incident:
    return send(services, "opened", found)


def _change(services: Services, found: Found) -> Incident:
    notes = (NOTES[found.finding],) if found.finding in NOTES else ()
    return send(services, "changed", found, *notes)


def _remind(services: Services, found: Found) -> Incident:
    return send(services, "reminder", found)


def _resolve(services: Services, found: Found) -> Incident | None:
    """Say that an incident is over, then end it; failures that come in between open it again, aloud."""
    incident, look = found.incident, found.look
    announced = incident.cause or look.diagnosis.cause
    closing = _closing(look.diagnosis, announced, over=found.finding in _OVER)
    quiet = "2 hours" if needed_quiet(incident) > QUIET else "10 minutes"
    thing, state = ("key store", "connected") if _is_store(incident) else ("key", "usable")
    note = NOTES[found.finding].format(quiet=quiet, thing=thing, state=state)
    alert = alert_of("resolved", incident, closing, look.evidence.changes, (note,))
    services.publisher.publish(replace(alert, severity=_severity(announced, incident)[0].value))
    services.counts.add("AlertsSent")
    if end(services, incident, found.transition.state, services.now(), told=True):
        services.counts.add("IncidentsResolved")
        return None
    return send(services, "opened", found, CAME_BACK_NOTE)


def _is_store(incident: Incident) -> bool:
    return incident.subject.kind == "key_store"


# What brought it about may have been undone by a change that nobody knows of.
_OVER = frozenset({Finding.IS_USABLE, Finding.IS_QUIET})


def _closing(diagnosis: Diagnosis, announced: str, *, over: bool) -> Diagnosis:
    """Return what is said at the end: nobody is named for what is over, nor for another cause than the announced one."""
    because = diagnosis.because
    if over or diagnosis.cause != announced:
        because = tuple(reason for reason in because if not reason.is_change)
    return replace(diagnosis, cause=announced, because=because, remedies=(), unknowns=())


_ACTIONS: Mapping[IncidentAction, Callable[[Services, Found], Incident | None]] = {
    IncidentAction.OPEN: _open,
    IncidentAction.CHANGE: _change,
    IncidentAction.REMIND: _remind,
    IncidentAction.RESOLVE: _resolve,
    IncidentAction.END: _end,
    IncidentAction.HOLD: _hold,
    IncidentAction.KEEP_SILENT: _silence,
    IncidentAction.MUTE: _mute,
    IncidentAction.WAIT: _wait,
}


def send(services: Services, status: str, found: Found, *notes: str) -> Incident:
    """Publish an alert, then record that it was sent and when the incident is due again; return the incident as it is then."""
    incident, diagnosis, changes = found.incident, found.look.diagnosis, found.look.evidence.changes
    sending = services.now()
    had, incident = incident.owner, with_owner(services, incident, found.look.evidence)
    if status == "opened":
        incident = replace(incident, openings=(*incident.openings, sending))
    severity, raised_because = _severity(diagnosis.cause, incident)
    was_silenced = SILENCE_NOTE if incident.silence else None
    said = (*notes, was_silenced, raised_because, flapping_note(incident))
    alert = alert_of(status, incident, diagnosis, changes, tuple(filter(None, said)))
    alert = replace(alert, severity=severity.value)
    if status == "changed" and incident.cause != diagnosis.cause:
        alert = replace(alert, previous_cause=incident.cause)
    services.publisher.publish(alert)
    services.counts.add("AlertsSent")
    if status == "opened":
        services.counts.add(f"Incidents.{diagnosis.cause}")
    owner = incident.owner or ("" if had else None)  # a text that is empty erases
    told = _record(services, incident, diagnosis, changes, severity, owner)
    services.history.note(told, status, told.sent_at or sending)
    return told


def _record(
    services: Services,
    incident: Incident,
    diagnosis: Diagnosis,
    changes: tuple[ChangeFact, ...],
    severity: Severity,
    owner: str | None,
) -> Incident:
    """Record that an alert was sent; return the incident as it is then."""
    now = services.now()
    announced = tuple(dict.fromkeys((*incident.announced, diagnosis.cause)))
    services.incidents.record_outcome(
        incident,
        next_due(incident, now, services.settings.repeat_interval),
        status=OPEN,
        cause=diagnosis.cause,
        severity=severity.value,
        owner=owner,
        announced=",".join(announced),
        sent_at=now,
        announced_failures=str(incident.failures),
        openings=dump_times(incident.openings) or None,
        last_diagnosis=dump_diagnosis(diagnosis),
        history=dump_changes([one for one in changes if one.source == FROM_TRAIL]),
    )
    return replace(
        incident,
        status=OPEN,
        cause=diagnosis.cause,
        severity=severity.value,
        announced=announced,
        sent_at=now,
        announced_failures=incident.failures,
        silence=None,
    )


def _severity(cause: str, incident: Incident) -> tuple[Severity, str | None]:
    """Return the severity of a message: of a cause that was announced no lower one than then."""
    severity, because = severity_of(cause, incident)
    if cause == incident.cause and incident.severity and not is_higher(severity, incident.severity):
        known = [level for level in Severity if level.value == incident.severity]
        severity = known[0] if known else severity
    return severity, because


def next_due(incident: Incident, sent_at: datetime, repeat_interval: timedelta) -> datetime:
    """Return when an alerted incident is due: when it may have ended, or when a reminder may be."""
    return max(
        sent_at + timedelta(minutes=1), min(incident.last_seen + QUIET, sent_at + repeat_interval)
    )


def _next(incident: Incident, look: Look) -> datetime:
    """Return when to look again: soon after the last failure or message, ever more rarely while nothing happens."""
    now, told = look.now, told_at(incident)
    planned = next_due(incident, told, look.repeat_interval)
    if planned > now:
        return planned
    patience = min(max(now - max(incident.last_seen, told), QUIET), UNPROVEN_QUIET)
    silence = incident.last_seen + UNPROVEN_QUIET
    return min(now + patience, silence) if silence > now else now + patience
