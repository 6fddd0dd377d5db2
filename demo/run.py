"""The demo's course: deploy, let calls fail, send what CloudTrail would say, and collect the alerts until all is told."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from demo import deployment, scenarios
from demo.cloudtrail_events import Record, entry
from demo.deployment import EVENT_SOURCE, Outputs
from demo.emulator import Emulator
from demo.inbox import Inbox
from demo.scenarios import Scenario
from demo.stage import Stage
from demo.verdict import Played, Verdict, judge
from keywatch.alerts.document import Document

LOG_GROUP, LOG_STREAM = "/shop/refunds", "refunds-1"
SETTINGS = {
    "extra_event_sources": [EVENT_SOURCE],
    "search_regions": [scenarios.ELSEWHERE],
    "log_groups": [LOG_GROUP],
}
ALERT_TIMEOUT = 240.0  # a lease of 90 s must run out where a busy machine ended a container
QUEUE_TIMEOUT = 120.0
HEAL_TIMEOUT = 240.0  # what is held is looked at again after half a minute
AFTERMATH = 3.0  # for alerts that must not come
POLL = 0.3
AT_ONCE = 10  # PutEvents takes no more entries
_LAST_LINES = 40


class RunError(Exception):
    """The demo cannot go on. The message says why, with the end of the function's log."""


class Show(Protocol):
    """What tells a person, or a machine, how the demo goes."""

    def step(self, what: str) -> AbstractContextManager[None]:
        """Tell that ``what`` has begun and, on leaving, how long it took."""

    def alert(self, document: Document) -> None:
        """Show one alert."""


