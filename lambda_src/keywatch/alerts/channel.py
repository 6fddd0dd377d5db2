"""What a channel is: one form in which an alert reaches its readers.

Each module in ``channels`` defines one as ``CHANNEL``; the publisher sends every alert through all
of them. A channel is either a body within the message of the alert topic, for the SNS protocols
that it serves, or has a target of its own, to which it sends its body itself.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from keywatch.alerts.document import Document

# What SNS takes in one message, all bodies together (SNS API Reference, Publish), less the room for
# the Subject, the attributes and what SNS counts beside them.
MAX_MESSAGE_BYTES = 262_144 - 4_096

# How alerts are told from other events on a bus.
EVENT_SOURCE, DETAIL_TYPE = "keywatch", "KeyWatch alert"
Attributes = dict[str, dict[str, str]]  # message attributes, as SNS takes them
compact_json = partial(json.dumps, ensure_ascii=False, separators=(",", ":"))
Clients = Callable[[str], Any]  # the boto3 client of an AWS service in KeyWatch's Region


class Send(Protocol):
    """How the body of an alert gets to a target of its own; raises what the client raises."""

    def __call__(self, clients: Clients, target: str, body: str, attributes: Attributes) -> str:
        """Send ``body`` to ``target`` (an ARN) and return the id that it got; ``attributes`` are what subscriptions filter on."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One form of an alert. ``render`` turns the document into the body; it is pure.

    ``protocols`` are the SNS delivery protocols that get this body from the alert topic
    (SNS Developer Guide, "Message structure"). A channel with ``send`` has none: its target is set
    as the environment variable ``<NAME>_TOPIC_ARN`` or ``<NAME>_BUS_ARN``; without one it is silent. ``max_bytes`` is the
    most that its body may have: the document is built smaller until it fits.
    """

    name: str
    render: Callable[[Document], str]
    protocols: tuple[str, ...] = ()
    max_bytes: int = MAX_MESSAGE_BYTES
    send: Send | None = None


def send_to_topic(clients: Clients, target: str, body: str, attributes: Attributes) -> str:
    """Publish ``body`` as it is to an SNS topic; return the id of the message."""
    sns = clients("sns")
    answer = sns.publish(TopicArn=target, Message=body, MessageAttributes=attributes)
    return str(answer["MessageId"])


class NotTakenError(Exception):
    """An event bus did not take an event; the message is its code and text."""


def send_to_bus(clients: Clients, target: str, body: str, attributes: Attributes) -> str:  # noqa: ARG001 - as Send has it
    """Put ``body`` (JSON) as the detail of an event on a bus; return the id of the event. Raises ``NotTakenError``.

    PutEvents fails for single events without an error of its own (EventBridge API Reference, PutEvents).
    """
    event = {
        "Source": EVENT_SOURCE,
        "DetailType": DETAIL_TYPE,
        "Detail": body,
        "EventBusName": target,
    }
    (entry,) = clients("events").put_events(Entries=[event])["Entries"]
    if "EventId" not in entry:
        raise NotTakenError(f"{entry.get('ErrorCode', '')}: {entry.get('ErrorMessage', '')}")
    return str(entry["EventId"])
