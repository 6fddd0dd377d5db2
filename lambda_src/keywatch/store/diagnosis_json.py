"""A ``Diagnosis`` as JSON text and back: an incident keeps what was last announced, so that its page can show it again.

Lists and texts are bounded: the incident is written with every batch that counts failures. Remedies
are not kept, they follow from the cause and the facts.
"""

import json

from keywatch.catalogue.causes import remedies_for
from keywatch.diagnosis.diagnose import Diagnosis
from keywatch.diagnosis.reasons import Reason
from keywatch.model.levels import Confidence
from keywatch.model.text import one_line

_MOST = 8
_TEXT = 400


def dump(diagnosis: Diagnosis) -> str:
    """Return ``diagnosis`` as compact JSON of a few kilobytes at most."""
    told = {
        "cause": diagnosis.cause,
        "confidence": diagnosis.confidence.value,
        "because": [
            [one_line(one.source, _TEXT), one_line(one.text, _TEXT)]
            for one in diagnosis.because[:_MOST]
        ],
        "unknowns": [one_line(text, _TEXT) for text in diagnosis.unknowns[:_MOST]],
        "facts": {name: one_line(value, 512) for name, value in diagnosis.facts.items()},
    }
    return json.dumps(told, separators=(",", ":"))


def load(text: str) -> Diagnosis:
    """Return the diagnosis that ``dump`` wrote; raises ``ValueError``, ``KeyError`` or ``TypeError`` on anything else."""
    told = json.loads(text)
    return Diagnosis(
        cause=told["cause"],
        confidence=Confidence(told["confidence"]),
        because=tuple(Reason(source, said) for source, said in told["because"]),
        remedies=remedies_for(told["cause"], told["facts"]),
        unknowns=tuple(told["unknowns"]),
        facts=told["facts"],
    )