@dataclass
class Run:
    """One run in an emulator with a deployed stack."""

    emulator: Emulator
    outputs: Outputs
    show: Show
    inbox: Inbox = field(init=False)
    played: list[Played] = field(default_factory=list)
    alerts: list[Document] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.inbox = Inbox(self.emulator, self.outputs.AlertTopicArn)

    def play(self, *which: Scenario) -> None:
        """Play scenarios and send their events: the changes first, as in life they come long before the failures."""
        stage = Stage(self.emulator.client)
        for scenario in which:
            before = stage.told
            names = scenario.play(stage)
            self.played.append(Played(scenario, names, stage.told - before))
        self._put([entry(change, EVENT_SOURCE) for change in stage.changes])
        self._wait_until_taken()
        with batching_window(self.emulator, self.outputs.FunctionName):
            self._put([entry(failure, EVENT_SOURCE) for failure in stage.failures])
        self._log(stage.lines)

    def collect(self) -> None:
        """Receive alerts until every scenario so far has its own, or no more time is given to them."""
        self._until(lambda: not self.verdict().missing, ALERT_TIMEOUT)

    def wait_for_healing(self) -> bool:
        """Let minutes pass on KeyWatch's clock until no incident is held any more; tell whether one healed."""
        self._until(self._none_held, HEAL_TIMEOUT)
        return any(status == "healed" for status, _ in self.incidents().values())

    def watch_aftermath(self) -> None:
        """Give alerts that must not come the time to come."""
        self._wait_until_taken()
        end = time.monotonic() + AFTERMATH
        self._until(lambda: time.monotonic() > end, AFTERMATH)

    def verdict(self) -> Verdict:
        """Return how the alerts so far compare with what was expected."""
        return judge(self.played, self.alerts)

    def ask(self, request: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
        """Invoke the function directly and return its answer."""
        return self._invoke(self.outputs.FunctionName, request)

    def ask_page(self, request: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
        """Ask the function of the page, as CloudWatch does."""
        return self._invoke(self.outputs.PageFunctionName, request)

    def _invoke(self, function: str, request: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
        answer = self.emulator.client("lambda").invoke(
            FunctionName=function, Payload=json.dumps(request)
        )
        return json.loads(answer["Payload"].read())

    def send(self, record: Record) -> None:
        """Put one CloudTrail record on the bus."""
        self._put([entry(record, EVENT_SOURCE)])

    def deliver(self, event: Mapping[str, object]) -> None:
        """Put one event of AWS into the queue, past the bus, which takes it from AWS only."""
        self.emulator.client("sqs").send_message(
            QueueUrl=self.outputs.IntakeQueueUrl, MessageBody=json.dumps(event)
        )

    def incidents(self) -> dict[str, tuple[str, int]]:
        """Return status and failures of every incident in the table, by its id."""
        pages = (
            self.emulator.client("dynamodb")
            .get_paginator("scan")
            .paginate(TableName=self.outputs.IncidentTableName)
        )
        items = [
            item for page in pages for item in page["Items"] if item["item"]["S"] == "incident"
        ]
        return {
            item["incident_id"]["S"]: (item["status"]["S"], int(item["failures"]["N"]))
            for item in items
        }

    def _none_held(self) -> bool:
        self.ask({"clock": "minute"})
        return all(status != "held" for status, _ in self.incidents().values())

    def _put(self, entries: Sequence[Mapping[str, Any]]) -> None:
        events = self.emulator.client("events")
        for start in range(0, len(entries), AT_ONCE):
            answer = events.put_events(Entries=entries[start : start + AT_ONCE])
            if answer["FailedEntryCount"]:
                raise RuntimeError(f"the event bus refused an event: {answer['Entries']}")

    def _log(self, lines: Sequence[str]) -> None:
        if lines:
            now = int(time.time() * 1000)
            events = [{"timestamp": now, "message": line} for line in lines]
            self.emulator.client("logs").put_log_events(
                logGroupName=LOG_GROUP, logStreamName=LOG_STREAM, logEvents=events
            )

    def _wait_until_taken(self) -> None:
        """Wait until the function has taken every event. Raises ``RunError`` with the function's log when it does not."""
        if not self._until(self._drained, QUEUE_TIMEOUT):
            end = "\n".join(function_log(self.emulator)[-_LAST_LINES:])
            raise RunError(
                f"The function does not take events from its queue. The end of its log:\n{end}"
            )

    def _drained(self) -> bool:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        queue = self.emulator.client("sqs").get_queue_attributes(
            QueueUrl=self.outputs.IntakeQueueUrl, AttributeNames=names
        )
        return all(queue["Attributes"][name] == "0" for name in names)

    def _until(self, done: Callable[[], bool], timeout: float) -> bool:
        """Receive and show alerts until ``done`` (then ``True``) or the time is up."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            for document in self.inbox.receive():
                self.alerts.append(document)
                self.show.alert(document)
            if done():
                return True
            time.sleep(POLL)
        return False


def function_log(emulator: Emulator) -> list[str]:
    """Return what the deployed function wrote to its log groups, without Lambda's own lines."""
    logs = emulator.client("logs")
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    streams = [
        (g, stream["logStreamName"])
        for g in groups
        for stream in logs.describe_log_streams(logGroupName=g)["logStreams"]
    ]
    events = [
        event
        for g, s in streams
        for event in logs.get_log_events(logGroupName=g, logStreamName=s)["events"]
    ]
    messages = [event["message"] for event in sorted(events, key=lambda event: event["timestamp"])]
    return [
        message for message in messages if not message.startswith(("START ", "END ", "REPORT "))
    ]


def make_log_group(emulator: Emulator) -> None:
    """Make the log group of an application, which the deployment then subscribes to."""
    logs = emulator.client("logs")
    logs.create_log_group(logGroupName=LOG_GROUP)
    logs.create_log_stream(logGroupName=LOG_GROUP, logStreamName=LOG_STREAM)


@contextmanager
def batching_window(emulator: Emulator, function_name: str) -> Iterator[None]:
    """Let the queue gather what is sent meanwhile: AWS waits for a batch to fill (here 1 second), the emulator does not."""
    client = emulator.client("lambda")
    (mapping,) = client.list_event_source_mappings(FunctionName=function_name)[
        "EventSourceMappings"
    ]
    client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    try:
        yield
    finally:
        client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


def begin(emulator: Emulator, show: Show) -> Run:
    """Deploy into ``emulator``, play every scenario and collect the alerts; return the run."""
    make_log_group(emulator)
    with show.step("cdk bootstrap"):
        deployment.bootstrap(emulator)
    with show.step("cdk deploy"):
        outputs = deployment.deploy(emulator, SETTINGS)
    run = Run(emulator, outputs, show)
    with show.step(scenarios.HEALS.title):
        run.play(scenarios.HEALS)
    with show.step(
        f"{len(scenarios.ALERTS)} failures, {len(scenarios.QUIET)} calls that need no alert"
    ):
        run.play(*scenarios.ALERTS, *scenarios.QUIET)
        run.collect()
    with show.step(scenarios.STORM.title):
        run.play(scenarios.STORM)
        run.collect()
    return run


def end(run: Run, show: Show) -> bool:
    """Wait for what takes its time, and for what must not come; return whether the held incident healed."""
    with show.step("the key that was used too early is checked again, half a minute later"):
        healed = run.wait_for_healing()
    with show.step("no other alert may arrive"):
        run.watch_aftermath()
    return healed
