"""The few sentences of an alert that KeyWatch words itself: headings, times, counts, hints."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

from keywatch.alerts.document import GONE, UNKNOWN, Count, Document, ImpactCounts
from keywatch.alerts.escape import ascii_line
from keywatch.model.tally import OTHERS
from keywatch.model.text import code_points, counted

_HEADLINE_NAME = 44  # any key id and most aliases
_HEADLINE_REGION = 16

# How sure a diagnosis is, by its confidence.
SURENESS = {
    "certain": "certain",
    "likely": "likely, not proven",
    "possible": "possible, not proven",
}
_STATUS_TAGS = {"reminder": " STILL FAILING", "changed": " CHANGED", "group": " GROUP"}

# Facts of a diagnosis that belong into the first lines, and how they read there.
_HINTS = {
    "did_you_mean": "Did you mean {}?",
    "key_region": "The key is in {}.",
    "deletion_date": "Permanent deletion: {}.",
    "deleted_at": "It was deleted on {}.",
    "deletion_due": "Its deletion was due on {}.",
}
_HINT = re.compile(r"[A-Za-z0-9:/_.+-]{1,300}(?: [0-9:]{5,8}(?: UTC)?)?")


class Headings(NamedTuple):
    """What the parts of an alert are called, in every channel."""

    why: str
    unknowns: str
    impact: str
    changes: str
    remedies: str
    members: str = "Which keys and aliases"


_GOING_ON = Headings("Why", "What we don't know", "Impact", "Who changed it", "How to fix it")
_RESOLVED = Headings(
    "Why it failed", "What we don't know", "Impact", "Who changed it", "If it happens again"
)


def headings(document: Document) -> Headings:
    """Return the headings of an alert: those of an incident that is going on, or of one that is over."""
    return _RESOLVED if document["status"] == "resolved" else _GOING_ON


def headline(document: Document, limit: int) -> str:
    """Return severity and state, cause, key and Region as one line of ASCII; where room is short, the cause is cut first."""
    cause, _, name = document["title"].partition(": ")
    region = document["subject"]["region"]
    if len(region) > _HEADLINE_REGION:
        region = ascii_line(region, _HEADLINE_REGION)
    place = "" if region == UNKNOWN else f" ({region})"
    tag, name = _tag(document), ascii_line(name, _HEADLINE_NAME)
    room = limit - len(f"{tag}: : {name}{place}")
    return f"{tag}: {ascii_line(cause, room)}: {name}{place}"


subject_line = partial(headline, limit=99)  # SNS takes fewer than 100 (SNS API Reference, Publish)


def _tag(document: Document) -> str:
    severity, status = document["severity"].upper(), document["status"]
    return f"{_state(document, severity, status)}{' REPLAYED' if 'replayed' in document else ''}"


def _state(document: Document, severity: str, status: str) -> str:
    if status == "resolved":
        return f"{'CLOSED' if is_gone(document) else 'RESOLVED'} ({severity})"
    if status == "opened" and document["impact"]["failures"] == 0:
        return f"{severity} EARLY WARNING"
    return f"{severity}{_STATUS_TAGS.get(status, '')}"


def is_gone(document: Document) -> bool:
    """Tell whether an incident ended because what it is about cannot come back."""
    return any(note.startswith(GONE) for note in document["notes"])


def iso(moment: datetime) -> str:
    """Return a time as ISO 8601 in UTC, to the second, ending in ``Z``. A time without a zone is taken as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def readable_time(moment: str, after: str = "") -> str:
    """Return an ISO time of the document as people read it, without the day when ``after`` was on the same day."""
    day, _, time = moment.removesuffix("Z").partition("T")
    return f"{time[:5]} UTC" if after.startswith(day) else f"{day} {time[:5]} UTC"


def progress(document: Document) -> str:
    """Return the state of an incident in the few words that follow its title."""
    status, failures = document["status"], document["impact"]["failures"]
    if status == "resolved":
        return "closed, the key is gone" if is_gone(document) else "resolved"
    if failures == 0:
        return "no call has failed yet"
    if status == "reminder":
        return f"still failing, {counted(failures, 'call')} so far"
    return f"{counted(failures, 'call')} failed"


def failures_and_times(status: str, impact: ImpactCounts) -> str:
    """Return how many calls failed and when, without a full stop."""
    failures = counted(impact["failures"], "call")
    if not impact["failures"]:
        return "no call failed" if status == "resolved" else "no call has failed yet"
    first = readable_time(impact["first_seen"])
    if first == readable_time(impact["last_seen"]):
        return f"{failures} failed at {first}"
    last = readable_time(impact["last_seen"], impact["first_seen"])
    if status == "resolved":
        return f"{failures} failed, from {first} to {last}"
    return f"{failures} failed since {first}, the last at {last}"


def hints(facts: Mapping[str, str]) -> str:
    """Return the facts of a diagnosis that help at once, as sentences. Anything that reads like more than a name is left out."""
    found = [
        text.format(facts[key])
        for key, text in _HINTS.items()
        if _HINT.fullmatch(facts.get(key) or "")
    ]
    asked = facts.get("identifier") or ""
    if facts.get("did_you_mean") and (odd := code_points(asked)):
        found.append(f"The name that was asked for holds {odd}.")
    return " ".join(found)


def impact_lists(impact: ImpactCounts) -> dict[str, list[Count]]:
    """Return the lists of an impact that tell something, by what they count; that KMS itself was called is no news."""
    services = [one for one in impact["services"] if one["name"] != "kms.amazonaws.com"]
    lists = {
        "Callers": impact["callers"],
        "Operations": impact["operations"],
        "Services": services,
        "Resources": impact["resources"],
    }
    return {kind: counts for kind, counts in lists.items() if counts}


def most_frequent(counts: Sequence[Count], most: int) -> tuple[Sequence[Count], str]:
    """Return the first ``most`` names of an impact, and in words how many more there are (empty when none)."""
    named = [count for count in counts if count["name"] != OTHERS]
    if len(named) < len(counts):
        return named[:most], "and others"
    return named[:most], f"and {len(named) - most} more" if len(named) > most else ""


def impact_lines(
    document: Document, most: int, show: Callable[[str], str]
) -> list[tuple[str, str]]:
    """Return what was counted (``Callers``…) and its ``most`` frequent names, as ``show`` writes them; none before a failure."""
    lines: list[tuple[str, str]] = []
    if not document["impact"]["failures"]:
        return lines
    for kind, counts in impact_lists(document["impact"]).items():
        first, rest = most_frequent(counts, most)
        names = [f"{show(one['name'])} ({one['count']:,})" for one in first]
        lines.append((kind, ", ".join([*names, rest] if rest else names)))
    return lines
