"""Groups: what breaks together, for the same caller, by the same person's changes, or by one cause above the keys. Pure.

The first subjects of a group alert at once and each by itself; those that follow within ten minutes
of one another are told of together. One subject may belong to several groups; the first of them
that is full tells of it.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

ALONE = 5  # subjects of a group that alert by themselves
WINDOW = timedelta(minutes=10)  # what breaks later than this after the last one breaks by itself
INTERVALS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))  # between messages
_LONGEST = 300

# What a group has in common.
KMS, KEY_STORE, PERSON, CALLER = "kms", "key_store", "person", "caller"
BROKEN_KEYS = "broken_keys"


@dataclass(frozen=True)  # without slots: its id is kept
class GroupKey:
    """What the subjects of a group have in common: ``by`` (caller, person, key_store, kms), its name, its account and Region.

    ``about`` tells keys that exist and cannot be used (``BROKEN_KEYS``) from what was not found or not
    allowed: whoever asks for wrong names all day long does not hide that a key breaks.
    """

    by: str
    account: str
    region: str
    name: str
    replayed: str = ""  # the private source of the events that tell of it (``Subject.replayed``)
    about: str = ""

    @cached_property
    def id(self) -> str:
        """Return the partition key of the group: bounded, whatever the name."""
        name = self.name
        if len(name) > _LONGEST:
            name = hashlib.sha256(name.encode()).hexdigest()
        origin = f"replayed:{self.replayed}|" if self.replayed else ""
        about = f"{self.about}|" if self.about else ""
        return f"group|{origin}{about}{self.by}|{self.account}|{self.region}|{name}"


@dataclass(frozen=True, slots=True)
class Group:
    """What is stored of a group. Times are UTC.

    ``size`` counts all subjects that ever joined; ``alone`` are the ids of those of the present
    window that alert by themselves; ``joined_at`` is when the last one joined. ``messages`` is how
    many were sent about it, ``told_size`` how many subjects the last of them counted; ``owner`` is
    whose all of them are, ``severity`` how urgent they are, as it said. ``silenced``: a silence kept
    a message back since.
    """

    id: str
    key: GroupKey
    size: int
    alone: frozenset[str]
    since: datetime
    joined_at: datetime
    due_at: datetime | None = None
    messages: int = 0
    told_size: int = 0
    told_at: datetime | None = None
    owner: str | None = None
    severity: str | None = None
    silenced: bool = False

    def takes(self, now: datetime) -> bool:
        """Tell whether what breaks now breaks together with the others."""
        return now - self.joined_at < WINDOW

    @property
    def is_full(self) -> bool:
        """Tell whether enough subjects have alerted by themselves."""
        return len(self.alone) >= ALONE


def group_id(key: GroupKey, began: datetime) -> str:
    """Return the id of a group that begins now."""
    digest = hashlib.sha256(f"{key.id}|{began.isoformat()}".encode()).hexdigest()
    return f"kw-group-{digest[:16]}"


def interval_after(messages: int) -> timedelta:
    """Return how long to wait for the next message after so many."""
    return INTERVALS[min(max(messages, 1), len(INTERVALS)) - 1]
