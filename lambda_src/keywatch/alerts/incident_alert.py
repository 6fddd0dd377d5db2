"""From an incident and its diagnosis to the alert about it. Pure."""

from collections.abc import Iterator
from datetime import datetime
from operator import attrgetter

from keywatch.alerts.alert import Alert, Impact, SubjectView
from keywatch.diagnosis.diagnose import Diagnosis
from keywatch.model.evidence import ChangeFact
from keywatch.model.incident import Incident, by_kind
from keywatch.model.signals import KeyFailure, Subject
from keywatch.model.tally import MOST_NAMES, Names

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
        impact=impact_of(
            incident.failures, incident.first_seen, incident.last_seen, incident.names
        ),
        changes=tuple(sorted(changes, key=attrgetter("when"), reverse=True)[:NOTABLE_CHANGES]),
        notes=(*notes, *_too_many_names(incident)),
        previous_incident_id=incident.previous_id,
        replayed=incident.subject.replayed,
        owner=incident.owner,
    )


def impact_of(failures: int, first_seen: datetime, last_seen: datetime, names: Names) -> Impact:
    """Return who and what is affected by failures (times in UTC), the most frequent first."""
    counted = by_kind(names)
    return Impact(
        failures=failures,
        first_seen=first_seen,
        last_seen=last_seen,
        callers=counted.get("caller", ()),
        operations=counted.get("operation", ()),
        services=counted.get("service", ()),
        resources=counted.get("resource", ()),
    )


def _too_many_names(incident: Incident) -> Iterator[str]:
    """Say of which names not every call could be counted."""
    for kind in sorted({kind for kind, _ in incident.missed}):
        yield (
            f"More than {MOST_NAMES} different {kind}s: calls that are not counted under a "
            f"{kind} are among the others, so these counts are lower limits."
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
        account_name=diagnosis.facts.get("account_name", ""),
    )
