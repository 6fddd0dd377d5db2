"""Answer ``incident``: its lines of history, the changes that were made meanwhile, and how long people took."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from keywatch.actions.plain_json import iso
from keywatch.actions.requests import InvalidRequest
from keywatch.catalogue.changes import AWS_ITSELF, MADE_BY
from keywatch.incidents.ending import ENDED_QUIETLY
from keywatch.model.evidence import ChangeFact
from keywatch.model.incident import BY_ITSELF, DELETED, HEALED, RESOLVED, SILENCED, Incident
from keywatch.services import Services
from keywatch.store.history import HistoryLine

SCHEMA = "keywatch.incident/1"
MOST_READ = 100_000
BEFORE = timedelta(days=1)  # a change of so long before the first failing call belongs to the story
AFTER = timedelta(hours=1)
_BREAKS = frozenset(what for changes in MADE_BY.values() for what in changes)
_ENDS = frozenset({RESOLVED, HEALED, DELETED, ENDED_QUIETLY})


def incident(fields: Mapping[str, Any], services: Services) -> dict[str, Any]:
    """Return one incident with its timeline, oldest first. Raises ``InvalidRequest`` where nothing is known of it."""
    wanted = fields["incident_id"]
    lines = services.history.lines(wanted)
    known = _stored(wanted, lines, services)
    if not lines and known is None:
        raise InvalidRequest.of({"incident_id": "is not the id of an incident that is kept"})
    return _answer(wanted, lines, known, _changes(known, lines, services))


def _stored(wanted: str, lines: Sequence[HistoryLine], services: Services) -> Incident | None:
    """Return the incident as it is stored, unless another one of its subject came after it."""
    if lines:
        stored = services.incidents.read(lines[0].subject).incident
        return stored if stored and stored.id == wanted else None
    # One that opened before there was a history, or that nobody was told of yet.
    return next((one for one in services.incidents.going_on(MOST_READ) if one.id == wanted), None)


def _changes(
    known: Incident | None, lines: Sequence[HistoryLine], services: Services
) -> list[ChangeFact]:
    subject = known.subject if known else lines[0].subject
    begun = known.first_seen if known else lines[0].when
    over = [one.when for one in lines if one.what in _ENDS]
    until = (over[-1] if over else services.now()) + AFTER
    found = services.incidents.read(subject).changes
    return [one for one in found if begun - BEFORE <= one.when <= until]


def _answer(
    wanted: str,
    lines: Sequence[HistoryLine],
    known: Incident | None,
    changes: Sequence[ChangeFact],
) -> dict[str, Any]:
    told = [one.when for one in lines if one.what not in {*_ENDS, SILENCED}]
    over = [one.when for one in lines if one.what in _ENDS]
    opened_at, ended_at = (told[0] if told else None), (over[-1] if over else None)
    acknowledged_at, by = _acknowledged(opened_at, lines, changes)
    return {
        "schema": SCHEMA,
        "incident_id": wanted,
        **(_of_stored(known) if known else _of_history(lines)),
        "opened_at": iso(opened_at),
        "ended_at": iso(ended_at),
        "time_to_acknowledge_seconds": _between(opened_at, acknowledged_at),
        "acknowledged_by": by,
        "time_to_resolve_seconds": _between(opened_at, ended_at),
        "timeline": _timeline(lines, changes),
    }


def _of_stored(known: Incident) -> dict[str, Any]:
    return {
        "status": known.status,
        "cause": known.cause or known.latest_cause,
        "severity": known.severity,
        **_place(known),
        "owner": known.owner,
        "group": None if known.group == BY_ITSELF else known.group,
        "previous_incident_id": known.previous_id,
        "failures": known.failures,
        "first_seen": iso(known.first_seen),
        "last_seen": iso(known.last_seen),
    }


def _of_history(lines: Sequence[HistoryLine]) -> dict[str, Any]:
    """Return what the history says of an incident that another one of its subject came after, or of a group."""
    last = lines[-1]
    return {
        "status": last.what,
        "cause": last.cause,
        "severity": last.severity or None,
        **_place(last),
        "owner": None,
        "group": None,
        "previous_incident_id": None,
        "failures": last.failures,
        "first_seen": iso(lines[0].when),
        "last_seen": iso(last.when),
    }


def _place(known: Incident | HistoryLine) -> dict[str, str]:
    subject = known.subject
    return {
        "kind": subject.kind,
        "subject": subject.name,
        "account": subject.account,
        "region": subject.region,
    }


def _acknowledged(
    opened_at: datetime | None, lines: Iterable[HistoryLine], changes: Iterable[ChangeFact]
) -> tuple[datetime | None, str | None]:
    """Return when somebody first did something about it, and what: a silence, or a change that did not break it."""
    if opened_at is None:
        return None, None
    silences = [(one.when, f"silence {one.detail}") for one in lines if one.what == SILENCED]
    done = [
        (one.when, f"{one.what} by {one.who}")
        for one in changes
        if one.who not in AWS_ITSELF and one.what not in _BREAKS
    ]
    return min((one for one in (*silences, *done) if one[0] >= opened_at), default=(None, None))


def _between(begin: datetime | None, end: datetime | None) -> float | None:
    return (end - begin).total_seconds() if begin and end else None


def _timeline(lines: Iterable[HistoryLine], changes: Iterable[ChangeFact]) -> list[dict[str, Any]]:
    nothing = {"cause": "", "severity": None, "failures": None}
    happened: list[tuple[datetime, dict[str, Any]]] = [
        (one.when, {"what": "change", **nothing, "detail": f"{one.what} by {one.who}"})
        for one in changes
    ]
    happened += [
        (
            one.when,
            {
                "what": one.what,
                "cause": one.cause,
                "severity": one.severity or None,
                "failures": one.failures,
                "detail": one.detail,
            },
        )
        for one in lines
    ]
    # Of what happened at one moment, the change comes first: the message tells of it.
    return [{"when": iso(when), **rest} for when, rest in sorted(happened, key=lambda one: one[0])]
