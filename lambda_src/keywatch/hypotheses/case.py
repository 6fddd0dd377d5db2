"""What every hypothesis gets (a ``Case``) and gives (a ``Finding``)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from keywatch.causes import Confidence
from keywatch.evidence import ChangeFact, Evidence, KeyFacts, Look, Sight
from keywatch.signals import KeyFailure

# KMS is eventually consistent: usually seconds, "in some cases several minutes" (KMS Developer Guide, "Accessing KMS").
PROPAGATION = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Reason:
    """One statement that supports a diagnosis, and where it comes from (error text, DescribeKey, CloudTrail event…)."""

    source: str
    text: str

    def __str__(self) -> str:
        """Return the statement as alerts show it: its source first."""
        return f"{self.source}: {self.text}"


@dataclass(frozen=True, slots=True)
class Finding:
    """A hypothesis that holds: the cause, how sure, why, and what more is known or cannot be known."""

    cause: str
    confidence: Confidence
    because: tuple[Reason, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    unknowns: tuple[str, ...] = ()

    def adding(self, *because: Reason, facts: Mapping[str, str] | None = None, unknowns: Iterable[str] = ()) -> "Finding":
        """Return this finding with more to say."""
        return replace(
            self,
            because=(*self.because, *because),
            facts={**self.facts, **(facts or {})},
            unknowns=(*self.unknowns, *unknowns),
        )


@dataclass(frozen=True, slots=True)
class Case:
    """A failure, what was found out about it, and when that was (UTC)."""

    failure: KeyFailure
    evidence: Evidence
    now: datetime

    @property
    def asked(self) -> str:
        """Return the identifier that the caller asked for, or the best name there is."""
        failure = self.failure
        return (failure.identifier.text if failure.identifier else None) or failure.key_arn or failure.subject.name

    def recent(self, when: datetime | None) -> bool:
        """Tell whether something that happened then may not have been visible everywhere when the call was made."""
        return when is not None and abs(self.failure.time - when) <= PROPAGATION

    def change(self, *kinds: str) -> ChangeFact | None:
        """Return the newest known change of one of these kinds."""
        return max((c for c in self.evidence.changes if c.what in kinds), key=lambda c: c.when, default=None)


def stamp(when: datetime | None) -> str:
    """Return a time as people read it in an alert, in UTC and to the minute."""
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if when else "an unknown time"


def because_change(change: ChangeFact) -> Reason:
    """Return who did what and when, naming the CloudTrail event or the ledger."""
    source = f"CloudTrail event {change.event_id}" if change.event_id else change.source
    return Reason(source, f"{change.who} called {change.what} at {stamp(change.when)}.")


def because_look(look: Look, text: str) -> Reason:
    """Return what a look-up said, naming its operation and Region."""
    return Reason(f"{look.operation} in {look.region}", text)


_WHY_NOT_SEEN = {
    Sight.DENIED: "KeyWatch was denied",
    Sight.THROTTLED: "KeyWatch was throttled",
    Sight.FAILED: "the look-up failed",
}


def not_seen(look: Look) -> str:
    """Return what a look-up without an answer leaves unknown."""
    error = f" ({look.error})" if look.error else ""
    return (
        f"Could not see {look.operation} of {look.asked} in {look.region}: {_WHY_NOT_SEEN.get(look.sight, 'no answer')}{error}."
    )


def key_state(key: KeyFacts) -> str:
    """Return a key's state in a sentence, with the date that goes with it."""
    if key.deletion_date:
        return f"the key is {key.state}, to be deleted on {stamp(key.deletion_date)}."
    if key.pending_days is not None:
        return f"the key is {key.state}; its {key.pending_days} days of waiting start when its last replica is deleted."
    return f"the key is {key.state}."
