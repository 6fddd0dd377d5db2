"""One scenario as it runs: time passes, AWS changes, the function is invoked, and all that it did is written down."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from io import StringIO
from typing import Any

from moto.backends import get_backend

from . import aws, house
from .aws import ACCOUNT, AWS, REGION, TABLE
from .kms import Kms
from .moment import MOMENT, START

Items = list[dict[str, Any]]
Left = dict[str, Any]  # what a version left at a handover: {"at": when, "items": its table}


class Heard(StringIO):
    """Standard output of the function: its metrics and its log."""

    def drain(self) -> list[dict[str, Any]]:
        lines = self.getvalue().splitlines()
        self.seek(0)
        self.truncate()
        return [_read(line) for line in lines if line.strip()]


def _read(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        return {"line": line}
    if not isinstance(value, dict):
        return {"line": line}
    if "_aws" in value:
        names = sorted(
            m["Name"] for group in value["_aws"]["CloudWatchMetrics"] for m in group["Metrics"]
        )
        return {
            "metrics": {name: value[name] for name in names},
            "dimensions": value["_aws"]["CloudWatchMetrics"][0]["Dimensions"],
        }
    error = {"exception": value["exception_name"]} if "exception_name" in value else {}
    return {"log": f"{value.get('level')} {value.get('message')}", **error}


HEARD = Heard()


@dataclass
class Scene:
    """A scenario in progress. ``steps`` is what the tree did, by label."""

    name: str
    resumed: Left | None = None
    steps: dict[str, str] = field(default_factory=dict)
    handed: Left | None = None
    kms: Kms = field(default_factory=Kms)
    _active: bool = True
    _table: Items = field(default_factory=list)
    _count: int = 0

    def __post_init__(self) -> None:
        self._active = self.resumed is None
        MOMENT.now = START
        AWS.scripts.clear()
        AWS.drain()
        self.kms.install()
        self.answers("sns", "Publish", {"MessageId": "m-1"})
        self.answers("cloudtrail", "LookupEvents", {"Events": []})
        _fresh_table()
        house.cold_start({})

    def answers(
        self, service: str, operation: str, script: aws.Script, region: str | None = None
    ) -> None:
        AWS.scripts[(service, operation, region) if region else (service, operation)] = script

    def passes(self, service: str, operation: str) -> None:
        """Let the emulator answer again."""
        AWS.scripts.pop((service, operation), None)

    def settings(self, **variables: str) -> None:
        house.cold_start(variables)

    def wait(self, **span: float) -> None:
        MOMENT.wait(**span)

    def handover(self, **variables: str) -> None:
        """Here another version may go on with what this one stored."""
        if self.resumed is not None:
            MOMENT.now = datetime.fromisoformat(self.resumed["at"])
            for item in self.resumed["items"]:
                self.store(item)
            self._table = self.resumed["items"]
            self._active = True
        else:
            self.handed = {"at": MOMENT.now.isoformat(), "items": self.items()}
        house.cold_start(variables)

    def invoke(self, event: object, label: str) -> Any:
        """Invoke the function and write down its answer, AWS calls, metrics, log lines, and what it stored."""
        return self._done(label, lambda: house.invoke(event))

    def command(self, *arguments: str, stdin: str = "") -> None:
        """Run the command line, which calls the function as if it were deployed; write down what it printed."""
        self._done(" ".join(("./keywatch", *arguments)), lambda: house.command(arguments, stdin))

    def _done(self, label: str, do: Callable[[], Any]) -> Any:
        self._count += 1
        if not self._active:
            return None
        HEARD.drain()
        AWS.drain()
        answer, raised = None, {}
        try:
            answer = do()
        except Exception as error:  # noqa: BLE001 - whatever it raises is what it does
            raised = {"raised": str(error)}
        shown = aws.opened(answer) if isinstance(answer, str) else answer
        did = {"at": MOMENT.now, "answer": shown} | raised
        did |= {"calls": AWS.drain(), "heard": HEARD.drain()} | self._stored()
        self.steps[f"{self.name} / {self._count:03} {label}"] = aws.as_json(did)
        return answer

    def items(self) -> Items:
        """Return every item of the table as it is stored."""
        stored = get_backend("dynamodb")[ACCOUNT][REGION].tables[TABLE].all_items()
        items = json.loads(json.dumps([item.to_json()["Attributes"] for item in stored]))
        plain = [{name: item[name] for name in sorted(item)} for item in items]
        return sorted(plain, key=lambda item: (item["subject"]["S"], item["item"]["S"]))

    def store(self, item: dict[str, Any]) -> None:
        """Put an item into the table as it is."""
        with _unrecorded():
            aws.client("dynamodb").put_item(TableName=TABLE, Item=item)

    def _stored(self) -> dict[str, Any]:
        """Return the items that changed since the step before, as they are now, and which are gone."""
        before, self._table = self._table, self.items()
        keys = [(item["subject"], item["item"]) for item in self._table]
        gone = [item for item in before if (item["subject"], item["item"]) not in keys]
        changed = [item for item in self._table if item not in before]
        return {"stored": aws.stored(changed), "removed": aws.stored(gone)}

    def batch(self, *events: object, label: str = "batch") -> Any:
        """Invoke with SQS messages, one for each event."""
        return self.invoke(
            {"Records": [message(n, event) for n, event in enumerate(events)]}, label
        )

    def minute(self, label: str = "minute") -> None:
        self.wait(minutes=1)
        self.invoke({"clock": "minute"}, label)

    def minutes(
        self, count: int, step: float = 1, during: Callable[[], None] = lambda: None
    ) -> None:
        for _ in range(count):
            self.wait(minutes=step)
            during()
            self.invoke({"clock": "minute"}, "minute")


def message(number: int, event: object) -> dict[str, Any]:
    body = event if isinstance(event, str) else json.dumps(event)
    return {"messageId": f"message-{number}", "body": body, "eventSource": "aws:sqs"}


@contextmanager
def _unrecorded() -> Iterator[None]:
    """Let the scenario itself use the table, whatever is recorded or scripted."""
    scripts, AWS.scripts, AWS.recording = AWS.scripts, {}, False
    try:
        yield
    finally:
        AWS.scripts, AWS.recording = scripts, True


def _fresh_table() -> None:
    with _unrecorded():
        _make_table()


def _make_table() -> None:
    dynamodb = aws.client("dynamodb")
    if TABLE in dynamodb.list_tables()["TableNames"]:
        dynamodb.delete_table(TableName=TABLE)
    attributes = {"subject": "S", "item": "S", "queue": "S", "due_at": "N"}
    dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "subject", "KeyType": "HASH"},
            {"AttributeName": "item", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": a, "AttributeType": t} for a, t in attributes.items()
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "due",
                "KeySchema": [
                    {"AttributeName": "queue", "KeyType": "HASH"},
                    {"AttributeName": "due_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )


def hear() -> None:
    sys.stdout = HEARD
    MOMENT.now = START


Scenario = Callable[[Scene], None]
SCENARIOS: dict[str, Scenario] = {}


def scenario(play: Scenario) -> Scenario:
    SCENARIOS[play.__name__.replace("_", " ")] = play
    return play


def play(name: str, resumed: Mapping[str, Left] | None = None) -> Scene | None:
    """Play one scenario; with ``resumed``, only what follows its handover, with the table that another tree left."""
    left = resumed.get(name) if resumed is not None else None
    if resumed is not None and left is None:
        return None
    scene = Scene(name, left)
    SCENARIOS[name](scene)
    return scene


__all__ = ["REGION", "SCENARIOS", "Scene", "hear", "play", "scenario"]
