"""What an incident keeps as JSON text, and back: its newest failure, the diagnosis last announced, what CloudTrail remembered.

Stored names are those of the first version, so that every version reads what another wrote. All
``load_…`` functions raise ``ValueError``, ``KeyError`` or ``TypeError`` on anything that their
``dump_…`` did not write; members that this version does not know are passed over.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from dataclasses import fields as fields_of
from datetime import datetime
from typing import Any, cast

from keywatch.catalogue.causes import remedies_for
from keywatch.diagnosis.diagnose import Diagnosis
from keywatch.diagnosis.reasons import Reason
from keywatch.model.evidence import ChangeFact
from keywatch.model.identifiers import parse
from keywatch.model.levels import Confidence
from keywatch.model.signals import Caller, ErrorClassification, KeyFailure, Subject
from keywatch.model.tally import OTHERS, Name, Names, Tally
from keywatch.model.text import Kept, cleaned, one_line

MOST_CHANGES = 10
# The incident is written with every batch that counts failures: lists, texts and the bytes of each
# part are bounded, so that an item has at most 16 KiB.
_MOST_REASONS = 8
_TEXT = 400
_FACT = 512
_LIMITS = (1_100, _FACT, 256, 128, 64, 24)  # characters of a text, tried until a part fits
MOST_FAILURE_BYTES, MOST_DIAGNOSIS_BYTES = 3_072, 4_096
MOST_HISTORY_BYTES, MOST_NAME_BYTES = 1_536, 4_096
_FAILURE_FIELDS = tuple(field.name for field in fields_of(KeyFailure))
_CLASSIFICATION_FIELDS = tuple(field.name for field in fields_of(ErrorClassification))
_CALLER_FIELDS = tuple(field.name for field in fields_of(Caller))
_SUBJECT_FIELDS = tuple(field.name for field in fields_of(Subject))
# What tells which key it is stays whole: all of it is bounded where it is read.
_NEVER_CUT = frozenset({"subject", "time", "account", "region", "key_arn", "source", "partition"})


def dump_failure(failure: KeyFailure) -> str:
    """Return ``failure`` as compact JSON; ``reading`` holds its classification, ``proof`` in it the confidence."""
    reading = _members(failure.classification, _CLASSIFICATION_FIELDS)
    fields = _members(failure, _FAILURE_FIELDS) | {
        "time": failure.time.isoformat(),
        "printed_ids": (),
        "identifier": failure.identifier.text if failure.identifier else None,
        "subject": _without_empty(_members(failure.subject, _SUBJECT_FIELDS)),
        "caller": _members(failure.caller, _CALLER_FIELDS),
        "classification": None,
        "reading": reading | {"proof": reading.pop("confidence")},
    }
    said = _without_empty(fields)
    text = _compact(said)
    if len(text) <= _LIMITS[0]:
        return text  # nothing in it can be longer
    return _fitting(lambda limit: _cut(said, limit), MOST_FAILURE_BYTES)


def _members(value: object, names: Iterable[str]) -> dict[str, Any]:
    """Return the fields of a dataclass: ``asdict`` copies deeply, which took most of the time of a wave."""
    return {name: getattr(value, name) for name in names}


def _without_empty(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, "", ())}


def load_failure(text: str) -> KeyFailure:
    """Return the failure that ``dump_failure`` wrote, as far as this version knows its members."""
    fields: dict[str, Any] = json.loads(text)
    stored = dict(fields["reading"])
    stored["confidence"] = _confidence(stored.pop("proof", ""))
    fields |= {
        "time": datetime.fromisoformat(fields["time"]),
        "classification": ErrorClassification(**_only(stored, _CLASSIFICATION_FIELDS)),
        "subject": Subject(**fields["subject"]),
        "caller": Caller(**_only(fields["caller"], _CALLER_FIELDS)),
        "identifier": parse(fields["identifier"]) if fields.get("identifier") else None,
        "event_id": fields.get("event_id", ""),
        "other_keys": tuple(fields.get("other_keys", ())),
        "printed_ids": (),  # of use while it is counted only
    }
    return KeyFailure(**_only(fields, _FAILURE_FIELDS))


def _only(fields: dict[str, Any], known: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name in known}


def _confidence(stored: str) -> Confidence:
    """Return a stored confidence; one that this version does not know claims the least."""
    try:
        return Confidence(stored)
    except ValueError:
        return Confidence.POSSIBLE


def dump_names(names: Names, missed: Names) -> str:
    """Return counts by kind and name as compact JSON; where there is no room for all, the rarest names go to the others."""
    tally = Tally(names, missed)
    while len((text := _compact(_nested(tally))).encode()) > MOST_NAME_BYTES:
        *_, rarest = ((kind, name) for kind, name, *_ in tally.rows() if name != OTHERS)
        tally = tally.without(rarest)
    return text


def _nested(tally: Tally) -> dict[str, dict[str, list[int]]]:
    nested: dict[str, dict[str, list[int]]] = {}
    for kind, name, count, missed in tally.rows():
        nested.setdefault(kind, {})[name] = [count, missed] if missed else [count]
    return nested


def load_names(text: str) -> Tally:
    """Return what ``dump_names`` wrote."""
    counts: dict[Name, int] = {}
    missed: dict[Name, int] = {}
    for kind, by_name in json.loads(text).items():
        for name, (count, *more) in by_name.items():
            counts[kind, name] = int(count)
            missed |= {(kind, name): int(more[0])} if more else {}
    return Tally(counts, missed)


def dump_changes(changes: Iterable[ChangeFact]) -> str:
    """Return the newest of ``changes`` as compact JSON."""
    newest = sorted(changes, key=lambda change: change.when, reverse=True)[:MOST_CHANGES]
    while len(text := _compact(list(map(_change, newest)))) > MOST_HISTORY_BYTES and newest:
        newest.pop()
    return text


def _change(change: ChangeFact) -> dict[str, Any]:
    return asdict(change) | {"when": change.when.isoformat()}


def load_changes(text: str) -> tuple[ChangeFact, ...]:
    """Return the changes that ``dump_changes`` wrote."""
    return tuple(
        ChangeFact(**{**fields, "when": datetime.fromisoformat(fields["when"])})
        for fields in json.loads(text)
    )


def dump_diagnosis(diagnosis: Diagnosis) -> str:
    """Return ``diagnosis`` as compact JSON of a few kilobytes; without remedies, which follow from its cause and facts."""
    return _fitting(lambda limit: _of_diagnosis(diagnosis, limit), MOST_DIAGNOSIS_BYTES)


def _of_diagnosis(diagnosis: Diagnosis, limit: int) -> dict[str, Any]:
    text, fact = min(limit, _TEXT), min(limit, _FACT)
    because = diagnosis.because[:_MOST_REASONS]
    said = {
        "because": [[reason.source, reason.text] for reason in because],
        "unknowns": list(diagnosis.unknowns[:_MOST_REASONS]),
        "facts": dict(diagnosis.facts),
    }
    kept = {"because": Kept(text, ""), "unknowns": Kept(text, ""), "facts": Kept(fact, "")}
    known = {"cause": diagnosis.cause, "confidence": diagnosis.confidence.value}
    return known | cast("dict[str, Any]", cleaned(said, kept))


def load_diagnosis(text: str) -> Diagnosis:
    """Return the diagnosis that ``dump_diagnosis`` wrote."""
    fields = json.loads(text)
    return Diagnosis(
        cause=fields["cause"],
        confidence=Confidence(fields["confidence"]),
        because=tuple(Reason(source, statement) for source, statement in fields["because"]),
        remedies=remedies_for(fields["cause"], fields["facts"]),
        unknowns=tuple(fields["unknowns"]),
        facts=fields["facts"],
    )


def _fitting(build: Callable[[int], object], most_bytes: int) -> str:
    """Return as JSON what ``build`` makes with the longest texts that leave it within ``most_bytes``."""
    text = ""
    for limit in _LIMITS:
        text = _compact(build(limit))
        if len(text.encode()) <= most_bytes:
            break
    return text


def _cut(value: object, limit: int) -> Any:  # noqa: ANN401 - what JSON holds
    if isinstance(value, str):
        return one_line(value, limit) if len(value) > limit else value
    if isinstance(value, dict):
        return {
            name: part if name in _NEVER_CUT else _cut(part, limit) for name, part in value.items()
        }
    if isinstance(value, list | tuple):
        return [_cut(part, limit) for part in value]
    return value


_WRITER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


def _compact(value: object) -> str:
    return _WRITER.encode(value)
