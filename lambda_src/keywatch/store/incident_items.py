"""How incidents and changes lie in DynamoDB: items to facts and back. Pure.

Attributes keep the names of the first version, so that every version reads what another wrote. What
an older version did not write is taken as not known; what a newer one added is left alone. An item
in a state that this version does not know, or without what an incident must have, is unreadable:
``UnreadableItemError``.
"""

import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from keywatch.model.calls import dump_marks, load_marks
from keywatch.model.evidence import FROM_LEDGER, ChangeFact
from keywatch.model.identifiers import parse
from keywatch.model.incident import (
    DELETED,
    ENDED,
    HELD,
    KEEP,
    LIVE,
    RESOLVED,
    SILENCED,
    Incident,
)
from keywatch.model.signals import (
    UNKNOWN,
    Caller,
    ErrorClassification,
    KeyChange,
    KeyFailure,
    Subject,
)
from keywatch.model.silence import NO_SILENCE
from keywatch.model.tally import Tally
from keywatch.store.json_forms import (
    dump_failure,
    dump_names,
    load_changes,
    load_failure,
    load_names,
)
from keywatch.store.table import Attribute, Item, Update, time_of

T = TypeVar("T")

INCIDENT = "incident"
KEEP_CHANGES = timedelta(days=400)
# The clock's queue can be spread over partitions, each of which DynamoDB limits to 1,000 writes a
# second (Developer Guide, "Designing partition keys"). The first version had one, and reads no other:
# all are read, and one is written, until there is no going back to it.
FIRST_QUEUE = "due"
QUEUES = (FIRST_QUEUE, *(f"{FIRST_QUEUE}#{number}" for number in range(8)))
WRITTEN_QUEUES = QUEUES[:1]
# Before each (kind, name) that the first version counted: one attribute each.
NAME = "n:"
# Beside the status ``resolved``, which every version knows, of what was deleted.
GONE = "gone"
STORED_NAMES = {"latest_failure": "sample", "latest_cause": "said", "last_diagnosis": "told"}
MOST_OPENINGS = 12


class UnreadableItemError(ValueError):
    """An item is damaged, or written by a version that knows more."""


def readable(read: Callable[[Item], T], item: Item) -> T:
    """Return what ``read`` makes of an item; raises ``UnreadableItemError``, whatever it stumbles over."""
    try:
        return read(item)
    except (KeyError, ValueError, TypeError, AttributeError, ArithmeticError, OSError) as error:
        said = f"{type(error).__name__}: {error}"
        raise UnreadableItemError(said) from error


def queue_of(subject_id: str) -> str:
    """Return the partition of the clock's queue in which the incident of a subject waits."""
    return WRITTEN_QUEUES[zlib.crc32(subject_id.encode("utf-8", "replace")) % len(WRITTEN_QUEUES)]


def epoch(when: datetime) -> Attribute:
    """Return a time as a number of seconds, exact to the microsecond."""
    return {"N": f"{when.timestamp():.6f}".rstrip("0").rstrip(".")}


def seconds(when: datetime) -> Attribute:
    """Return a time as DynamoDB's time to live wants it: whole seconds."""
    return {"N": str(int(when.timestamp()))}


def item_of_change(change: KeyChange, subject: Subject) -> dict[str, Any]:
    """Return the ledger item of a change to a subject; the same change gives the same key."""
    return {
        "subject": {"S": subject.id},
        "item": {"S": f"change#{change.time.isoformat()}#{change.event_id}"},
        "what": {"S": change.what},
        "who": {"S": change.who.principal},
        "when": epoch(change.time),
        "event_id": {"S": change.event_id},
        "details": {"M": {name: {"S": value} for name, value in change.details.items()}},
        "expires_at": seconds(change.time + KEEP_CHANGES),
    }


def item_of(incident: Incident, now: datetime, keep: timedelta = KEEP) -> dict[str, Any]:
    """Return the item of an incident that opens, to be kept for so long.

    What people were told of it is in no item but that of a group's member.
    """
    item: dict[str, Any] = {
        "subject": {"S": incident.subject.id},
        "item": {"S": INCIDENT},
        "incident_id": {"S": incident.id},
        "status": {"S": incident.status},
        "failures": {"N": str(incident.failures)},
        "version": {"N": str(incident.version)},
        "queue": {"S": queue_of(incident.subject.id)},
        "due_at": epoch(incident.due_at),
        "expires_at": seconds(now + keep),
        **_counted(incident),
    }
    times = {"arrived": incident.arrived, "sent_at": incident.sent_at}
    texts = {
        "openings": dump_times(incident.openings),
        "previous_id": incident.previous_id,
        "cause": incident.cause,
        "severity": incident.severity,
        "announced": ",".join(incident.announced),
        "group": incident.group,
        "owner": incident.owner,
    }
    item |= {name: epoch(when) for name, when in times.items() if when}
    return item | {name: {"S": text} for name, text in texts.items() if text}


