"""What a text says of a failure that is no key's: under its code, nothing else in the text, or in the lines beside, is one."""

import re
from collections.abc import Set as AbstractSet

from keywatch.catalogue.code_lookup import core_of
from keywatch.catalogue.texts import TEXTS
from keywatch.parsing.logs.context import context_of
from keywatch.parsing.logs.logged_error import LoggedError
from keywatch.parsing.normalise import lowered
from keywatch.parsing.sentences import hits

_ROWS = tuple(row for row in TEXTS if not row.cause)
_MOST = 8
# A denial that names the key speaks of one that exists.
_DENIED = re.compile(
    r"(?:authorized to )?perform:? [\"'`]?kms:[A-Za-z]{3,40}[\"'`]? on (?:the )?resource:?"
    r"(?:\s[\"'`]?arn:[^\s\"']{6,400}(?!\sbecause the resource does)|\s{0,9}$)",
    re.MULTILINE,
)
_DENIED_CODES = frozenset(
    {"", "accessdenied"}
)  # the Encryption SDK says "unable to decrypt data key" without a code
_CANCELLED = re.compile(r"\bCancelKeyDeletion\b")


def denies_existing_key(text: str) -> bool:
    """Tell whether AWS says in ``text`` that somebody may not use a key, which it names."""
    return "perform" in text and _DENIED.search(text) is not None


def excused_codes(line: str) -> frozenset[str]:
    """Return the codes (by their core; empty for none) that mean nothing by themselves, because ``line`` says what was wrong."""
    low = lowered(line)
    found = (hit for row in _ROWS if row.phrase in low for hit in hits(row, line, low, _MOST))
    codes = {context_of(line, hit.start, hit.end).code for hit in found}
    cores = frozenset(core_of(code)[0] for code in codes if code)
    if _CANCELLED.search(line):
        cores |= {"kmsinvalidstate"}
    return cores | _DENIED_CODES if denies_existing_key(line) else cores


def is_excused(error: LoggedError, excused: AbstractSet[str]) -> bool:
    """Tell whether ``error`` is a mere code, or the words of an SDK, of a failure that is no key's."""
    if error.classification.cause != "unclassified":
        return False
    return core_of(error.code or "")[0] in excused
