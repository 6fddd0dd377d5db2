"""CloudWatch Logs deliveries: gzip in base64, each log event searched for failures on KMS keys.

Shape: CloudWatch Logs User Guide, "Subscription filters": ``messageType, owner, logGroup,
logStream, logEvents[{id, timestamp, message}]``. ``CONTROL_MESSAGE`` only probes whether the
destination answers. The gzip stream may have several members. A delivery that cannot be read is a
value, never an exception: CloudWatch Logs would send it again for a day.
"""

import base64
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache

from keywatch.model.identifiers import parse, partition_of
from keywatch.model.signals import REPORTED, Caller, KeyFailure, Signal, Unrelated
from keywatch.parsing.logs.errors import read_text
from keywatch.parsing.logs.logged_error import LoggedError
from keywatch.sources.callers import denied_principal
from keywatch.sources.fields import mapping, text
from keywatch.sources.log_calls import Call, Place, distinct_calls, records, without_excused
from keywatch.sources.log_joins import readings
from keywatch.sources.own_words import own_lines
from keywatch.sources.source import EPOCH, Event, Reception, Source
from keywatch.sources.subjects import subject_of

MAX_BYTES = 20_000_000  # unpacked; Lambda takes 6 MB of base64, which may hold far more
_GZIP = 31  # zlib's window size that stands for a gzip member


MAX_PLACES = 100_000  # of one delivery, that are looked at; an ordinary record has one or two


class Budget:
    """How much of one delivery may be read, whatever its texts hold, so that later ones are not kept waiting.

    Twenty seconds: no record is begun after sixteen, and one of them takes three at most, a quarter
    of one mostly. ``clock`` gives seconds. And ``places`` that look like errors, however fast they
    are read. What is left unread is counted (``Ignored.log_not_read``, ``Ignored.log_read_in_part``)
    and lost: the log has it still.
    """

    def __init__(
        self, clock: Callable[[], float], seconds: float = 16.0, places: int = MAX_PLACES
    ) -> None:
        self._clock, self._end, self._places = clock, clock() + seconds, places
        self.in_part = 0

    def has_left(self) -> bool:
        """Tell whether another record may be read."""
        return self._clock() < self._end and self._places > 0

    def read(self, text: str) -> tuple[LoggedError, ...]:
        """Return the failures that ``text`` tells of, and take what reading it cost off the budget."""
        reading = read_text(text)
        self._places -= reading.places
        self.in_part += reading.left_some
        return reading.errors


def read_delivery(event: Event, reception: Reception) -> tuple[Signal, ...]:
    """Return what the log events of ``{"awslogs": {"data": …}}`` say about keys; never raises.

    The Region of ``reception`` is that of the log group, used where a line does not name the Region
    that it called. Deliveries of its own log group are dropped, and what KeyWatch itself emitted
    (calls of its own role among it) wherever it is logged: both quote KMS errors.
    """
    budget = Budget(reception.clock)
    payload = _unpacked(mapping(event.get("awslogs")).get("data"))
    if payload is None:
        return (Unrelated("log_delivery_unreadable"),)
    if payload.get("messageType") == "CONTROL_MESSAGE":
        return (Unrelated("control_message"),)
    events = payload.get("logEvents")
    if payload.get("messageType") != "DATA_MESSAGE" or not isinstance(events, list):
        return (Unrelated("unknown_shape"),)
    if reception.own_log_group and payload.get("logGroup") == reception.own_log_group:
        return (Unrelated("own_log"),)
    return tuple(_read_events([mapping(item) for item in events], payload, reception, budget))


DELIVERIES = Source("CloudWatch Logs deliveries", lambda event: "awslogs" in event, read_delivery)


def _unpacked(data: object) -> Mapping[str, object] | None:
    """Return the JSON object in a delivery's data; ``None`` where it is not gzip, not JSON, or too large."""
    if not isinstance(data, str):
        return None
    try:
        body = b"".join(_members(base64.b64decode(data, validate=True)))
        return mapping(json.loads(body)) or None
    except (ValueError, zlib.error, RecursionError):
        return None


