"""The few sentences of an alert that KeyWatch words itself: names, titles, tolls, the summary."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from keywatch.catalogue import causes
from keywatch.catalogue.causes import Cause, Severity
from keywatch.model.identifiers import is_well_formed, parse
from keywatch.model.incident import OTHERS
from keywatch.model.subjects import STORE_CAUSES
from keywatch.model.text import one_line

MAX_NAME = 100
NOBODY = "unknown"
_UNNAMED = "a key that AWS did not name"
_PLACE = re.compile(r"[A-Za-z0-9*][A-Za-z0-9*-]{0,63}")

# Facts of a diagnosis that belong into the first lines, and how they read there.
_HINTS = {
    "did_you_mean": "Did you mean {}?",
    "key_region": "The key lives in {}.",
    "deletion_date": "It will be gone for good on {}.",
    "deleted_at": "It was deleted on {}.",
    "deletion_due": "Its deletion was due on {}.",
}
_WORD = re.compile(r"[A-Za-z0-9._-]{1,100}")
_HINT = re.compile(r"[A-Za-z0-9:/_.+-]{1,300}(?: [0-9:]{5,8}(?: UTC)?)?")


def cause_of(cause_id: str) -> Cause:
    """Return the catalogue's record of a cause; an id that it does not know still gets a title, so that its alert goes out."""
    known: Mapping[str, Cause] = causes.CAUSES
    if cause_id in known:
        return known[cause_id]
    return Cause(
        cause_id, one_line(cause_id, 64).replace("_", " ").capitalize(), Severity.HIGH, "", (), ""
    )


def known(value: str | None) -> str:
    """Return an account or Region, or ``unknown`` where nobody knows it."""
    return value if value and _PLACE.fullmatch(value) else NOBODY


def iso(moment: datetime) -> str:
    """Return a time as ISO 8601 in UTC, to the second, ending in ``Z``. A time without a zone is taken as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def clock(moment: str, after: str = "") -> str:
    """Return an ISO time of the document as people read it, without the day when ``after`` was on the same day."""
    day, _, time = moment.removesuffix("Z").partition("T")
    return f"{time[:5]} UTC" if after.startswith(day) else f"{day} {time[:5]} UTC"


def name(
    *,
    cause: str,
    alias: str | None,
    identifier: str | None,
    key_arn: str | None,
    key_store: str | None,
) -> str:
    """Return the most human name of what is broken: its alias, else its key id, else what the caller typed, in quotes."""
    if key_store and cause in STORE_CAUSES:
        return _shown(key_store)
    for text in (alias, identifier, key_arn):
        parsed = parse(text) if text else None
        if parsed and (parsed.alias or parsed.key_id):
            return _shown(parsed.alias or parsed.key_id or "")
    typed = one_line(alias or identifier or key_arn, MAX_NAME)
    if typed:
        return f'"{typed}"'
    return f"key store {_shown(key_store)}" if key_store else _UNNAMED


def _shown(text: str) -> str:
    short = one_line(text, MAX_NAME)
    return short if is_well_formed(text) or _WORD.fullmatch(text) else f'"{short}"'


def calls(failures: int) -> str:
    """Return ``1 call``, ``12,000 calls``."""
    return f"{failures:,} call{'' if failures == 1 else 's'}"


def brief(status: str, failures: int) -> str:
    """Return the state of an incident in the few words that follow its title."""
    if status == "resolved":
        return "resolved"
    if failures == 0:
        return "no call has failed yet"
    return (
        f"still failing, {calls(failures)} so far"
        if status == "reminder"
        else f"{calls(failures)} failed"
    )


def most_frequent(
    items: Sequence[Mapping[str, Any]], most: int
) -> tuple[Sequence[Mapping[str, Any]], str]:
    """Return the first ``most`` counted names of an impact, and in words how many more there are (empty when none)."""
    named = [item for item in items if item["name"] != OTHERS]
    if len(named) < len(items):
        return named[:most], "and others"
    return named[:most], f"and {len(named) - most} more" if len(named) > most else ""


def who_is_hurt(impact: Mapping[str, Any]) -> dict[str, Sequence[Mapping[str, Any]]]:
    """Return the lists of an impact that tell something; that KMS itself was called is no news."""
    lists = {kind: impact[kind] for kind in ("callers", "operations", "services", "resources")}
    lists["services"] = [item for item in impact["services"] if item["name"] != "kms.amazonaws.com"]
    return {kind: items for kind, items in lists.items() if items}


def toll(status: str, failures: int, first: str, last: str) -> str:
    """Return how many calls failed and when, without a full stop; ``first`` and ``last`` are ISO times."""
    if failures == 0:
        return "no call failed" if status == "resolved" else "no call has failed yet"
    if clock(first) == clock(last):
        return f"{calls(failures)} failed at {clock(first)}"
    if status == "resolved":
        return f"{calls(failures)} failed, from {clock(first)} to {clock(last, first)}"
    return f"{calls(failures)} failed since {clock(first)}, the last at {clock(last, first)}"


def hints(facts: Mapping[str, str]) -> str:
    """Return the facts of a diagnosis that help at once, as sentences. Anything that reads like more than a name is left out."""
    return " ".join(
        text.format(facts[key])
        for key, text in _HINTS.items()
        if _HINT.fullmatch(facts.get(key) or "")
    )
