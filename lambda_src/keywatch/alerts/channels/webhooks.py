"""The alert for web hooks: one event on the stack's own bus, with a body for each kind of receiver.

Rules of the stack pick the body of their kind and send it as it is to an API destination
(``infra/webhooks.py``). No rule puts a text together from parts of an event: whatever stands in an
alert, what is sent is the JSON that was made here.
"""

from keywatch.alerts.channel import Channel, compact_json, send_to_bus
from keywatch.alerts.document import Document
from keywatch.alerts.webhooks import opsgenie, pagerduty, slack


def render(document: Document) -> str:
    """Return the event's detail as JSON: the document, and a body for each kind of receiver."""
    return compact_json(
        {
            "document": document,
            "pagerduty": pagerduty.body(document),
            "opsgenie": opsgenie.body(document),
            "slack": slack.body(document),
        }
    )


CHANNEL = Channel(name="webhooks", render=render, send=send_to_bus)
