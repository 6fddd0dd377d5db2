"""One file: its records, what they tell of keys, and what could not be read."""

import json
import re
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import BinaryIO

from keywatch.catalogue.own import ROLE_NAME_PREFIX
from keywatch.model.signals import KeyChange, KeyFailure, Signal, Unrelated
from keywatch.sources.canary import asks_for_its_alias
from keywatch.sources.cloudtrail import read_record
from keywatch.sources.fields import inner
from keywatch.sources.source import Reception

from . import relevant
from .carve import Block, Head, blocks
from .shapes import beginning_of, next_list
from .unpack import Damaged, pieces

NO_HOUR = -1
# CloudTrail began in 2013; what is said to be from before or from far ahead has no time that means anything.
SINCE, UNTIL = datetime(2013, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_NAME = re.compile(r"[A-Za-z0-9:-]{4,32}")
_RECEPTION = Reception()
_INSIGHTS = "CloudTrail-Insight"  # in the names of their folders and files
_READS = ("Describe", "Get", "List")
_OWN_ROLE = re.compile(
    rf"arn:aws[a-z-]*:iam::\d{{12}}:role/(?:[^\s]*/)?{ROLE_NAME_PREFIX}[a-z]{{2}}(?:-[a-z]+)+-\d"
)


@dataclass(frozen=True, slots=True)
class Found:
    """A signal about a key, and the JSON of the record that tells it."""

    signal: KeyFailure | KeyChange
    record: bytes


@dataclass(slots=True)
class Reading:
    """What became of one file.

    ``problem`` says in a few words what could not be read; ``skipped`` that it is no log of CloudTrail.
    ``size`` is in bytes as stored, ``unpacked`` as read. ``hours`` are the account, Region and hour (of
    those since 1970, UTC) of samples of its records; ``ignored`` counts failures that concern no key.
    """

    name: str
    size: int = 0
    unpacked: int = 0
    records: int = 0
    failures: int = 0
    changes: int = 0
    broken: int = 0
    hours: set[tuple[str, str, int]] = field(default_factory=set)
    ignored: Counter[str] = field(default_factory=Counter)
    problem: str = ""
    skipped: str = ""


def read_file(file: BinaryIO, reading: Reading) -> Iterator[Found]:
    """Yield what a file tells of keys, and write into ``reading`` what became of it. Raises nothing that its content causes."""
    more = _counting(pieces(file), reading)
    try:
        yield from _lists(more, reading)
    except Damaged as damage:
        reading.problem = str(damage)
    except OSError as error:
        reading.problem = f"it cannot be read ({error.strerror or type(error).__name__})"
    if reading.broken and not reading.problem:
        reading.problem = f"{reading.broken} of its records are broken"
    if reading.records and reading.ignored["unknown_shape"] == reading.records:
        if _INSIGHTS in reading.name:
            reading.skipped = "events of CloudTrail Insights"
        else:
            reading.problem = "its records are of unknown shape"


def _lists(more: Iterator[bytes], reading: Reading) -> Iterator[Found]:
    begun = beginning_of(more)
    reading.skipped, reading.problem = begun.skipped, begun.problem
    if begun.skipped or begun.problem:
        return
    text: bytes | None = begun.rest
    while text is not None:
        records = blocks(text, more, is_lines=begun.is_lines)
        rest = yield from _of_blocks(records, reading)
        text = next_list(rest, more)


def _of_blocks(
    records: Generator[Block, None, bytes], reading: Reading
) -> Generator[Found, None, bytes]:
    while True:
        try:
            block = next(records)
        except StopIteration as end:
            return bytes(end.value)
        reading.records += len(block.heads)
        reading.broken += block.broken
        reading.hours |= _hours(block.heads)
        if numbers := relevant.numbers(block, reading.ignored):
            yield from _signals(block.raw(numbers), reading)


def _signals(records: Iterable[bytes], reading: Reading) -> Iterator[Found]:
    for record in records:
        fields = parsed(record)
        signal = read_record(fields, _RECEPTION)
        if isinstance(signal, Unrelated):
            reading.ignored[signal.reason] += signal.reason != "not_failed"
        elif asks_for_its_alias(fields):
            reading.ignored["canary"] += 1
        elif _looked_up(fields):
            reading.ignored["own_call"] += 1
        elif not SINCE <= signal.time < UNTIL:
            reading.broken += 1
        else:
            reading.failures += isinstance(signal, KeyFailure)
            reading.changes += isinstance(signal, KeyChange)
            yield Found(signal, record)


def _looked_up(fields: Mapping[str, object]) -> bool:
    """Tell whether KeyWatch itself asked, as it does wherever it is deployed: by its role, and never more than read."""
    if not str(fields.get("eventName")).startswith(_READS):
        return False
    issuer = inner(fields, "userIdentity", "sessionContext", "sessionIssuer").get("arn")
    return isinstance(issuer, str) and bool(_OWN_ROLE.fullmatch(issuer))


def parsed(record: bytes) -> dict[str, object]:
    """Return a record that was found as the object that it is; an empty one where it is none after all."""
    try:
        value = json.loads(record.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def signal_of(record: bytes) -> Signal:
    """Read a record that was found once more."""
    return read_record(parsed(record), _RECEPTION)


def _counting(parts: Iterator[bytes], reading: Reading) -> Iterator[bytes]:
    for part in parts:
        reading.unpacked += len(part)
        yield part


def _hours(heads: list[Head]) -> set[tuple[str, str, int]]:
    """Return where and when some records are from; where the first and the last are near each other, of these two."""
    if not heads:
        return set()
    ends = {_place(heads[0]), _place(heads[-1])}
    hours = {hour for _, _, hour in ends}
    near = len({place[:2] for place in ends}) == 1 and hours <= {min(hours), min(hours) + 1}
    found = ends if near and NO_HOUR not in hours else set(map(_place, heads))
    return {(account, region, hour) for account, region, hour in found if hour != NO_HOUR}


def _place(head: Head) -> tuple[str, str, int]:
    """Return the account, Region and hour of a record; ``-`` where one is not named."""
    return _name(head.account), _name(head.region), _hour(_name(head.time)[:13])


def _name(value: object) -> str:
    return value if isinstance(value, str) and _NAME.fullmatch(value) else "-"


@lru_cache(maxsize=64)
def _hour(stamp: str) -> int:
    """Return the hour since 1970 (UTC) of ``2026-03-01T12``; ``NO_HOUR`` of anything else."""
    try:
        when = datetime.fromisoformat(f"{stamp}:00:00+00:00")
    except ValueError:
        return NO_HOUR
    return int(when.timestamp()) // 3600 if SINCE <= when < UNTIL else NO_HOUR
