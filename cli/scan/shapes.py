"""What a file is, by its first bytes: a log of CloudTrail, or which other thing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

ENOUGH = 1 << 16
_BLANK = b" \t\r\n\xef\xbb\xbf"
# Some members of one value each, as they may come before the one that tells.
_BEFORE = rb'\{\s*(?:"[^"\\]{0,64}"\s*:\s*(?:"[^"\\]{0,256}"|[\d.]+|null)\s*,\s*){0,8}'
_LIST = re.compile(rb'(?:%b"Records"\s*:\s*)?\[' % _BEFORE)
_RECORD = re.compile(rb'"event(?:Source|Version|Name)"')
# What else AWS puts beside the logs, by its first member that nothing else has. Whatever stands
# deeper says nothing: who calls KMS chooses the names in an encryption context.
_OTHERS = {
    "a digest file of CloudTrail": rb'"(?:digestStartTime|digestEndTime|previousDigestS3Bucket)"',
    "a snapshot of AWS Config": rb'"(?:configSnapshotId|configurationItems)"',
    "a finding of GuardDuty": rb'"schemaVersion"\s*:\s*"2\.0"\s*,\s*"accountId"',
    "a log of AWS WAF": rb'"webaclId"',
}
_OTHER_JSON = {what: re.compile(_BEFORE + sign) for what, sign in _OTHERS.items()}
_OTHER_TEXT = {
    "VPC flow logs": re.compile(
        rb"version account-id|\d{1,2} \d{12} eni-|\S+ \S+ (?:eni-|\d{12} )"
    ),
    "a log of a load balancer": re.compile(
        rb"(?:(?:https?|h2|grpcs?|wss?|tls) )?\d{4}-\d\d-\d\dT[\d:.]+Z? \S+ [\d.:]+"
    ),
    "an access log of S3": re.compile(rb"[0-9a-f]{64} \S+ \[\d\d/[A-Z][a-z]{2}/\d{4}:"),
}
_PACKED = {
    b"BZh": "bzip2",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\xfd7zXZ": "xz",
    b"\x1f\x8b": "gzip twice",
}
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
    for what, sign in _OTHER_TEXT.items():
        if sign.match(text):
            return Beginning(skipped=what)
    for magic_bytes, packed in _PACKED.items():
        if text.startswith(magic_bytes):
            return Beginning(problem=f"it is packed with {packed}, which is not read")
    return Beginning(problem="it is not JSON")


def _of_json(text: bytes) -> Beginning:
    if begun := _LIST.match(text):
        return Beginning(rest=text[begun.end() :])
    for what, sign in _OTHER_JSON.items():
        if sign.match(text):
            return Beginning(skipped=what)
    if _RECORD.search(text[:ENOUGH]):
        return Beginning(rest=text, is_lines=True)
    return Beginning(problem="its shape is unknown: it has no list of records")


def next_list(text: bytes, more: Iterator[bytes]) -> bytes | None:
    """Return the text behind the bracket of the next list in the same file; ``None`` where there is none."""
    while len(text) < ENOUGH and (piece := next(more, b"")):
        text += piece
    begun = _LIST.match(text.lstrip(_BLANK + b"}"))
    return text.lstrip(_BLANK + b"}")[begun.end() :] if begun else None
