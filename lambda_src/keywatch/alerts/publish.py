"""Send an alert by SNS: a text for people, the document for machines, a card for chat, attributes for filter policies."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from botocore.exceptions import ClientError

from keywatch.alerts.channels import chat, email
from keywatch.alerts.document import SIZE_LIMITS, Alert, Document, build
from keywatch.alerts.wording import NOBODY
from keywatch.model.text import one_line

MAX_BYTES = 262_144
_RESERVE = 4_096  # room for the Subject, the attributes and what SNS counts beside them
_FOR_MACHINES = ("sqs", "lambda", "http", "https", "firehose")
CHAT_FAILED = "ChatPublishFailed"
FALLBACK_USED = "AlertTopicKeyBroken"


class SnsClient(Protocol):
    """The one method of a boto3 SNS client that is needed."""

    def publish(self, **request: object) -> object:
        """Publish one message; raises ``botocore.exceptions.ClientError``."""


def _ignore(_metric: str) -> None:
    """Count nothing."""


class Publisher:
    """Publishes alerts to the alert topic and, where there is one, to the chat topic.

    ``fallback_topic_arn`` is a topic without a customer key, used when the alert topic's own key is
    the broken one. ``count`` takes the name of a metric to add one to: ``ChatPublishFailed``,
    ``AlertTopicKeyBroken``.
    """

    def __init__(
        self,
        sns: SnsClient,
        topic_arn: str,
        chat_topic_arn: str | None = None,
        fallback_topic_arn: str | None = None,
        count: Callable[[str], None] = _ignore,
    ) -> None:
        self._sns, self._topic, self._chat_topic, self._fallback = (
            sns,
            topic_arn,
            chat_topic_arn,
            fallback_topic_arn,
        )
        self._count = count

    def publish(self, alert: Alert) -> None:
        """Send ``alert``. Raises what SNS raises when it was not sent; a chat card that was not sent is only counted."""
        try:
            self._send(self._topic, alert)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if not (self._fallback and _key_is_broken(code)):
                raise
            self._count(FALLBACK_USED)
            alert = replace(alert, notes=(_rerouted(self._topic, code), *alert.notes))
            self._send(self._fallback, alert)
        if self._chat_topic:
            self._send_card(self._chat_topic, build(alert))

    def _send(self, topic_arn: str, alert: Alert) -> None:
        document, message = fit(alert)
        self._sns.publish(
            TopicArn=topic_arn,
            Subject=email.subject(document),
            Message=message,
            MessageStructure="json",
            MessageAttributes=attributes(document),
        )

    def _send_card(self, topic_arn: str, document: Document) -> None:
        try:
            self._sns.publish(
                TopicArn=topic_arn,
                Message=_json(chat.message(document)),
                MessageAttributes=attributes(document),
            )
        except Exception:  # noqa: BLE001 - the alert is out; sending it all again for the sake of its card would be a duplicate
            self._count(CHAT_FAILED)


def fit(alert: Alert) -> tuple[Document, str]:
    """Return the most complete document of ``alert`` whose message, all protocols together, SNS accepts; and that message."""
    for room in SIZE_LIMITS:
        document = build(alert, room)
        message = envelope(document)
        if len(message.encode()) <= MAX_BYTES - _RESERVE:
            break
    return document, message


def envelope(document: Document) -> str:
    """Return the SNS message with one body for each protocol (``MessageStructure=json``)."""
    text, machine = email.body(document), _json(document)
    people = {"default": text, "email": text, "sms": email.subject(document)}
    return _json(people | dict.fromkeys(_FOR_MACHINES, machine))


def attributes(document: Document) -> dict[str, dict[str, str]]:
    """Return the message attributes that subscriptions filter on. SNS refuses empty ones, so they say ``unknown``."""
    place = document["subject"]
    values = {key: document[key] for key in ("status", "severity", "cause")} | {
        key: place[key] for key in ("account", "region")
    }
    return {
        key: {"DataType": "String", "StringValue": one_line(value, 128) or NOBODY}
        for key, value in values.items()
    }


def _key_is_broken(code: str) -> bool:
    """Tell whether SNS could not use the topic's key (KMSNotFound, KMSDisabled, KMSInvalidState, KMSAccessDenied…)."""
    return code.startswith("KMS")


def _rerouted(topic_arn: str, code: str) -> str:
    return (
        f"The alert topic {topic_arn} cannot be used because of its own KMS key ({code}), "
        "so this alert came by the fallback topic. Mend the key of the topic too."
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
