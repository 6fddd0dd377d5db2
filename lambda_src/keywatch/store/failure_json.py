"""A ``KeyFailure`` as JSON text and back: an incident keeps its newest one, so that the clock can diagnose it again."""

import json
from dataclasses import asdict
from dataclasses import fields as fields_of
from datetime import datetime
from typing import Any

from keywatch.model.identifiers import parse
from keywatch.model.levels import Confidence
from keywatch.model.signals import Caller, ErrorClassification, KeyFailure, Subject

# Stored names are those of the first version, so that every version reads what another wrote:
# ``reading`` holds the classification, ``proof`` in it the confidence.
_FIELDS = frozenset(field.name for field in fields_of(KeyFailure))


def dump(failure: KeyFailure) -> str:
    """Return ``failure`` as compact JSON."""
    fields = asdict(failure)
    fields["time"] = failure.time.isoformat()
    fields["identifier"] = failure.identifier.text if failure.identifier else None
    classification = fields.pop("classification")
    fields["reading"] = classification | {"proof": classification.pop("confidence")}
    return json.dumps(
        {name: value for name, value in fields.items() if value not in (None, "", ())},
        separators=(",", ":"),
    )


def load(text: str) -> KeyFailure:
    """Return the failure that ``dump`` wrote; raises ``ValueError``, ``KeyError`` or ``TypeError`` on anything else.

    Members that this version does not know (an older or newer one wrote them) are passed over.
    """
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
    return KeyFailure(**{name: value for name, value in fields.items() if name in _FIELDS})
