"""Send an alert through every channel: one message on the alert topic, and what has a target of its own."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from botocore.exceptions import ClientError

from keywatch.alerts.alert import Alert
from keywatch.alerts.builder import build_document
from keywatch.alerts.channel import (
    MAX_MESSAGE_BYTES,
    Attributes,
    Channel,
    Clients,
    Send,
    compact_json,
)
from keywatch.alerts.channels import CHANNELS
from keywatch.alerts.document import SIZE_LIMITS, UNKNOWN, Document
from keywatch.alerts.wording import subject_line
from keywatch.catalogue.causes import cause_of
from keywatch.model.text import counted

FALLBACK_USED = "AlertTopicKeyBroken"
_THROTTLED = "KMSThrottling"  # KMS had too much to do, which ends by itself; the alert does not wait for that


def _ignore(_metric: str) -> None:
    """Count nothing."""


class SendingBudget(Protocol):
    """How many alerts may be sent."""

    def take(self, severity: str) -> int:
        """Take the room for one; return how many were withheld that nobody was told of."""

    def give_back(self) -> None:
        """Give the room back for one that was not sent."""

    def told(self, withheld: int) -> None:
        """Note that people were told how many were withheld."""


@dataclass(frozen=True, slots=True)
class ChannelAnswer:
    """What a channel answered to a test: whether its ``target`` (an ARN) took it, and the id of the message or the error."""

    channel: str
    target: str
    accepted: bool
    says: str


ALERTS, FALLBACK = (
    "alerts",
    "fallback",
)  # the topics, beside the channels with a target of their own


class Publisher:
    """Publishes alerts to the alert topic and to each channel that has a target of its own.

    ``clients`` returns the boto3 client of an AWS service. ``targets`` maps names of channels to
    ARNs. ``fallback_topic_arn`` is a topic without a customer key, used when the alert topic's own
    key is the broken one. ``count`` takes the name of a metric to add one to,
    while the exception that it is about is handled:
    ``AlertTopicKeyBroken``, and ``<Name>PublishFailed`` for each channel with a target. ``runbook_url`` is
    what alerts link to as the user's own runbook. ``budget`` bounds how many alerts are sent.
    """

    def __init__(  # noqa: PLR0913 - what the stack has, each by its name
        self,
        clients: Clients,
        topic_arn: str,
        targets: Mapping[str, str] | None = None,
        fallback_topic_arn: str | None = None,
        count: Callable[[str], None] = _ignore,
        channels: Iterable[Channel] = CHANNELS,
        *,
        runbook_url: str = "",
        budget: SendingBudget | None = None,
    ) -> None:
        self._runbook_url = runbook_url
        self._budget = budget
        self._clients, self._topic, self._fallback = clients, topic_arn, fallback_topic_arn
        self._count = count
        channels, targets = tuple(channels), targets or {}
        self._shared = partial(topic_message, tuple(one for one in channels if one.protocols))
        self._with_target = tuple(
            (one, one.send, target)
            for one in channels
            if one.send and (target := targets.get(one.name))
        )

    def publish(self, alert: Alert) -> None:
        """Send ``alert``. Raises what SNS raises when it was not sent; a channel beside the alert topic is only counted.

        Raises ``Withheld`` where the budget leaves no room.
        """
        alert = replace(alert, runbook_url=self._runbook_url)
        if self._budget is None:
            self._publish(alert)
            return
        severity = alert.severity or cause_of(alert.diagnosis.cause).severity.value
        withheld = self._budget.take(severity)
        if withheld:
            alert = replace(alert, notes=(_withheld(withheld), *alert.notes))
        try:
            self._publish(alert)
        except Exception:
            self._budget.give_back()
            raise
        if withheld:
            self._budget.told(withheld)

    def test(self, alert: Alert) -> list[ChannelAnswer]:
        """Send ``alert`` everywhere, whatever the budget says and whoever fails; return what each answered."""
        document = build_document(alert)
        topics = {ALERTS: self._topic, **({FALLBACK: self._fallback} if self._fallback else {})}
        answers = [
            self._tried(name, arn, partial(self._send, arn, alert, document))
            for name, arn in topics.items()
        ]
        return answers + [
            self._tried(
                one.name, target, partial(self._send_through, one, send, target, alert, document)
            )
            for one, send, target in self._with_target
        ]

    def _tried(self, name: str, target: str, send: Callable[[], str]) -> ChannelAnswer:
        try:
            return ChannelAnswer(name, target, accepted=True, says=send())
        except Exception as error:  # noqa: BLE001 - that it failed is the answer
            self._count("TestsFailed")
            says = f"{type(error).__name__}: {error}"
            return ChannelAnswer(name, target, accepted=False, says=says)

    def _send_through(
        self, channel: Channel, send: Send, target: str, alert: Alert, document: Document
    ) -> str:
        fitting, body = fit(alert, document, channel.render, channel.max_bytes)
        return send(self._clients, target, body, attributes(fitting))

    def _publish(self, alert: Alert) -> None:
        document = build_document(alert)
        try:
            self._send(self._topic, alert, document)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if not (self._fallback and _key_is_broken(code)):
                raise
            self._count(FALLBACK_USED)
            alert = replace(alert, notes=(_rerouted(self._topic, code), *alert.notes))
            document = build_document(alert)
            self._send(self._fallback, alert, document)
        for channel, send, target in self._with_target:
            try:
                self._send_through(channel, send, target, alert, document)
            except Exception:  # noqa: BLE001 - the alert is out; sending it all again for the sake of one channel would be a duplicate
                self._count(f"{channel.name.capitalize()}PublishFailed")

    def _send(self, topic_arn: str, alert: Alert, document: Document) -> str:
        fitting, message = fit(alert, document, self._shared, MAX_MESSAGE_BYTES)
        answer = self._clients("sns").publish(
            TopicArn=topic_arn,
            Subject=subject_line(fitting),
            Message=message,
            MessageStructure="json",
            MessageAttributes=attributes(fitting),
        )
        return str(answer["MessageId"])


def fit(
    alert: Alert, document: Document, render: Callable[[Document], str], max_bytes: int
) -> tuple[Document, str]:
    """Return the most complete document of ``alert`` whose body has at most ``max_bytes``, and that body.

    ``document`` is the whole one. The smallest is returned whatever its size.
    """
    body = render(document)
    for limits in SIZE_LIMITS[1:]:
        if len(body.encode()) <= max_bytes:
            break
        document = build_document(alert, limits)
        body = render(document)
    return document, body


def topic_message(channels: Iterable[Channel], document: Document) -> str:
    """Return the SNS message with one body for each protocol (``MessageStructure=json``)."""
    bodies: dict[str, str] = {}
    for channel in channels:
        bodies |= dict.fromkeys(channel.protocols, channel.render(document))
    return compact_json(bodies)


def attributes(document: Document) -> Attributes:
    """Return the message attributes that subscriptions filter on. SNS refuses empty ones, so they say ``unknown``."""
    subject = document["subject"]
    values: Mapping[str, str] = {
        "status": document["status"],
        "severity": document["severity"],
        "cause": document["cause"],
        "account": subject["account"],
        "region": subject["region"],
        "owner": document.get("owner") or UNKNOWN,
    }
    return {
        key: {"DataType": "String", "StringValue": value[:128] or UNKNOWN}
        for key, value in values.items()
    }


def _key_is_broken(code: str) -> bool:
    """Tell whether SNS could not use the topic's key (SNS API Reference, Publish: all such codes begin so)."""
    return code.startswith("KMS")


def _rerouted(topic_arn: str, code: str) -> str:
    do = (
        "Nothing is to be done, unless it goes on."
        if code == _THROTTLED
        else "Fix the key of the topic too."
    )
    return (
        f"The alert topic {topic_arn} cannot be used because of its own KMS key ({code}), "
        f"so this alert came through the fallback topic. {do}"
    )


def _withheld(count: int) -> str:
    return (
        f"Before this one {counted(count, 'message')} could not be sent at once, because more came in an hour than the "
        "setting messages_per_hour allows. Each is sent as soon as there is room; the action incidents lists all that is broken."
    )
