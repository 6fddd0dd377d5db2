"""The alert as plain text that is read in ten seconds; what any protocol gets that has no body of its own."""

import re
from collections.abc import Iterable, Iterator

from keywatch.alerts.channel import Channel
from keywatch.alerts.document import SHORTENED, Document
from keywatch.alerts.escape import wrapped
from keywatch.alerts.names import LABELS, arn_shortener
from keywatch.alerts.wording import (
    SURENESS,
    first_line,
    headings,
    impact_lines,
    readable_time,
)

WIDTH = 78
_NAMES_SHOWN = 3
_MEMBERS_SHOWN = 100
# Commands, and nothing else, start at this depth: no text from outside can be wrapped so that it
# looks like a command.
_COMMAND = " " * 4
# A line that begins so looks like a heading, a bullet, a step or the footer. Only the summary has
# lines that begin where these do, and a group's says in words from outside what it has in common.
_LIKE_A_PART = re.compile(r"-|\d+\.|https?:|KeyWatch incident|[A-Z' ]+(?:$| \()")


def body(document: Document) -> str:
    """Return the e-mail body: at most 78 columns wide, but for commands and web addresses, which stand alone on their lines."""
    shorten, titles = arn_shortener(document["subject"]), headings(document)
    cuts = [note for note in document["notes"] if note.startswith(SHORTENED)]
    notes = [note for note in document["notes"] if not note.startswith(SHORTENED)]
    because = [shorten(reason) for reason in document["because"]]
    impact = [f"{kind}: {names}" for kind, names in impact_lines(document, _NAMES_SHOWN, shorten)]
    changes = [
        f"{readable_time(one['when'])}: {one['what']} by {shorten(one['who'])}"
        for one in document["changes"]
    ]
    addresses = [f"{LABELS[name]}\n{address}" for name, address in document["links"].items()]
    unknowns = _section(titles.unknowns, _wrapped(document["unknowns"], "- "))
    certain = document["confidence"] == "certain"
    parts = (
        *_opening(document),
        _section("", _wrapped(notes)),
        _section(titles.why, _wrapped(because, "- "), _how_sure(document)),
        "" if certain else unknowns,  # where there is doubt, it is told before what to do
        _section(titles.impact, _wrapped(impact, "- ")),
        _section(titles.changes, _wrapped(changes, "- ")),
        _section(titles.members, _wrapped(_members(document), "- ")),
        _section(titles.remedies, ["\n\n".join(_steps(document))]),
        unknowns if certain else "",
        _section("Links", addresses),
        _section("", _wrapped([*cuts, _footer(document)])),
    )
    return "\n\n".join(filter(None, parts)) + "\n"


def _members(document: Document) -> list[str]:
    """Return the names of a group; where there are too many to read, the first, and how many more there are."""
    group = document.get("group")
    if group is None:
        return []
    shown = group["members"][:_MEMBERS_SHOWN]
    more = group["size"] - len(shown)
    return [*shown, f"and {more:,} more: the action incidents lists all"] if more > 0 else shown


def _opening(document: Document) -> tuple[str, str]:
    (first,) = _wrapped([first_line(document)])
    summary = wrapped(document["summary"], WIDTH, indent="")
    if any(_LIKE_A_PART.match(line) for line in summary.split("\n")[1:]):
        summary = wrapped(document["summary"], WIDTH)
    return first, summary


def _how_sure(document: Document) -> str:
    over = document["status"] == "resolved"
    return "" if over else f" ({SURENESS[document['confidence']]})"


def _steps(document: Document) -> Iterator[str]:
    for number, step in enumerate(document["remedies"], 1):
        (text,) = _wrapped([step["text"]], f"{number}. ")
        yield f"{text}\n{_COMMAND}{step['command']}" if step["command"] else text


def _footer(document: Document) -> str:
    previous = document.get("previous_incident_id")
    before = f"; the incident before it was {previous}" if previous else ""
    owner = f", owner {document['owner']}" if "owner" in document else ""
    return f"KeyWatch incident {document['incident_id']}, cause {document['cause']}{owner}{before}"


def _section(title: str, lines: Iterable[str], aside: str = "") -> str:
    """Return lines under their title, if they have one; nothing for nothing."""
    text = "\n".join(lines)
    return f"{title.upper()}{aside}\n{text}" if title and text else text


def _wrapped(texts: Iterable[str], bullet: str = "") -> list[str]:
    return [wrapped(text, WIDTH, bullet) for text in texts]


CHANNEL = Channel(name="email", protocols=("default", "email"), render=body)
