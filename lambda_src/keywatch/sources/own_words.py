"""KeyWatch never hears itself: its calls in a trail's log group, its alerts in a subscriber's log, its canary.

What it emits quotes KMS's errors, so that every way back into a watched log group would be an
incident, and its alert the next one. A log line that carries one of its marks is its own. Whoever
writes such a mark into a log hides no more than their own line of text: CloudTrail's record of the
call has no use for it.
"""

import re

from keywatch.catalogue.own import CANARY_ALIAS

# The id of an incident, which every message about one carries, and the schema of every document.
_INCIDENT = re.compile(r"\bkw-[0-9a-f]{16}\b")
# How its alerts begin what they quote (``keywatch.diagnosis.diagnose``; a test compares the two).
_QUOTES = re.compile(
    r"\berror (?:text|code): AWS answered |\bapplication log group [^:]{1,512}: it says "
)
_SCHEMA = re.compile(r"\bkeywatch\.[a-z_]{3,20}/\d")


def is_own_text(text: str, own_role: str | None) -> bool:
    """Tell whether a log line is a message of KeyWatch, or the record of a call of its own.

    ``own_role`` is what the ARNs of its roles in all Regions begin with.
    """
    marks = (_INCIDENT, _SCHEMA, _QUOTES)
    if CANARY_ALIAS in text or any(mark.search(text) for mark in marks):
        return True
    name = own_role.rpartition("/")[2] if own_role else ""
    return bool(name) and (f"assumed-role/{name}" in text or f":role/{name}" in text)
