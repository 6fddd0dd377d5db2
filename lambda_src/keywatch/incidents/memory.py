"""What a warm container remembers between batches.

Plain dictionaries, and not cachetools' TTLCache: several threads read, a TTLCache changes itself
while it is read and so wants a lock around every look, and it would be one more package to ship.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from keywatch.model.group import ALONE, WINDOW
from keywatch.model.incident import FailureBatch, Incident
from keywatch.model.signals import Subject

FRESH = timedelta(seconds=60)
UNGROUPED_SILENCE = timedelta(hours=1)
FORGET_AFTER = 20_000
MOST_INCIDENTS = 2_000  # kept whole, of some kilobytes each


@dataclass
class Memory:
    """Open incidents, to spare reads, and what happened while the table was down; bounded by forgetting all of a kind.

    ``uncounted`` holds failures that could not be counted when they came, by the id of their subject;
    ``stores`` the key store that a key (account, Region, id) is in.
    """

    open: dict[str, tuple[Incident, datetime]] = field(default_factory=dict)
    ungrouped: dict[str, datetime] = field(default_factory=dict)
    alone: dict[str, list[datetime]] = field(default_factory=dict)
    waiting: list[FailureBatch] = field(default_factory=list)
    uncounted: dict[str, FailureBatch] = field(default_factory=dict)
    stores: dict[tuple[str, str, str], str] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def store_of(self, key: Subject) -> str | None:
        """Return the id of the key store that a key is in: empty for none, ``None`` where it is not known."""
        return self.stores.get((key.account, key.region, key.name))

    def keep_store(self, key: Subject, store: str) -> None:
        """Remember the id of the key store that a key is in; empty: in none."""
        if len(self.stores) >= FORGET_AFTER:
            self.stores.clear()
        self.stores[key.account, key.region, key.name] = store

    def recall(self, subject: Subject, now: datetime) -> Incident | None:
        """Return the open incident of a subject if it was seen within the last minute."""
        held = self.open.get(subject.id)
        return held[0] if held and now - held[1] < FRESH else None

    def keep(self, incident: Incident, now: datetime) -> None:
        """Remember an open incident."""
        if len(self.open) >= MOST_INCIDENTS:
            self.open.clear()
        self.open[incident.subject.id] = (incident, now)

    def forget(self, subject: Subject) -> None:
        """Remember no incident of a subject: the table knows better."""
        self.open.pop(subject.id, None)

    def keep_uncounted(self, batch: FailureBatch) -> int:
        """Remember failures that could not be counted now; return how many calls are lost because there is no room."""
        subject = batch.latest_failure.subject.id
        with self.lock:
            if earlier := self.uncounted.pop(subject, None):
                batch.absorb(earlier)
            if len(self.uncounted) >= MOST_INCIDENTS:
                return batch.count
            self.uncounted[subject] = batch
        return 0

    def alerted_ungrouped(self, subject: Subject, now: datetime) -> bool:
        """Tell whether this container has alerted about a subject without the table within the last hour."""
        alerted_at = self.ungrouped.get(subject.id)
        return alerted_at is not None and now - alerted_at < UNGROUPED_SILENCE

    def may_alert_alone(self, caller: str, now: datetime) -> bool:
        """Tell whether a subject of a caller may alert by itself without the table, and count it if so."""
        with self.lock:
            recent = [at for at in self.alone.get(caller, ()) if now - at < WINDOW]
            if len(recent) >= ALONE:
                return False
            if len(self.alone) >= FORGET_AFTER:
                self.alone.clear()
            self.alone[caller] = [*recent, now]
        return True

    def keep_ungrouped(self, subject: Subject, now: datetime) -> None:
        """Remember that a subject was alerted without the table."""
        if len(self.ungrouped) >= FORGET_AFTER:
            self.ungrouped.clear()
        self.ungrouped[subject.id] = now
