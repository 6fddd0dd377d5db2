"""Messages as the judge reads them: what they are about, and how they are told in one line."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.worlds.attempts import STORE_CAUSES

LOOKED = timedelta(seconds=75)  # a look-up may be remembered for a minute


@dataclass(frozen=True, slots=True)
class Message:
    """One alert that was sent."""

    when: datetime
    document: Mapping[str, Any]
    invocation: int

    @property
    def status(self) -> str:
        return str(self.document["status"])

    @property
    def cause(self) -> str:
        return str(self.document["cause"])

    @property
    def certain(self) -> bool:
        return bool(self.document["confidence"] == "certain")

    @property
    def early(self) -> bool:
        """Tell whether it came before any call failed."""
        return bool(self.document["impact"]["failures"] == 0)

    @property
    def store(self) -> str | None:
        store: str | None = self.document["subject"].get("key_store")
        return store

    @property
    def alias_arn(self) -> str | None:
        subject = self.document["subject"]
        alias = subject.get("alias")
        return f"arn:aws:kms:{subject['region']}:{subject['account']}:{alias}" if alias else None

    @property
    def callers(self) -> str:
        return str(self.document["impact"]["callers"])

    @property
    def moments(self) -> tuple[datetime, ...]:
        """Return when its look-ups may have been made: within the last minute, or so."""
        return tuple(self.when - step * LOOKED / 5 for step in range(6))

    @property
    def names(self) -> set[str]:
        """Return the names of what it is about; of a broken store's message that is the store."""
        if self.store and self.cause in STORE_CAUSES:
            return {self.store}
        return self._own_names()

    @property
    def loose_names(self) -> set[str]:
        """Return all names in it, those of a group's members included: it told of all of them."""
        return self._own_names() | {self.store or ""} - {""} | set(self._members())

    def _own_names(self) -> set[str]:
        subject = self.document["subject"]
        named = (subject.get(name) for name in ("identifier", "key_arn", "alias"))
        return {name for name in (*named, self.alias_arn) if name}

    def _members(self) -> Iterator[str]:
        for member in (self.document.get("group") or {}).get("members", ()):
            yield from (map(str, member.values()) if isinstance(member, dict) else [str(member)])

    def __str__(self) -> str:
        document = self.document
        subject = document["subject"]
        named = subject.get("alias") or subject.get("identifier") or subject.get("key_arn")
        head = f"{self.when:%H:%M:%S} {self.status} {document['confidence']} {self.cause}"
        return f"{head} {named or self.store} ({document['impact']['failures']} calls)"
