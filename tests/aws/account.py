"""The real account under test: KeyWatch in it, a queue that hears its alerts, and a queue that hears what CloudTrail sends."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3

from cli.deployed import Deployed

RECORDED = Path(__file__).with_name("recorded")
READS_TOO = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
PATIENCE = 20 * 60.0  # CloudTrail promises 15 minutes, and usually needs less than 5


@dataclass
class Account:
    """What tests do in the account. Everything that they make has ``run`` in its name."""

    session: Any
    run: str
    alerts_url: str
    events_url: str
    keys: list[str] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    alerts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def kms(self) -> Any:
        return self.session.client("kms")

    def ask(self, **request: Any) -> dict[str, Any]:
        return Deployed(self.session).ask(request)

    def new_key(self, alias: str | None = None) -> str:
        metadata = self.kms.create_key(Description=f"KeyWatch test {self.run}")["KeyMetadata"]
        self.keys.append(metadata["KeyId"])
        if alias:
            self.kms.create_alias(AliasName=alias, TargetKeyId=metadata["KeyId"])
        return str(metadata["Arn"])

    def alert(self, status: str, name: str) -> dict[str, Any]:
        """Wait for an alert about ``name``, and return it."""

        def found() -> dict[str, Any] | None:
            self.alerts += [
                json.loads(json.loads(body)["Message"]) for body in self._take(self.alerts_url)
            ]
            return next(
                (
                    a
                    for a in self.alerts
                    if a["status"] == status and name in json.dumps(a["subject"])
                ),
                None,
            )

        return wait_for(found, f"an alert {status} about {name}")

    def record(self, title: str, name: str) -> dict[str, Any]:
        """Wait for CloudTrail's event about a failing call that names ``name``, and keep it for people to read."""

        def found() -> dict[str, Any] | None:
            self.events += [json.loads(body) for body in self._take(self.events_url)]
            failing = (e for e in self.events if e["detail"].get("errorCode"))
            return next((event for event in failing if name in json.dumps(event["detail"])), None)

        event = wait_for(found, f"CloudTrail's record of a failing call about {name}")
        RECORDED.mkdir(exist_ok=True)
        (RECORDED / f"{title}.json").write_text(json.dumps(event, indent=2) + "\n")
        return event

    def _take(self, queue_url: str) -> Iterator[str]:
        sqs = self.session.client("sqs")
        while messages := sqs.receive_message(
            QueueUrl=queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=1
        ).get("Messages"):
            for message in messages:
                sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
                yield message["Body"]


def wait_for(found: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if result := found():
            return result
        time.sleep(10)
    raise AssertionError(f"waited {patience / 60:.0f} minutes for {what}")


@contextmanager
def opened(topic_arn: str) -> Iterator[Account]:
    """Listen to the alerts and to CloudTrail's events about KMS; everything made for that is removed again."""
    session, run = boto3.session.Session(), f"keywatch-test-{uuid4().hex[:8]}"
    sqs, sns, events = (session.client(name) for name in ("sqs", "sns", "events"))
    pattern = {
        "source": ["aws.kms"],
        "detail": {"eventSource": ["kms.amazonaws.com"], "errorCode": [{"exists": True}]},
    }
    rule_arn = events.put_rule(Name=run, EventPattern=json.dumps(pattern), State=READS_TOO)[
        "RuleArn"
    ]
    alerts_url, alerts_arn = _queue(sqs, f"{run}-alerts", "sns.amazonaws.com", topic_arn)
    events_url, events_arn = _queue(sqs, f"{run}-events", "events.amazonaws.com", rule_arn)
    events.put_targets(Rule=run, Targets=[{"Id": "queue", "Arn": events_arn}])
    subscription = sns.subscribe(
        TopicArn=topic_arn, Protocol="sqs", Endpoint=alerts_arn, ReturnSubscriptionArn=True
    )
    account = Account(session, run, alerts_url, events_url)
    try:
        yield account
    finally:
        sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
        events.remove_targets(Rule=run, Ids=["queue"])
        events.delete_rule(Name=run)
        for url in (alerts_url, events_url):
            sqs.delete_queue(QueueUrl=url)
        for key in account.keys:
            _delete(account.kms, key)


def _queue(sqs: Any, name: str, service: str, source_arn: str) -> tuple[str, str]:
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": source_arn}},
    }
    sqs.set_queue_attributes(
        QueueUrl=url,
        Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})},
    )
    return url, arn


def _delete(kms: Any, key: str) -> None:
    if kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] != "PendingDeletion":
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
