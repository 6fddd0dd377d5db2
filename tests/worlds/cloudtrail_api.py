"""CloudTrail's LookupEvents as the API is: one attribute, 50 events a page, newest first, 90 days, minutes late.

A busy key's uses are made when a page holds them: a million Decrypts cost nothing to keep.
"""

import heapq
import json
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from tests.worlds.clock import Dice
from tests.worlds.errors import AwsError

KEPT = timedelta(days=90)
PAGE = 50
ATTRIBUTES = frozenset(
    {
        "EventId",
        "EventName",
        "ReadOnly",
        "Username",
        "ResourceType",
        "ResourceName",
        "EventSource",
        "AccessKeyId",
    }
)
Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Busy:
    """A key that is used ``every`` so often from ``begins`` to ``ends``: its Decrypts, newest first, by number."""

    key_arn: str
    begins: datetime
    ends: datetime
    every: timedelta
    record: Callable[
        [str, datetime, int], Record
    ]  # key ARN, time, number → the record of one Decrypt

    def newest_first(self, until: datetime) -> Iterator[tuple[float, "Busy", int]]:
        last = int((min(until, self.ends) - self.begins) / self.every)
        start, step = self.begins.timestamp(), self.every.total_seconds()
        for number in range(last, -1, -1):
            yield -(start + number * step), self, number


@dataclass
class CloudTrailApi:
    """Event history of one account and Region. Records are added with ``add``; each shows only after its own delay."""

    now: Callable[[], datetime]
    dice: Dice
    records: list[tuple[float, datetime, Record]] = field(
        default_factory=list
    )  # -time, shown from, record
    busy: list[Busy] = field(default_factory=list)
    pages: int = 0
    _tokens: dict[str, tuple[str, int]] = field(default_factory=dict)
    _sorted: bool = True

    def add(self, record: Record, when: datetime) -> None:
        """Keep a record; it can be looked up 2 to 5 minutes later, sometimes after 15."""
        shown = shown_from(self.dice, record["eventID"], when)
        self.records.append((-when.timestamp(), shown, record))
        self._sorted = False

    def lookup_events(
        self,
        LookupAttributes: list[dict[str, str]] | None = None,
        StartTime: datetime | None = None,
        EndTime: datetime | None = None,
        MaxResults: int = PAGE,
        NextToken: str | None = None,
        **_: Any,
    ) -> dict[str, Any]:
        attributes = LookupAttributes or []
        if len(attributes) > 1 or any(a.get("AttributeKey") not in ATTRIBUTES for a in attributes):
            raise AwsError(
                "InvalidLookupAttributesException",
                "You can only use one lookup attribute at a time.",
            )
        if not 1 <= MaxResults <= PAGE:
            raise AwsError("InvalidMaxResultsException", "MaxResults must be between 1 and 50.")
        start = max(_aware(StartTime) or datetime.min.replace(tzinfo=UTC), self.now() - KEPT)
        end = min(_aware(EndTime) or self.now(), self.now())
        if StartTime and EndTime and start > end:
            raise AwsError("InvalidTimeRangeException", "The start time is after the end time.")
        question = repr((attributes, StartTime, EndTime))
        skip = self._place(NextToken, question)
        self.pages += 1
        attribute = (
            (attributes[0]["AttributeKey"], attributes[0]["AttributeValue"])
            if attributes
            else ("", "")
        )
        found = list(islice(self._matching(attribute, start, end), skip, skip + MaxResults + 1))
        answer: dict[str, Any] = {"Events": [_event(record) for record in found[:MaxResults]]}
        if len(found) > MaxResults:
            token = f"token-{len(self._tokens)}"
            self._tokens[token] = (question, skip + MaxResults)
            answer["NextToken"] = token
        return answer

    def _place(self, token: str | None, question: str) -> int:
        if token is None:
            return 0
        asked, skip = self._tokens.get(token, ("", 0))
        if asked != question:
            raise AwsError(
                "InvalidNextTokenException", "The token does not belong to this request."
            )
        return skip

    def _matching(
        self, attribute: tuple[str, str], start: datetime, end: datetime
    ) -> Iterator[Record]:
        if not self._sorted:
            self.records.sort(key=lambda entry: entry[0])
            self._sorted = True
        first = bisect_left(self.records, -end.timestamp(), key=lambda entry: entry[0])
        for negative, number, what in heapq.merge(
            self._kept(attribute, first), *self._used(attribute, end), key=_by_time
        ):
            if -negative < start.timestamp():
                return
            yield (
                what.record(what.key_arn, datetime.fromtimestamp(-negative, UTC), number)
                if isinstance(what, Busy)
                else what
            )

    def _kept(self, attribute: tuple[str, str], first: int) -> Iterator[tuple[float, int, Any]]:
        now = self.now()
        for negative, shown, record in islice(self.records, first, None):
            if shown <= now and _matches(record, *attribute):
                yield negative, 0, record

    def _used(
        self, attribute: tuple[str, str], end: datetime
    ) -> Iterator[Iterator[tuple[float, int, Any]]]:
        late = min(end, self.now() - timedelta(minutes=3))
        for busy in self.busy:
            sample = busy.record(busy.key_arn, busy.begins, 0)
            if _matches(sample, *attribute):
                yield ((negative, number, one) for negative, one, number in busy.newest_first(late))


def shown_from(dice: Dice, event_id: str, when: datetime) -> datetime:
    """Return from when an event can be looked up."""
    roll = dice.roll("ingested", event_id)
    late = 120 + 180 * roll if roll < 0.9 else 300 + 6000 * (roll - 0.9)
    return when + timedelta(seconds=late)


def _by_time(entry: tuple[float, int, Any]) -> float:
    return entry[0]


def _aware(when: datetime | None) -> datetime | None:
    return when.replace(tzinfo=UTC) if when and when.tzinfo is None else when


def _user(record: Record) -> str:
    identity = record.get("userIdentity", {})
    session = (
        identity.get("arn", "").rpartition("/")[2] if identity.get("type") == "AssumedRole" else ""
    )
    return str(
        identity.get("userName")
        or session
        or identity.get("invokedBy")
        or identity.get("principalId")
        or ""
    )


def _matches(record: Record, key: str, value: str) -> bool:
    resources = record.get("resources") or ()
    if key == "ResourceName":
        return any(value in {r["ARN"], r["ARN"].rpartition("/")[2]} for r in resources)
    return {
        "": lambda: True,
        "EventName": lambda: record["eventName"] == value,
        "EventId": lambda: record["eventID"] == value,
        "EventSource": lambda: record["eventSource"] == value,
        "ReadOnly": lambda: str(record.get("readOnly", "")).lower() == value.lower(),
        "Username": lambda: _user(record) == value,
        "ResourceType": lambda: any(r.get("type") == value for r in resources),
        "AccessKeyId": lambda: record.get("userIdentity", {}).get("accessKeyId") == value,
    }[key]()


def _event(record: Record) -> dict[str, Any]:
    event = {
        "EventId": record["eventID"],
        "EventName": record["eventName"],
        "ReadOnly": str(record.get("readOnly", False)).lower(),
        "EventTime": datetime.fromisoformat(record["eventTime"]),
        "EventSource": record["eventSource"],
        "Resources": [
            {"ResourceType": r.get("type", ""), "ResourceName": r["ARN"]}
            for r in record.get("resources") or ()
        ],
        "CloudTrailEvent": json.dumps(record),
    }
    name, key = _user(record), record.get("userIdentity", {}).get("accessKeyId")
    return event | ({"Username": name} if name else {}) | ({"AccessKeyId": key} if key else {})
