"""KeyWatch never hears itself: its calls in a trail's log group, its alerts in a subscriber's log, its canary.

What it emits quotes KMS's errors, so that every way back into a watched log group would be an
incident, and its alert the next one. A log line that carries one of its marks is its own. Whoever
writes such a mark into a log hides no more than their own line of text: CloudTrail's record of the
call has no use for it.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from keywatch.catalogue.own import CANARY_ALIAS

# The id of an incident, which every message about one carries, and the schema of every document.
_INCIDENT = re.compile(r"\bkw-[0-9a-f]{16}\b")
# How its alerts begin what they quote (``keywatch.diagnosis.diagnose``; a test compares the two).
_QUOTES = re.compile(
    r"\berror (?:text|code): AWS answered |\bapplication log group [^:]{1,512}: it says "
)
_SCHEMA = re.compile(r"\bkeywatch\.[a-z_]{3,20}/\d")


def is_own_text(text: str, own_roles: Iterable[str]) -> bool:
    """Tell whether a log line is a message of KeyWatch, or the record of a call of its own.

    ``own_roles`` are the ARNs of its roles in all its Regions.
    """
    marks = (_INCIDENT, _SCHEMA, _QUOTES)
    if CANARY_ALIAS in text or any(mark.search(text) for mark in marks):
        return True
    return any(name in text and _names(role).search(text) for role, name in map(_named, own_roles))


def _named(role: str) -> tuple[str, str]:
    return role, role.rpartition("/")[2]


@lru_cache(maxsize=64)
def _names(role: str) -> re.Pattern[str]:
    """Return what finds a role, or a session of it, named in full: another name may begin with its name."""
    stem, _, path = role.partition(":role/")
    partition, _, account = re.escape(stem).partition(":iam::")
    session = rf"{partition}:sts::{account}:assumed-role/{re.escape(path.rpartition('/')[2])}/"
    return re.compile(rf"{session}|{re.escape(role)}(?![\w+=,.@/-])")
