"""The alert as a card in a Slack or Teams channel: a custom notification of Amazon Q Developer in chat applications.

Schema and limits: Amazon Q Developer in chat applications Administrator Guide, "Custom
notifications".
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from keywatch.alerts.channels.email import LABELS, headline, short
from keywatch.alerts.document import Document
from keywatch.alerts.escape import chat_command, code, markdown
from keywatch.alerts.wording import clock, most_frequent, who_is_hurt

MAX_TITLE = 250
MAX_DESCRIPTION = 8_000
MAX_STEP = 350
MAX_KEYWORD = 75
_SHOWN = 5
_SIGNS = {"critical": "🔴", "high": "🟠", "warning": "🟡", "info": "🔵"}


def message(document: Document) -> Document:
    """Return the custom notification of an alert; all alerts of an incident share its thread."""
    over = document["status"] == "resolved"
    title = f"{_sign(document)} {markdown(headline(document, MAX_TITLE - 4), MAX_TITLE - 4)}"
    return {
        "version": "1.0",
        "source": "custom",
        "content": {
            "textType": "client-markdown",
            "title": title,
            "description": _description(document),
            "nextSteps": [] if over else [_step(remedy) for remedy in document["remedies"]],
            "keywords": [markdown(word, MAX_KEYWORD) for word in _keywords(document)],
        },
        "metadata": {
            "threadId": document["incident_id"],
            "summary": title,
            "additionalContext": {
                key: markdown(document[key])
                for key in ("status", "severity", "cause", "incident_id")
            },
        },
    }


def _sign(document: Document) -> str:
    return "✅" if document["status"] == "resolved" else _SIGNS.get(document["severity"], "⚪")


def _description(document: Document) -> str:
    """Return as many whole sections as fit, most important first, and say so when one had to go."""
    text = markdown(document["summary"])
    for section in (
        _listed("", document["notes"]),
        _why(document),
        _hurt(document),
        _changes(document),
        _commands(document),
        _links(document),
    ):
        if not section:
            continue
        if len(text) + len(section) > MAX_DESCRIPTION - 100:
            return f"{text}\n\n(Shortened. The e-mail and the JSON document say more.)"
        text = f"{text}\n\n{section}"
    return text


def _why(document: Document) -> str:
    because = [short(text, document) for text in document["because"]]
    over = document["status"] == "resolved"
    return _listed(
        "*Why it failed*" if over else f"*Why* ({document['confidence']})",
        [*because, *document["unknowns"]],
    )


def _listed(title: str, texts: Iterable[str]) -> str:
    lines = [f"- {markdown(text, 500)}" for text in texts]
    return "\n".join([title, *lines] if title else lines) if lines else ""


def _hurt(document: Document) -> str:
    impact = document["impact"]
    lines = [
        f"- {kind.capitalize()}: {_top_few(items, document)}"
        for kind, items in who_is_hurt(impact).items()
    ]
    title = "*Who was hurt*" if document["status"] == "resolved" else "*Who is hurt*"
    return "\n".join([title, *lines]) if lines and impact["failures"] else ""


def _top_few(items: Sequence[Mapping[str, Any]], document: Document) -> str:
    first, rest = most_frequent(items, _SHOWN)
    named = [f"{code(short(item['name'], document), 150)} ({item['count']:,})" for item in first]
    return ", ".join([*named, rest] if rest else named)


def _changes(document: Document) -> str:
    made = [_change(one, short(one["who"], document)) for one in document["changes"]]
    return "\n".join(["*Who changed it*", *made]) if made else ""


def _change(one: Document, who: str) -> str:
    return f"- {clock(one['when'])}: {markdown(one['what'], 128)} by {code(who, 200)}"


def _commands(document: Document) -> str:
    """Return the commands that are too long for a next step; one that chat would alter is left to the e-mail."""
    remedies = [] if document["status"] == "resolved" else document["remedies"]
    long = [
        one for one in remedies if chat_command(one["command"]) and not _step(one).endswith("`")
    ]
    return "\n".join(f"{markdown(one['text'], 200)}\n```\n{one['command']}\n```" for one in long)


def _step(remedy: Document) -> str:
    """Return a remedy, with its command where both fit."""
    command, text = chat_command(remedy["command"]), markdown(remedy["text"], MAX_STEP)
    whole = f"{text} `{command}`"
    return whole if command and len(whole) <= MAX_STEP else text


def _links(document: Document) -> str:
    return "\n".join(f"{LABELS[name]}: {address}" for name, address in document["links"].items())


def _keywords(document: Document) -> tuple[str, ...]:
    place = document["subject"]
    return (
        document["cause"],
        document["severity"],
        document["status"],
        place["region"],
        place["account"],
    )
