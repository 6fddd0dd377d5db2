"""A scan for programs: JSON Lines and CSV."""

import csv
import json
from collections.abc import Iterable
from typing import TextIO

from ..spreadsheet import cell
from .document import Document, name_of, short_change
from .summary import Summary

_COLUMNS = (
    "incident_id", "cause", "causes", "confidence", "severity", "key", "kind", "account", "region", "first_seen",
    "last_seen", "goes_on", "failures", "callers", "operations", "services", "resources", "accounts", "regions",
    "changed_by", "fixed_by", "because",
)  # fmt: skip


def write_json(out: TextIO, documents: Iterable[Document], summary: Summary) -> None:
    """Write one incident a line in the order of time, and the summary as the last line."""
    out.writelines(json.dumps(document, ensure_ascii=False) + "\n" for document in documents)
    out.write(json.dumps(summary.as_json(), ensure_ascii=False) + "\n")


def write_csv(out: TextIO, documents: Iterable[Document]) -> None:
    """Write one incident a row, below a row of names. No value can be a formula."""
    rows = csv.writer(out)
    rows.writerow(_COLUMNS)
    for document in documents:
        rows.writerow([cell(value) for value in _values(document)])


def _values(document: Document) -> tuple[object, ...]:
    subject, fixed = document["subject"], document["fixed_by"]
    names = ("callers", "operations", "services", "resources", "accounts", "regions")
    return (
        document["incident_id"],
        document["cause"],
        " ".join(document["causes"]),
        document["confidence"],
        document["severity"],
        name_of(document),
        subject["kind"],
        # A spreadsheet would round the account to a number.
        f"account {subject['account']}",
        subject["region"],
        document["first_seen"],
        document["last_seen"],
        "yes" if document["goes_on"] else "no",
        document["failures"],
        *(_names(document[name]) for name in names),
        "; ".join(short_change(change) for change in document["changes"]),
        short_change(fixed) if fixed else "",
        " ".join(document["because"]),
    )


def _names(counts: list[dict[str, object]]) -> str:
    return "; ".join(f"{one['name']} ({one['failures']})" for one in counts)
