"""Changes that CloudTrail remembered, as JSON text and back: an incident keeps them, so that CloudTrail is asked only once."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from keywatch.model.evidence import ChangeFact

MOST = 10


def dump(changes: Iterable[ChangeFact]) -> str:
    """Return the newest of ``changes`` as compact JSON."""
    newest = sorted(changes, key=lambda change: change.when, reverse=True)[:MOST]
    return json.dumps(
        [asdict(change) | {"when": change.when.isoformat()} for change in newest],
        separators=(",", ":"),
    )


def load(text: str) -> tuple[ChangeFact, ...]:
    """Return the changes that ``dump`` wrote; raises ``ValueError``, ``KeyError`` or ``TypeError`` on anything else."""
    return tuple(
        ChangeFact(**{**fields, "when": datetime.fromisoformat(fields["when"])})
        for fields in json.loads(text)
    )
