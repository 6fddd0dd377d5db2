"""The alert as plain text: a Subject for a phone's lock screen, and a body that is read in ten seconds."""

import re
from collections.abc import Iterable, Mapping, Sequence
from textwrap import TextWrapper, fill
from typing import Any

from keywatch.alerts.document import SHORTENED, Document
from keywatch.alerts.escape import ascii_line, plain
from keywatch.alerts.wording import NOBODY, brief, cause_of, clock, most_frequent, who_is_hurt

WIDTH = 78
MAX_SUBJECT = 99
_SHOWN = 3
_NAME = 44  # in a Subject: any key id and most aliases
# Commands, and nothing else, start at this depth: no text from outside can be wrapped so that it
# looks like a command.
_COMMAND = " " * 4

_SURE = {"certain": "certain", "likely": "likely, not proven", "possible": "possible, not proven"}
_TAGS = {"reminder": " STILL FAILING", "changed": " CHANGED"}
LABELS = {
    "key": "Key",
    "keys": "Keys of the Region",
    "key_store": "Key stores of the Region",
    "event": "CloudTrail event of the last change",
    "history": "CloudTrail history",
    "documentation": "Documentation",
}


def subject(document: Document) -> str:
    """Return the e-mail Subject: one line of 1 to 99 ASCII characters; severity and cause first, then the key and Region."""
    return headline(document, MAX_SUBJECT)


def headline(document: Document, limit: int) -> str:
    """Return severity and state, cause, key and Region as one line of ASCII; where room is short, the cause is cut first."""
    region, cause = document["subject"]["region"], cause_of(document["cause"]).title
    head, tail = f"{_tag(document)}: ", "" if region == NOBODY else f" ({ascii_line(region, 16)})"
    named = ascii_line(document["title"].removeprefix(f"{cause}: "), _NAME)
    return (
        f"{head}{ascii_line(cause, limit - len(head) - len(named) - len(tail) - 2)}: {named}{tail}"
    )


def body(document: Document) -> str:
    """Return the e-mail body: at most 78 columns wide, but for commands and web addresses, which stand alone on their lines."""
    doubtful = document["confidence"] != "certain"
    gaps_early, gaps_late = ((_unknowns,), ()) if doubtful else ((), (_unknowns,))
    sections = (_top, _notes, _why, *gaps_early, _hurt, _changes, _remedies, *gaps_late, _links)
    parts = (part for section in sections if (part := section(document)))
    return "\n\n".join((*parts, _footer(document))) + "\n"


def _tag(document: Document) -> str:
    severity, status = document["severity"].upper(), document["status"]
    if status == "resolved":
        return f"RESOLVED ({severity})"
    if status == "opened" and document["impact"]["failures"] == 0:
        return f"{severity} EARLY WARNING"
    return f"{severity}{_TAGS.get(status, '')}"


def _top(document: Document) -> str:
    first = f"{document['title']} - {brief(document['status'], document['impact']['failures'])}"
    return f"{_wrapped('', first)}\n\n{fill(plain(document['summary']), WIDTH, break_on_hyphens=False)}"


def _notes(document: Document) -> str:
    return "\n".join(
        _wrapped("", text) for text in document["notes"] if not text.startswith(SHORTENED)
    )


def _why(document: Document) -> str:
    title = (
        "WHY IT FAILED"
        if document["status"] == "resolved"
        else f"WHY ({_SURE[document['confidence']]})"
    )
    return _section(title, (_wrapped("- ", short(text, document)) for text in document["because"]))


def _unknowns(document: Document) -> str:
    return _section(
        "WHAT COULD NOT BE SEEN", (_wrapped("- ", text) for text in document["unknowns"])
    )


def _hurt(document: Document) -> str:
    impact = document["impact"]
    lines = (
        _wrapped(f"- {kind.capitalize()}: ", _top_few(items, document))
        for kind, items in who_is_hurt(impact).items()
    )
    title = "WHO WAS HURT" if document["status"] == "resolved" else "WHO IS HURT"
    return _section(title, lines) if impact["failures"] else ""


def _top_few(items: Sequence[Mapping[str, Any]], document: Document) -> str:
    first, rest = most_frequent(items, _SHOWN)
    named = [f"{short(item['name'], document)} ({item['count']:,})" for item in first]
    return ", ".join([*named, rest] if rest else named)


def short(text: str, document: Document) -> str:
    """Return ``text`` with the ARNs of the alert's own account and Region cut down to what people say: ``role/payments``."""
    place = document["subject"]
    if NOBODY in (place["account"], place["region"]):
        return text
    here = f"(?:kms:{re.escape(place['region'])}|iam:|sts:):{re.escape(place['account'])}"
    return re.sub(rf"\barn:aws[a-z-]{{0,20}}:{here}:(?=[a-z])", "", text)


def _changes(document: Document) -> str:
    made = (
        f"{clock(one['when'])}: {one['what']} by {short(one['who'], document)}"
        for one in document["changes"]
    )
    return _section("WHO CHANGED IT", (_wrapped("- ", text) for text in made))


def _remedies(document: Document) -> str:
    title = "IF IT COMES BACK" if document["status"] == "resolved" else "WHAT TO RUN"
    steps = [_step(number, remedy) for number, remedy in enumerate(document["remedies"], 1)]
    return _section(title, ["\n\n".join(steps)])


def _step(number: int, remedy: Document) -> str:
    text = _wrapped(f"{number}. ", remedy["text"])
    return f"{text}\n{_COMMAND}{remedy['command']}" if remedy["command"] else text


def _links(document: Document) -> str:
    return _section(
        "LINKS", (f"{LABELS[name]}\n{address}" for name, address in document["links"].items())
    )


def _footer(document: Document) -> str:
    cuts = [text for text in document["notes"] if text.startswith(SHORTENED)]
    return "\n".join(
        _wrapped("", text)
        for text in (
            *cuts,
            f"KeyWatch incident {document['incident_id']}, cause {document['cause']}",
        )
    )


def _section(title: str, lines: Iterable[str]) -> str:
    written = "\n".join(lines)
    return f"{title}\n{written}" if written else ""


def _wrapped(bullet: str, text: str) -> str:
    wrapper = TextWrapper(
        width=WIDTH, initial_indent=bullet, subsequent_indent="  ", break_on_hyphens=False
    )
    return wrapper.fill(plain(text))
