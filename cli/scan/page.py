"""A scan as one HTML page that needs nothing else: no request leaves it, and it can be mailed and printed.

The incidents lie in it as JSON inside a script element of a type that no browser runs; its own script
makes text nodes of them, never markup. A policy in the page forbids everything else.
"""

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from importlib import resources
from typing import Any, TextIO

from .document import Document, name_of, short_change
from .summary import Summary, days_of, nothing_found, sentences, title_of

MOST_INCIDENTS = 5_000  # in the page; JSON and CSV have all
MOST_BARS = 120
MOST_CAUSES = 7  # with a colour of their own; the others share one
MOST_NAMES = 3  # of callers in a row; its details have all
OTHERS = "other causes"
_POLICY = "default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; form-action 'none'; base-uri 'none'"


def write_page(out: TextIO, summary: Summary, worst: Iterable[Document]) -> None:
    """Write the page. ``worst`` are at most ``MOST_INCIDENTS`` incidents, in any order."""
    style, script = _asset("page.css"), _asset("page.js")
    policy = _POLICY.format(style=_digest(style), script=_digest(script))
    out.write(
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">'
        '<meta name="color-scheme" content="light dark"><title>KeyWatch scan</title>'
        f"<style>{style}</style></head><body>{_asset('page.html')}\n"
        f'<script type="application/json" id="data">{_embedded(_data(summary, worst))}</script>\n'
        f"<script>{script}</script></body></html>\n"
    )


def _asset(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _digest(content: str) -> str:
    return base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def _embedded(data: dict[str, Any]) -> str:
    """Return JSON in which nothing ends a script element or begins a comment."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _data(summary: Summary, worst: Iterable[Document]) -> dict[str, Any]:
    return {
        "incidents": [_row(document) for document in worst],
        "total": summary.incidents,
        "nothing": nothing_found(summary),
        "calls": summary.told,
        "going_on": summary.going_on,
        "chart": _chart(summary),
        "read": list(sentences(summary)),
    }


def _row(document: Document) -> dict[str, Any]:
    subject, fixed = document["subject"], document["fixed_by"]
    return {
        "cause": document["cause"],
        "title": document["title"],
        "severity": document["severity"],
        "confidence": document["confidence"],
        "name": name_of(document),
        "account": subject["account"],
        "region": subject["region"],
        "first": document["first_seen"],
        "last": document["last_seen"],
        "goes_on": document["goes_on"],
        "failures": document["failures"],
        "callers": _names(document["callers"]),
        "short_callers": _short_names(document["callers"]),
        "changed": [short_change(change) for change in document["changes"]],
        "fixed": short_change(fixed) if fixed else "",
        "because": document["because"],
        "unknowns": document["unknowns"],
        "remedies": document["remedies"],
        "facts": {
            "Callers": _names(document["callers"]),
            "Operations": _names(document["operations"]),
            "Services": _names(document["services"]),
            "Resources": _names(document["resources"]),
            "Accounts": _names(document["accounts"]),
            "Regions": _names(document["regions"]),
            "Incident": document["incident_id"],
        },
    }


def _names(counts: list[dict[str, Any]]) -> str:
    return ", ".join(f"{one['name']} ({one['failures']:,})" for one in counts)


def _short_names(counts: list[dict[str, Any]]) -> str:
    names = [str(one["name"]).rpartition(":")[2] for one in counts[:MOST_NAMES]]
    more = f" and {len(counts) - MOST_NAMES} more" if len(counts) > MOST_NAMES else ""
    return ", ".join(names) + more


def _chart(summary: Summary) -> dict[str, Any]:
    """Return the failed calls over time: bars of one or more days, each split by cause, the most frequent causes first."""
    days = days_of(summary)
    width = max(1, -(-len(days) // MOST_BARS))
    causes = [cause for cause, _ in summary.calls_by_cause.most_common(MOST_CAUSES)]
    bars = [_bar(summary, days[at : at + width], causes) for at in range(0, len(days), width)]
    names = [{"cause": cause, "title": title_of(cause)} for cause in causes]
    if len(summary.calls_by_cause) > len(causes):
        names.append({"cause": OTHERS, "title": OTHERS})
    return {"causes": names, "bars": bars, "days": width}


def _bar(summary: Summary, days: list[str], causes: list[str]) -> dict[str, Any]:
    calls: Counter[str] = Counter()
    for day in days:
        calls.update(summary.by_day.get(day, {}))
    counts = [calls[cause] for cause in causes]
    rest = calls.total() - sum(counts)
    return {"from": days[0], "to": days[-1], "calls": [*counts, rest]}
