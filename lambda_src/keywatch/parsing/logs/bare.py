"""An error code by itself, as people paste it: it says what AWS may have meant, never which key."""

import re
from dataclasses import replace

from keywatch.catalogue.code_lookup import KMS_MEANINGS, core_of, is_known_by_itself
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
    if found is None or not is_known_by_itself(found.group(1)):
        return None
    code = found.group(1)
    services = (KMS, "unknown") if core_of(code)[0] in KMS_MEANINGS else ("unknown", KMS)
    readings = (read_error(code, None, service=service) for service in services)
    said = next(filter(None, readings), None)
    if said is None or said.cause is None:
        return None
    return LoggedError(replace(said, confidence=Confidence.POSSIBLE), 0, "", code)
