"""The two records of one call across accounts, as one failure. Pure.

CloudTrail gives the caller's account and the owner's each a record of its own; both have one
``sharedEventID``. The caller's names who called, the owner's may know the account only; the owner can
look at the key (CloudTrail User Guide, record contents; KMS Developer Guide, "Logging with CloudTrail").
"""

from collections.abc import Iterable
from dataclasses import replace

from keywatch.model.signals import KeyFailure

Told = tuple[str, KeyFailure]  # the id of the message, and the failure


def joined(told: Iterable[Told]) -> list[Told]:
    """Return the failures with the records of one call made alike, each in its place; whoever counts takes the first."""
    found = list(told)
    first: dict[tuple[str, str], KeyFailure] = {}
    for _, failure in found:
        if failure.event_id:
            call = (failure.subject.replayed, failure.event_id)
            before = first.get(call)
            first[call] = failure if before is None else _one_of(before, failure)
    return [
        (message, first.get((failure.subject.replayed, failure.event_id), failure))
        for message, failure in found
    ]


def _one_of(one: KeyFailure, other: KeyFailure) -> KeyFailure:
    """Return what both records say: the caller as one names it, all else as the owner's account recorded it."""
    if one.recorded_in == other.recorded_in:
        return one  # the same record twice
    owners, callers = (one, other) if _is_owners(one) else (other, one)
    if not _is_owners(owners):
        owners, callers = one, other
    named = next((f.caller for f in (callers, owners) if _is_named(f)), owners.caller)
    return replace(owners, caller=named)


def _is_owners(failure: KeyFailure) -> bool:
    return failure.recorded_in == failure.subject.account and failure.subject.kind != "caller"


def _is_named(failure: KeyFailure) -> bool:
    return failure.caller.principal.startswith("arn:")
