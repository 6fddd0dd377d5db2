"""The document for those who get it by e-mail as JSON: the same, but mail programs find no link of somebody else in it."""

from typing import Any

from keywatch.alerts.channel import Channel, compact_json
from keywatch.alerts.document import Document
from keywatch.alerts.escape import harmless

# Made by KeyWatch alone, or shown exactly or not at all.
_EXACT = frozenset({"links", "command"})


def render(document: Document) -> str:
    """Return the document as JSON, with every foreign web and mail address made harmless."""
    return compact_json(_harmless(document))


def _harmless(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {name: one if name in _EXACT else _harmless(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_harmless(one) for one in value]
    return harmless(value) if isinstance(value, str) else value


CHANNEL = Channel(name="email_json", protocols=("email-json",), render=render)
