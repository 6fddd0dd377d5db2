"""AWS's sentence as it stands in a log, without what the log wrapped around it."""

from keywatch.catalogue.texts import Form
from keywatch.parsing.sentences import Match

_NAMING = frozenset({Form.STATE, Form.ALIAS, Form.KEY, Form.KEY_ID, Form.REGION})
_TAILS = (" (or pending replica deletion).", ".")
_BEFORE_A_SENTENCE = (": ", '"', "'", "(", ">", ". ")
_AFTER_A_SENTENCE = ('"', "(", "<", "|", "', ")


def quote(hit: Match, line: str) -> str:
    """Return the sentence that ``hit`` found in ``line``."""
    if hit.row.form not in _NAMING:
        return line[_start(line, hit.start) : _end(line, hit.end)]
    tail = next((tail for tail in _TAILS if line.startswith(tail, hit.end)), "")
    return line[hit.start : hit.end].lstrip("\"'`") + tail


def _start(line: str, start: int) -> int:
    """Return where the sentence begins whose distinctive words begin at ``start``."""
    floor = max(0, start - 600)
    if (user := line.rfind("User: ", floor, start)) >= 0 and ". " not in line[user:start]:
        return user
    found = ((mark, line.rfind(mark, floor, start)) for mark in _BEFORE_A_SENTENCE)
    return max((at + len(mark) for mark, at in found if at >= 0), default=max(0, start - 200))


def _end(line: str, end: int) -> int:
    """Return where the sentence around ``end`` stops: the text goes on with brackets, quotes or other words of the log."""
    limit = end + 300
    found = (line.find(mark, end, limit) for mark in _AFTER_A_SENTENCE)
    return min((at for at in found if at >= 0), default=limit)
