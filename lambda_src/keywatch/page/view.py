"""One incident as the page shows it: the alert document of what was last announced, with the counts of now. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from keywatch.alerts.builder import build_document
from keywatch.alerts.document import SIZE_LIMITS, Document, SizeLimits
from keywatch.alerts.incident_alert import alert_of
from keywatch.alerts.wording import hints
from keywatch.diagnosis.diagnose import Diagnosis, diagnose
from keywatch.model.evidence import ChangeFact, Evidence
from keywatch.model.incident import HELD, MUTED, NEW, OPEN, SILENCED, Incident
from keywatch.store.json_forms import load_diagnosis

IN_A_ROW = SIZE_LIMITS[2]
WHOLE = SIZE_LIMITS[0]
_RANK = {"critical": 0, "high": 1, "warning": 2, "info": 3}
_STATES = {
    NEW: "Being diagnosed. The alert is about to be sent.",
    HELD: "Held: this usually recovers by itself. An alert follows if it does not.",
    SILENCED: "No messages: a silence covers it. Calls are counted.",
    MUTED: "No separate alert: the key behind this alias has one.",
}
_NOT_ANNOUNCED = "Nothing has been looked up yet. This is what the error from AWS and the changes seen so far say."


@dataclass(frozen=True, slots=True)
class View:
    """What the page shows of one incident.

    ``subject`` (``Subject.id``) is how the page asks for it again; ``hint`` is what helps at once,
    as a sentence.
    """

    subject: str
    status: str
    document: Document
    last_seen: datetime
    sent_at: datetime | None
    hint: str

    @property
    def state(self) -> str:
        """Return in words why nobody was alerted, and that AWS did not tell of it; empty where neither is so."""
        replayed = self.document.get("replayed")
        told = f"Replayed by {replayed}: AWS did not record it." if replayed else ""
        return " ".join(filter(None, (told, _STATES.get(self.status, ""))))


def _count_nothing(_counter: str) -> None:
    """Count nothing."""


def view_of(
    incident: Incident,
    changes: tuple[ChangeFact, ...],
    now: datetime,
    room: SizeLimits = WHOLE,
    count: Callable[[str], None] = _count_nothing,
) -> View:
    """Return an incident as the page shows it; ``changes`` are those of the ledger, newest first.

    ``count`` is told ``DiagnosesUnreadable`` where what was announced cannot be read.
    """
    diagnosis, notes = _diagnosis(incident, changes, now, count)
    known = {(change.event_id, change.what): change for change in (*incident.history, *changes)}
    alert = replace(
        alert_of("opened", incident, diagnosis, tuple(known.values()), notes),
        severity=incident.severity,
    )
    return View(
        incident.subject.id,
        incident.status,
        build_document(alert, room),
        incident.last_seen,
        incident.sent_at,
        hints(diagnosis.facts, now),
    )


def worst_first(views: Iterable[View]) -> list[View]:
    """Return ``views`` as somebody who is called at night reads them: alerted ones first, then by severity, newest first."""
    newest = sorted(views, key=lambda view: view.last_seen, reverse=True)
    return sorted(
        newest, key=lambda view: (view.status != OPEN, _RANK.get(view.document["severity"], 1))
    )


def _diagnosis(
    incident: Incident,
    changes: tuple[ChangeFact, ...],
    now: datetime,
    count: Callable[[str], None],
) -> tuple[Diagnosis, tuple[str, ...]]:
    """Return what was announced, word for word; before that, what can be said without a look-up, and a note that says so."""
    if incident.last_diagnosis:
        try:
            return load_diagnosis(incident.last_diagnosis), ()
        except (ValueError, KeyError, TypeError):
            # Written by another version: as if nothing had been announced.
            count("DiagnosesUnreadable")
    return diagnose(incident.latest_failure, Evidence(changes=changes), now), (_NOT_ANNOUNCED,)
