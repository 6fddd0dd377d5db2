"""Answers as CSV, for spreadsheets: no value can be a formula."""

import csv
from collections.abc import Iterable, Mapping
from typing import TextIO

# What a spreadsheet would take for a formula (OWASP, "CSV Injection"); Asian ones know the wide signs, too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def cell(value: object) -> object:
    """Return a value as a cell that shows it and does nothing."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def write_rows(out: TextIO, rows: Iterable[Mapping[str, object]]) -> None:
    """Write one row for each mapping, below a row of their names; nothing for none."""
    written = csv.writer(out)
    names: tuple[str, ...] = ()
    for row in rows:
        if not names:
            names = tuple(row)
            written.writerow(names)
        written.writerow([cell(row.get(name)) for name in names])
