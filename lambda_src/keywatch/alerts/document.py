"""The alert document ``keywatch.alert/1``: what an alert says, before any channel renders it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from keywatch.alerts import escape, links, wording
from keywatch.catalogue.causes import Remedy
from keywatch.diagnosis.diagnose import Diagnosis
from keywatch.model.text import one_line

SCHEMA = "keywatch.alert/1"
SHORTENED = "Shortened"
Document = dict[str, Any]
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Impact:
    """Who is hurt. The lists are (name, count), most frequent first and bounded; times are UTC."""

    failures: int
    first_seen: datetime
    last_seen: datetime
    callers: tuple[tuple[str, int], ...] = ()
    operations: tuple[tuple[str, int], ...] = ()
    services: tuple[tuple[str, int], ...] = ()
    resources: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One change made to the subject: the KMS operation, who made it, when (UTC), and its CloudTrail event id."""

    what: str
    who: str
    when: datetime
    event_id: str


@dataclass(frozen=True, slots=True)
class SubjectView:
    """The broken thing by all names that are known; account and Region are those of the failing call."""

    identifier: str | None
    key_arn: str | None
    alias: str | None
    key_store: str | None
    account: str
    region: str
    partition: str = "aws"


@dataclass(frozen=True, slots=True)
class Alert:
    """One message about one incident. ``status`` is opened, reminder, changed or resolved; ``notes`` are extra sentences.

    ``severity`` overrules the catalogue's; ``previous_cause`` (a cause id) is what a ``changed``
    alert changed from. An alert without failures is an early warning. The notes of a ``resolved``
    alert say how the recovery was, or was not, proven.
    """

    status: str
    incident_id: str
    subject: SubjectView
    diagnosis: Diagnosis
    impact: Impact
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
    severity: str | None = None
    previous_cause: str | None = None


@dataclass(frozen=True, slots=True)
class SizeLimits:
    """How much of everything a document may hold: items in a list, names in a count, characters in a text, name, command."""

    items: int
    names: int
    text: int
    name: int
    command: int


# From everything that people and tools read down to what always fits; a message too big for SNS is
# built anew one step down.
SIZE_LIMITS = (
    SizeLimits(12, 25, 1_000, 300, escape.MAX_COMMAND),
    SizeLimits(5, 10, 400, 200, 1_200),
    SizeLimits(3, 5, 200, 120, 800),
    SizeLimits(1, 1, 120, 80, 500),
)


# Causes where the console has no page of the key to show.
_NO_KEY = frozenset({"key_not_found", "key_deleted", "alias_not_found", "malformed_identifier"})


def build(alert: Alert, room: SizeLimits = SIZE_LIMITS[0]) -> Document:
    """Return the document of an alert: cleaned, bounded by ``room``, with a note for every list that was cut."""
    return _Writer(alert, room).document()


