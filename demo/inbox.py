"""Where the alerts arrive: a queue of our own, subscribed to the alert topic as any machine would be."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from demo.emulator import Emulator
from keywatch.alerts.document import Document

QUEUE = "demo-alerts"


class Inbox:
    """Receives alert documents of a topic, from now on; ``only`` is an SNS filter policy on message attributes."""

    def __init__(
        self,
        emulator: Emulator,
        topic_arn: str,
        name: str = QUEUE,
        only: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._sqs, self._sns = emulator.client("sqs"), emulator.client("sns")
        self._url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        queue = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])[
            "Attributes"
        ]["QueueArn"]
        self._sqs.set_queue_attributes(
            QueueUrl=self._url, Attributes={"Policy": json.dumps(_from(topic_arn, queue))}
        )
        wanted = {"FilterPolicy": json.dumps(only)} if only else {}
        request = {
            "TopicArn": topic_arn,
            "Protocol": "sqs",
            "Endpoint": queue,
            "ReturnSubscriptionArn": True,
        }
        self._subscription = self._sns.subscribe(**request, Attributes=wanted)["SubscriptionArn"]

    def receive(self) -> list[Document]:
        """Return the alerts that arrived since the last time, ten at most."""
        answer = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10)
        messages = answer.get("Messages", [])
        for message in messages:
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(json.loads(message["Body"])["Message"]) for message in messages]

    def close(self) -> None:
        """Take the subscription and the queue away."""
        self._sns.unsubscribe(SubscriptionArn=self._subscription)
        self._sqs.delete_queue(QueueUrl=self._url)


def _from(topic_arn: str, queue_arn: str) -> dict[str, Any]:
    """Return the queue policy that SNS needs (SNS Developer Guide, "Fanout to Amazon SQS queues")."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}
