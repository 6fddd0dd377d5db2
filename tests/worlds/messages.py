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
    told_before: frozenset[str] = frozenset()  # of a group's message: whom earlier ones named

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
        """Return when its look-ups may have been made: mostly some seconds before, at most a minute or so."""
        return self.just_now + tuple(self.when - step * LOOKED / 5 for step in range(1, 6))

    @property
    def just_now(self) -> tuple[datetime, ...]:
        """Return the last seconds: in them the look-ups were made that are never remembered."""
        return tuple(self.when - timedelta(seconds=second) for second in range(10))

    @property
    def names(self) -> set[str]:
        """Return the names of what it is about: a broken store, all members of a group, or else one key or alias."""
        if self.group:
            return set(self._members()) | self.told_before
        if self.store and self.cause in STORE_CAUSES:
            return {self.store}
        return self._own_names() or ({self.store} if self.store else set())

    @property
    def group(self) -> bool:
        """Tell whether it is about a group: many subjects that broke together."""
        return bool(self.document.get("group")) and self.document["incident_id"] == (
            self.document["group"].get("id")
        )

    @property
    def nameless(self) -> bool:
        """Tell whether it names no key, alias or store: then it is about a caller, or about what AWS's words say."""
        return not self.group and not any(
            "/" in name or ":" in name or name == self.store for name in self.names
        )

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
            yield from self._forms(str(member))

    def _forms(self, name: str) -> tuple[str, str]:
        """Return a member's name and its ARN: a group names keys by their ids."""
        subject = self.document["subject"]
        resource = name if name.startswith("alias/") else f"key/{name}"
        return name, f"arn:aws:kms:{subject['region']}:{subject['account']}:{resource}"

    def __str__(self) -> str:
        document = self.document
        subject = document["subject"]
        named = subject.get("alias") or subject.get("identifier") or subject.get("key_arn")
        head = f"{self.when:%H:%M:%S} {self.status} {document['confidence']} {self.cause}"
        return f"{head} {named or self.store} ({document['impact']['failures']} calls)"