@dataclass(slots=True)
class _Writer:
    """Writes one document and remembers which lists it had to cut."""

    alert: Alert
    room: SizeLimits
    cuts: list[str] = field(default_factory=list)

    def document(self) -> Document:
        alert, diagnosis = self.alert, self.alert.diagnosis
        cause = wording.cause_of(diagnosis.cause)
        impact = self.impact()
        written: Document = {
            "schema": SCHEMA,
            "status": alert.status,
            "severity": alert.severity or str(cause.severity),
            "incident_id": one_line(alert.incident_id, 255) or wording.NOBODY,
            "cause": diagnosis.cause,
            "confidence": str(diagnosis.confidence),
            "title": self.title(),
            "summary": self.summary(impact),
            "subject": self.subject(),
            "because": self.texts("reasons", [str(reason) for reason in diagnosis.because]),
            "unknowns": self.texts("unknowns", diagnosis.unknowns),
            "remedies": [
                self.remedy(remedy) for remedy in self.kept("remedies", diagnosis.remedies)
            ],
            "impact": impact,
            "changes": self.changes(),
            "links": self.links() | ({"documentation": cause.doc} if cause.doc else {}),
        }
        notes = self.texts("notes", alert.notes)
        return written | {"notes": notes + self.cuts}

    def texts(self, what: str, texts: Sequence[str]) -> list[str]:
        return [
            text
            for text in (one_line(text, self.room.text) for text in self.kept(what, texts))
            if text
        ]

    def kept(self, what: str, items: Sequence[_Item], most: int | None = None) -> Sequence[_Item]:
        most = most or self.room.items
        if len(items) <= most:
            return items
        self.cuts.append(f"{SHORTENED}: {most} of {len(items):,} {what} are shown.")
        return items[:most]

    def title(self) -> str:
        view, cause = self.alert.subject, self.alert.diagnosis.cause
        named = wording.name(
            cause=cause,
            alias=view.alias,
            identifier=view.identifier,
            key_arn=view.key_arn,
            key_store=view.key_store,
        )
        return one_line(f"{wording.cause_of(cause).title}: {named}", self.room.text)

    def summary(self, impact: Document) -> str:
        """Say what it means, what helps at once, how it was before, and what it has done so far."""
        alert, view = self.alert, self.alert.subject
        before = (
            f"Before, the cause was: {wording.cause_of(alert.previous_cause).title}."
            if alert.previous_cause
            else ""
        )
        meaning = f"{wording.cause_of(alert.diagnosis.cause).meaning} {wording.hints(alert.diagnosis.facts)}"
        place = f"In {wording.known(view.region)}, account {wording.known(view.account)}:"
        toll = wording.toll(
            alert.status, impact["failures"], impact["first_seen"], impact["last_seen"]
        )
        opening = "Resolved." if alert.status == "resolved" else meaning.strip()
        return one_line(
            " ".join(part for part in (opening, before, place, f"{toll}.") if part),
            max(self.room.text, 500),
        )

    def subject(self) -> Document:
        view = self.alert.subject
        names = {
            "identifier": view.identifier,
            "key_arn": view.key_arn,
            "alias": view.alias,
            "key_store": view.key_store,
        }
        cleaned: Document = {key: one_line(value, 512) or None for key, value in names.items()}
        return cleaned | {
            "account": wording.known(view.account),
            "region": wording.known(view.region),
        }

    def remedy(self, remedy: Remedy) -> Document:
        text, command = (
            one_line(remedy.text, self.room.text) or "Run this.",
            escape.command(remedy.command, self.room.command),
        )
        if remedy.command and not command:
            text = (
                f"{text} (The command is left out: it cannot be shown exactly as it must be typed.)"
            )
        return {"text": text, "command": command}

    def impact(self) -> Document:
        hurt = self.alert.impact
        lists = {
            "callers": hurt.callers,
            "operations": hurt.operations,
            "services": hurt.services,
            "resources": hurt.resources,
        }
        counted = {
            what: [self.counted(item) for item in self.kept(what, items, self.room.names)]
            for what, items in lists.items()
        }
        seen = {
            "first_seen": wording.iso(hurt.first_seen),
            "last_seen": wording.iso(hurt.last_seen),
        }
        return {"failures": hurt.failures, **seen, **counted}

    def counted(self, item: tuple[str, int]) -> Document:
        return {"name": one_line(item[0], self.room.name) or wording.NOBODY, "count": item[1]}

    def changes(self) -> list[Document]:
        newest_first = sorted(
            self.alert.changes, key=lambda change: wording.iso(change.when), reverse=True
        )
        return [
            {
                "what": one_line(change.what, 128) or wording.NOBODY,
                "who": one_line(change.who, self.room.name) or wording.NOBODY,
                "when": wording.iso(change.when),
                "event_id": one_line(change.event_id, 128),
            }
            for change in self.kept("changes", newest_first)
        ]

    def links(self) -> dict[str, str]:
        view = self.alert.subject
        ordered = sorted(
            self.alert.changes, key=lambda change: wording.iso(change.when), reverse=True
        )
        return links.build(
            partition=view.partition,
            region=view.region,
            key_arn=view.key_arn,
            identifier=view.identifier,
            key_store=view.key_store,
            gone=self.alert.diagnosis.cause in _NO_KEY,
            event_ids=[change.event_id for change in ordered],
        )
