"""One incident of the past as plain JSON (``keywatch.scan/1``), from which every report is made. Pure.

Texts in it were cleaned when they were read (``keywatch.model.text``): one line each, printable, bounded.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from keywatch.catalogue.causes import cause_of
from keywatch.incidents.severity import severity_of
from keywatch.model.evidence import ChangeFact
from keywatch.model.incident import by_kind
from keywatch.model.text import counted, one_line

from .incidents import PastIncident

SCHEMA = "keywatch.scan/1"
Document = dict[str, Any]


def document_of(past: PastIncident) -> Document:
    """Return an incident as a document. Times are ISO 8601 in UTC."""
    incident, diagnosis = past.incident, past.diagnosis
    severity, _ = severity_of(diagnosis.cause, incident)
    names, places = by_kind(incident.names), by_kind(past.places)
    subject, facts = incident.subject, diagnosis.facts
    return {
        "schema": SCHEMA,
        "incident_id": incident.id,
        "cause": diagnosis.cause,
        "causes": list(past.causes),
        "confidence": diagnosis.confidence.value,
        "severity": severity.value,
        "title": cause_of(diagnosis.cause).title,
        "subject": {
            "kind": subject.kind,
            "name": subject.name,
            "account": subject.account,
            "region": subject.region,
            "identifier": facts.get("identifier", ""),
            "key": facts.get("key", ""),
            "alias": facts.get("alias", ""),
        },
        "first_seen": iso(incident.first_seen),
        "last_seen": iso(incident.last_seen),
        "failures": incident.failures,
        "goes_on": past.goes_on,
        "fixed_by": _change(past.fixed_by, incident.last_seen) if past.fixed_by else None,
        "because": [one_line(str(reason), 1400) for reason in diagnosis.because],
        "unknowns": list(diagnosis.unknowns),
        "remedies": [{"text": r.text, "command": r.command} for r in diagnosis.remedies],
        "callers": _counts(names.get("caller", ())),
        "operations": _counts(names.get("operation", ())),
        "services": _counts(names.get("service", ())),
        "resources": _counts(names.get("resource", ())),
        "accounts": _counts(places.get("account", ())),
        "regions": _counts(places.get("region", ())),
        "changes": [_change(change, incident.first_seen) for change in past.made_by],
        "days": dict(sorted(past.days.items())),
    }


def _counts(names: Iterable[tuple[str, int]]) -> list[dict[str, Any]]:
    return [{"name": name, "failures": count} for name, count in names]


def _change(change: ChangeFact, then: datetime) -> dict[str, str]:
    return {
        "what": change.what,
        "who": change.who,
        "when": iso(change.when),
        "event_id": change.event_id,
        "distance": distance(then - change.when),
    }


def distance(span: timedelta) -> str:
    """Return in words how long before (``6 days before``) or after something happened, in the largest unit that fits."""
    seconds = abs(int(span.total_seconds()))
    word = "after" if span < timedelta(0) else "before"
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            return f"{counted(seconds // length, unit)} {word}"
    return f"{counted(seconds, 'second')} {word}"


def iso(when: datetime) -> str:
    """Return a time as ``2026-03-01T12:00:00Z``."""
    return when.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def short_change(change: Document) -> str:
    """Return who did what, and how long before or after: ``ScheduleKeyDeletion by user/bob, 6 days before``."""
    who = str(change["who"]).rpartition(":")[2]
    return f"{change['what']} by {who}, {change['distance']}"


def name_of(document: Document) -> str:
    """Return what people call the thing that was broken."""
    subject = document["subject"]
    return str(subject["alias"] or subject["name"])