def _members(packed: bytes) -> Iterator[bytes]:
    """Unpack every gzip member of ``packed``; raises ``ValueError`` beyond ``MAX_BYTES`` in all."""
    left = MAX_BYTES
    while packed:
        member = zlib.decompressobj(_GZIP)
        part = member.decompress(packed, left + 1)
        left -= len(part)
        if left < 0 or not member.eof:
            raise ValueError("too large or cut off")
        yield part
        packed = member.unused_data


def _read_events(
    items: Sequence[Mapping[str, object]],
    payload: Mapping[str, object],
    reception: Reception,
    budget: Budget,
) -> Iterator[Signal]:
    """Yield the failing calls of a delivery, each once, then why the other records say nothing about a key."""
    texts, ignored = _texts_of(items, reception)
    found: list[Call] = []
    other: list[Place] = []
    read = lru_cache(maxsize=10_000)(budget.read)  # a line that is repeated is read once
    for place, errors in readings(records(texts), read, budget.has_left):
        if errors:
            found += [Call(place, error) for error in errors]
        elif errors is None:
            ignored.append(Unrelated("log_not_read"))
        else:
            other.append(place)
            ignored.append(Unrelated("log_without_key_error"))
    found = without_excused(found, other)
    seen: Counter[int] = Counter()
    for call in distinct_calls(found):
        number = call.place.number
        failure = _failure(call.error, seen[number], items[number], payload, reception.region)
        yield replace(failure, printed_ids=tuple(sorted(call.place.request_ids)))
        seen[number] += 1
    yield from ignored
    yield from [Unrelated("log_read_in_part")] * budget.in_part


def _texts_of(
    items: Sequence[Mapping[str, object]], reception: Reception
) -> tuple[list[tuple[int, int, str]], list[Signal]]:
    """Return number, time (milliseconds) and text of the log events to be read, and why the others are not."""
    texts: list[tuple[int, int, str]] = []
    ignored: list[Signal] = []
    for number, item in enumerate(items):
        message = item.get("message")
        if isinstance(message, str):
            texts.append((number, _milliseconds(item.get("timestamp")), message))
        else:
            ignored.append(Unrelated("unknown_shape"))
    own = own_lines(
        [(time, message) for _, time, message in texts], reception.own_roles, reception.look_ups_by
    )
    ignored += [Unrelated("own_words")] * len(own)
    return [text for place, text in enumerate(texts) if place not in own], ignored


def _milliseconds(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _failure(
    error: LoggedError,
    number: int,
    item: Mapping[str, object],
    payload: Mapping[str, object],
    region: str,
) -> KeyFailure:
    owner, group = text(payload.get("owner"), 20), text(payload.get("logGroup")) or "unknown"
    event_id = text(item.get("id"), 64) or ""
    caller = Caller(f"log group {group}", account=owner)
    called = error.called_region or region
    classification = error.classification
    subject = subject_of(
        classification=classification,
        identifier=error.identifier,
        key_arn=classification.key_arn,
        account=owner,
        region=called,
        key_store=error.key_store,
        caller=denied_principal(error.message) or caller.principal,
    )
    return KeyFailure(
        source=REPORTED,
        event_id=f"{event_id}-{number}" if number else event_id,
        time=_time(item.get("timestamp")),
        classification=classification,
        subject=subject,
        caller=caller,
        partition=_partition(error, called),
        account=owner,
        region=called,
        operation=error.operation,
        error_code=error.code,
        error_message=error.message,
        identifier=error.identifier,
        key_arn=classification.key_arn,
        key_store=error.key_store,
        resource=f"{group}:{text(payload.get('logStream')) or ''}",
    )


def _time(milliseconds: object) -> datetime:
    """Return the time of a log event (milliseconds since 1970, UTC); the epoch for anything else."""
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int):
        return EPOCH
    try:
        return EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return EPOCH


def _partition(error: LoggedError, region: str) -> str:
    named = error.classification.key_arn or error.classification.alias_arn
    return (parse(named).partition if named else None) or partition_of(region)
