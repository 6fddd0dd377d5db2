"""What the emulator tests do in the emulator: make keys fail, send events, wait for alerts, look at what is there."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from demo.callers import role
from demo.cloudtrail_events import entry, event
from demo.deployment import EVENT_SOURCE, Outputs
from demo.emulator import REGION, Emulator
from demo.inbox import Inbox
from demo.run import function_log
from demo.stage import Key, Stage

SETTINGS = {
    "extra_event_sources": [EVENT_SOURCE],
    "search_regions": ["us-east-1"],
    "alert_emails": ["you@example.com"],
    "owner_tags": ["team"],
}
# A container that a busy machine made too slow is ended by its timeout, and its lease (90 s) must run out
# before the next one alerts. Waiting longer costs nothing where all is well.
PATIENCE = 240.0


def organization_of(aws: Emulator) -> str:
    """Return the id of the organisation that the emulator's account belongs to: a hub of another one is not deployed."""
    found: str = aws.client("organizations").describe_organization()["Organization"]["Id"]
    return found


@dataclass
class World:
    """The emulator with the stack in it, and what the tests do there."""

    aws: Emulator
    outputs: Outputs
    before: dict[str, set[str]]
    inbox: Inbox = field(init=False)
    alerts: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self):
        self.inbox = Inbox(self.aws, self.outputs.AlertTopicArn, name="test-alerts")

    def stage(self) -> Stage:
        return Stage(self.aws.client)

    def disabled_key(self) -> Key:
        """A key that KMS refuses to use."""
        key = self.stage().key()
        self.aws.client("kms").disable_key(KeyId=key.id)
        return key

    def failure_of(self, key: Key, session: str = "app-1") -> dict[str, Any]:
        """The CloudTrail record of a real failing call with a disabled key, by a caller of its own.

        What fails for one caller within minutes is told as a group.
        """
        stage = self.stage()
        stage.fails("GenerateDataKey", key.arn, role(f"app-{key.id[:8]}", session), key=key)
        return stage.failures[0]

    def put(self, *records: dict[str, Any]) -> None:
        answer = self.aws.client("events").put_events(
            Entries=[entry(record, EVENT_SOURCE) for record in records]
        )
        assert answer["FailedEntryCount"] == 0

    def send(self, *bodies: str) -> None:
        """Put messages into the intake queue, past the event bus."""
        sqs = self.aws.client("sqs")
        for body in bodies:
            sqs.send_message(QueueUrl=self.outputs.IntakeQueueUrl, MessageBody=body)

    def invoke(self, payload: object) -> Any:
        """Invoke the function; fails the test when the function raises."""
        answer = self.aws.client("lambda").invoke(
            FunctionName=self.outputs.FunctionName, Payload=json.dumps(payload)
        )
        said = json.loads(answer["Payload"].read() or "null")
        assert "FunctionError" not in answer, said
        return said

    def alerts_about(self, name: str, at_least: int = 1) -> list[dict[str, Any]]:
        """The alerts whose subject has this name, waiting for ``at_least`` so many."""

        def found() -> list[dict[str, Any]]:
            self.alerts += self.inbox.receive()
            return [alert for alert in self.alerts if name in alert["subject"].values()]

        wait_for(lambda: len(found()) >= at_least, f"{at_least} alert(s) about {name}", self.log)
        return found()

    def depth(self, queue_url: str) -> int:
        """How many messages are in a queue, in flight included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.aws.client("sqs").get_queue_attributes(
            QueueUrl=queue_url, AttributeNames=names
        )
        return sum(int(answer["Attributes"][name]) for name in names)

    def settle(self) -> None:
        """Wait until the function has taken all messages."""
        wait_for(
            lambda: self.depth(self.outputs.IntakeQueueUrl) == 0, "an empty intake queue", self.log
        )

    def incident(self, subject: str) -> dict[str, Any]:
        """The incident of a subject as the table holds it; empty when there is none."""
        key = {"subject": {"S": subject}, "item": {"S": "incident"}}
        return (
            self.aws.client("dynamodb")
            .get_item(TableName=self.outputs.IncidentTableName, Key=key)
            .get("Item", {})
        )

    def renew_containers(self, memory: int) -> None:
        """Let the function run in new containers from now on, which remember nothing and fetch their credentials anew."""
        client, name = self.aws.client("lambda"), self.outputs.FunctionName
        client.update_function_configuration(FunctionName=name, MemorySize=memory)
        client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})

    def function_log(self) -> list[str]:
        return function_log(self.aws)

    def recorded_calls(self) -> list[dict[str, Any]]:
        """Return every call that the emulator recorded, whoever made it."""
        pages = self.aws.client("cloudtrail").get_paginator("lookup_events").paginate()
        return [event for page in pages for event in page["Events"]]

    def log(self) -> str:
        return "\n".join(self.function_log()[-30:])


def wait_for(
    done: Callable[[], bool],
    what: str,
    context: Callable[[], str] = str,
    patience: float = PATIENCE,
) -> None:
    deadline = time.monotonic() + patience
    while not done():
        assert time.monotonic() < deadline, f"waited {patience:.0f} s for {what}\n{context()}"
        time.sleep(0.3)


def subject_of(key: Key) -> str:
    """The partition key of a key's incident where the failure came straight to the function, as AWS's own."""
    return "|".join(("key", key.arn.split(":")[4], key.arn.split(":")[3], key.id))


def replayed(subject: str) -> str:
    """The partition key where the failure came over the bus: nobody but AWS can put an event of AWS there."""
    return f"replayed:{EVENT_SOURCE}|{subject}"


def sqs_batch(*records: dict[str, Any]) -> dict[str, Any]:
    """What Lambda hands to a function for messages of a queue."""
    return {
        "Records": [
            {
                "messageId": f"message-{number}",
                "body": json.dumps(event(record)),
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:{REGION}:111122223333:intake",
                "awsRegion": REGION,
                "attributes": {"ApproximateReceiveCount": "1"},
            }
            for number, record in enumerate(records)
        ]
    }


def inventory(aws: Emulator) -> dict[str, set[str]]:
    """Everything in the account that a deployment could leave behind."""

    def listed(service: str, operation: str, part: str, name: str | None) -> set[str]:
        pages = [getattr(aws.client(service), operation)()]
        if aws.client(service).can_paginate(operation):
            pages = list(aws.client(service).get_paginator(operation).paginate())
        return {item[name] if name else item for page in pages for item in page.get(part, [])}

    stacks = aws.client("cloudformation").describe_stacks()["Stacks"]
    return {
        "stacks": {
            stack["StackName"] for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE"
        },
        "functions": listed("lambda", "list_functions", "Functions", "FunctionName"),
        "event source mappings": listed(
            "lambda", "list_event_source_mappings", "EventSourceMappings", "UUID"
        ),
        "queues": listed("sqs", "list_queues", "QueueUrls", None),
        "topics": listed("sns", "list_topics", "Topics", "TopicArn"),
        "subscriptions": listed("sns", "list_subscriptions", "Subscriptions", "SubscriptionArn"),
        "tables": listed("dynamodb", "list_tables", "TableNames", None),
        "rules": listed("events", "list_rules", "Rules", "Name"),
        "schedules": listed("scheduler", "list_schedules", "Schedules", "Name"),
        "log groups": listed("logs", "describe_log_groups", "logGroups", "logGroupName"),
        "roles": listed("iam", "list_roles", "Roles", "RoleName"),
        "alarms": listed("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
        "dashboards": listed("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
        "trails": listed("cloudtrail", "list_trails", "Trails", "Name"),
    }


def make(target: str, *arguments: str) -> tuple[str, ...]:
    """The command that a person types, without rebuilding the environment that runs this test."""
    return (
        "make",
        "-o",
        "node_modules/.ready",
        "-o",
        ".venv/.ready",
        target,
        f"ARGS={' '.join(arguments)}",
    )
