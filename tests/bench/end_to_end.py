"""How long a failure takes from PutEvents to a subscriber's queue, in the emulator.

Beside it a bare function that only publishes. Both have the same way: a rule, a queue, a function,
a topic, a queue. The emulator does not wait for a batch to fill; AWS adds up to the batching window
of one second to each.
"""

import io
import json
import statistics
import time
import zipfile
from collections.abc import Callable
from typing import Any

from demo import deployment
from demo.callers import role
from demo.cloudtrail_events import entry
from demo.deployment import EVENT_SOURCE
from demo.emulator import Emulator, running
from demo.inbox import Inbox
from demo.stage import Stage

_BARE_SOURCE = "bench.bare"
_BARE = """
import boto3, os
def handler(event, context):
    for record in event["Records"]:
        boto3.client("sns").publish(TopicArn=os.environ["TOPIC"], Message="{}")
"""
_LONGEST = 60.0


def end_to_end(failures: int = 20) -> dict[str, float]:
    """Return seconds: the median of so many failures, each of a key and a caller of its own, and the longest."""
    with running() as aws:
        deployment.bootstrap(aws)
        outputs = deployment.deploy(aws, {"extra_event_sources": [EVENT_SOURCE]})
        records = [_failure(aws, number) for number in range(failures + 1)]
        ours = [entry(record, EVENT_SOURCE) for record in records]
        bare = [entry(record, _BARE_SOURCE) for record in records]
        figures = {}
        for name, topic, entries in (
            ("keywatch", outputs.AlertTopicArn, ours),
            ("bare", _bare_function(aws), bare),
        ):
            inbox = Inbox(aws, topic, name=f"bench-{name}")
            times = [_seconds(aws, one, inbox.receive) for one in entries][1:]  # the first is cold
            inbox.close()
            figures[f"{name}_median"] = round(statistics.median(times), 2)
            figures[f"{name}_longest"] = round(max(times), 2)
    return figures


def _failure(aws: Emulator, number: int) -> Any:
    stage = Stage(aws.client)
    key = stage.key()
    aws.client("kms").disable_key(KeyId=key.id)
    stage.fails("GenerateDataKey", key.arn, role(f"app-{number}", "app-1"), key=key)
    return stage.failures[0]


def _seconds(aws: Emulator, put: dict[str, Any], receive: Callable[[], list[Any]]) -> float:
    began = time.monotonic()
    aws.client("events").put_events(Entries=[put])
    while not receive():
        if time.monotonic() - began > _LONGEST:
            raise TimeoutError("no message came")
        time.sleep(0.02)
    return time.monotonic() - began


def _bare_function(aws: Emulator) -> str:
    """Make a rule, a queue, a function and a topic; return the topic's ARN."""
    topic = aws.client("sns").create_topic(Name="bare")["TopicArn"]
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName="bare-intake")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    events = aws.client("events")
    events.put_rule(Name="bare", EventPattern=json.dumps({"source": [_BARE_SOURCE]}))
    events.put_targets(Rule="bare", Targets=[{"Id": "queue", "Arn": queue["QueueArn"]}])
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("bare.py", _BARE)
    lambda_ = aws.client("lambda")
    lambda_.create_function(
        FunctionName="bare",
        Runtime="python3.13",
        Handler="bare.handler",
        Role=f"arn:aws:iam::{aws.account}:role/bare",
        Code={"ZipFile": code.getvalue()},
        Timeout=30,
        Environment={"Variables": {"TOPIC": topic}},
    )
    lambda_.create_event_source_mapping(
        FunctionName="bare", EventSourceArn=queue["QueueArn"], BatchSize=10
    )
    return str(topic)
