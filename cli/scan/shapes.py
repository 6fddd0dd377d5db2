"""What a file is, by its first bytes: a log of CloudTrail, or which other thing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

ENOUGH = 1 << 16
_BLANK = b" \t\r\n\xef\xbb\xbf"
_LIST = re.compile(
    rb'(?:\{\s*(?:"[^"\\]{0,64}"\s*:\s*(?:"[^"\\]{0,256}"|[\d.]+|null)\s*,\s*){0,8}"Records"\s*:\s*)?\['
)
_RECORD = re.compile(rb'"event(?:Source|Version|Name)"')
_DIGEST = re.compile(rb'"(?:digestStartTime|digestEndTime|previousDigestS3Bucket)"')
_FLOW_LOG = re.compile(rb"version account-id|\d{1,2} \d{12} eni-|\S+ \S+ (?:eni-|\d{12} )")
_MAGIC = {b"PAR1": "a Parquet file", b"Obj\x01": "an Avro file", b"PK\x03\x04": "a zip archive"}


@dataclass(frozen=True, slots=True)
class Beginning:
    """How a file begins: the text behind the bracket of its list, or of its first record where it has one a line.

    ``skipped`` says what else it is, where that is known and right; ``problem`` why nobody can read it.
    """

    rest: bytes = b""
    skipped: str = ""
    problem: str = ""
    is_lines: bool = False


def beginning_of(more: Iterator[bytes]) -> Beginning:
    """Read enough of a file to say what it is. Raises what ``more`` raises."""
    text = b""
    while len(text) < ENOUGH and (piece := next(more, b"")):
        text = (text + piece).lstrip(_BLANK)
    if not text:
        return Beginning(skipped="an empty file")
    if text[:1] in b"{[":
        return _of_json(text)
    if magic := _MAGIC.get(text[:4]):
        return Beginning(skipped=magic)
    if _FLOW_LOG.match(text):
        return Beginning(skipped="VPC flow logs")
    return Beginning(problem="it is not JSON")


def _of_json(text: bytes) -> Beginning:
    if _DIGEST.search(text[:ENOUGH]):
        return Beginning(skipped="a digest file of CloudTrail")
    if begun := _LIST.match(text):
        return Beginning(rest=text[begun.end() :])
    if _RECORD.search(text[:ENOUGH]):
        return Beginning(rest=text, is_lines=True)
    return Beginning(problem="its shape is unknown: it has no list of records")


def next_list(text: bytes, more: Iterator[bytes]) -> bytes | None:
    """Return the text behind the bracket of the next list in the same file; ``None`` where there is none."""
    while len(text) < ENOUGH and (piece := next(more, b"")):
        text += piece
    begun = _LIST.match(text.lstrip(_BLANK + b"}"))
    return text.lstrip(_BLANK + b"}")[begun.end() :] if begun else None
