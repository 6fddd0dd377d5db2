"""What became of incidents: a line for each message and each turn, and a record of each incident that ended.

The lines of one incident lie in a partition of their own. The records lie by the day on which the
incident ended, so that a list reads only the days that it is about. Both are kept as long as the
setting ``keep_incidents_days`` says. History is of use when all is over: that a line could not be
written is counted and holds up nothing.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.model.incident import Incident
from keywatch.model.signals import Subject
from keywatch.store.incident_items import UnreadableItemError, epoch, readable, seconds
from keywatch.store.table import Attribute, Item, Table, time_of

T = TypeVar("T")

Unreadable = Callable[[Item, Exception], None]


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """What happened to an incident, and how it was then. ``when`` is UTC.

    ``what`` is the status of a message (``opened``, ``reminder``, ``changed``, ``resolved``), or
    ``silenced``, ``healed``, ``ended`` for what nobody was told; of a group it is ``group``. ``detail``
    is the id of a silence, or says how many subjects a message counted.
    """

    incident: str
    subject: Subject
    when: datetime
    what: str
    cause: str
    severity: str
    failures: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class EndedIncident:
    """An incident that ended. Times are UTC; ``opened_at`` is when people were told first, ``None`` where they never were."""

    id: str
    subject: Subject
    status: str
    cause: str
    severity: str
    failures: int
    first_seen: datetime
    last_seen: datetime
    ended_at: datetime
    opened_at: datetime | None = None
    owner: str | None = None
    group: str | None = None


class HistoryTable:
    """The history. ``note`` and ``ended`` never raise; what reads raises botocore's errors when DynamoDB does not answer.

    ``unreadable`` is told of each item that cannot be read; ``count`` takes the name of a metric to
    add one to, while the exception that it is about is handled.
    """

    def __init__(
        self,
        table: Table,
        keep: timedelta,
        unreadable: Unreadable,
        count: Callable[[str], None],
    ) -> None:
        self._table, self._keep, self._unreadable, self._count = table, keep, unreadable, count

    def note(self, incident: Incident, what: str, when: datetime, detail: str = "") -> None:
        """Add a line to the history of an incident, as it is now."""
        cause = incident.cause or incident.latest_cause
        severity = incident.severity or ""
        subject = incident.subject
        self.add(
            HistoryLine(
                incident.id, subject, when, what, cause, severity, incident.failures, detail
            )
        )

    def add(self, line: HistoryLine) -> None:
        """Add a line to the history of an incident, or of a group by its id."""
        texts = {
            "what": line.what,
            "of": line.subject.id,
            "cause": line.cause,
            "severity": line.severity,
            "detail": line.detail,
        }
        self._put(
            _partition_of(line.incident),
            f"{_stamp(line.when)}#{line.what}",
            {"when": epoch(line.when), "failures": {"N": str(line.failures)}} | _texts(texts),
            line.when,
        )

    def ended(self, incident: Incident, status: str, now: datetime) -> None:
        """Record that an incident ended."""
        texts = {
            "incident_id": incident.id,
            "of": incident.subject.id,
            "status": status,
            "cause": incident.cause or incident.latest_cause,
            "severity": incident.severity or "",
            "owner": incident.owner or "",
            "group": incident.group or "",
        }
        opened = incident.openings[-1:] or ((incident.sent_at,) if incident.sent_at else ())
        times = {
            "first_seen": incident.first_seen,
            "last_seen": incident.last_seen,
            "ended_at": now,
            **({"opened_at": opened[0]} if opened else {}),
        }
        written = {name: epoch(when) for name, when in times.items()}
        failures = {"failures": {"N": str(incident.failures)}}
        key = f"{_stamp(now)}#{incident.id}"
        self._put(_partition_of_day(now), key, written | failures | _texts(texts), now)

    def _put(
        self, partition: Attribute, key: str, attributes: dict[str, Attribute], when: datetime
    ) -> None:
        expires = {"expires_at": seconds(when + self._keep)}
        try:
            self._table.put({"subject": partition, "item": {"S": key}} | attributes | expires)
        except (ClientError, BotoCoreError):
            self._count("HistoryLost")

    def lines(self, incident_id: str) -> list[HistoryLine]:
        """Return the history of an incident, oldest first."""
        items = self._items(_partition_of(incident_id))
        return list(self._readable(lambda item: _line_of(incident_id, item), items))

    def ended_on(self, day: datetime, most: int) -> list[EndedIncident]:
        """Return up to ``most`` incidents that ended on that day (UTC), the newest first."""
        items = self._items(_partition_of_day(day), ScanIndexForward=False)
        return list(islice(self._readable(_ended_of, items), most))

    def _items(self, partition: Attribute, **how: Any) -> Iterator[Item]:  # noqa: ANN401 - the arguments of Query
        pages = self._table.pages(
            KeyConditionExpression="subject = :partition",
            ExpressionAttributeValues={":partition": partition},
            **how,
        )
        return chain.from_iterable(pages)

    def _readable(self, read: Callable[[Item], T], items: Iterable[Item]) -> Iterator[T]:
        for item in items:
            try:
                yield readable(read, item)
            except UnreadableItemError as error:
                self._unreadable(item, error)


def _partition_of(incident_id: str) -> Attribute:
    return {"S": f"history|{incident_id}"}


def _partition_of_day(day: datetime) -> Attribute:
    return {"S": f"ended|{day:%Y-%m-%d}"}


def _stamp(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S.%f")


def _texts(texts: dict[str, str]) -> dict[str, Attribute]:
    return {name: {"S": text} for name, text in texts.items() if text}


def _text(item: Item, name: str) -> str:
    return str(item[name]["S"]) if name in item else ""


def _line_of(incident_id: str, item: Item) -> HistoryLine:
    return HistoryLine(
        incident=incident_id,
        subject=Subject.from_id(item["of"]["S"]),
        when=time_of(item["when"]),
        what=item["what"]["S"],
        cause=_text(item, "cause"),
        severity=_text(item, "severity"),
        failures=int(item["failures"]["N"]),
        detail=_text(item, "detail"),
    )


def _ended_of(item: Item) -> EndedIncident:
    return EndedIncident(
        id=item["incident_id"]["S"],
        subject=Subject.from_id(item["of"]["S"]),
        status=item["status"]["S"],
        cause=_text(item, "cause"),
        severity=_text(item, "severity"),
        failures=int(item["failures"]["N"]),
        first_seen=time_of(item["first_seen"]),
        last_seen=time_of(item["last_seen"]),
        ended_at=time_of(item["ended_at"]),
        opened_at=time_of(item["opened_at"]) if "opened_at" in item else None,
        owner=_text(item, "owner") or None,
        group=_text(item, "group") or None,
    )
