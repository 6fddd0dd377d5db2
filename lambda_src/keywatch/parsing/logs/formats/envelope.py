"""What a log format is, and what every reader of one gives and shares."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from keywatch.catalogue.code_lookup import KMS_MEANINGS, core_of, only_kms
from keywatch.catalogue.operations import only_of_kms
from keywatch.parsing.classify import KMS

MAX_MESSAGE = 600


@dataclass(frozen=True, slots=True)
class Envelope:
    """One printed error: where it stands, its code, message and operation, and the event source that answered."""

    start: int
    end: int
    code: str
    message: str
    service: str
    operation: str | None = None


Reader = Callable[[re.Match[str], str], Envelope | None]


@dataclass(frozen=True, slots=True)
class LogFormat:
    """One format. ``hint`` stands in every text that has it; ``read`` takes a match of ``pattern`` and the text.

    ``may_be`` tells cheaply which matches are worth reading.
    """

    hint: str
    pattern: re.Pattern[str]
    read: Reader
    may_be: Callable[[re.Match[str]], bool] = bool


def log_format(
    hint: str, pattern: str, may_be: Callable[[re.Match[str]], bool] = bool
) -> Callable[[Reader], LogFormat]:
    """Make a format of the reader below. The pattern must be bounded (no ``*``, no ``+``); ``^`` and ``$`` mean lines."""
    return lambda read: LogFormat(hint, re.compile(pattern, re.MULTILINE), read, may_be)


def rest_of_line(lines: str, start: int) -> str:
    """Return what follows on the line from ``start``, without quotes around it."""
    stop = lines.find("\n", start, start + MAX_MESSAGE)
    return lines[start : stop if stop >= 0 else start + MAX_MESSAGE].strip(" \"'`")


def event_source(name: str, code: str, operation: str | None = None) -> str:
    """Return the event source for a service's name as SDKs print it; a code or operation that only KMS has names KMS."""
    plain_name = name.lower().replace(" ", "").removeprefix("aws").removeprefix("amazon")
    if plain_name in {"kms", "keymanagementservice", "trentservice"} or only_kms(core_of(code)[0]):
        return KMS
    if not name and only_of_kms(operation) and core_of(code)[0] in KMS_MEANINGS:
        return KMS
    return f"{plain_name}.amazonaws.com" if plain_name else "unknown"
