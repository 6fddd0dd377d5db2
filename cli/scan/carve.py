"""The records of a CloudTrail log file, found in its bytes without making objects of them.

The text of a file comes in pieces. Wherever a record seems to end, what came before is given to a
parser that checks its brackets and strings and skips its values: only where that is a whole list of
objects the place is right, whatever the records hold. What that way cannot take, a slower one reads
record by record.
"""

import json
import re
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from .unpack import Damaged

BLOCK = 1 << 16
LONGEST = (
    4 << 20
)  # of one record; CloudTrail's events have at most 1 MB (CloudTrail User Guide, quotas)
_BETWEEN = b'},{"eventVersion":'  # as CloudTrail writes it
_FIRST_MEMBER = re.compile(rb'\s*(\{"[^"\\]{1,64}":)')
_FILLING = re.compile(r"[ \t\r\n,]*")
MOST_WALKED = 128  # records at once
_LONGEST_WORD = 16  # of JSON that is cut in two, ``-Infinity`` and the like


class Head(msgspec.Struct, gc=False):
    """The members of a record by which it is judged, and those that tell where and when; each may be of any type."""

    event_source: Any = msgspec.field(default=None, name="eventSource")
    event_name: Any = msgspec.field(default=None, name="eventName")
    error_code: Any = msgspec.field(default=None, name="errorCode")
    error_message: Any = msgspec.field(default=None, name="errorMessage")
    account: Any = msgspec.field(default=None, name="recipientAccountId")
    region: Any = msgspec.field(default=None, name="awsRegion")
    time: Any = msgspec.field(default=None, name="eventTime")


_MEMBERS = tuple(field.encode_name for field in msgspec.structs.fields(Head))
_HEADS = msgspec.json.Decoder(list[Head])
_RAWS = msgspec.json.Decoder(list[msgspec.Raw])
_HEAD = msgspec.json.Decoder(Head)
_WALKER = json.JSONDecoder()
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Block:
    """Some records: what each is judged by, and their JSON (a list, in brackets). ``broken`` counts what was no record."""

    heads: list[Head]
    text: bytes
    broken: int = 0

    def raw(self, numbers: Iterable[int]) -> Iterator[bytes]:
        """Yield the JSON of the records with these numbers."""
        records = _RAWS.decode(self.text)
        for number in numbers:
            yield bytes(records[number])


def blocks(
    text: bytes, more: Iterator[bytes], *, is_lines: bool = False
) -> Generator[Block, None, bytes]:
    """Yield the records of a list whose content begins with ``text`` and goes on in ``more``; return what was read behind it.

    ``is_lines``: it is no list but one record after the other. Raises ``Damaged`` where the text ends
    before the list does.
    """
    # A program writes all records alike, so each begins as the first one does.
    first = _FIRST_MEMBER.match(text)
    between = b"}," + first[1] if first else _BETWEEN
    while True:
        block, text = _next(text, more, between)
        if block is not None:
            yield block
            continue
        block, text, ended = _last(text) or _walked(text, more, is_lines=is_lines)
        yield block
        if ended:
            return text


def _next(text: bytes, more: Iterator[bytes], between: bytes) -> tuple[Block | None, bytes]:
    """Return the whole records of about a block, and what follows them; ``None`` and all text where they are not plain."""
    piece, text = text, b""
    while len(text) + len(piece) < BLOCK:
        text += piece
        if not (piece := next(more, b"")):
            return None, text
    cut = piece.rfind(between, 0, 2 * BLOCK)
    if cut > 0 and (block := _fast(b"".join((b"[", text, piece[: cut + 1], b"]")))):
        return block, piece[cut + 2 :]
    return None, text + piece


def _fast(text: bytes) -> Block | None:
    try:
        return Block(_HEADS.decode(text), text)
    except _UNREADABLE:
        return None


def _last(text: bytes) -> tuple[Block, bytes, bool] | None:
    """Return the rest of a list that has nothing after it, as ``_walked`` does; ``None`` where it is not plain."""
    text = text.rstrip()
    block = _fast(b"[%b" % text[:-1]) if text.endswith(b"]}") else None
    return (block, b"", True) if block else None


def _walked(text: bytes, more: Iterator[bytes], *, is_lines: bool) -> tuple[Block, bytes, bool]:
    """Read what is whole in ``text``, record by record; return it, the rest, and whether the list ended.

    Of a record that cannot be read as JSON, everything up to the next one that begins as CloudTrail's do
    is left out.
    """
    # Structure is ASCII: read as Latin-1, each character is one byte.
    words, at, broken = text.decode("latin-1"), 0, 0
    found: list[bytes] = []
    while len(found) < MOST_WALKED:
        at = _FILLING.match(words, at).end()  # type: ignore[union-attr]  # it matches nothing as well
        if words.startswith("]", at):
            return _walked_block(found, broken), words[at + 1 :].encode("latin-1"), True
        try:
            _, end = _WALKER.raw_decode(words, at)
        except (ValueError, RecursionError) as error:
            if found or broken:
                break
            if _may_go_on(error, len(words)) and (grown := _grown(words, at, more)):
                words, at = grown, 0
            elif is_lines and at == len(words):
                return _walked_block(found, broken), b"", True
            else:
                at, broken = _next_record(words, at, "\n{" if is_lines else _BETWEEN.decode()), 1
            continue
        found.append(words[at:end].encode("latin-1"))
        at = end
    return _walked_block(found, broken), words[at:].encode("latin-1"), False


def _may_go_on(error: Exception, length: int) -> bool:
    """Tell whether JSON may be right so far, and its rest is missing."""
    if not isinstance(error, json.JSONDecodeError):
        return False
    return error.msg.startswith("Unterminated string") or error.pos >= length - _LONGEST_WORD


def _grown(words: str, at: int, more: Iterator[bytes]) -> str | None:
    """Return what is left of ``words`` with as much again behind it; ``None`` where there is no more, or no record is so long."""
    left = words[at:]
    if len(left) >= LONGEST:
        return None
    parts, wanted = [left], max(len(left), BLOCK)
    while wanted > 0 and (piece := next(more, b"")):
        parts.append(piece.decode("latin-1"))
        wanted -= len(piece)
    return "".join(parts) if len(parts) > 1 else None


def _next_record(words: str, at: int, between: str) -> int:
    following = words.find(between, at)
    if following < 0:
        raise Damaged("the JSON is broken or cut off")
    return following + 1


def _walked_block(found: list[bytes], broken: int) -> Block:
    heads: list[Head] = []
    good: list[bytes] = []
    for record in found:
        head = _head(record)
        if head is None:
            broken += 1
        else:
            heads.append(head)
            good.append(record)
    return WalkedBlock(heads, b"".join(good[:1] + good[-1:]), broken, tuple(good))


def _head(record: bytes) -> Head | None:
    """Return what a record is judged by, read as leniently as Python reads JSON; ``None`` for anything but an object."""
    with suppress(*_UNREADABLE):
        return _HEAD.decode(record)
    try:
        value = json.loads(record.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    return Head(*(value.get(name) for name in _MEMBERS))


@dataclass(frozen=True, slots=True)
class WalkedBlock(Block):
    """Records that were read one by one."""

    records: tuple[bytes, ...] = ()

    def raw(self, numbers: Iterable[int]) -> Iterator[bytes]:
        """Yield the JSON of the records with these numbers."""
        for number in numbers:
            yield self.records[number]
