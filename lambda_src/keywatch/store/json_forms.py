"""What an incident keeps as JSON text, and back: its newest failure, the diagnosis last announced, what CloudTrail remembered.

Stored names are those of the first version, so that every version reads what another wrote. All
``load_…`` functions raise ``ValueError``, ``KeyError`` or ``TypeError`` on anything that their
``dump_…`` did not write; members that this version does not know are passed over.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict
from dataclasses import fields as fields_of
from datetime import datetime
from typing import Any

from keywatch.catalogue.causes import remedies_for
from keywatch.diagnosis.diagnose import Diagnosis
from keywatch.diagnosis.reasons import Reason
from keywatch.model.evidence import ChangeFact
from keywatch.model.identifiers import parse
from keywatch.model.levels import Confidence
from keywatch.model.signals import Caller, ErrorClassification, KeyFailure, Subject
from keywatch.model.text import one_lines

MOST_CHANGES = 10
# The incident is written with every batch that counts failures: lists and texts are bounded.
_MOST_REASONS = 8
_TEXT = 400
_FACT = 512
_FAILURE_FIELDS = frozenset(field.name for field in fields_of(KeyFailure))


def dump_failure(failure: KeyFailure) -> str:
    """Return ``failure`` as compact JSON; ``reading`` holds its classification, ``proof`` in it the confidence."""
    fields = asdict(failure)
    fields["time"] = failure.time.isoformat()
    fields["identifier"] = failure.identifier.text if failure.identifier else None
    classification = fields.pop("classification")
    fields["reading"] = classification | {"proof": classification.pop("confidence")}
    return _compact({name: value for name, value in fields.items() if value not in (None, "", ())})


def load_failure(text: str) -> KeyFailure:
    """Return the failure that ``dump_failure`` wrote."""
    fields: dict[str, Any] = json.loads(text)
    stored = dict(fields["reading"])
    confidence = Confidence(stored.pop("proof"))
    fields |= {
        "time": datetime.fromisoformat(fields["time"]),
        "classification": ErrorClassification(**stored, confidence=confidence),
        "subject": Subject(**fields["subject"]),
        "caller": Caller(**fields["caller"]),
        "identifier": parse(fields["identifier"]) if fields.get("identifier") else None,
        "event_id": fields.get("event_id", ""),
        "other_keys": tuple(fields.get("other_keys", ())),
    }
    return KeyFailure(**{name: value for name, value in fields.items() if name in _FAILURE_FIELDS})


def dump_changes(changes: Iterable[ChangeFact]) -> str:
    """Return the newest of ``changes`` as compact JSON."""
    newest = sorted(changes, key=lambda change: change.when, reverse=True)[:MOST_CHANGES]
    return _compact([asdict(change) | {"when": change.when.isoformat()} for change in newest])


def load_changes(text: str) -> tuple[ChangeFact, ...]:
    """Return the changes that ``dump_changes`` wrote."""
    return tuple(
        ChangeFact(**{**fields, "when": datetime.fromisoformat(fields["when"])})
        for fields in json.loads(text)
    )


def dump_diagnosis(diagnosis: Diagnosis) -> str:
    """Return ``diagnosis`` as compact JSON of a few kilobytes; without remedies, which follow from its cause and facts."""
    because = diagnosis.because[:_MOST_REASONS]
    sources = one_lines((reason.source for reason in because), _TEXT)
    texts = one_lines((reason.text for reason in because), _TEXT)
    facts = one_lines(diagnosis.facts.values(), _FACT)
    fields = {
        "cause": diagnosis.cause,
        "confidence": diagnosis.confidence.value,
        "because": [*zip(sources, texts, strict=True)],
        "unknowns": one_lines(diagnosis.unknowns[:_MOST_REASONS], _TEXT),
        "facts": dict(zip(diagnosis.facts, facts, strict=True)),
    }
    return _compact(fields)


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


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
