"""KeyWatch never hears itself: its calls in a trail's log group, its alerts in a subscriber's log, its canary.

What it emits quotes KMS's errors, so that every way back into a watched log group would be an
incident, and its alert the next one. A log line that carries one of its marks is its own, and so are
the lines that were printed with it: a mail or a document of which each line became an event. Whoever
writes such a mark into a log hides no more than what they print at that moment: CloudTrail's record
of the call has no use for it.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from os.path import commonprefix
from urllib.parse import unquote_plus

from keywatch.catalogue.own import CANARY_ALIAS

# The id of an incident, which every message about one carries, and the schema of every document.
_INCIDENT = re.compile(r"\bkw-(?:group-)?[0-9a-f]{16}\b")
# How its alerts begin what they quote (``keywatch.diagnosis.diagnose``; a test compares the two).
_QUOTES = re.compile(
    r"\berror (?:text|code): AWS answered |\bapplication log group [^:]{1,512}: it says "
)
_SCHEMA = re.compile(r"\bkeywatch\.[a-z_]{3,20}/\d")
# Its own log, shipped to another group: each line names its service (``keywatch.runtime``).
_LOGGED = re.compile(r"\bservice\W{1,12}keywatch\b")
_MARKS = (_INCIDENT, _SCHEMA, _QUOTES, _LOGGED)
_URL_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")
_NOTHING = r"(?!)"
TOGETHER = 20  # milliseconds between two lines of one print
_ANY_ACCOUNT = "[0-9]{12}"
MOST_LINES = 300  # of one print
# Where a logger begins a line of its own: it is no part of what was printed before.
_BEGINS = re.compile(
    r"\s{0,8}(?:\{\"|\d{4}[-/]\d\d|\[\d|\[?(?:ERROR|WARN|WARNING|INFO|DEBUG|TRACE|FATAL|CRITICAL)\b)"
)


def own_lines(
    lines: Sequence[tuple[int, str]], own_roles: Collection[str], look_ups_by: str = ""
) -> frozenset[int]:
    """Return the numbers of those ``lines`` (time in milliseconds, text) of one log stream that KeyWatch emitted."""
    own = {
        number
        for number, (_, text) in enumerate(lines)
        if is_own_text(text, own_roles, look_ups_by)
    }
    for step in (1, -1):
        for mark in sorted(own, reverse=step < 0):
            number = mark + step
            while abs(number - mark) <= MOST_LINES and _printed_with(lines, number, step):
                own.add(number)
                number += step
    return frozenset(own)


def _printed_with(lines: Sequence[tuple[int, str]], number: int, step: int) -> bool:
    """Tell whether a line was printed with the one before it (``step`` 1) or behind it (-1)."""
    if not 0 <= number < len(lines):
        return False
    neighbour = number - step
    if abs(lines[number][0] - lines[neighbour][0]) > TOGETHER:
        return False
    begins = {number, max(number, neighbour)}
    return not any(_BEGINS.match(lines[one][1]) for one in begins)


def is_own_text(text: str, own_roles: Iterable[str], look_ups_by: str = "") -> bool:
    """Tell whether a log line is a message of KeyWatch, or the record of a call of its own.

    ``own_roles`` are the ARNs of its roles in all its Regions; ``look_ups_by`` is the ARN of a hub's
    look-up role without an account: the trail of an organisation holds what it calls in all of them.
    """
    if _URL_ENCODED.search(text):
        text = unquote_plus(text)
    if CANARY_ALIAS in text or any(mark.search(text) for mark in _MARKS):
        return True
    stem, names = _named(frozenset(own_roles), look_ups_by)
    return stem in text and names.search(text) is not None


@lru_cache(maxsize=8)
def _named(own_roles: frozenset[str], look_ups_by: str) -> tuple[str, re.Pattern[str]]:
    """Return how the names of all roles begin, and what finds one of them in full."""
    roles = sorted(own_roles | ({look_ups_by} if look_ups_by else set()))
    stem = commonprefix([role.rpartition("/")[2] for role in roles])  # noqa: RUF071 - no paths
    return stem, re.compile("|".join(map(_named_in_full, roles)) or _NOTHING)


def _named_in_full(role: str) -> str:
    """Return what finds a role, or a session of it, named in full: another name may begin with its name.

    Without an account in its ARN it is found in any.
    """
    stem, _, path = role.partition(":role/")
    partition, _, account = re.escape(stem).partition(":iam::")
    account, name = account or _ANY_ACCOUNT, re.escape(path.rpartition("/")[2])
    session = rf"{partition}:sts::{account}:assumed-role/{name}/"
    return rf"{session}|{partition}:iam::{account}:role/{re.escape(path)}(?![\w+=,.@/-])"
