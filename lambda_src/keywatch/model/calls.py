"""Which calls were counted lately, in bounded room, so that none is counted twice. Pure.

A call comes by the trail, by a log, or again after an outage. AWS's record has its request id; a log
line may print it, and else has nothing in common with the record but the cause and the second. Of
the last calls six bytes each are remembered: of a million calls two differ in none of them with a
probability of one to 560.
"""

import base64
import hashlib
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

SIZE = 6
MOST = 256
LATE = 2  # seconds by which a program prints an error later than AWS answered it


class CallMarks(
    NamedTuple
):  # made for each call of a storm: a frozen dataclass takes three times as long
    """What is remembered of one call, and how it may be known already.

    ``own`` is the same each time that this event is delivered; ``others`` are remembered for what
    else may tell of the call; ``twins`` are the marks that this something else left, if it did.
    """

    own: bytes
    others: tuple[bytes, ...] = ()
    twins: frozenset[bytes] = frozenset()

    @property
    def all(self) -> tuple[bytes, ...]:
        """Return what is remembered."""
        return (self.own, *self.others)


def mark_of(call: str) -> bytes:
    """Return what is remembered of a request id (or of an event id, where no request id is known)."""
    return hashlib.blake2b(call.encode("utf-8", "replace"), digest_size=SIZE).digest()


def marks_of_record(call: str, cause: str, when: datetime) -> CallMarks:
    """Return the marks of AWS's record of a call; a log may have told of it in the seconds after it."""
    second = int(when.timestamp())
    twins = _logged_since(cause, second) | {mark_of(_printed(call))}
    return CallMarks(mark_of(call), (_mark_of_moment("record", cause, second),), twins)


def marks_of_line(event: str, requests: Iterable[str], cause: str, when: datetime) -> CallMarks:
    """Return the marks of a log line about a call; ``requests`` are the request ids that it prints."""
    second, ids = int(when.timestamp()), tuple(requests)
    recorded = {*ids, *(_moment("record", cause, second - late) for late in range(LATE + 1))}
    others = (_moment("log", cause, second), *map(_printed, ids))
    return CallMarks(mark_of(event), tuple(map(mark_of, others)), frozenset(map(mark_of, recorded)))


@lru_cache(maxsize=4_096)
def _mark_of_moment(source: str, cause: str, second: int) -> bytes:
    """Return the mark of a moment; in a storm thousands of calls share one."""
    return mark_of(_moment(source, cause, second))


@lru_cache(maxsize=1_024)
def _logged_since(cause: str, second: int) -> frozenset[bytes]:
    return frozenset(_mark_of_moment("log", cause, second + late) for late in range(LATE + 1))


def _moment(source: str, cause: str, second: int) -> str:
    return f"{source}|{cause}|{second}"


def _printed(request: str) -> str:
    return f"printed|{request}"


def remember(known: tuple[bytes, ...], more: Iterable[bytes]) -> tuple[bytes, ...]:
    """Return the last marks, oldest first."""
    return tuple(dict.fromkeys((*known, *more)))[-MOST:]


def dump_marks(marks: Iterable[bytes]) -> str:
    """Return marks as text of at most 2 KiB."""
    return base64.b64encode(b"".join(marks)).decode()


def load_marks(text: str) -> tuple[bytes, ...]:
    """Return the marks that ``dump_marks`` wrote; raises ``ValueError`` on text that is no base64."""
    joined = base64.b64decode(text, validate=True)
    return tuple(joined[at : at + SIZE] for at in range(0, len(joined), SIZE))
