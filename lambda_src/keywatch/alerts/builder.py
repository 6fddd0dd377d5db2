"""From an alert to its document: cleaned, bounded, with a note for every list that was cut. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TypeVar

from keywatch.alerts import links
from keywatch.alerts.alert import Alert, GroupView, Impact, SubjectView
from keywatch.alerts.document import (
    GONE,
    SCHEMA,
    SHORTENED,
    SIZE_LIMITS,
    AffectedSubject,
    Count,
    Document,
    GroupMembers,
    ImpactCounts,
    RecordedChange,
    SizeLimits,
    Step,
)
from keywatch.alerts.escape import command
from keywatch.alerts.names import UNKNOWN, display_name, known_place
from keywatch.alerts.wording import failures_and_times, hints, iso
from keywatch.catalogue.causes import Cause, Remedy, cause_of
from keywatch.model.evidence import ChangeFact
from keywatch.model.text import one_line, one_lines

_Item = TypeVar("_Item")
_REPLAYED = (
    "Replayed: this rests on events from {}, which everybody who may put events on the bus can send. "
    "AWS did not record it."
)


def build_document(alert: Alert, limits: SizeLimits = SIZE_LIMITS[0]) -> Document:
    """Return the document of an alert, with as much in it as ``limits`` allow."""
    cause, diagnosis, lists = cause_of(alert.diagnosis.cause), alert.diagnosis, _Lists(limits)
    name = display_name(cause, alert.subject)
    subject, impact = _subject(alert.subject), _impact(alert.impact, lists)
    changes = sorted(alert.changes, key=attrgetter("when"), reverse=True)
    addresses = links.build(alert.subject, cause, changes)
    document: Document = {
        "schema": SCHEMA,
        "status": alert.status,
        "severity": alert.severity or cause.severity.value,
        "incident_id": one_line(alert.incident_id, 255) or UNKNOWN,
        "cause": diagnosis.cause,
        "confidence": diagnosis.confidence.value,
        "title": one_line(f"{cause.title}: {name}", limits.text),
        "summary": _summary(alert, cause, subject, impact, limits),
        "subject": subject,
        "because": lists.texts("reasons", [str(reason) for reason in diagnosis.because]),
        "unknowns": lists.texts("unknowns", diagnosis.unknowns),
        "remedies": [_step(one, limits) for one in lists.first("remedies", diagnosis.remedies)],
        "impact": impact,
        "changes": [_change(one, limits) for one in lists.first("changes", changes)],
        "links": addresses | ({"documentation": cause.doc} if cause.doc else {}),
        "notes": [],
    }
    if alert.group:
        document["group"] = _group(alert.group, lists)
        document["title"] = one_line(f"{cause.title}: {_how_many(alert.group)}", limits.text)
    if replayed := one_line(alert.replayed, 64):
        document["replayed"] = replayed
    notes = (_REPLAYED.format(replayed), *alert.notes) if replayed else alert.notes
    document["notes"] = [*lists.texts("notes", notes), *lists.cuts]
    if previous := one_line(alert.previous_incident_id, 255):
        document["previous_incident_id"] = previous
    return document


def _how_many(group: GroupView) -> str:
    return f"{group.size:,} keys and aliases"


def _group(group: GroupView, lists: "_Lists") -> GroupMembers:
    limits = lists.limits
    shown = one_lines(group.members[: limits.members], limits.name)
    if len(shown) < group.size:
        lists.cuts.append(
            f"{SHORTENED}: {len(shown):,} of {group.size:,} names are shown; "
            f'the action incidents with "group": "{group.id}" lists all.'
        )
    return {
        "id": group.id,
        "size": group.size,
        "by": one_line(group.by, limits.text),
        "members": [name or UNKNOWN for name in shown],
    }


@dataclass(slots=True)
class _Lists:
    """Keeps lists within limits, and remembers in ``cuts`` which of them it had to cut."""

    limits: SizeLimits
    cuts: list[str] = field(default_factory=list)

    def first(self, what: str, items: Sequence[_Item], most: int = 0) -> Sequence[_Item]:
        most = most or self.limits.items
        if len(items) <= most:
            return items
        self.cuts.append(f"{SHORTENED}: {most} of {len(items):,} {what} are shown.")
        return items[:most]

    def texts(self, what: str, texts: Sequence[str]) -> list[str]:
        return list(filter(None, one_lines(self.first(what, texts), self.limits.text)))

    def counts(self, what: str, items: Sequence[tuple[str, int]]) -> list[Count]:
        shown = self.first(what, items, self.limits.names)
        names = one_lines([name for name, _ in shown], self.limits.name)
        return [
            {"name": name or UNKNOWN, "count": count}
            for name, (_, count) in zip(names, shown, strict=True)
        ]


def _impact(impact: Impact, lists: _Lists) -> ImpactCounts:
    return {
        "failures": impact.failures,
        "first_seen": iso(impact.first_seen),
        "last_seen": iso(impact.last_seen),
        "callers": lists.counts("callers", impact.callers),
        "operations": lists.counts("operations", impact.operations),
        "services": lists.counts("services", impact.services),
        "resources": lists.counts("resources", impact.resources),
    }


def _summary(
    alert: Alert, cause: Cause, subject: AffectedSubject, impact: ImpactCounts, limits: SizeLimits
) -> str:
    """Say what it means, what helps at once, what the cause was before, and what has failed so far."""
    gone = any(note.startswith(GONE) for note in alert.notes)
    parts = ["Closed, but not resolved." if gone else "Resolved."]
    if alert.group:
        start = f"{_how_many(alert.group)} broke together: {alert.group.by}."
        parts = [start, "All of it is over." if alert.status == "resolved" else cause.meaning]
    elif alert.status != "resolved":
        parts = [cause.meaning, hints(alert.diagnosis.facts)]
    if alert.previous_cause:
        parts.append(f"Previous cause: {cause_of(alert.previous_cause).title}.")
    parts.append(
        f"In {subject['region']}, account {subject['account']}: {failures_and_times(alert.status, impact)}."
    )
    return one_line(" ".join(filter(None, parts)), max(limits.text, 500))


def _subject(view: SubjectView) -> AffectedSubject:
    identifier, key_arn, alias, key_store = one_lines(
        (view.identifier, view.key_arn, view.alias, view.key_store), 512
    )
    return {
        "identifier": identifier or None,
        "key_arn": key_arn or None,
        "alias": alias or None,
        "key_store": key_store or None,
        "account": known_place(view.account),
        "region": known_place(view.region),
    }


def _step(remedy: Remedy, limits: SizeLimits) -> Step:
    text = one_line(remedy.text, limits.text) or "Run this."
    exact = command(remedy.command, limits.command)
    if remedy.command and not exact:
        text = f"{text} (No command is shown, because it cannot be displayed exactly as it must be typed.)"
    return {"text": text, "command": exact}


def _change(change: ChangeFact, limits: SizeLimits) -> RecordedChange:
    return {
        "what": one_line(change.what, 128) or UNKNOWN,
        "who": one_line(change.who, limits.name) or UNKNOWN,
        "when": iso(change.when),
        "event_id": one_line(change.event_id, 128),
    }
