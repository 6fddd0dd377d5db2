"""From an incident to its message: diagnose, decide whether to hold or to send, send, and only then record it."""

from dataclasses import replace
from datetime import datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.alerts.incident_alert import alert_of
from keywatch.catalogue.causes import cause_of
from keywatch.diagnosis import early_warning
from keywatch.diagnosis.case import PROPAGATION
from keywatch.diagnosis.diagnose import Diagnosis
from keywatch.incidents import grouping
from keywatch.incidents.assess import assess
from keywatch.model.evidence import FROM_TRAIL, ChangeFact, Evidence
from keywatch.model.incident import HEALED, HELD, HOLD, MUTED, NEW, OPEN, QUIET, Incident
from keywatch.services import Services
from keywatch.sources.subjects import key_subject
from keywatch.store.json_forms import dump_changes, dump_diagnosis


def announce(
    services: Services, incident: Incident, changes: tuple[ChangeFact, ...]
) -> Incident | None:
    """Hold or send a claimed incident; return it as it is once sent, ``None`` where it was not.

    What breaks together with many others is left to their group. Raises what SNS raises; nothing is
    recorded as sent before it was.
    """
    group = grouping.join(services, incident, changes) if incident.status == NEW else None
    if group and _muted_by_key(services, incident, changes):
        services.counts.add("IncidentsMuted")
        services.incidents.record_outcome(
            incident, services.now() + QUIET, status=MUTED, cause=incident.latest_cause
        )
        return None
    if group:
        return grouping.tell_together(services, incident, group, changes)
    diagnosis, evidence = assess(services, incident.latest_failure, changes)
    now = services.now()
    if must_wait(incident, diagnosis, now):
        services.counts.add("IncidentsHeld")
        services.incidents.record_outcome(incident, now + HOLD, status=HELD, cause=diagnosis.cause)
        return None
    return announce_as_seen(services, incident, diagnosis, evidence)


def announce_as_seen(
    services: Services, incident: Incident, diagnosis: Diagnosis, evidence: Evidence
) -> Incident | None:
    """Send what was diagnosed, unless it is no news, or belongs to the incident of a key."""
    now, failure = services.now(), incident.latest_failure
    if failure.source == early_warning.SOURCE and not early_warning.is_news(
        failure, diagnosis, evidence
    ):
        services.counts.add("ChangesNotAlerted")
        services.incidents.end(incident, HEALED, now)
    elif _muted_by_key(services, incident, evidence.changes):
        services.counts.add("IncidentsMuted")
        services.incidents.record_outcome(
            incident, now + QUIET, status=MUTED, cause=diagnosis.cause
        )
    else:
        return send(services, "opened", incident, diagnosis, evidence.changes)
    return None


def must_wait(incident: Incident, diagnosis: Diagnosis, now: datetime) -> bool:
    """Tell whether to look again before anybody is told.

    What KMS does not show yet mostly passes. What is over when it is looked at most likely is over,
    but a look-up may lag behind the call as well: it is told only where calls go on failing.
    """
    if diagnosis.is_over:
        return now - incident.first_seen < PROPAGATION or now - incident.last_seen >= HOLD
    return cause_of(diagnosis.cause).transient and now - incident.first_seen < PROPAGATION


def _muted_by_key(services: Services, incident: Incident, changes: tuple[ChangeFact, ...]) -> bool:
    """Tell whether an alias is missing because its key is being or was deleted, and that incident was announced."""
    pointed = [change for change in changes if change.details.get("target_key")]
    if incident.subject.kind != "alias" or not pointed:
        return False
    target = max(pointed, key=lambda change: change.when).details["target_key"]
    subject = key_subject(target) or replace(incident.subject, kind="key", name=target)
    try:
        of_key = services.incidents.read(subject).incident
    except (ClientError, BotoCoreError):
        services.counts.add("TableUnreachable")
        return False
    return of_key is not None and of_key.status == OPEN and cause_of(of_key.cause).mutes_aliases


def send(
    services: Services,
    status: str,
    incident: Incident,
    diagnosis: Diagnosis,
    changes: tuple[ChangeFact, ...],
    *notes: str,
) -> Incident:
    """Publish an alert, then record that it was sent and when the incident is due again; return the incident as it is then."""
    alert = alert_of(status, incident, diagnosis, changes, notes)
    if status == "changed":
        alert = replace(alert, previous_cause=incident.cause)
    services.publisher.publish(alert)
    services.counts.add("AlertsSent")
    if status == "opened":
        services.counts.add(f"Incidents.{diagnosis.cause}")
    now = services.now()
    announced = ",".join(dict.fromkeys((*incident.announced, diagnosis.cause)))
    services.incidents.record_outcome(
        incident,
        next_due(incident, now, services.settings.repeat_interval),
        status=OPEN,
        cause=diagnosis.cause,
        severity=cause_of(diagnosis.cause).severity.value,
        announced=announced,
        sent_at=now,
        last_diagnosis=dump_diagnosis(diagnosis),
        history=dump_changes(change for change in changes if change.source == FROM_TRAIL),
    )
    return replace(incident, status=OPEN, cause=diagnosis.cause, sent_at=now)


def next_due(incident: Incident, sent_at: datetime, repeat_interval: timedelta) -> datetime:
    """Return when an alerted incident is due: when it may have ended, or when a reminder may be."""
    return max(
        sent_at + timedelta(minutes=1), min(incident.last_seen + QUIET, sent_at + repeat_interval)
    )
