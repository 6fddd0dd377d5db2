"""The one way: signals in, alerts out.

Changes go to the ledger first, so that the failures of the same batch can name them. Failures are
grouped by subject: a batch costs each subject at most two writes and, for a new incident only, one
set of look-ups. Whatever fails for one subject fails only the messages of that subject; they stay
in the queue.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.alerts.incident_alert import alert_of
from keywatch.diagnosis import early_warning
from keywatch.incidents.announce import announce
from keywatch.incidents.assess import assess
from keywatch.model.evidence import ChangeFact
from keywatch.model.incident import ENDED, NEW, OPEN, FailureBatch, Incident, provisional
from keywatch.model.signals import KeyChange, KeyFailure, Signal, Subject
from keywatch.services import Services

T = TypeVar("T")

WORKERS = 8
RESERVE = 8.0  # seconds: what is not begun by then is left in the queue
STALE_CHANGE = timedelta(hours=1)  # a warning that comes later than its failures is none
UNGROUPED_SILENCE = timedelta(hours=1)
FRESH = timedelta(seconds=60)
FORGET_AFTER = 20_000
_TABLE_DOWN_NOTE = (
    "KeyWatch could not reach its incident table: this alert is not grouped or counted, "
    "and may come again from another instance."
)


@dataclass
class Memory:
    """What a warm container remembers: open incidents (to spare reads) and subjects alerted while the table was down."""

    open: dict[str, tuple[Incident, datetime]] = field(default_factory=dict)
    ungrouped: dict[str, datetime] = field(default_factory=dict)

    def recall(self, subject: Subject, now: datetime) -> Incident | None:
        """Return the open incident of a subject if it was seen within the last minute."""
        held = self.open.get(subject.id)
        return held[0] if held and now - held[1] < FRESH else None

    def keep(self, incident: Incident, now: datetime) -> None:
        """Remember an open incident."""
        if len(self.open) >= FORGET_AFTER:
            self.open.clear()
        self.open[incident.subject.id] = (incident, now)


class Pipeline:
    """Takes signals of a batch. ``remaining`` tells the seconds left before the function's time is up.

    So many ``workers`` handle subjects at once; one worker makes its calls in the same order every time.
    """

    def __init__(
        self, services: Services, memory: Memory | None = None, workers: int = WORKERS
    ) -> None:
        self._services = services
        self._memory = memory or Memory()
        self._workers = workers

    def take(
        self, signals: Iterable[tuple[str, Signal]], remaining: Callable[[], float] = lambda: 60.0
    ) -> set[str]:
        """Handle ``(message id, signal)`` pairs; return the ids of the messages that must be delivered again."""
        gatherings, changes = self._sort(signals)
        failed = self._each(changes, self._record, lambda pair: (pair[0],), remaining)
        return failed | self._each(
            list(gatherings.items()), self._handle, lambda g: g[1].messages, remaining
        )

    def _sort(
        self, signals: Iterable[tuple[str, Signal]]
    ) -> tuple[dict[Subject, FailureBatch], list[tuple[str, KeyChange]]]:
        gatherings: dict[Subject, FailureBatch] = {}
        changes: dict[tuple[str, str, datetime], tuple[str, KeyChange]] = {}
        seen: set[str] = set()
        now, count, ignores = (
            self._services.now(),
            self._services.counts.add,
            self._services.ignorer.ignores,
        )
        for message, signal in signals:
            if isinstance(signal, KeyFailure):
                if ignores(signal):
                    count("FailuresIgnored")
                    continue
                if signal.event_id and signal.event_id in seen:
                    count("Duplicates")
                    continue
                seen.add(signal.event_id)
                failure = signal if signal.time <= now else replace(signal, time=now)
                gathering = gatherings.get(signal.subject)
                if gathering is None:
                    gathering = gatherings[signal.subject] = FailureBatch(failure)
                gathering.add(failure, message)
            elif isinstance(signal, KeyChange):
                changes[signal.event_id, signal.what, signal.time] = (message, signal)
            else:
                count(f"Ignored.{signal.reason}")
        count("Failures", sum(g.count for g in gatherings.values()))
        return gatherings, list(changes.values())

    def _each(
        self,
        items: Sequence[T],
        work: Callable[[T], None],
        messages: Callable[[T], Iterable[str]],
        remaining: Callable[[], float],
    ) -> set[str]:
        """Work on every item, several at once; return the messages of those that failed or for which time ran out."""

        def attempt(item: T) -> Iterable[str]:
            if remaining() < RESERVE:
                self._services.counts.add("OutOfTime")
                return messages(item)
            try:
                work(item)
            except Exception:
                self._services.counts.add("SubjectsFailed")
                self._services.logger.exception("a subject failed; its messages stay in the queue")
                return messages(item)
            return ()

        workers = min(self._workers, len(items))
        if workers < 2:  # noqa: PLR2004 - a pool of one is waste
            return {message for item in items for message in attempt(item)}
        with ThreadPoolExecutor(workers) as pool:
            return {message for failed in pool.map(attempt, items) for message in failed}

    def _record(self, pair: tuple[str, KeyChange]) -> None:
        """Keep a change in the ledger of everything it touches, let the clock look at what goes on there, and warn."""
        change, table = pair[1], self._services.incidents
        going_on = set()
        for subject in change.subjects:
            table.record(change, subject)
            if table.schedule_now(subject, self._services.now()):
                going_on.add(subject)
        self._services.counts.add("Changes")
        warning = early_warning.warned_of(change)
        if warning and warning.subject not in going_on:
            self._warn(warning)

    def _warn(self, warning: KeyFailure) -> None:
        """Open an incident before the first failure, unless the change is old or somebody is at the subject already."""
        now = self._services.now()
        if now - warning.time > STALE_CHANGE:
            return
        known = self._services.incidents.read(warning.subject)
        gathering = FailureBatch(replace(warning, time=min(warning.time, now)))
        if known.incident is None or known.incident.status in ENDED:
            claimed = self._services.incidents.open(warning.subject, gathering, now, known.incident)
            if claimed:
                self._announce(claimed, known.changes)

    def _handle(self, pair: tuple[Subject, FailureBatch]) -> None:
        subject, gathering = pair
        remembered = self._memory.recall(subject, self._services.now())
        if remembered and self._count(remembered, gathering):
            return
        try:
            known = self._services.incidents.read(subject)
            claimed = self._claim(known.incident, subject, gathering)
        except (ClientError, BotoCoreError):
            self._services.counts.add("TableUnreachable")
            self._services.logger.exception("the incident table did not answer")
            self._ungrouped(subject, gathering)
            return
        if claimed:
            self._announce(claimed, known.changes)

    def _claim(
        self, incident: Incident | None, subject: Subject, gathering: FailureBatch
    ) -> Incident | None:
        """Take the right to alert about ``subject``, or count where somebody has it already (``None``)."""
        table, now = self._services.incidents, self._services.now()
        if incident is None or incident.status in ENDED:
            if opened := table.open(subject, gathering, now, incident):
                return opened
            incident = table.read(subject).incident
        elif (
            incident.status == NEW
            and not incident.leased(now)
            and (claimed := table.claim(incident, now, gathering))
        ):
            return claimed
        if incident:
            self._count(incident, gathering)
        return None

    def _count(self, incident: Incident, gathering: FailureBatch) -> bool:
        """Add to an incident that somebody alerts or has alerted about.

        A new kind of failure, or one that comes when a reminder is due, is for the clock to look
        at.
        """
        now, cause = self._services.now(), gathering.latest_failure.classification.cause
        overdue = (
            incident.sent_at is not None
            and now - incident.sent_at >= self._services.settings.repeat_interval
        )
        news = incident.status == OPEN and (overdue or cause != incident.latest_cause)
        try:
            counted = self._services.incidents.count(
                incident, gathering, due_at=now if news else None
            )
        except (ClientError, BotoCoreError):
            self._services.counts.add("CountsLost", gathering.count)
            self._services.logger.exception("failures of a known incident could not be counted")
            return True
        if not counted:
            self._memory.open.pop(incident.subject.id, None)
            return False
        if incident.status == OPEN:
            last_seen = max(incident.last_seen, gathering.last_seen)
            self._memory.keep(replace(incident, latest_cause=cause or "", last_seen=last_seen), now)
        return True

    def _announce(self, incident: Incident, changes: tuple[ChangeFact, ...]) -> None:
        """Alert about a claimed incident; if that fails, give the claim back, so that the next delivery tries at once."""
        try:
            if sent := announce(self._services, incident, changes):
                self._memory.keep(sent, self._services.now())
        except Exception:
            self._services.counts.add("AlertsFailed")
            self._give_back(incident)
            raise

    def _give_back(self, incident: Incident) -> None:
        try:
            self._services.incidents.record_outcome(incident, self._services.now())
        except (ClientError, BotoCoreError):
            self._services.counts.add("ClaimsNotReturned")  # its lease runs out by itself

    def _ungrouped(self, subject: Subject, gathering: FailureBatch) -> None:
        """Alert without the table: once per container and subject within an hour, and say so."""
        now = self._services.now()
        alerted_at = self._memory.ungrouped.get(subject.id)
        if alerted_at and now - alerted_at < UNGROUPED_SILENCE:
            self._services.counts.add("CountsLost", gathering.count)
            return
        incident = provisional(subject, gathering, now)
        diagnosis, evidence = assess(self._services, gathering.latest_failure, ())
        self._services.publisher.publish(
            alert_of("opened", incident, diagnosis, evidence.changes, (_TABLE_DOWN_NOTE,))
        )
        self._services.counts.add("AlertsSent")
        if len(self._memory.ungrouped) >= FORGET_AFTER:
            self._memory.ungrouped.clear()
        self._memory.ungrouped[subject.id] = now
