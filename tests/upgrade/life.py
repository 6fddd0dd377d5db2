"""A part of an account's life under one version of the function: run in a process of its own, with that version on the path.

Reads a ``Part`` (pickled) from standard input and writes it back as it is afterwards: the table, the
clock, the messages that were sent. Nothing of the product is named but by ``tests.worlds.product``.
"""

import json
import pickle
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.worlds import product
from tests.worlds.clock import Clock, Dice
from tests.worlds.dynamodb import DynamoDb
from tests.worlds.errors import AwsError
from tests.worlds.wire import Wire

ACCOUNT, REGION = "123456789012", "eu-west-1"
START = datetime(2026, 3, 1, 3, tzinfo=UTC).timestamp()


@dataclass
class Part:
    """What lives on from version to version, and ``steps``: what happens in this part.

    ``keys`` maps key ids to their states. A step is a number of minutes that pass (the clock ticks
    in each), a list of events that arrive, or a dictionary of keys whose state changes.
    """

    steps: list[Any]
    keys: dict[str, str] = field(default_factory=dict)
    table: DynamoDb = field(default_factory=DynamoDb)
    seconds: float = START
    sent: list[dict[str, Any]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def arn(key_id: str) -> str:
    return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{key_id}"


class Aws:
    """What the function asks: KMS of one Region, an empty CloudTrail, SNS that takes everything."""

    def __init__(self, part: Part) -> None:
        self._part = part

    def describe_key(self, KeyId: str) -> dict[str, Any]:
        name = KeyId.rpartition("/")[2] if KeyId.startswith("arn:") else KeyId
        if "alias/" in KeyId:
            said = f"Alias arn:aws:kms:{REGION}:{ACCOUNT}:{KeyId[KeyId.index('alias/') :]} is not found."
            raise AwsError("NotFoundException", said)
        if name not in self._part.keys:
            raise AwsError("NotFoundException", f"Key '{arn(name)}' does not exist")
        metadata = {
            "KeyId": name,
            "Arn": arn(name),
            "AWSAccountId": ACCOUNT,
            "KeyState": self._part.keys[name],
            "KeyManager": "CUSTOMER",
            "Origin": "AWS_KMS",
            "CreationDate": datetime(2024, 1, 1, tzinfo=UTC),
        }
        return {"KeyMetadata": metadata}

    def list_aliases(self, **_: Any) -> dict[str, Any]:
        return {"Aliases": [], "Truncated": False}

    def get_key_last_usage(self, **_: Any) -> dict[str, Any]:
        return {}

    def lookup_events(self, **_: Any) -> dict[str, Any]:
        return {"Events": []}

    def publish(self, **request: Any) -> dict[str, str]:
        document = product.document_of(request)
        if document:
            self._part.sent.append(document)
        return {"MessageId": "0"}


def live(part: Part) -> None:
    """Let the part happen."""
    clock, aws = Clock(datetime.fromtimestamp(part.seconds, UTC)), Aws(part)
    stand_ins = {"dynamodb": part.table, "kms": aws, "cloudtrail": aws, "sns": aws}
    wire = Wire(clock, Dice(1), lambda service, _account, _region: stand_ins.get(service))
    wire.own_account = ACCOUNT
    with product.installed(clock, wire, product.environment(account=ACCOUNT, region=REGION)):
        container = product.Container()
        for step in part.steps:
            _take(step, part, container, clock)
    part.seconds = clock.seconds


def _take(step: Any, part: Part, container: product.Container, clock: Clock) -> None:
    if isinstance(step, dict):
        part.keys |= step
    elif isinstance(step, list):
        _deliver(step, part, container, clock)
    else:
        for _ in range(step):
            clock.advance(60)
            container.invoke({"clock": "minute"}, product.Context(clock))


def _deliver(
    events: list[dict[str, Any]], part: Part, container: product.Container, clock: Clock
) -> None:
    when = clock.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    records = []
    for number, event in enumerate(events):
        body = json.dumps(event).replace("NOW", when)
        records.append({"messageId": str(number), "body": body, "eventSource": "aws:sqs"})
    answer = container.invoke({"Records": records}, product.Context(clock))
    if answer and answer.get("batchItemFailures"):
        part.errors.append(f"not handled: {answer['batchItemFailures']}")


if __name__ == "__main__":
    lived: Part = pickle.load(sys.stdin.buffer)  # noqa: S301 - our own, from the process that started this one
    live(lived)
    lived.errors += product.printed()[1]
    pickle.dump(lived, sys.stdout.buffer)
