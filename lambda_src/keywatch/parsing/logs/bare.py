"""An error code by itself, as people paste it: it says what AWS may have meant, never which key."""

import re
from dataclasses import replace

from keywatch.catalogue.code_lookup import is_token
from keywatch.model.levels import Confidence
from keywatch.parsing.classify import KMS, read_error
from keywatch.parsing.logs.logged_error import LoggedError

_LONGEST = 300
_CODE = re.compile(
    r"[\w.$:#\\-]{0,200}?((?:KMS\.|Client\.)?[A-Z][A-Za-z]{5,80}(?:\.[A-Z][A-Za-z]{3,40})?)"
)


def bare_code(text: str) -> LoggedError | None:
    """Return what the one code that ``text`` consists of may mean, at most ``possible``; ``None`` for any other text."""
    word = text[: _LONGEST + 1].strip(" \t\r\n\"'`:;.,()[]{}<>")
    found = _CODE.fullmatch(word) if len(word) <= _LONGEST else None
    if found is None or not is_token(found.group(1)):
        return None
    code = found.group(1)
    said = read_error(code, None, service=KMS) or read_error(code, None, service="unknown")
    if said is None or said.cause is None:
        return None
    return LoggedError(replace(said, confidence=Confidence.POSSIBLE), 0, "", code)