def _counted(incident: Incident) -> dict[str, Attribute]:
    """Return the attributes that change when failures are counted, but for their number."""
    return {
        "first_seen": epoch(incident.first_seen),
        "last_seen": epoch(incident.last_seen),
        "said": {"S": incident.latest_cause},
        "sample": {"S": dump_failure(incident.latest_failure)},
        "names": {"S": dump_names(incident.names, incident.missed)},
        "recent": {"S": dump_marks(incident.recent_calls)},
    }


def counting(before: Incident, after: Incident, **more: Attribute) -> Update:
    """Return the update from an incident to what it is with a batch counted; ``more`` is set as well."""
    added = {"failures": after.failures - before.failures, "version": 1}
    return Update(set=_counted(after) | more, add=added)


def dump_times(times: tuple[datetime, ...]) -> str:
    """Return the newest of some times as text."""
    return ",".join(epoch(when)["N"] for when in sorted(times)[-MOST_OPENINGS:])


def incident_of(item: Item) -> Incident:
    """Return the incident that an item holds; raises ``UnreadableItemError``."""
    return readable(_incident_of, item)


def _incident_of(item: Item) -> Incident:
    subject, status = Subject.from_id(item["subject"]["S"]), item["status"]["S"]
    if status not in LIVE | ENDED:
        raise UnreadableItemError(f"its status is {status!r}")
    if status == RESOLVED and GONE in item:
        status = DELETED
    silence = _optional(item, "silence", str)
    silence = None if silence == NO_SILENCE else silence
    if status == HELD and silence:
        status = SILENCED
    first_seen, last_seen = time_of(item["first_seen"]), time_of(item["last_seen"])
    said = item["said"]["S"]
    tally = _names(item)
    failure = _optional(item, "sample", load_failure) or _bare_failure(subject, said, last_seen)
    return Incident(
        id=item["incident_id"]["S"],
        subject=subject,
        status=status,
        failures=int(item["failures"]["N"]),
        first_seen=first_seen,
        last_seen=last_seen,
        due_at=time_of(item["due_at"]),
        latest_cause=said,
        latest_failure=failure,
        names=tally.counts,
        missed=tally.missed,
        cause=_optional(item, "cause", str),
        severity=_optional(item, "severity", str),
        announced=tuple(filter(None, (_optional(item, "announced", str) or "").split(","))),
        sent_at=time_of(item["sent_at"]) if "sent_at" in item else None,
        history=_optional(item, "history", load_changes) or (),
        last_diagnosis=_optional(item, "told", str),
        recent_calls=_optional(item, "recent", load_marks) or (),
        version=int(item["version"]["N"]) if "version" in item else 0,
        announced_failures=_optional(item, "announced_failures", int),
        openings=_optional(item, "openings", _load_times) or (),
        previous_id=_optional(item, "previous_id", str),
        arrived=time_of(item["arrived"]) if "arrived" in item else None,
        group=_optional(item, "group", str),
        owner=_optional(item, "owner", str),
        silence=silence,
    )


def _optional(item: Item, name: str, read: Callable[[str], T]) -> T | None:
    """Return what an attribute says; of one that is missing or damaged and can be done without, ``None``."""
    try:
        return read(item[name]["S"])
    except (KeyError, ValueError, TypeError, AttributeError):
        return None


def _load_times(text: str) -> tuple[datetime, ...]:
    return tuple(datetime.fromtimestamp(float(when), UTC) for when in text.split(","))


def _names(item: Item) -> Tally:
    """Return the names that are counted, or those that the first version counted."""
    if names := _optional(item, "names", load_names):
        return names
    first = {}
    for attribute, value in item.items():
        if attribute.startswith(NAME):
            kind, _, name = attribute.removeprefix(NAME).partition(":")
            first[kind, name] = int(value["N"])
    return Tally().adding(first)


def _bare_failure(subject: Subject, cause: str, when: datetime) -> KeyFailure:
    """Return what is known of the newest failure where its record cannot be read."""
    return KeyFailure(
        source="stored",
        event_id="",
        time=when,
        classification=ErrorClassification(cause or None),
        subject=subject,
        caller=Caller("unknown"),
        account=_if_known(subject.account),
        region=_if_known(subject.region),
        identifier=parse(subject.name) if subject.kind in {"key", "alias", "identifier"} else None,
        key_store=subject.name if subject.kind == "key_store" else None,
    )


def _if_known(place: str) -> str | None:
    return place if place != UNKNOWN else None


def change_of(item: Item) -> ChangeFact:
    """Return the change that a ledger item holds; raises ``UnreadableItemError``."""
    return readable(_change_of, item)


def _change_of(item: Item) -> ChangeFact:
    details = {name: value["S"] for name, value in item.get("details", {}).get("M", {}).items()}
    what, who, event_id = (item[name]["S"] for name in ("what", "who", "event_id"))
    return ChangeFact(what, who, time_of(item["when"]), event_id, FROM_LEDGER, details)
