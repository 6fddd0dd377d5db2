"""The alert as a card in a Slack or Teams channel: a custom notification of Amazon Q Developer in chat applications.

Schema and limits: Amazon Q Developer in chat applications Administrator Guide, "Custom
notifications". The service drops what is not in its schema, so cards have a topic of their own.
"""

from collections.abc import Callable, Iterable
from typing import Any

from keywatch.alerts.channel import Channel, compact_json, send_to_topic
from keywatch.alerts.document import Document, Step
from keywatch.alerts.escape import chat_command, code, markdown
from keywatch.alerts.names import LABELS, arn_shortener
from keywatch.alerts.wording import (
    first_line,
    headings,
    headline,
    impact_lines,
    readable_time,
    sign,
)

MAX_TITLE = 250
MAX_DESCRIPTION = 8_000
MAX_STEP = 350
MAX_KEYWORD = 75
_NAMES_SHOWN = 5
_MEMBERS_SHOWN = 20


def render(document: Document) -> str:
    """Return the card as JSON."""
    return compact_json(card(document))


def card(document: Document) -> dict[str, Any]:
    """Return the custom notification of an alert; all alerts of an incident share its thread."""
    over = document["status"] == "resolved"
    title = f"{sign(document)} {markdown(headline(document, MAX_TITLE - 4), MAX_TITLE - 4)}"
    subject = document["subject"]
    keywords = (
        document["cause"],
        document["severity"],
        document["status"],
        subject["region"],
        subject["account"],
    )
    owner = {"owner": document["owner"]} if "owner" in document else {}
    context = owner | {
        "status": document["status"],
        "severity": document["severity"],
        "cause": document["cause"],
        "incident_id": document["incident_id"],
    }
    return {
        "version": "1.0",
        "source": "custom",
        "content": {
            "textType": "client-markdown",
            "title": title,
            "description": _description(document),
            "nextSteps": [] if over else [_step(one) for one in document["remedies"]],
            "keywords": [markdown(word, MAX_KEYWORD) for word in keywords],
        },
        "metadata": {
            "threadId": document["incident_id"],
            "summary": title,
            "additionalContext": {key: markdown(value) for key, value in context.items()},
        },
    }


def _description(document: Document) -> str:
    """Return as many whole sections as fit, most important first, and say so when one had to go."""
    text = f"{markdown(first_line(document))}\n\n{markdown(document['summary'])}"
    for section in _sections(document):
        if not section:
            continue
        if len(text) + len(section) > MAX_DESCRIPTION - 100:
            return f"{text}\n\n(Shortened. See the e-mail or the JSON document for the rest.)"
        text = f"{text}\n\n{section}"
    return text


def _sections(document: Document) -> tuple[str, ...]:
    shorten, titles = arn_shortener(document["subject"]), headings(document)
    over = document["status"] == "resolved"
    because = [shorten(reason) for reason in document["because"]]
    why = f"*{titles.why}*" if over else f"*{titles.why}* ({document['confidence']})"
    impact = [
        f"- {kind}: {names}"
        for kind, names in impact_lines(
            document, _NAMES_SHOWN, lambda name: code(shorten(name), 150)
        )
    ]
    links = [f"{LABELS[name]}: {address}" for name, address in document["links"].items()]
    return (
        "\n".join(_bullets(document["notes"])),
        _section(why, _bullets([*because, *document["unknowns"]])),
        _section(f"*{titles.impact}*", impact),
        _section(f"*{titles.changes}*", _changes(document, shorten)),
        _section(f"*{titles.members}*", _members(document)),
        "" if over else "\n".join(_long_commands(document)),
        "\n".join(links),
    )


def _section(title: str, lines: list[str]) -> str:
    """Return lines under their title; nothing for nothing."""
    return "\n".join([title, *lines]) if lines else ""


def _bullets(texts: Iterable[str]) -> list[str]:
    return [f"- {markdown(text, 500)}" for text in texts]


def _changes(document: Document, shorten: Callable[[str], str]) -> list[str]:
    return [
        f"- {readable_time(one['when'])}: {markdown(one['what'], 128)} by {code(shorten(one['who']), 200)}"
        for one in document["changes"]
    ]


def _members(document: Document) -> list[str]:
    group = document.get("group")
    if group is None:
        return []
    shown = group["members"][:_MEMBERS_SHOWN]
    more = group["size"] - len(shown)
    return [f"- {code(name, 150)}" for name in shown] + (
        [f"- and {more:,} more"] if more > 0 else []
    )


def _long_commands(document: Document) -> list[str]:
    """Return the commands that are too long for a next step; one that chat would alter is left to the e-mail."""
    return [
        f"{markdown(one['text'], 200)}\n```\n{one['command']}\n```"
        for one in document["remedies"]
        if chat_command(one["command"]) and not _step(one).endswith("`")
    ]


def _step(step: Step) -> str:
    """Return a step, with its command where both fit."""
    command, text = chat_command(step["command"]), markdown(step["text"], MAX_STEP)
    whole = f"{text} `{command}`"
    return whole if command and len(whole) <= MAX_STEP else text


CHANNEL = Channel(name="chat", render=render, send=send_to_topic)
