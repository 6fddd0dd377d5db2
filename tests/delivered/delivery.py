"""How output becomes log events, and which of them reach the function.

A carrier turns the records of a program into the messages of log events, as a container runtime, a log router or a terminal
between the program and CloudWatch Logs does. The filters of the log group then let events through one by one; what passes is
delivered in order, all of a stream together or each event alone.
"""

import base64
import gzip
import json
import re
import textwrap
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tests.delivered.grammar import Filter

START = 1_795_600_000_000  # milliseconds since 1970, UTC
COLUMNS = 80
GROUP, STREAM = "/ecs/orders", "orders/orders/4f0c6a1d2b3e4f5a"
Records = Sequence[str]


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One event of a log stream."""

    id: str
    timestamp: int
    message: str


def as_lines(records: Records) -> list[str]:
    """One event a line: awslogs driver, Fargate, CloudWatch agent without a multi-line pattern."""
    return [line for record in records for line in record.splitlines() if line.strip()]


def as_records(records: Records) -> list[str]:
    """One event a record: Lambda, agents with a multi-line pattern."""
    return list(records)


def pretty(records: Records) -> list[str]:
    """JSON records printed over several lines; each is an event."""
    return as_lines([_pretty(record) for record in records])


def routed(records: Records) -> list[str]:
    """Fluent Bit of a Kubernetes node: the line inside JSON."""
    return [
        json.dumps(
            {
                "log": line,
                "stream": "stderr",
                "kubernetes": {"pod_name": "orders-6d8f7c9b5-x2x9k", "namespace_name": "shop"},
            }
        )
        for line in as_lines(records)
    ]


def cri(records: Records) -> list[str]:
    """containerd's log files as they are; long lines come in parts, tagged P, and end in one tagged F."""
    return [
        f"2026-11-24T10:00:00.{number:09d}Z stderr {tag} {part}"
        for number, line in enumerate(as_lines(records))
        for tag, part in _parts(line)
    ]


def docker(records: Records) -> list[str]:
    """Docker's json-file: a part without a line break at its end goes on in the next."""
    return [
        json.dumps(
            {
                "log": part + ("\n" if tag == "F" else ""),
                "stream": "stderr",
                "time": "2026-11-24T10:00:00.123456789Z",
            }
        )
        for line in as_lines(records)
        for tag, part in _parts(line)
    ]


def firelens(records: Records) -> list[str]:
    """FireLens: parts of a long line carry ``partial_message`` and the id of the message that they belong to."""
    return list(_firelens(as_lines(records)))


def _firelens(lines: list[str]) -> Iterator[str]:
    for line in lines:
        parts = _parts(line)
        message = f"{zlib.crc32(line.encode()):08x}" * 8
        for ordinal, (tag, part) in enumerate(parts, 1):
            more = (
                {"partial_message": "true", "partial_id": message, "partial_ordinal": str(ordinal)}
                if len(parts) > 1
                else {}
            )
            if more:
                more["partial_last"] = "true" if tag == "F" else "false"
            yield json.dumps({"container_name": "orders", "source": "stderr", "log": part, **more})


def syslog(records: Records) -> list[str]:
    """rsyslog in front of the agent."""
    return [
        f"<11>1 2026-11-24T10:00:00.123Z ip-10-0-3-17 orders 17 - - {line}"
        for line in as_lines(records)
    ]


def terminal(records: Records) -> list[str]:
    """A terminal of 80 columns that breaks at the column, wherever that is."""
    return [
        line[at : at + COLUMNS] for line in as_lines(records) for at in range(0, len(line), COLUMNS)
    ]


def console(records: Records) -> list[str]:
    """A console of 80 columns that breaks between words, and long words where they must break."""
    return [
        part
        for line in as_lines(records)
        for part in textwrap.wrap(line, COLUMNS, break_on_hyphens=False)
    ]


def console_record(records: Records) -> list[str]:
    """The same console, its output collected into one event."""
    return ["\n".join(console(records))]


def cut(records: Records) -> list[str]:
    """A logger or router that cuts each record at 2,048 characters."""
    return [record[:2048] for record in records]


def url_encoded_breaks(records: Records) -> list[str]:
    """rsyslog's escapes for control characters (``#012`` is a line break)."""
    return [record.replace("\n", "#012").replace("\t", "#011") for record in records]


CARRIERS: dict[str, Callable[[Records], list[str]]] = {
    f.__name__: f
    for f in (
        as_lines,
        as_records,
        pretty,
        routed,
        cri,
        docker,
        firelens,
        syslog,
        terminal,
        console,
        console_record,
        cut,
        url_encoded_breaks,
    )
}


def _pretty(record: str) -> str:
    try:
        return json.dumps(json.loads(record), indent=2)
    except ValueError:
        return record


def _parts(line: str) -> list[tuple[str, str]]:
    """Return a line in parts: cut at 16 KiB as runtimes do, and elsewhere in long lines, since buffers fill up anywhere."""
    pieces = [line[at : at + 16384] for at in range(0, len(line), 16384)]
    if len(line) > COLUMNS:
        place = 40 + zlib.crc32(line.encode()) % (len(line) - 50)
        pieces = [line[:place], line[place:]]
    return [("P", piece) for piece in pieces[:-1]] + [("F", pieces[-1])]


def events_of(messages: Sequence[str], *, key: str, start: int = START) -> tuple[LogEvent, ...]:
    """Return the events of a stream: a millisecond apart, with ids as CloudWatch Logs gives them (56 digits)."""
    base = zlib.crc32(key.encode()) << 32
    return tuple(
        LogEvent(f"3{base + i:055d}", start + i, message) for i, message in enumerate(messages)
    )


def delivered(events: Sequence[LogEvent], filters: Sequence[Filter]) -> tuple[LogEvent, ...]:
    """Return the events that the filters of the log group let through for certain, each once and in order."""
    return tuple(event for event in events if any(f.matches(event.message) for f in filters))


def payload(
    events: Sequence[LogEvent],
    *,
    owner: str = "482913570264",
    group: str = GROUP,
    stream: str = STREAM,
) -> dict[str, object]:
    """Return the function's input for one delivery (CloudWatch Logs User Guide, "Subscription filters")."""
    body = {
        "messageType": "DATA_MESSAGE",
        "owner": owner,
        "logGroup": group,
        "logStream": stream,
        "subscriptionFilters": ["KeyWatch"],
        "logEvents": [
            {"id": event.id, "timestamp": event.timestamp, "message": event.message}
            for event in events
        ],
    }
    packed = gzip.compress(json.dumps(body).encode(), compresslevel=1, mtime=0)
    return {"awslogs": {"data": base64.b64encode(packed).decode()}}


def squashed(text: str) -> str:
    """Return ``text`` without blanks, frames and colours: what it says, however it was laid out."""
    text = re.sub(
        r"\x1b\[[0-9;]*m", "", text.replace("\\n", "").replace("\\t", "").replace('\\"', '"')
    )
    return re.sub(r"[\s│╭╮╰╯─]+", "", text)
