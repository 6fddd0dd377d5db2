"""What a scan read and found, added up: bounded whatever the size. Pure."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from keywatch.catalogue.causes import cause_of
from keywatch.model.text import counted, one_line

from .coverage import Coverage
from .document import Document, iso
from .log_file import Reading

MOST_NAMED = 100  # files that could not be read; the others are counted
MOST_GAPS = 3  # that are said in words; the JSON has all
SCHEMA = "keywatch.scan_summary/1"


@dataclass(slots=True)
class Summary:
    """Numbers of one scan. Sizes are in bytes; ``problems`` are (file, why); ``skipped`` counts what is no log of CloudTrail.

    ``only_matches``: what was read is the answer of a query, so that none means that nothing failed.
    """

    files: int = 0
    size: int = 0
    unpacked: int = 0
    records: int = 0
    failures: int = 0
    changes: int = 0
    unreadable: int = 0
    incidents: int = 0
    going_on: int = 0
    told: int = 0
    ignored: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    skipped_names: dict[str, str] = field(default_factory=dict)
    problems: list[tuple[str, str]] = field(default_factory=list)
    coverage: Coverage = field(default_factory=Coverage)
    by_cause: Counter[str] = field(default_factory=Counter)
    calls_by_cause: Counter[str] = field(default_factory=Counter)
    by_day: dict[str, Counter[str]] = field(default_factory=dict)
    only_matches: bool = False

    def add_reading(self, reading: Reading) -> None:
        """Count a file."""
        self.files += 1
        self.size += reading.size
        self.unpacked += reading.unpacked
        self.records += reading.records
        self.failures += reading.failures
        self.changes += reading.changes
        self.ignored += reading.ignored
        self.coverage.add(reading.hours)
        name = one_line(reading.name, 500)
        if reading.problem:
            self.add_problem(name, reading.problem)
        if reading.skipped:
            self.skipped[reading.skipped] += 1
            self.skipped_names.setdefault(reading.skipped, name)

    def add_problem(self, name: str, why: str) -> None:
        """Count something that could not be read."""
        self.unreadable += 1
        if len(self.problems) < MOST_NAMED:
            self.problems.append((one_line(name, 500), one_line(why, 500)))

    def add_incident(self, document: Document) -> None:
        """Count an incident."""
        cause = document["cause"]
        self.incidents += 1
        self.going_on += document["goes_on"]
        self.told += document["failures"]
        self.by_cause[cause] += 1
        self.calls_by_cause[cause] += document["failures"]
        for day, count in document["days"].items():
            self.by_day.setdefault(day, Counter())[cause] += count

    @property
    def exit_code(self) -> int:
        """Return 0 where nothing was found, 1 where something was, 2 where something could not be read."""
        if self.unreadable or self.saw_nothing:
            return 2
        return 1 if self.incidents else 0

    @property
    def saw_nothing(self) -> bool:
        """Tell whether there was no record to read at all, so that nothing can be said."""
        return not (self.records or self.only_matches)

    def as_json(self) -> dict[str, Any]:
        """Return the summary as plain JSON (``keywatch.scan_summary/1``)."""
        span = self.coverage.span()
        return {
            "schema": SCHEMA,
            "files": self.files,
            "bytes": self.size,
            "bytes_unpacked": self.unpacked,
            "records": self.records,
            "failures": self.told,
            "changes": self.changes,
            "incidents": self.incidents,
            "going_on": self.going_on,
            "from": iso(span[0]) if span else None,
            "until": iso(span[1]) if span else None,
            "causes": [
                {"cause": cause, "incidents": count, "failures": self.calls_by_cause[cause]}
                for cause, count in self.by_cause.most_common()
            ],
            "days": {day: dict(causes) for day, causes in sorted(self.by_day.items())},
            "ignored": dict(self.ignored.most_common()),
            "skipped": dict(self.skipped.most_common()),
            "unreadable": self.unreadable,
            "problems": [{"name": name, "why": why} for name, why in self.problems],
            "gaps": [
                {
                    "account": gap.account,
                    "region": gap.region,
                    "from": iso(gap.start),
                    "until": iso(gap.end),
                }
                for gap in self.coverage.gaps()
            ],
        }


def nothing_found(summary: Summary) -> str:
    """Return what it means that there is no incident."""
    if summary.saw_nothing:
        return "No record of CloudTrail was read, so nothing can be said."
    return "Nothing found: no call failed because a key was missing or unusable."


def title_of(cause: str) -> str:
    """Return what people call a cause."""
    return cause_of(cause).title


def days_of(summary: Summary) -> list[str]:
    """Return all days from the first to the last on which a call failed, those without one among them."""
    if not summary.by_day:
        return []
    first, last = (date.fromisoformat(day) for day in (min(summary.by_day), max(summary.by_day)))
    return [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]


def sentences(summary: Summary) -> Iterator[str]:
    """Yield in words what was read, and what was not."""
    span = summary.coverage.span()
    when = f", from {_minute(span[0])} to {_minute(span[1])}" if span else ""
    read = f"{counted(summary.files, 'file')} with {counted(summary.records, 'record')}"
    yield f"Read {read} ({megabytes(summary.unpacked)}){when}."
    for what, count in summary.skipped.most_common():
        yield f"Skipped {counted(count, 'file')}, {what}, such as {summary.skipped_names[what]}."
    for name, why in summary.problems:
        yield f"Could not be read: {name}: {why}."
    if summary.unreadable > len(summary.problems):
        yield f"And {summary.unreadable - len(summary.problems):,} more could not be read."
    gaps = list(summary.coverage.gaps())
    for gap in gaps[:MOST_GAPS]:
        yield (
            f"No records of account {gap.account} in {gap.region} from {_minute(gap.start)} to {_minute(gap.end)}: "
            "nothing was called there, or the trail was off."
        )
    if len(gaps) > MOST_GAPS:
        yield f"And {len(gaps) - MOST_GAPS:,} more spans without records."


def _minute(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def megabytes(size: float) -> str:
    """Return a size as people read it: ``1.2 MB``, ``10.0 GB``."""
    for unit, length in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= length:
            return f"{size / length:,.1f} {unit}"
    return f"{int(size)} bytes"
