"""Exit codes, for scripts: 0 usable (nothing at risk, healthy, understood), 1 not, 2 cannot tell. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

YES, NO, CANNOT_TELL = 0, 1, 2
Answer = Mapping[str, Any]


def of(action: str, answer: Answer) -> int:
    """Return the exit code for an answer."""
    return CANNOT_TELL if "error" in answer else _OF[action](answer)


def _check(answer: Answer) -> int:
    """Judge keys: one that cannot be used decides, then one of which that cannot be told."""
    return {True: YES, False: NO}.get(answer["usable"], CANNOT_TELL)


def _sweep(answer: Answer) -> int:
    """Judge a Region: what can break counts, what is merely untidy (info) does not."""
    if any(finding["severity"] != "info" for finding in answer["findings"]):
        return NO
    return CANNOT_TELL if answer["unknowns"] or not answer["complete"] else YES


def _doctor(answer: Answer) -> int:
    return {"pass": YES, "fail": NO}.get(answer["status"], CANNOT_TELL)


def _explain(answer: Answer) -> int:
    return YES if answer["matched"] else NO


_OF: Mapping[str, Callable[[Answer], int]] = {
    "check": _check,
    "sweep": _sweep,
    "doctor": _doctor,
    "explain": _explain,
}
