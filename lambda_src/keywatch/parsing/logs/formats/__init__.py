"""The formats in which SDKs, tools and services print an error code: needed where the message is missing or unknown.

A bare exception name proves nothing (source code, documentation and type stubs are full of them);
each format here is one that only a running program prints. To add one, write its reader under
``@log_format`` in the module of its kind and name it in that module's ``FORMATS``.
"""

from collections.abc import Iterator
from itertools import islice

from keywatch.parsing.logs.formats import objects, sdks, tokens
from keywatch.parsing.logs.formats.envelope import Envelope, LogFormat
from keywatch.parsing.logs.surroundings import Places

MAX_PLACES = 20_000
FORMATS: tuple[LogFormat, ...] = (*sdks.FORMATS, *objects.FORMATS, *tokens.FORMATS)


def envelopes(lines: str) -> Iterator[Envelope]:
    """Yield every printed error of ``lines`` (plain text with its line breaks), at most ``MAX_PLACES`` of each format."""
    places = Places()
    for number, log_format in enumerate(FORMATS):
        if log_format.hint in lines:
            for match in islice(log_format.pattern.finditer(lines), MAX_PLACES):
                is_new = places.is_new(str(number), lines, *match.span())
                if is_new and (envelope := log_format.read(match, lines)):
                    yield envelope
