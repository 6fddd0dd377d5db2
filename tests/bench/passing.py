"""What is measured of time that passes: due incidents, slow look-ups, the first batch of a container."""

import json
import tempfile
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from botocore.exceptions import ReadTimeoutError

from keywatch.actions.incidents.run import incidents
from keywatch.incidents.clock import tick
from keywatch.invocation import remaining_seconds
from tests.bench import loads
from tests.bench.measures import CPU, fresh_process
from tests.bench.stand_ins import SETTINGS, Aws, LargeTable, runtime, silence

DUE = 10_000
CALL_SECONDS = 0.01
INVOCATION_SECONDS = 55.0


class Clock:
    """A clock that a benchmark moves."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


def due_incidents(number: int = DUE) -> dict[str, Any]:
    """Return how many minutes of ticks so many due incidents take where every call takes 10 ms, and the calls for each.

    Each was alerted: the bound of messages per hour must not leave most of them waiting for the next hour.
    """
    clock, aws = Clock(), Aws(table=LargeTable())
    container = runtime(aws.client, clock, replace(SETTINGS, messages_per_hour=2 * number))
    with silence():
        _break(container, number)
        clock.now += timedelta(minutes=11)
        aws.calls.clear()
        aws.delay = lambda service, operation: sleep(CALL_SECONDS)
        handled, began, ticks = 0, monotonic(), 0
        while handled < number and ticks < 10:
            ticks += 1
            handled += tick(container.services, remaining_seconds(None, INVOCATION_SECONDS))
        seconds = monotonic() - began
    each = {name: round(count / number, 2) for name, count in aws.calls.items()}
    return {
        "handled": handled,
        "ticks": ticks,
        "minutes": round(max(ticks - 1, 0) + (seconds % INVOCATION_SECONDS) / 60, 1),
        "reads_each": each.get("dynamodb.query", 0) + each.get("dynamodb.get_item", 0),
        "writes_each": each.get("dynamodb.update_item", 0) + each.get("dynamodb.put_item", 0),
        "calls_by_operation": dict(aws.calls.most_common()),
    }


def _break(container: Any, number: int) -> None:
    """Let so many keys fail, each for a caller of its own."""
    bodies = [
        loads.disabled(n, n, role=f"arn:aws:iam::{loads.ACCOUNT}:role/app-{n}")
        for n in range(number)
    ]
    for batch in loads.batches(bodies):
        container.batch(batch, None)


def wave_hour(number: int = DUE) -> dict[str, Any]:
    """Return what the first hour of a wave costs: so many missing aliases of one caller within ten minutes.

    In the last batch a key fails for somebody else: ``lone_alerts`` is how often it was alerted in
    that invocation, by itself.
    """
    clock, aws = Clock(), Aws(table=LargeTable())
    container = runtime(aws.client, clock)
    bodies = [loads.wave(n) for n in range(number)] + [loads.disabled(0, 0, role=_OTHERS)]
    alerts: list[dict[str, Any]] = []
    with silence():
        for batch in loads.batches(bodies):
            container.batch(batch, None)
            alerts += aws.topic.receive()
            clock.now += timedelta(minutes=1)
            tick(container.services)
        lone = sum(alert["subject"]["key_arn"] == loads.key_arn(0) for alert in alerts)
        for _ in range(60 - -(-number // loads.BATCH)):
            clock.now += timedelta(minutes=1)
            tick(container.services)
    listed = incidents({"cause": "alias_not_found"}, container.services)["incidents"]
    return {
        "messages": aws.alerts,
        "look_ups_each": round(aws.look_ups / number, 3),
        "lone_alerts": lone,
        "not_listed": number - len({one["subject"] for one in listed}),
    }


_OTHERS = f"arn:aws:iam::{loads.ACCOUNT}:role/somebody-else"


def slow_kms(subjects: int = loads.BATCH, callers: int = 40) -> dict[str, Any]:
    """Return how many invocations a batch takes, and how many messages, where each call of KMS takes 4 seconds and fails."""
    clock, aws = Clock(), Aws()
    container = runtime(aws.client, clock)

    def slow(service: str, _operation: str) -> None:
        if service == "kms":
            clock.now += timedelta(seconds=4)
            raise ReadTimeoutError(endpoint_url="https://kms.example")

    aws.delay = slow
    bodies = [
        loads.disabled(n, n, role=f"arn:aws:iam::{loads.ACCOUNT}:role/app-{n % callers}")
        for n in range(subjects)
    ]
    (batch,) = loads.batches(bodies)
    invocations, left, began = 0, batch["Records"], clock.now
    with silence():
        while left and invocations < 10:
            invocations += 1
            failed = {
                one["itemIdentifier"]
                for one in container.batch({"Records": left}, _Invocation(clock))[
                    "batchItemFailures"
                ]
            }
            left = [record for record in left if record["messageId"] in failed]
    return {
        "invocations": invocations,
        "left": len(left),
        "seconds": round((clock.now - began).total_seconds()),
        "alerts": aws.alerts,
        "kms_calls": sum(n for name, n in aws.calls.items() if name.startswith("kms")),
    }


class _Invocation:
    """Lambda's context of an invocation that begins now."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._until = clock, clock.now + timedelta(seconds=INVOCATION_SECONDS)

    def get_remaining_time_in_millis(self) -> float:
        return (self._until - self._clock.now).total_seconds() * 1000


_FIRST = "from tests.bench import first_batch; first_batch.product({file!r})"
_REPLAYED = "from tests.bench import first_batch; first_batch.bare({file!r})"


def first_batch(repeats: int) -> dict[str, float]:
    """Return the CPU of a new process that takes one failure, over one in which boto3 alone makes the same calls."""
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder, "calls.json"))
        fresh_process(f"{_FIRST.format(file=file)}\n{CPU}")
        pairs = [
            (
                fresh_process(f"{_FIRST.format(file='')}\n{CPU}"),
                fresh_process(f"{_REPLAYED.format(file=file)}\n{CPU}"),
            )
            for _ in range(repeats)
        ]
        calls = json.loads(Path(file).read_text(encoding="utf-8"))
    ours, bare = (sorted(column)[len(column) // 2] for column in zip(*pairs, strict=True))
    return {
        "over_boto3": round(ours / bare, 2),
        "cpu_ms": round(ours * 1000),
        "boto3_cpu_ms": round(bare * 1000),
        "calls": len(calls),
    }


def operations(calls: list[dict[str, Any]]) -> Counter[str]:
    return Counter(f"{call['service']}.{call['operation']}" for call in calls)
