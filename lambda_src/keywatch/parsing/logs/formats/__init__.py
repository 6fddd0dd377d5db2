"""The formats in which SDKs, tools and services print an error code: needed where the message is missing or unknown.

A bare exception name proves nothing (source code, documentation and type stubs are full of them);
each format here is one that only a running program prints. To add one, write its reader under
``@log_format`` in the module of its kind and name it in that module's ``FORMATS``.
"""

import re
from collections.abc import Iterator

from keywatch.parsing.logs.formats import objects, sdks, tokens
from keywatch.parsing.logs.formats.envelope import Envelope, LogFormat
from keywatch.parsing.logs.surroundings import Looked, Places

MAX_PLACES = 1000  # that are read of one text
FORMATS: tuple[LogFormat, ...] = (*sdks.FORMATS, *objects.FORMATS, *tokens.FORMATS)


def envelopes(lines: str, looked: Looked) -> Iterator[Envelope]:
    """Yield the printed errors of ``lines`` (plain text with its line breaks), reading at most ``MAX_PLACES``."""
    for log_format, match in looked.at_most(_places(lines), MAX_PLACES):
        if envelope := log_format.read(match, lines):
            yield envelope


def _places(lines: str) -> Iterator[tuple[LogFormat, re.Match[str]]]:
    places = Places()
    for number, log_format in enumerate(FORMATS):
        if log_format.hint in lines:
            for match in filter(log_format.may_be, log_format.pattern.finditer(lines)):
                if places.is_new(str(number), lines, *match.span()):
                    yield log_format, match
