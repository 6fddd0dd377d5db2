"""Whether a broken thing is mended: what a look-up can prove, what it can refute, and what nothing can prove. Pure."""

from enum import StrEnum

from keywatch.diagnosis.hypotheses.states import CONNECTED, STATE_CAUSES
from keywatch.model.evidence import Evidence, LookupOutcome
from keywatch.model.signals import Subject

# Causes whose end a look-up can see. An external key, a denial or a malformed identifier cannot be
# probed without a call of the caller's own (an ``Enabled`` key says nothing about its external key:
# KMS Developer Guide, key state table).
PROBED = frozenset(
    {"alias_not_found", "key_not_found", "key_deleted", "not_yet_visible", *STATE_CAUSES.values()}
)
# Of these, those where somebody may simply have stopped asking for what does not exist.
MISSING = frozenset({"alias_not_found", "key_not_found", "key_deleted", "not_yet_visible"})


class Recovery(StrEnum):
    """What is known of a recovery."""

    PROVEN = "proven"
    REFUTED = "refuted"
    UNKNOWN = "unknown"


def judge(cause: str, subject: Subject, evidence: Evidence) -> Recovery:
    """Return whether ``evidence`` proves that what ``cause`` broke can be used again."""
    if subject.kind == "key_store":
        return _store(cause, evidence)
    if cause not in PROBED or subject.kind not in {"key", "alias"}:
        return Recovery.UNKNOWN
    key = evidence.key
    if key is None:
        look = evidence.look(
            "DescribeKey", subject.region
        )  # that it is missing elsewhere says nothing about here
        return (
            Recovery.REFUTED if look and look.outcome is LookupOutcome.ABSENT else Recovery.UNKNOWN
        )
    if not key.usable or (evidence.store and evidence.store.state != CONNECTED):
        return Recovery.REFUTED
    return (
        Recovery.UNKNOWN
        if key.external_key and cause not in STATE_CAUSES.values()
        else Recovery.PROVEN
    )


def _store(cause: str, evidence: Evidence) -> Recovery:
    """Judge a key store: CONNECTED proves the connection, not that its proxy, its credentials or its cluster work."""
    if evidence.store is None:
        return Recovery.UNKNOWN
    if evidence.store.state != CONNECTED:
        return Recovery.REFUTED
    return Recovery.PROVEN if cause == "key_store_disconnected" else Recovery.UNKNOWN
