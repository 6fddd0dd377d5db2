"""What a diagnosis says: one statement with its source, and the sentences that several hypotheses use."""

from dataclasses import dataclass
from datetime import UTC, datetime

from keywatch.catalogue.changes import AWS_ITSELF
from keywatch.model.evidence import (
    NO_SESSION,
    ChangeFact,
    KeyFacts,
    LookupOutcome,
    LookupResult,
)


@dataclass(frozen=True, slots=True)
class Reason:
    """One statement that supports a diagnosis, and where it comes from (error text, DescribeKey, CloudTrail event…)."""

    source: str
    text: str

    @property
    def is_change(self) -> bool:
        """Tell whether it says who changed something."""
        return self.source.startswith(("CloudTrail event ", "KMS event ", "ledger"))

    def __str__(self) -> str:
        """Return the statement as alerts show it: its source first."""
        return f"{self.source}: {self.text}"


def stamp(when: datetime | None) -> str:
    """Return a time as people read it in an alert, in UTC and to the minute."""
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if when else "an unknown time"


def distance(earlier: datetime, later: datetime) -> str:
    """Return how long after ``earlier`` ``later`` is, in words."""
    seconds = max(0, round((later - earlier).total_seconds()))
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"  # noqa: PLR2004 - two minutes read better as minutes


def because_change(change: ChangeFact) -> Reason:
    """Return who did what and when, naming the CloudTrail event or the ledger; AWS's own doings are no calls."""
    if change.who in AWS_ITSELF:
        return Reason(
            change_source(change), f"KMS itself performed {change.what} at {stamp(change.when)}."
        )
    target = change.details.get("target_key")
    onto = (
        f" ({change.details['alias']} to {target})"
        if target and change.details.get("alias")
        else ""
    )
    return Reason(
        change_source(change), f"{change.who} called {change.what}{onto} at {stamp(change.when)}."
    )


def change_source(change: ChangeFact) -> str:
    """Return where a change is known from."""
    if not change.event_id:
        return change.source
    return (
        f"KMS event {change.event_id}"
        if change.who == "AWS KMS"
        else f"CloudTrail event {change.event_id}"
    )


def because_look(look: LookupResult, text: str) -> Reason:
    """Return what a look-up said, naming its operation and Region."""
    return Reason(f"{look.operation} in {look.region}", text)


def described(key: KeyFacts) -> str:
    """Return the source of what DescribeKey says of a key."""
    return f"DescribeKey in {key.region}"


_WHY_NOT_SEEN = {
    LookupOutcome.DENIED: "KeyWatch was denied",
    LookupOutcome.THROTTLED: "KeyWatch was throttled",
    LookupOutcome.FAILED: "the look-up failed",
    LookupOutcome.SKIPPED: "KeyWatch did not look",
}


def not_seen(look: LookupResult) -> str:
    """Return what a look-up without an answer leaves unknown; of an account without a session one sentence says it for all."""
    if look.error == NO_SESSION:
        return look.message
    error = f" ({look.error})" if look.error else ""
    why = _WHY_NOT_SEEN.get(look.outcome, "no answer")
    return f"Could not see {look.operation} of {look.asked} in {look.region}: {why}{error}."


def key_state(key: KeyFacts) -> str:
    """Return a key's state in a sentence, with the date that goes with it."""
    if key.deletion_date:
        return f"the key is {key.state}, to be deleted on {stamp(key.deletion_date)}."
    if key.pending_days is not None:
        return f"the key is {key.state}; its {key.pending_days} days of waiting start when its last replica is deleted."
    if key.valid_to and key.state == "Enabled":
        return f"the key is {key.state}; its imported material expires on {stamp(key.valid_to)}."
    return f"the key is {key.state}."
