"""The alert as a message of a Slack incoming webhook: plain text blocks, in which nothing is a mention, a link or markup.

Source: Slack API documentation, "Reference: blocks" (a header holds 150 characters, a section 3,000,
a message 50 blocks) and "Formatting text" (``&``, ``<`` and ``>`` are escaped in what notifications show).
"""

from typing import Any

from keywatch.alerts.document import Document, Step
from keywatch.alerts.escape import plain
from keywatch.alerts.wording import headings, headline, sign

MAX_HEADER, MAX_SECTION = 150, 3_000
MOST_STEPS, MOST_REASONS = 5, 5


def body(document: Document) -> dict[str, Any]:
    """Return the message."""
    over = document["status"] == "resolved"
    title, names = f"{sign(document)} {headline(document, MAX_HEADER - 3)}", headings(document)
    owner = f"Owner: {plain(document['owner'])}" if "owner" in document else ""
    because = "\n".join(plain(reason) for reason in document["because"][:MOST_REASONS])
    sections = (
        plain(document["summary"]),
        owner,
        f"{names.why}\n{because}" if because else "",
        *([] if over else _steps(document)),
        f"KeyWatch incident {document['incident_id']}, cause {document['cause']}",
    )
    return {
        "text": _escaped(title),
        "blocks": [
            {"type": "header", "text": _plain_text(title, MAX_HEADER)},
            *(
                {"type": "section", "text": _plain_text(text, MAX_SECTION)}
                for text in sections
                if text
            ),
        ],
    }


def _steps(document: Document) -> list[str]:
    return [_step(number, step) for number, step in enumerate(document["remedies"][:MOST_STEPS], 1)]


def _step(number: int, step: Step) -> str:
    text = f"{number}. {plain(step['text'])}"
    whole = f"{text}\n{step['command']}" if step["command"] else text
    # A command that was cut would be another one.
    return whole if len(whole) <= MAX_SECTION else f"{text} (The command is in the e-mail.)"


def _plain_text(text: str, limit: int) -> dict[str, Any]:
    shown = text if len(text) <= limit else f"{text[: limit - 3]}..."
    return {"type": "plain_text", "text": shown, "emoji": False}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
