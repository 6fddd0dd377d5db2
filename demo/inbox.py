"""Where the alerts arrive: a queue of our own, subscribed to the alert topic as any machine would be."""

import json
from typing import Any

from demo.emulator import Emulator

QUEUE = "demo-alerts"
Document = dict[str, Any]


class Inbox:
    """Receives alert documents of a topic, from now on."""

    def __init__(self, emulator: Emulator, topic_arn: str, name: str = QUEUE) -> None:
        self._sqs = emulator.client("sqs")
        self._url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"]
        emulator.client("sns").subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=attributes["QueueArn"])

    def receive(self) -> list[Document]:
        """Return the alerts that arrived since the last time, ten at most."""
        answer = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10)
        messages = answer.get("Messages", [])
        for message in messages:
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(json.loads(message["Body"])["Message"]) for message in messages]
