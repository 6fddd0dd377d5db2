"""From an incident to its message: diagnose, decide whether to hold or to send, send, and only then record it."""

from dataclasses import replace
from datetime import datetime, timedelta
from operator import attrgetter

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.alerts.alert import Alert, Impact, SubjectView
from keywatch.catalogue.causes import cause_of
from keywatch.diagnosis import early_warning
from keywatch.diagnosis.case import PROPAGATION
from keywatch.diagnosis.diagnose import Diagnosis, diagnose
from keywatch.lookups.plan import investigate
from keywatch.model.evidence import FROM_TRAIL, NO_EVIDENCE, ChangeFact, Evidence
from keywatch.model.incident import HEALED, HELD, HOLD, MUTED, OPEN, QUIET, Incident, top
from keywatch.model.signals import KeyFailure, Subject
from keywatch.model.subjects import key_subject
from keywatch.services import Services
from keywatch.store import changes_json, diagnosis_json

NOTABLE_CHANGES = 5


def examine(
    services: Services,
    failure: KeyFailure,
    changes: tuple[ChangeFact, ...],
    *,
    ask_trail: bool = True,
) -> tuple[Diagnosis, Evidence]:
    """Look up and diagnose; look-ups that break in an unforeseen way cost their evidence, not the alert.

    ``ask_trail`` allows to ask CloudTrail's event history, whose quota is two look-ups a second for
    the whole account.
    """
    try:
        evidence = investigate(
            failure,
            services.lookups,
            services.scope,
            changes,
            lambda subject: _ledger(services, subject),
            ask_trail=ask_trail,
        )
    except Exception:
        services.counts.add("EvidenceFailed")
        services.logger.exception("look-ups failed")
        evidence = replace(NO_EVIDENCE, changes=changes)
    return diagnose(failure, evidence, services.now()), evidence


def _ledger(services: Services, subject: Subject) -> tuple[ChangeFact, ...]:
    try:
        return services.table.read(subject).changes
    except (ClientError, BotoCoreError):
        services.counts.add("TableUnreachable")
        return ()


def announce(
    services: Services, incident: Incident, changes: tuple[ChangeFact, ...]
) -> Incident | None:
    """Hold or send a claimed incident; return it as it is once sent, ``None`` where it was not.

    Raises what SNS raises; nothing is recorded as sent before it was.
    """
    diagnosis, evidence = examine(services, incident.latest_failure, changes)
    now = services.now()
    if incident.latest_failure.source == early_warning.SOURCE and not early_warning.is_news(
        incident.latest_failure, diagnosis, evidence
    ):
        services.counts.add("ChangesNotAlerted")
        services.table.end(incident, HEALED, now)
    elif cause_of(diagnosis.cause).transient and now - incident.first_seen < PROPAGATION:
        services.counts.add("IncidentsHeld")
        services.table.record_outcome(incident, now + HOLD, status=HELD, cause=diagnosis.cause)
    elif _muted_by_key(services, incident, evidence.changes):
        services.counts.add("IncidentsMuted")
        services.table.record_outcome(incident, now + QUIET, status=MUTED, cause=diagnosis.cause)
    else:
        return send(services, "opened", incident, diagnosis, evidence.changes)
    return None


def _muted_by_key(services: Services, incident: Incident, changes: tuple[ChangeFact, ...]) -> bool:
    """Tell whether an alias is missing because its key is being or was deleted, and that incident was announced."""
    pointed = [change for change in changes if change.details.get("target_key")]
    if incident.subject.kind != "alias" or not pointed:
        return False
    target = max(pointed, key=lambda change: change.when).details["target_key"]
    subject = key_subject(target) or replace(incident.subject, kind="key", name=target)
    try:
        of_key = services.table.read(subject).incident
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
    services.table.record_outcome(
        incident,
        next_look(incident, now, services.settings.repeat_interval),
        status=OPEN,
        cause=diagnosis.cause,
        severity=cause_of(diagnosis.cause).severity.value,
        announced=announced,
        sent_at=now,
        last_diagnosis=diagnosis_json.dump(diagnosis),
        history=changes_json.dump(change for change in changes if change.source == FROM_TRAIL),
    )
    return replace(incident, status=OPEN, cause=diagnosis.cause, sent_at=now)


def next_look(incident: Incident, sent_at: datetime, repeat_interval: timedelta) -> datetime:
    """Return when an alerted incident is due: when it may have ended, or when a reminder may be."""
    return max(
        sent_at + timedelta(minutes=1), min(incident.last_seen + QUIET, sent_at + repeat_interval)
    )


def alert_of(
    status: str,
    incident: Incident,
    diagnosis: Diagnosis,
    changes: tuple[ChangeFact, ...],
    notes: tuple[str, ...] = (),
) -> Alert:
    """Return the alert about an incident. Pure."""
    return Alert(
        status=status,
        incident_id=incident.id,
        subject=subject_view(incident.subject, incident.latest_failure, diagnosis),
        diagnosis=diagnosis,
        impact=Impact(
            failures=incident.failures,
            first_seen=incident.first_seen,
            last_seen=incident.last_seen,
            callers=top(incident.names, "caller"),
            operations=top(incident.names, "operation"),
            services=top(incident.names, "service"),
            resources=top(incident.names, "resource"),
        ),
        changes=tuple(sorted(changes, key=attrgetter("when"), reverse=True)[:NOTABLE_CHANGES]),
        notes=notes,
    )


def subject_view(subject: Subject, failure: KeyFailure, diagnosis: Diagnosis) -> SubjectView:
    """Return all known names of the broken thing."""
    key = diagnosis.facts.get("key", "")
    identifier = failure.identifier
    return SubjectView(
        identifier=identifier.text if identifier else None,
        key_arn=failure.key_arn or (key if key.startswith("arn:") else None),
        alias=(identifier.alias if identifier else None)
        or (subject.name if subject.kind == "alias" else diagnosis.facts.get("known_as")),
        key_store=failure.key_store or diagnosis.facts.get("key_store"),
        account=subject.account if subject.account != "-" else failure.account or "unknown",
        region=subject.region if subject.region != "-" else failure.region or "unknown",
        partition=failure.partition,
    )
