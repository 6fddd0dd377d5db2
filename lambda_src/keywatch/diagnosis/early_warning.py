"""Changes that will break a key in use: an incident before the first failure.

Not every change is news: a key that was never used may be disabled, an alias may be pointed to
another usable key. Such changes stay in the ledger and nobody is told.
"""

from datetime import timedelta

from keywatch.catalogue.causes import cause_of
from keywatch.catalogue.changes import CHANGES
from keywatch.diagnosis.diagnose import Diagnosis
from keywatch.model.evidence import Evidence
from keywatch.model.identifiers import parse
from keywatch.model.levels import Confidence
from keywatch.model.signals import (
    EARLY_WARNING,
    ErrorClassification,
    KeyChange,
    KeyFailure,
    Subject,
)

LONG_UNUSED = timedelta(days=90)


def warned_of(change: KeyChange) -> KeyFailure | None:
    """Return the failure that ``change`` will cause, or ``None`` for a change that breaks nothing."""
    kind = CHANGES.get(change.what)
    if kind is None or kind.warns_of is None:
        return None
    subject = next((subject for subject in change.subjects if subject.kind == kind.about), None)
    if subject is None:
        return None
    return KeyFailure(
        source=EARLY_WARNING,
        event_id=change.event_id,
        time=change.time,
        classification=ErrorClassification(kind.warns_of, Confidence.CERTAIN),
        subject=subject,
        caller=change.who,
        partition=change.partition,
        account=subject.account,
        region=subject.region,
        operation=change.what,
        identifier=parse(subject.name) if subject.kind != "key_store" else None,
        key_arn=_key_arn(change, subject),
        key_store=subject.name if subject.kind == "key_store" else None,
        recorded_in=change.recorded_in,
    )


def _key_arn(change: KeyChange, subject: Subject) -> str | None:
    if subject.kind != "key":
        return None
    return f"arn:{change.partition}:kms:{subject.region}:{subject.account}:key/{subject.name}"


def is_news(failure: KeyFailure, diagnosis: Diagnosis, evidence: Evidence) -> bool:
    """Tell whether a change deserves a warning: it broke something that is, or may be, in use.

    A last use that cannot be seen counts as use: silence about a needed key is the worse error.
    """
    if failure.subject.kind == "key_store":
        return True
    if failure.subject.kind == "alias" and evidence.key is not None:
        return bool(
            cause_of(diagnosis.cause).key_states
        )  # re-pointed: news only if its new key cannot serve
    if failure.operation == "UpdateAlias":
        return False
    return _in_use(failure, evidence)


def lags_behind(subject: Subject, evidence: Evidence) -> bool:
    """Tell whether a look-up still shows the key that an alias pointed to before the newest known move."""
    moves = (
        change
        for change in evidence.changes
        if change.details.get("target_key") and change.details.get("alias") == subject.name
    )
    newest = max(moves, key=lambda change: change.when, default=None)
    if newest is None or evidence.key is None:
        return False
    return newest.details["target_key"].rpartition("/")[2] != evidence.key.key_id


def _in_use(failure: KeyFailure, evidence: Evidence) -> bool:
    """Tell whether the key was used within 90 days, as far as KMS kept track of it."""
    if evidence.last_used:
        return failure.time - evidence.last_used <= LONG_UNUSED
    if evidence.tracking_since is None:
        return True
    born = evidence.key.created if evidence.key else None
    tracked_all_its_life = born is not None and evidence.tracking_since <= born
    return not (tracked_all_its_life or failure.time - evidence.tracking_since > LONG_UNUSED)
