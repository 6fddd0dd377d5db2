"""Changes that will break a key in use: an incident before the first failure.

Not every change is news: a key that was never used may be disabled, an alias may be pointed to
another usable key. Such changes stay in the ledger and nobody is told.
"""

from collections.abc import Mapping
from datetime import timedelta

from keywatch.catalogue.causes import Confidence
from keywatch.diagnosis.diagnose import Diagnosis
from keywatch.diagnosis.hypotheses.states import STATE_CAUSES
from keywatch.model.evidence import Evidence
from keywatch.model.identifiers import parse
from keywatch.model.signals import ErrorClassification, KeyChange, KeyFailure, Subject

SOURCE = "change"
# Change → what it makes of its subject, and the kind of subject that it breaks.
BREAKS: Mapping[str, tuple[str, str]] = {
    "ScheduleKeyDeletion": ("key_pending_deletion", "key"),
    "DisableKey": ("key_disabled", "key"),
    "DeleteImportedKeyMaterial": ("key_material_missing", "key"),
    "DeleteAlias": ("alias_not_found", "alias"),
    "UpdateAlias": ("unclassified", "alias"),
    "DisconnectCustomKeyStore": ("key_store_disconnected", "key_store"),
}
LONG_UNUSED = timedelta(days=90)


def warned_of(change: KeyChange) -> KeyFailure | None:
    """Return the failure that ``change`` will cause, or ``None`` for a change that breaks nothing."""
    cause, kind = BREAKS.get(change.what, (None, ""))
    subject = next((subject for subject in change.subjects if subject.kind == kind), None)
    if cause is None or subject is None:
        return None
    return KeyFailure(
        source=SOURCE,
        event_id=change.event_id,
        time=change.time,
        classification=ErrorClassification(cause, Confidence.CERTAIN),
        subject=subject,
        caller=change.who,
        partition=change.partition,
        account=subject.account,
        region=subject.region,
        operation=change.what,
        identifier=parse(subject.name) if subject.kind != "key_store" else None,
        key_arn=_key_arn(change, subject),
        key_store=subject.name if subject.kind == "key_store" else None,
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
        return (
            diagnosis.cause in STATE_CAUSES.values()
        )  # re-pointed: news only if its new key cannot serve
    if failure.operation == "UpdateAlias":
        return False
    return _in_use(failure, evidence)


def _in_use(failure: KeyFailure, evidence: Evidence) -> bool:
    """Tell whether the key was used within 90 days, as far as KMS kept track of it."""
    if evidence.last_used:
        return failure.time - evidence.last_used <= LONG_UNUSED
    if evidence.tracking_since is None:
        return True
    born = evidence.key.created if evidence.key else None
    tracked_all_its_life = born is not None and evidence.tracking_since <= born
    return not (tracked_all_its_life or failure.time - evidence.tracking_since > LONG_UNUSED)
