"""What was found, kept on disk by subject and time, and which files are read. SQLite sorts, so nobody holds all.

Several processes write at once. What a file told and that it is read are written together, so that
a scan that was stopped goes on where it was. A record that came twice is kept once.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

from keywatch.model.evidence import FROM_TRAIL, ChangeFact
from keywatch.model.signals import KeyChange, KeyFailure, Subject
from keywatch.sources.source import EPOCH

from .document import Document
from .log_file import Found, signal_of

WAIT = 300.0  # seconds for other processes that write
AT_ONCE = 500  # signals that are held before they are written
MOST_CHANGES = 200  # of one subject: the newest
_GOES_ON = 1 << 50
VERSION = 2  # of the tables
_TABLES = """
CREATE TABLE IF NOT EXISTS failures (subject TEXT, at INTEGER, id TEXT, record BLOB, PRIMARY KEY (subject, at, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS changes (
    subject TEXT, at INTEGER, id TEXT, what TEXT, who TEXT, details TEXT, record BLOB, PRIMARY KEY (subject, at, id, what)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS incidents (
    first_seen TEXT, id TEXT, weight INTEGER, document TEXT, PRIMARY KEY (first_seen, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (name TEXT, mark TEXT, outcome TEXT, PRIMARY KEY (name, mark)) WITHOUT ROWID;
"""
# Of two accounts' records of one call always the same one is kept, in whatever order they came.
_FAILURE = "INSERT INTO failures VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET record = min(record, excluded.record)"
_CHANGE = "INSERT OR IGNORE INTO changes VALUES (?, ?, ?, ?, ?, ?, ?)"
# Of two events of one time a change is put first: it explains what failed.
_REPLAYABLE = """
SELECT at, 1 AS kind, id, record FROM failures WHERE at >= ? AND at < ?
UNION ALL SELECT DISTINCT at, 0, id, record FROM changes
    WHERE subject IN (SELECT DISTINCT subject FROM failures WHERE at >= ? AND at < ?)
"""
_FILE = "INSERT OR REPLACE INTO files VALUES (?, ?, ?)"


class NoWorkspace(Exception):
    """The file cannot be used. The message says which, and why."""


class Workspace:
    """The file in which a scan keeps what it found. Each process opens it for itself. Raises ``NoWorkspace``."""

    def __init__(self, path: Path) -> None:
        try:
            self._base = sqlite3.connect(path, timeout=WAIT, isolation_level=None)
            self._prepare()
        except sqlite3.DatabaseError as error:
            raise NoWorkspace(
                f"{path} is no state of a scan, or cannot be written ({error})."
            ) from error

    def _prepare(self) -> None:
        self._base.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -8000;"
        )
        (version,) = self._base.execute("PRAGMA user_version").fetchone()
        (tables,) = self._base.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if tables and version != VERSION:
            raise sqlite3.DatabaseError("another version of KeyWatch, or another program, wrote it")
        self._base.executescript(f"PRAGMA user_version = {VERSION}; {_TABLES}")

    def close(self) -> None:
        """Let go of the file."""
        self._base.close()

    def keep(self, found: Iterable[Found]) -> None:
        """Write signals, so many at once."""
        failures: list[tuple[str, int, str, bytes]] = []
        changes: list[tuple[str, int, str, str, str, str, bytes]] = []
        for one in found:
            if isinstance(one.signal, KeyFailure):
                failures.append(_failure_row(one.signal, one.record))
            else:
                changes += _change_rows(one.signal, one.record)
            if len(failures) + len(changes) >= AT_ONCE:
                self._write(failures, changes)
                failures, changes = [], []
        self._write(failures, changes)

    def _write(
        self,
        failures: list[tuple[str, int, str, bytes]],
        changes: list[tuple[str, int, str, str, str, str, bytes]],
    ) -> None:
        if not failures and not changes:
            return
        self._base.execute("BEGIN IMMEDIATE")
        self._base.executemany(_FAILURE, failures)
        self._base.executemany(_CHANGE, changes)
        self._base.execute("COMMIT")

    def mark_read(self, outcomes: Iterable[tuple[str, str, str]]) -> None:
        """Remember files (name, mark, outcome as text) that are read to their end."""
        self._base.execute("BEGIN IMMEDIATE")
        self._base.executemany(_FILE, outcomes)
        self._base.execute("COMMIT")

    def outcome_of(self, name: str, mark: str) -> str | None:
        """Return what became of a file in an earlier run; ``None`` where it was not read, or is another one now."""
        row = self._base.execute(
            "SELECT outcome FROM files WHERE name = ? AND mark = ?", (name, mark)
        ).fetchone()
        return str(row[0]) if row else None

    def failures(
        self, since: datetime | None, until: datetime | None
    ) -> Iterator[tuple[Subject, Iterator[KeyFailure]]]:
        """Yield each subject with its failures in the order of time, from ``since`` until before ``until`` (UTC)."""
        query = (
            "SELECT subject, record FROM failures WHERE at >= ? AND at < ? ORDER BY subject, at, id"
        )
        rows = self._base.execute(query, _between(since, until))
        for subject, records in groupby(rows, key=lambda row: str(row[0])):
            signals = (signal_of(row[1]) for row in records)
            yield (
                Subject.from_id(subject),
                (signal for signal in signals if isinstance(signal, KeyFailure)),
            )

    def changes(self, subject: Subject) -> tuple[ChangeFact, ...]:
        """Return the changes of a subject that the logs told, newest first."""
        query = "SELECT at, id, what, who, details FROM changes WHERE subject = ? ORDER BY at DESC LIMIT ?"
        rows = self._base.execute(query, (subject.id, MOST_CHANGES)).fetchall()
        return tuple(
            ChangeFact(
                what,
                who,
                EPOCH + timedelta(microseconds=at),
                event,
                FROM_TRAIL,
                json.loads(details),
            )
            for at, event, what, who, details in rows
        )

    def replayable(self, since: datetime | None, until: datetime | None) -> Iterator[bytes]:
        """Yield the records of the failures of a span (UTC) and of all changes of what failed, in the order of time."""
        query = f"SELECT record FROM ({_REPLAYABLE}) ORDER BY at, kind, id"  # noqa: S608 - of constants
        for (record,) in self._base.execute(query, _between(since, until) * 2):
            yield bytes(record)

    def count_replayable(self, since: datetime | None, until: datetime | None) -> tuple[int, int]:
        """Return how many failures and how many changes those are."""
        query = f"SELECT sum(kind), count(*) FROM ({_REPLAYABLE})"  # noqa: S608 - of constants
        failures, events = self._base.execute(query, _between(since, until) * 2).fetchone()
        return failures or 0, events - (failures or 0)

    def keep_documents(self, documents: Iterable[Document]) -> None:
        """Write the incidents that were found; those of an earlier run are gone."""
        self._base.execute("BEGIN IMMEDIATE")
        self._base.execute("DELETE FROM incidents")
        rows = ((d["first_seen"], d["incident_id"], _weight(d), json.dumps(d)) for d in documents)
        self._base.executemany("INSERT OR REPLACE INTO incidents VALUES (?, ?, ?, ?)", rows)
        self._base.execute("COMMIT")

    def documents(self) -> Iterator[Document]:
        """Yield the incidents in the order of time."""
        for (text,) in self._base.execute("SELECT document FROM incidents ORDER BY first_seen, id"):
            yield json.loads(text)

    def worst(self, most: int) -> Iterator[Document]:
        """Yield so many incidents: first what goes on, then what made most calls fail."""
        query = "SELECT document FROM incidents ORDER BY weight DESC, first_seen DESC, id LIMIT ?"
        for (text,) in self._base.execute(query, (most,)):
            yield json.loads(text)


def _weight(document: Document) -> int:
    return int(document["failures"]) + (_GOES_ON if document["goes_on"] else 0)


def _between(since: datetime | None, until: datetime | None) -> tuple[int, int]:
    return _micros(since) if since else 0, _micros(until) if until else 1 << 62


def _micros(when: datetime) -> int:
    return (when.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)


def _failure_row(failure: KeyFailure, record: bytes) -> tuple[str, int, str, bytes]:
    call = failure.event_id or hashlib.sha256(record).hexdigest()[:32]
    return failure.subject.id, _micros(failure.time), call, record


def _change_rows(
    change: KeyChange, record: bytes
) -> Iterator[tuple[str, int, str, str, str, str, bytes]]:
    details = json.dumps(dict(change.details))
    for subject in change.subjects:
        yield (
            subject.id,
            _micros(change.time),
            change.event_id,
            change.what,
            change.who.principal,
            details,
            record,
        )
