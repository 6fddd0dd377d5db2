"""From an alert to its document: cleaned, bounded, with a note for every list that was cut. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Literal, TypeVar, cast

from keywatch.alerts.alert import Alert, GroupView, Impact, SubjectView
from keywatch.alerts.document import (
    GONE,
    SCHEMA,
    SHORTENED,
    SIZE_LIMITS,
    AffectedSubject,
    Count,
    CrossAccount,
    Document,
    GroupMembers,
    ImpactCounts,
    RecordedChange,
    SizeLimits,
    Step,
    kept,
)
from keywatch.alerts.escape import command
from keywatch.alerts.names import display_name, known_place, links_of, named
from keywatch.alerts.wording import failures_and_times, hints, iso
from keywatch.catalogue.causes import CAUSES, Cause, Remedy, cause_of
from keywatch.model.evidence import ChangeFact
from keywatch.model.text import cleaned

_Item = TypeVar("_Item")
_SIDES: tuple[Literal["caller"], Literal["owner"]] = ("caller", "owner")
TEST_TITLE = "Test alert: nothing is broken"
TEST_SUMMARY = (
    "Somebody asked KeyWatch to try its channels. Nothing is broken, and nothing is to be done."
)
_NOT_SHOWN = " (No command is shown, because it cannot be displayed exactly as it must be typed.)"
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
    addresses = links_of(alert.subject, cause, changes)
    document: Document = {
        "schema": SCHEMA,
        "status": alert.status,
        "severity": alert.severity or cause.severity.value,
        "incident_id": alert.incident_id,
        "cause": diagnosis.cause,
        "confidence": diagnosis.confidence.value,
        "title": TEST_TITLE
        if alert.status == "test"
        else f"{cause.title}: {_how_many(alert.group) if alert.group else name}",
        "summary": _summary(alert, cause, subject, impact),
        "subject": subject,
        "because": lists.first("reasons", [str(reason) for reason in diagnosis.because]),
        "unknowns": lists.first("unknowns", diagnosis.unknowns),
        "remedies": [_step(one, limits) for one in lists.first("remedies", diagnosis.remedies)],
        "impact": impact,
        "changes": [_change(one) for one in lists.first("changes", changes)],
        "links": _runbook(alert) | addresses | ({"documentation": cause.doc} if cause.doc else {}),
        "notes": [],
    }
    if alert.group:
        document["group"] = _group(alert.group, lists)
    if alert.replayed:
        document["replayed"] = alert.replayed
    if alert.subject.account_name:
        document["account_name"] = alert.subject.account_name
    crossing = _crossing(alert, cause)
    if crossing:
        document["cross_account"] = crossing
    notes = (_REPLAYED.format(alert.replayed), *alert.notes) if alert.replayed else alert.notes
    document["notes"] = lists.first("notes", (*_who_acts(crossing, cause, alert), *notes))
    if alert.previous_incident_id:
        document["previous_incident_id"] = alert.previous_incident_id
    if alert.owner:
        document["owner"] = alert.owner
    document = cast("Document", cleaned(document, kept(limits)))
    document["notes"] += lists.cuts
    for step, remedy in zip(document["remedies"], diagnosis.remedies, strict=False):
        step["text"] += _NOT_SHOWN if remedy.command and not step["command"] else ""
    return document


def _crossing(alert: Alert, cause: Cause) -> CrossAccount | None:
    """Return the two accounts of a call to another account's key; ``None`` where there is only one, or where many broke."""
    facts = alert.diagnosis.facts
    owner, caller = facts.get("owner_account"), facts.get("caller_account")
    if not owner or not caller or alert.group:
        return None
    return {
        "caller": {"account": caller, "name": facts.get("caller_account_name", "")},
        "owner": {"account": owner, "name": facts.get("owner_account_name", "")},
        "acts": cause.across.acts,
    }


def _who_acts(crossing: CrossAccount | None, cause: Cause, alert: Alert) -> tuple[str, ...]:
    """Say who called whose key and, while it is broken, which side must act."""
    if crossing is None:
        return ()
    caller, owner = (named(crossing[side]["account"], crossing[side]["name"]) for side in _SIDES)
    said = f"Account {caller} called; the key belongs to account {owner}."
    if alert.status == "resolved":
        return (said,)
    return (f"{said} {cause.across.says.format(owner=owner, caller=caller)}",)


def _runbook(alert: Alert) -> dict[str, str]:
    """Return the link to the user's own runbook, where there is one, for a cause of the catalogue."""
    cause = alert.diagnosis.cause if alert.diagnosis.cause in CAUSES else ""
    address = alert.runbook_url.replace("{cause}", cause)
    return {"runbook": address} if address else {}


def _how_many(group: GroupView) -> str:
    return f"{group.size:,} keys and aliases"


def _group(group: GroupView, lists: "_Lists") -> GroupMembers:
    shown = group.members[: lists.limits.members]
    if len(shown) < group.size:
        lists.cuts.append(
            f"{SHORTENED}: {len(shown):,} of {group.size:,} names are shown; "
            f'the action incidents with "group": "{group.id}" lists all.'
        )
    return {
        "id": group.id,
        "size": group.size,
        "by": group.by,
        "members": list(shown),
    }


@dataclass(slots=True)
class _Lists:
    """Keeps lists within limits, and remembers in ``cuts`` which of them it had to cut."""

    limits: SizeLimits
    cuts: list[str] = field(default_factory=list)

    def first(self, what: str, items: Sequence[_Item], most: int = 0) -> list[_Item]:
        most = most or self.limits.items
        if len(items) > most:
            self.cuts.append(f"{SHORTENED}: {most} of {len(items):,} {what} are shown.")
        return list(items[:most])

    def counts(self, what: str, items: Sequence[tuple[str, int]]) -> list[Count]:
        shown = self.first(what, items, self.limits.names)
        return [{"name": name, "count": count} for name, count in shown]


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


def _summary(alert: Alert, cause: Cause, subject: AffectedSubject, impact: ImpactCounts) -> str:
    """Say what it means, what helps at once, what the cause was before, and what has failed so far."""
    if alert.status == "test":
        return TEST_SUMMARY
    gone = any(note.startswith(GONE) for note in alert.notes)
    parts = ["Closed, but not resolved." if gone else "Resolved."]
    if alert.group:
        start = f"{_how_many(alert.group)} broke together: {alert.group.by}."
        parts = [start, "All of it is over." if alert.status == "resolved" else cause.meaning]
    elif alert.status != "resolved":
        parts = [cause.meaning, hints(alert.diagnosis.facts, alert.impact.last_seen)]
    if alert.previous_cause:
        parts.append(f"Previous cause: {cause_of(alert.previous_cause).title}.")
    place = f"{subject['region']}, account {named(subject['account'], alert.subject.account_name)}"
    parts.append(f"In {place}: {failures_and_times(alert.status, impact)}.")
    return " ".join(filter(None, parts))


def _subject(view: SubjectView) -> AffectedSubject:
    return {
        "identifier": view.identifier,
        "key_arn": view.key_arn,
        "alias": view.alias,
        "key_store": view.key_store,
        "account": known_place(view.account),
        "region": known_place(view.region),
    }


def _step(remedy: Remedy, limits: SizeLimits) -> Step:
    return {"text": remedy.text, "command": command(remedy.command, limits.command)}


def _change(change: ChangeFact) -> RecordedChange:
    return {
        "what": change.what,
        "who": change.who,
        "when": iso(change.when),
        "event_id": change.event_id,
    }
