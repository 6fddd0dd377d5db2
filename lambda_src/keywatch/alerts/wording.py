"""The few sentences of an alert that KeyWatch words itself: headings, times, counts, hints."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NamedTuple

from keywatch.alerts.document import GONE, UNKNOWN, Count, Document, ImpactCounts
from keywatch.alerts.escape import ascii_line
from keywatch.model.tally import OTHERS
from keywatch.model.text import code_points, counted, one_line

_HEADLINE_NAME = 44  # any key id and most aliases
_HEADLINE_REGION = 16
_LONGEST_TAG = len("CRITICAL STILL FAILING")
FIRST_LINE = 120
_FIRST_LINE_NAMES = (40, 20)  # how much of a caller's name is shown, the more the better
_DATE = "%Y-%m-%d %H:%M UTC"

# How sure a diagnosis is, by its confidence.
SURENESS = {
    "certain": "certain",
    "likely": "likely, not proven",
    "possible": "possible, not proven",
}
_STATUS_TAGS = {
    "reminder": " STILL FAILING",
    "changed": " CHANGED",
    "group": " GROUP",
    "test": " TEST",
}

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


_SIGNS = {"critical": "🔴", "high": "🟠", "warning": "🟡", "info": "🔵"}


def sign(document: Document) -> str:
    """Return the sign by which chat shows how bad it is, or that it is over."""
    return "✅" if document["status"] == "resolved" else _SIGNS.get(document["severity"], "⚪")


def headline(document: Document, limit: int) -> str:
    """Return severity and state, cause, key and Region as one line of ASCII; where room is short, the cause is cut first.

    What follows the first colon is the same in all messages of an incident as long as its cause is,
    however long their states are: mail cannot be threaded through SNS but by its Subject.
    """
    cause, _, name = document["title"].partition(": ")
    region = document["subject"]["region"]
    if len(region) > _HEADLINE_REGION:
        region = ascii_line(region, _HEADLINE_REGION)
    place = "" if region == UNKNOWN else f" ({region})"
    tag, name = _tag(document), ascii_line(name, _HEADLINE_NAME)
    room = limit - max(len(tag), _LONGEST_TAG) - len(f": : {name}{place}")
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


def first_line(document: Document) -> str:
    """Return what broke, how many calls fail, whose they mostly are and since when, in at most ``FIRST_LINE`` characters."""
    name = one_line(document["title"].partition(": ")[2], _HEADLINE_NAME)
    lines = (f"{name}: {_toll(document, most)}" for most in (*_FIRST_LINE_NAMES, 0))
    return next((line for line in lines if len(line) <= FIRST_LINE), name)


def _toll(document: Document, most: int) -> str:
    """Return the state, count, caller and times of an incident; ``most`` characters of the caller's name, 0 for none."""
    status, impact = document["status"], document["impact"]
    if status == "test":
        return "this is a test"
    over = "closed, the key is gone" if is_gone(document) else "resolved"
    if not impact["failures"]:
        return over if status == "resolved" else "no call has failed yet"
    calls, times = _calls(impact, most), _times(impact, ended=status == "resolved")
    if status == "resolved":
        return f"{over}; {calls[0]} failed {times}{calls[1]}"
    failing = "failed" if times.startswith("at ") else "failing"
    still = "still " if status == "reminder" and failing == "failing" else ""
    return f"{calls[0]} {still}{failing} {times}{calls[1]}"


def _calls(impact: ImpactCounts, most: int) -> tuple[str, str]:
    """Return how many calls failed, and whose most of them are: in one, or where others call too, behind the times."""
    calls = counted(impact["failures"], "call")
    named = [one for one in impact["callers"] if one["name"] != OTHERS]
    if not (named and most):
        return calls, ""
    top = named[0]
    name = one_line(top["name"].rpartition("/")[2] or top["name"], most)
    if top["count"] >= impact["failures"]:
        return f"{calls} of {name}", ""
    return calls, f", {top['count']:,} of {name}"


def _times(impact: ImpactCounts, *, ended: bool) -> str:
    first, last = (
        datetime.fromisoformat(impact["first_seen"]),
        datetime.fromisoformat(impact["last_seen"]),
    )
    clock = "%H:%M" if first.date() == last.date() else "%-d %b %H:%M"
    if last - first < timedelta(minutes=1):
        return f"at {first:{clock}} UTC"
    span = f"from {first:{clock}} to {last:{clock}} UTC" if ended else f"since {first:{clock}} UTC"
    return f"{span} ({lasting(last - first)})"


def lasting(span: timedelta) -> str:
    """Return a span of time in its two largest units: ``8 min``, ``3 h 28 min``, ``6 d 23 h``."""
    minutes = max(0, int(span.total_seconds() // 60))
    days, hours = divmod(minutes // 60, 24)
    units = ((days, "d"), (hours, "h"), (minutes % 60, "min"))
    start = next((at for at, (count, _) in enumerate(units) if count), 2)
    parts = [f"{count} {unit}" for count, unit in units[start : start + 2] if count]
    return " ".join(parts) or "less than a minute"


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


def hints(facts: Mapping[str, str], now: datetime | None = None) -> str:
    """Return the facts of a diagnosis that help at once, as sentences. Anything that reads like more than a name is left out.

    ``now`` (UTC) is what the time until a deletion is counted from; without it, only the date is said.
    """
    found = [
        text.format(_with_what_is_left(facts[key], now) if key == "deletion_date" else facts[key])
        for key, text in _HINTS.items()
        if _HINT.fullmatch(facts.get(key) or "")
    ]
    asked = facts.get("identifier") or ""
    if facts.get("did_you_mean") and (odd := code_points(asked)):
        found.append(f"The name that was asked for holds {odd}.")
    return " ".join(found)


def _with_what_is_left(date: str, now: datetime | None) -> str:
    """Return ``30 Nov 02:10 UTC (in 6 d 23 h)``; the date as it came where it is over, or no date as KeyWatch writes them."""
    try:
        until = datetime.strptime(date, _DATE).replace(tzinfo=UTC)
    except ValueError:
        return date
    if now is None or until <= now:
        return date
    return f"{until:%-d %b %H:%M} UTC (in {lasting(until - now)})"


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
