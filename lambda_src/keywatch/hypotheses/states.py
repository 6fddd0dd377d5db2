"""AWS said in which state the key or its store is: what it said, what a look-up says now, and who brought it there."""

from keywatch.causes import Confidence
from keywatch.evidence import Sight
from keywatch.hypotheses.case import Case, Finding, Reason, because_look, key_state, stamp

# KeyState (KMS API Reference, KeyMetadata) → cause.
STATE_CAUSES = {
    "PendingDeletion": "key_pending_deletion",
    "PendingReplicaDeletion": "key_pending_deletion",
    "Disabled": "key_disabled",
    "PendingImport": "key_material_missing",
    "Unavailable": "key_store_disconnected",
    "Creating": "key_not_ready",
}
CONNECTED = "CONNECTED"


def state_now(case: Case) -> Finding | None:
    """Take the state that DescribeKey proves: newer than the error, and certain."""
    key, look = case.evidence.key, case.evidence.look("DescribeKey")
    if key is None or look is None or key.state not in STATE_CAUSES:
        return None
    facts = {"key": key.arn, "key_state": key.state}
    if key.deletion_date:
        facts["deletion_date"] = stamp(key.deletion_date)
    if key.key_store:
        facts["key_store"] = key.key_store
    return Finding(STATE_CAUSES[key.state], Confidence.CERTAIN, (because_look(look, key_state(key)),), facts=facts)


def gone_since(case: Case) -> Finding | None:
    """Conclude that a key which AWS still knew at the time of the call was deleted since, if it is absent now."""
    look = case.evidence.look("DescribeKey", case.failure.region)
    if look is None or look.sight is not Sight.ABSENT:
        return None
    reason = because_look(look, "the key does not exist any more.")
    return Finding("key_deleted", Confidence.LIKELY, (reason,))


def as_said(case: Case) -> Finding:
    """Keep what AWS said at the time of the call, and add what look-ups say now."""
    reading, key = case.failure.reading, case.evidence.key
    finding = Finding(reading.cause or "unclassified", reading.proof)
    look = case.evidence.look("DescribeKey")
    if key and look:
        facts = {"key": key.arn, "key_state": key.state}
        finding = finding.adding(because_look(look, key_state(key)), facts=facts)
        if key.usable and reading.cause in STATE_CAUSES.values():
            return finding.adding(
                unknowns=("KMS reports the key usable now; whether calls succeed again, the next ones will tell.",)
            )
    return finding


def external_key(case: Case) -> Finding:
    """Keep what the key manager answered; an ``Enabled`` key in a connected store says nothing about the external key.

    Loss of the external key does not change the KMS key's state (KMS Developer Guide, key state table).
    """
    finding = _with_store(case, as_said(case))
    unknown = (
        "AWS cannot see the external key itself: DescribeKey and the key store's state say nothing about it; "
        "the next cryptographic call will tell."
    )
    facts = {"xks_key": case.failure.external_key or (case.evidence.key.external_key if case.evidence.key else None) or ""}
    return finding.adding(facts=facts, unknowns=(unknown,))


def key_store(case: Case) -> Finding:
    """Keep what AWS said of the key store, and add its connection state and ConnectionErrorCode."""
    return _with_store(case, as_said(case))


def store_not_connected(case: Case) -> Finding | None:
    """Settle an unknown text by the key store: one that is not connected serves no key."""
    store = case.evidence.store
    if store is None or store.state == CONNECTED:
        return None
    return _with_store(case, Finding("key_store_disconnected", Confidence.LIKELY))


def _with_store(case: Case, finding: Finding) -> Finding:
    store, look = case.evidence.store, case.evidence.look("DescribeCustomKeyStores")
    if look and look.sight is Sight.ABSENT:
        return finding.adding(because_look(look, f"there is no key store {look.asked}."))
    if store is None or look is None:
        return finding
    said = f"key store {store.id} ({store.name}) is {store.state}" + (f" with {store.error}" if store.error else "")
    facts = {"key_store": store.id, "store_state": store.state, "connection_error": store.error}
    finding = finding.adding(because_look(look, f"{said}."), facts=facts)
    if store.state == CONNECTED and finding.cause == "key_store_disconnected":
        return finding.adding(unknowns=("The key store is connected now; whether calls succeed again, the next ones will tell.",))
    return finding


def unclassified(case: Case) -> Finding:
    """Admit that AWS's words are not known here; they are in the evidence."""
    finding = as_said(case)
    unknown = Reason("error text", "this wording is not known to KeyWatch")
    return finding.adding(unknowns=(f"{unknown.text}: the cause cannot be told from it.",))
