"""From an incident and its diagnosis to the alert about it. Pure."""

from operator import attrgetter

from keywatch.alerts.alert import Alert, Impact, SubjectView
from keywatch.diagnosis.diagnose import Diagnosis
from keywatch.model.evidence import ChangeFact
from keywatch.model.incident import Incident, top
from keywatch.model.signals import KeyFailure, Subject

NOTABLE_CHANGES = 5


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
