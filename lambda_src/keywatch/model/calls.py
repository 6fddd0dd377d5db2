"""Which calls were counted lately, in bounded room, so that none is counted twice. Pure.

A call comes by the trail, by a log, or again after an outage; what it has in common is its request
id. Of the last calls six bytes each are remembered: of a million calls two differ in none of them
with a probability of one to 560.
"""

import base64
import hashlib
from collections.abc import Iterable

SIZE = 6
MOST = 256


def mark_of(call: str) -> bytes:
    """Return what is remembered of a request id (or of an event id, where no request id is known)."""
    return hashlib.blake2b(call.encode("utf-8", "replace"), digest_size=SIZE).digest()


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
