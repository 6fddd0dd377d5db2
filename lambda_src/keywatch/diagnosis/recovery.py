"""Whether a broken thing is usable again: what a look-up can prove, what it can refute, and what nothing can prove. Pure."""

from enum import StrEnum

from keywatch.catalogue.causes import Cause, Proof, cause_of
from keywatch.catalogue.states import CONNECTED, OUT_OF_REACH, is_usable
from keywatch.diagnosis.case import find_look
from keywatch.model.evidence import Evidence, KeyFacts, LookupOutcome, StoreFacts
from keywatch.model.signals import Subject


class Recovery(StrEnum):
    """What is known of a recovery."""

    PROVEN = "proven"
    REFUTED = "refuted"
    UNKNOWN = "unknown"


def recovery_of(cause_id: str, subject: Subject, evidence: Evidence) -> Recovery:
    """Return whether ``evidence`` proves that what a cause broke can be used again."""
    cause = cause_of(cause_id)
    if subject.kind == "key_store":
        return _of_store(cause, evidence)
    if cause.proof is Proof.ONLY_A_CALL or subject.kind not in {"key", "alias"}:
        return Recovery.UNKNOWN
    if evidence.key is None:
        # That it is missing elsewhere says nothing about here.
        look = find_look(evidence, "DescribeKey", subject.region)
        absent = look is not None and look.outcome is LookupOutcome.ABSENT
        return Recovery.REFUTED if absent else Recovery.UNKNOWN
    return _of_key(cause, evidence.key, evidence.store)


def _of_key(cause: Cause, key: KeyFacts, store: StoreFacts | None) -> Recovery:
    """Judge a key that exists; of a state that nobody knows here nothing is proven.

    A connected store does not prove an external key: its external key manager may lack it or refuse it
    (KMS Developer Guide, "Fix invalid external key"), which only a call shows.
    """
    usable = is_usable(key.state)
    beyond_kms = key.external_key and (not cause.key_states or cause.proof is Proof.KEY_AND_STORE)
    if usable is False or (store and store.state != CONNECTED):
        return Recovery.REFUTED
    if usable is None or beyond_kms:
        return Recovery.UNKNOWN
    return Recovery.PROVEN


def _of_store(cause: Cause, evidence: Evidence) -> Recovery:
    """Judge a key store: CONNECTED proves the connection, not that its proxy, its credentials or its cluster work.

    A key that is ``Unavailable`` is out of reach in its store whatever that says of itself; what
    else is wrong with the key is nothing of the store.
    """
    key, store = evidence.key, evidence.store
    if store is None:
        unusable = key is not None and is_usable(key.state) is False
        return Recovery.REFUTED if unusable else Recovery.UNKNOWN
    if store.state != CONNECTED or (key is not None and key.state == OUT_OF_REACH):
        return Recovery.REFUTED
    return Recovery.PROVEN if cause.proof is Proof.KEY_AND_STORE else Recovery.UNKNOWN
