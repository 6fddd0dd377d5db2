"""What a failure may have in common with others that break at the same time. Pure."""

from collections.abc import Iterator
from datetime import timedelta

from keywatch.catalogue.changes import AWS_ITSELF, MADE_BY
from keywatch.model.evidence import ChangeFact
from keywatch.model.group import CALLER, KEY_STORE, KMS, PERSON, GroupKey
from keywatch.model.signals import UNKNOWN, KeyFailure

RECENT = timedelta(days=1)  # a change that is older is hardly what broke many keys just now
_BREAKS = frozenset(what for changes in MADE_BY.values() for what in changes)
_OF_KMS_ITSELF = "kms_unavailable"


def keys_of(failure: KeyFailure, changes: tuple[ChangeFact, ...]) -> Iterator[GroupKey]:
    """Yield the groups that a failure may belong to, what explains most first; ``changes`` are those known of its subject."""
    subject = failure.subject
    account, region, replayed = subject.account, subject.region, subject.replayed
    if failure.classification.cause == _OF_KMS_ITSELF:
        yield GroupKey(KMS, account, region, region, replayed)
    if failure.key_store and subject.kind != "key_store":
        yield GroupKey(KEY_STORE, account, region, failure.key_store, replayed)
    if person := _who_changed(failure, changes):
        yield GroupKey(PERSON, account, region, person, replayed)
    if failure.caller.principal not in {"", "unknown", UNKNOWN}:
        # One program may have lost its keys in several Regions at once.
        yield GroupKey(CALLER, account, UNKNOWN, failure.caller.principal, replayed)


def _who_changed(failure: KeyFailure, changes: tuple[ChangeFact, ...]) -> str | None:
    """Return who made the newest recent change that breaks what it is made to."""
    breaking = [
        change
        for change in changes
        if change.what in _BREAKS
        and change.who not in AWS_ITSELF
        and failure.time - change.when <= RECENT
    ]
    return max(breaking, key=lambda change: change.when).who if breaking else None
