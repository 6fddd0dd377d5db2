"""What the deployed function could answer to the command line, with hostile text wherever names and sentences stand."""

from random import Random
from typing import Any

from tests.fuzz_alerts.texts import text

_ANY = "any text"
_CHECK = {
    "results": [
        {
            "usable": False,
            "key_id": _ANY,
            "region": _ANY,
            "key": {"arn": _ANY, "state": _ANY, "multi_region": {"regions": [_ANY]}},
            "diagnosis": {"cause": _ANY, "confidence": "likely", "because": [_ANY, _ANY]},
            "did_you_mean": _ANY,
            "remedies": [{"text": _ANY, "command": None}],
            "notes": [_ANY],
            "unknowns": [_ANY],
            "tries": [{"saw": _ANY, "after_seconds": 2}],
            "aliases": [_ANY, _ANY],
            "last_used": _ANY,
            "usage": {"ever_used": "no"},
            "key_store": {"id": _ANY, "name": _ANY, "state": _ANY, "error": _ANY},
        }
    ]
}
_SWEEP = {
    "region": _ANY,
    "findings": [
        {"severity": "high", "risk": _ANY, "aliases": [_ANY], "name": _ANY, "says": _ANY},
    ],
    "left_out": 1,
    "unknowns": [_ANY],
    "progress": {"keys_done": 1, "keys_total": 2},
}
_INCIDENTS = {
    "region": _ANY,
    "left_out": 0,
    "incidents": [
        {"severity": "high", "cause": _ANY, "subject": _ANY, "first_seen": _ANY, "failures": 3}
    ],
}
_DOCTOR = {
    "region": _ANY,
    "lines": [{"status": "fail", "id": _ANY, "says": _ANY, "why": _ANY, "command": None}],
}
_ERROR = {"error": {"code": _ANY, "message": _ANY}}
_ANSWERS = (
    ("check", _CHECK),
    ("sweep", _SWEEP),
    ("incidents", _INCIDENTS),
    ("doctor", _DOCTOR),
    ("check", _ERROR),
)


def draw(random: Random) -> tuple[str, dict[str, Any]]:
    """Return the name of an action and a hostile answer of it."""
    action, answer = random.choice(_ANSWERS)
    return action, _filled(random, answer)


def _filled(random: Random, value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _filled(random, one) for name, one in value.items()}
    if isinstance(value, list):
        return [_filled(random, one) for one in value]
    return text(random)[:400] if value == _ANY else value
