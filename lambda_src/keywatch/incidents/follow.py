"""What becomes of an open incident as time passes: resolved, changed, reminded of, or left alone until it is due again."""

from dataclasses import replace
from datetime import datetime

from keywatch.alerts.incident_alert import alert_of
from keywatch.catalogue.causes import cause_of
from keywatch.catalogue.states import STATE_CAUSES
from keywatch.diagnosis.diagnose import Diagnosis
from keywatch.diagnosis.recovery import Recovery, recovery_of
from keywatch.incidents.announce import next_due, send
from keywatch.incidents.assess import assess
from keywatch.model.evidence import ChangeFact, Evidence
from keywatch.model.incident import QUIET, RESOLVED, UNPROVEN_QUIET, Incident
from keywatch.services import Services

PROVEN_NOTE = "A look-up proved it usable again, and no call failed for 10 minutes."
UNPROVEN_NOTE = (
    "No call failed for 6 hours. It is not proven that it works again: only a successful call of "
    "the application can confirm it."
)
STILL_MISSING_NOTE = "No call asked for it for 6 hours. It still does not exist."
CAME_BACK_NOTE = "Calls failed again while this incident was being reported as resolved."


def follow(services: Services, incident: Incident, changes: tuple[ChangeFact, ...]) -> None:
    """Follow an open incident: resolved, changed, reminded of, or left alone until it is due again."""
    diagnosis, evidence = assess(services, incident.latest_failure, changes, ask_trail=False)
    now, announced = services.now(), incident.cause or diagnosis.cause
    recovery = _recovery(incident, announced, evidence)
    if note := _over(incident, announced, recovery, now):
        _resolve(services, incident, diagnosis, evidence, note)
    elif recovery is not Recovery.PROVEN and _changed(incident, diagnosis, evidence):
        send(services, "changed", incident, diagnosis, evidence.changes)
    elif _goes_on(incident, now) and now - _sent(incident) >= services.settings.repeat_interval:
        send(services, "reminder", incident, diagnosis, evidence.changes)
    else:
        services.incidents.record_outcome(incident, _next(incident, now, services))


def _recovery(incident: Incident, announced: str, evidence: Evidence) -> Recovery:
    """Return whether all is over that was announced and that calls failed with since: one cause may come beside another."""
    causes = {announced, incident.latest_failure.classification.cause or announced}
    seen = {recovery_of(cause, incident.subject, evidence) for cause in causes}
    return next(
        known for known in (Recovery.REFUTED, Recovery.UNKNOWN, Recovery.PROVEN) if known in seen
    )


def _over(incident: Incident, cause: str, recovery: Recovery, now: datetime) -> str | None:
    """Return how an incident ended, as its last message says it; ``None`` while it lasts.

    A key that exists and cannot be used stays broken however quiet it is; only of what is missing
    or cannot be probed silence is taken for the end.
    """
    quiet = now - incident.last_seen
    if recovery is Recovery.PROVEN and quiet >= QUIET:
        return PROVEN_NOTE
    if quiet < UNPROVEN_QUIET or recovery is Recovery.PROVEN:
        return None
    if recovery is Recovery.UNKNOWN:
        return UNPROVEN_NOTE
    return STILL_MISSING_NOTE if cause_of(cause).ends_by_silence else None


def _changed(incident: Incident, diagnosis: Diagnosis, evidence: Evidence) -> bool:
    """Tell whether the diagnosis is news.

    A state that KMS reports always is (a cancelled deletion leaves the key disabled). Of anything
    else a cause that was announced before is not: the errors of two callers may alternate.
    """
    if diagnosis.cause == incident.cause or not cause_of(diagnosis.cause).worth_telling:
        return False
    if evidence.key and evidence.key.state in STATE_CAUSES:
        return STATE_CAUSES[evidence.key.state] == diagnosis.cause
    return diagnosis.cause not in incident.announced


def _goes_on(incident: Incident, now: datetime) -> bool:
    return incident.last_seen > _sent(incident) and now - incident.last_seen < QUIET


def _sent(incident: Incident) -> datetime:
    return incident.sent_at or incident.first_seen


def _next(incident: Incident, now: datetime, services: Services) -> datetime:
    """Return when to look again: soon after the last failure or message, ever more rarely while nothing happens."""
    planned = next_due(incident, _sent(incident), services.settings.repeat_interval)
    if planned > now:
        return planned
    patience = min(max(now - max(incident.last_seen, _sent(incident)), QUIET), UNPROVEN_QUIET)
    silence = incident.last_seen + UNPROVEN_QUIET
    return min(now + patience, silence) if silence > now else now + patience


def _resolve(
    services: Services, incident: Incident, diagnosis: Diagnosis, evidence: Evidence, note: str
) -> None:
    """Say that an incident is over, then end it; failures that come in between open it again, aloud."""
    announced = incident.cause or diagnosis.cause
    closing = replace(diagnosis, cause=announced, remedies=(), unknowns=())
    services.publisher.publish(alert_of("resolved", incident, closing, evidence.changes, (note,)))
    services.counts.add("AlertsSent")
    if services.incidents.end(incident, RESOLVED, services.now()):
        services.counts.add("IncidentsResolved")
        return
    send(services, "opened", incident, diagnosis, evidence.changes, CAME_BACK_NOTE)
