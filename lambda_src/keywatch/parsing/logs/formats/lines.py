"""How programs print an error in a line of their own words."""

import re

from keywatch.catalogue.codes import CODES, ONLY_KMS_PREFIXES
from keywatch.parsing.classify import KMS
from keywatch.parsing.logs.formats.envelope import (
    Envelope,
    event_source,
    log_format,
    rest_of_line,
)

_BESIDE_KEY = "|".join(row.code for row in CODES if row.beside_key)
_ONLY_KMS = "|".join((*ONLY_KMS_PREFIXES, "KeyUnavailable"))
_PROSE = (
    "No such file",
    "The request was rejected because",
    "This exception",
    "Type[",
    "typing.",
)
_MORE_FOLLOWS = (",", ";", "{", "(", "=>")


@log_format(
    ":kms:",
    r"\barn:aws[a-z-]{0,20}:kms:[^\s\"']{10,300}?['\")\]]{0,2}(?: [a-z]{1,20})?: ?"
    rf"({_BESIDE_KEY})(?=$|[\s\"',)])",
)
def _beside_arn(match: re.Match[str], _lines: str) -> Envelope:
    """Read ``... <key ARN>: DisabledException``: a program's own words, with the key and the code that KMS gave."""
    return Envelope(match.start(), match.end(), match.group(1), "", KMS)


@log_format(
    "K",
    r"(?:^|(?<=[\])>:] ))((?:KMS\.[A-Z]|KMS|Kms)(?:[A-Z][A-Za-z]{2,40}(?:Exception|Fault)|NotFound|Disabled|InvalidState)"
    rf"|(?:{_ONLY_KMS})[A-Za-z]{{0,60}}Exception): ",
)
def _code_first(match: re.Match[str], lines: str) -> Envelope | None:
    """Read ``KMSInvalidStateException: words`` at the head of a line or behind a log prefix, but no list of names or types."""
    code, message = match.group(1), rest_of_line(lines, match.end())
    quoted = lines[match.end() : match.end() + 1] in {"'", '"', "`"}
    one_word = " " not in message and message != "UnknownError"
    if quoted or one_word or message.startswith(_PROSE) or message.endswith(_MORE_FOLLOWS):
        return None
    return Envelope(match.start(), match.end(), code, message, event_source("", code))


FORMATS = (_beside_arn, _code_first)
