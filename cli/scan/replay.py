"""Found failures, put on an event bus under a private source, to try a deployment with one's own history (``--to-bus``).

Limits are those of PutEvents (EventBridge API Reference): ten entries a request, and 256 KB of all
together, the older and smaller of the sizes that AWS has named. Nobody but AWS may put events
whose source begins with ``aws.``; the deployment lets in those that ``extra_event_sources`` names.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import Any

from keywatch.model.text import counted, one_line
from keywatch.sources.replayed import is_private

from .log_file import parsed

AT_ONCE = 10  # entries of a request
MOST_BYTES = 256_000  # of a request
ATTEMPTS = 6  # for an entry that is refused for a while
PATIENCE = 0.5  # seconds before the second attempt; doubled before each further one
DOLLARS_A_MILLION = 1.0  # list price of custom events in us-east-1, 2025; https://aws.amazon.com/eventbridge/pricing/
_FOR_GOOD = frozenset(
    {
        "AccessDeniedException",
        "InvalidAccountIdException",
        "InvalidArgument",
        "MalformedDetail",
        "NotAuthorizedForDetailTypeException",
        "NotAuthorizedForSourceException",
        "RedactionFailure",
    }
)  # PutEventsResultEntry: what trying again does not help

Entry = dict[str, str]


class NotReplayed(Exception):
    """The bus takes no events. The message says why."""


@dataclass(frozen=True, slots=True)
class Bus:
    """Where events go: the bus by its name or ARN, under which source, and the most a second."""

    source: str
    name: str = "default"
    a_second: float = 100.0


@dataclass(slots=True)
class Outcome:
    """What became of the events: how many the bus took, how many were sent once more, and what was left out, by reason."""

    put: int = 0
    again: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    stopped: str = ""

    def sentence(self) -> str:
        """Return it in words."""
        said = f"Put {counted(self.put, 'event')}."
        if self.again:
            said += f" {counted(self.again, 'time')} one was refused for a while and sent again."
        for reason, count in self.left_out.most_common():
            said += f" Not put: {counted(count, 'event')} ({reason})."
        return f"{said} Stopped: {self.stopped}" if self.stopped else said


def source_problem(source: str) -> str | None:
    """Return why events cannot be put under ``source``; ``None`` where they can."""
    if source.startswith("aws."):
        return f"{source} begins with aws., which only AWS can send; name a private source, such as keywatch.replay"
    if not is_private(source):
        return "an event source has up to 64 letters, digits, and . - _ /"
    return None


def plan(failures: int, changes: int, bus: Bus, region: str) -> str:
    """Return in words what will be put, how long that takes, and what it costs."""
    events = failures + changes
    seconds = events / bus.a_second
    takes = f"{seconds / 60:,.0f} minutes" if seconds >= 90 else f"{seconds:,.0f} seconds"  # noqa: PLR2004 - as people speak
    parts = f"{counted(failures, 'failure')} and {counted(changes, 'change')} of what failed"
    where = f"on the bus {bus.name} in {region} as {bus.source}"
    return (
        f"To put: {counted(events, 'event')} ({parts}) {where}, at most {bus.a_second:g} a second: "
        f"about {takes}, about ${events / 1e6 * DOLLARS_A_MILLION:,.2f} (list price of us-east-1)."
    )


def entry(record: bytes, bus: Bus) -> Entry | None:
    """Return the PutEvents entry of a record of CloudTrail; ``None`` where the record cannot be read."""
    fields = parsed(record)
    if not fields:
        return None
    of_service = fields.get("eventType") == "AwsServiceEvent"
    return {
        "Source": bus.source,
        "DetailType": f"AWS {'Service Event' if of_service else 'API Call'} via CloudTrail",
        "Detail": json.dumps(fields, separators=(",", ":")),
        "EventBusName": bus.name,
    }


def size_of(one: Entry) -> int:
    """Return the size of an entry in bytes as EventBridge counts it (User Guide, "Calculating PutEvents event entry size")."""
    return sum(len(one[part].encode()) for part in ("Source", "DetailType", "Detail"))


def requests(entries: Iterable[Entry], outcome: Outcome) -> Iterator[list[Entry]]:
    """Yield entries as requests take them; what is too large for any is counted into ``outcome``."""
    request: list[Entry] = []
    size = 0
    for one in entries:
        length = size_of(one)
        if length > MOST_BYTES:
            outcome.left_out["larger than 256 KB"] += 1
            continue
        if request and (len(request) == AT_ONCE or size + length > MOST_BYTES):
            yield request
            request, size = [], 0
        request.append(one)
        size += length
    if request:
        yield request


class Replay:
    """Puts records on a bus. ``client`` is a boto3 client of EventBridge; ``clock`` counts seconds of any origin."""

    def __init__(
        self,
        client: Any,  # noqa: ANN401 - boto3's clients have no static type
        bus: Bus,
        wait: Callable[[float], object] = sleep,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._client, self._bus, self._wait, self._clock = client, bus, wait, clock

    def check(self) -> None:
        """Raise ``NotReplayed`` where there is no such bus: PutEvents itself does not say so."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self._client.describe_event_bus(Name=self._bus.name)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                raise NotReplayed(f"There is no event bus {self._bus.name}.") from error
            # Who may put events need not be allowed to look at the bus.
        except BotoCoreError as error:
            raise NotReplayed(f"EventBridge cannot be asked: {error}") from error

    def run(self, records: Iterable[bytes], done: Callable[[int], object]) -> Outcome:
        """Put all records, in their order, as fast as it may be; call ``done`` with how many more were tried."""
        from botocore.exceptions import BotoCoreError, ClientError

        outcome, began, tried = Outcome(), self._clock(), 0
        try:
            for request in requests(self._entries(records, outcome), outcome):
                self._wait(max(0.0, began + tried / self._bus.a_second - self._clock()))
                self._put(request, outcome)
                tried += len(request)
                done(len(request))
        except (ClientError, BotoCoreError) as error:
            outcome.stopped = one_line(str(error), 500)
        return outcome

    def _entries(self, records: Iterable[bytes], outcome: Outcome) -> Iterator[Entry]:
        for record in records:
            if made := entry(record, self._bus):
                yield made
            else:
                outcome.left_out["cannot be read any more"] += 1

    def _put(self, request: Sequence[Entry], outcome: Outcome) -> None:
        """Put a request; what is refused for a while is tried again, later and later."""
        left: Sequence[Entry] = request
        for attempt in range(ATTEMPTS):
            if attempt:
                self._wait(PATIENCE * 2 ** (attempt - 1))
            answers = self._client.put_events(Entries=left)["Entries"]
            refused = [
                (one, str(answer["ErrorCode"]))
                for one, answer in zip(left, answers, strict=True)
                if answer.get("ErrorCode")
            ]
            outcome.put += len(left) - len(refused)
            outcome.left_out.update(code for _, code in refused if code in _FOR_GOOD)
            left = [one for one, code in refused if code not in _FOR_GOOD]
            if not left:
                return
            outcome.again += len(left) if attempt < ATTEMPTS - 1 else 0
        outcome.left_out.update(code for _, code in refused if code not in _FOR_GOOD)
