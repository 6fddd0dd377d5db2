"""AWS said in which state the key or its store is: what it said, what a look-up says now, and who brought it there."""

from collections.abc import Mapping
from dataclasses import replace

from keywatch.catalogue import external_name
from keywatch.catalogue.causes import cause_of
from keywatch.catalogue.changes import CHANGES
from keywatch.catalogue.connection_errors import CONNECTION_ERRORS
from keywatch.catalogue.states import CONNECTED, OUT_OF_REACH, STATE_CAUSES, is_usable
from keywatch.diagnosis.case import PROPAGATION, Case, Explanation, find_look
from keywatch.diagnosis.external_name import is_only_a_name
from keywatch.diagnosis.reasons import because_look, key_state, stamp
from keywatch.model.evidence import LookupOutcome
from keywatch.model.levels import Confidence
from keywatch.model.signals import EARLY_WARNING


def state_now(case: Case) -> Explanation | None:
    """Take the state that DescribeKey proves: newer than the error, and certain.

    Not of a call with two keys, of which AWS did not say which one failed; and an ``Unavailable``
    key in a connected store has lost its key material, rather than its store (KMS Developer Guide,
    "Fixing a failed connection").
    """
    key, look = case.evidence.key, case.here
    if key is None or look is None or key.state not in STATE_CAUSES:
        return None
    facts = {"key": key.arn, "key_state": key.state, "key_store": key.key_store or ""}
    if key.deletion_date:
        facts["deletion_date"] = stamp(key.deletion_date)
    # An alias of a log line was looked up in KeyWatch's own account, where it may be another one.
    unsure = case.has_two_keys() or (case.alias is not None and not case.place_is_known())
    confidence = Confidence.LIKELY if unsure else Confidence.CERTAIN
    explanation = Explanation(
        STATE_CAUSES[key.state], confidence, (because_look(look, key_state(key)),), facts=facts
    )
    if key.state != OUT_OF_REACH:
        return _unless_it_lags(case, explanation)
    return _with_store(case, replace(explanation, confidence=Confidence.LIKELY))


def _unless_it_lags(case: Case, shown: Explanation) -> Explanation:
    """Doubt a state that a look-up shows where a change of the last minutes left the key in another one.

    What AWS answered the call with is then as good: where it agrees with that change, it is right.
    """
    newer = case.left_otherwise(shown.facts["key_state"])
    if newer is None:
        return shown
    left, said = CHANGES[newer.what].leaves or "", case.failure.classification
    unknown = f"{newer.what} was called at {stamp(newer.when)}; the look-up may not show it yet."
    if STATE_CAUSES.get(left) == said.cause and case.failure.source != EARLY_WARNING:
        facts = {**shown.facts, "key_state": left}
        return Explanation(said.cause or "", said.confidence, shown.because, facts, (unknown,))
    likely = replace(shown, confidence=at_most_likely(shown.confidence))
    return likely.adding(facts={"key_state": left}, unknowns=(unknown,))


def as_said(case: Case) -> Explanation:
    """Keep what AWS said at the time of the call, and add what look-ups say now."""
    classification, key = case.failure.classification, case.evidence.key
    explanation = Explanation(classification.cause or "unclassified", classification.confidence)
    look = case.here
    if key and look:
        facts = {"key": key.arn, "key_state": key.state, "key_store": key.key_store or ""}
        explanation = explanation.adding(because_look(look, key_state(key)), facts=facts)
        if cause_of(classification.cause).key_states:
            likely = replace(explanation, confidence=at_most_likely(explanation.confidence))
            return likely.adding(unknowns=_USABLE_NOW[is_usable(key.state)])
        return explanation
    return _unseen(case, explanation) if cause_of(classification.cause).key_states else explanation


def _unseen(case: Case, explanation: Explanation) -> Explanation:
    """Say what known changes tell of a state that no look-up shows: it may have ended since the call, or never been met."""
    ended = case.ended(explanation.cause)
    if ended is not None:
        likely = replace(explanation, confidence=at_most_likely(explanation.confidence))
        unknown = f"{ended.what} was called at {stamp(ended.when)}; KeyWatch could not see whether that ended it."
        return likely.adding(
            facts={"key_state": CHANGES[ended.what].leaves or ""}, unknowns=(unknown,)
        )
    if case.failure.source == EARLY_WARNING or case.now - case.failure.time > 2 * PROPAGATION:
        # A record tells what was so then, and not what has been done since.
        return replace(explanation, confidence=at_most_likely(explanation.confidence))
    return explanation


def at_most_likely(confidence: Confidence) -> Confidence:
    """Return what is left of a confidence that a look-up contradicts."""
    return Confidence.LIKELY if confidence is Confidence.CERTAIN else confidence


# What the state that a look-up sees now leaves open of a state that AWS answered a call with.
_USABLE_NOW: Mapping[bool | None, tuple[str, ...]] = {
    True: ("KMS now reports the key usable; not yet confirmed by a successful call.",),
    False: (),
    None: ("KeyWatch does not know the key state that DescribeKey reports: it proves nothing.",),
}


def external_key(case: Case) -> Explanation:
    """Keep what the key manager answered; an ``Enabled`` key in a connected store says nothing about the external key.

    Loss of the external key does not change the KMS key's state (KMS Developer Guide, key state
    table).
    """
    explanation = _with_store(case, as_said(case))
    if is_only_a_name(case.failure):
        explanation = explanation.adding(unknowns=(external_name.SETTLED_BY,))
    unknown = (
        "AWS cannot see the external key itself: DescribeKey and the key store's state say nothing about it. "
        "Only a cryptographic call shows whether it works."
    )
    facts = {
        "xks_key": case.failure.external_key
        or (case.evidence.key.external_key if case.evidence.key else None)
        or ""
    }
    return explanation.adding(facts=facts, unknowns=(unknown,))


def key_store(case: Case) -> Explanation:
    """Keep what AWS said of the key store, and add its connection state and ConnectionErrorCode."""
    return _with_store(case, as_said(case))


def store_not_connected(case: Case) -> Explanation | None:
    """Settle an unknown text by the key store: one that is not connected serves no key."""
    store = case.evidence.store
    if store is None or store.state == CONNECTED:
        return None
    return _with_store(
        case, replace(as_said(case), cause="key_store_disconnected", confidence=Confidence.LIKELY)
    )


def _with_store(case: Case, explanation: Explanation) -> Explanation:
    store, look = case.evidence.store, find_look(case.evidence, "DescribeCustomKeyStores")
    if look and look.outcome is LookupOutcome.ABSENT:
        return explanation.adding(because_look(look, f"there is no key store {look.asked}."))
    if store is None or look is None:
        return explanation
    said = f"key store {store.id} ({store.name}) is {store.state}" + (
        f" with {store.error}" if store.error else ""
    )
    meaning = f": {CONNECTION_ERRORS[store.error]}" if store.error in CONNECTION_ERRORS else ""
    facts = {"key_store": store.id, "store_state": store.state, "connection_error": store.error}
    explanation = explanation.adding(because_look(look, f"{said}{meaning}."), facts=facts)
    if explanation.cause != "key_store_disconnected":
        return explanation
    key = case.evidence.key
    if store.state == CONNECTED and key is not None and key.state == OUT_OF_REACH:
        explanation = replace(explanation, confidence=Confidence.POSSIBLE)
        return explanation.adding(unknowns=(_OUT_OF_REACH_THOUGH_CONNECTED,))
    if store.state == CONNECTED:
        explanation = replace(explanation, confidence=at_most_likely(explanation.confidence))
        return explanation.adding(
            unknowns=(
                "KMS now reports the key store connected; not yet confirmed by a successful call.",
            )
        )
    told = (
        case.failure.classification.cause == "key_store_disconnected"
        or case.evidence.key is not None
    )
    return replace(explanation, confidence=Confidence.CERTAIN) if told else explanation


_OUT_OF_REACH_THOUGH_CONNECTED = (
    "The key store is connected, and yet the key is Unavailable: KMS may not show yet that the store was connected "
    "again. If it stays so, the key itself may be missing in the CloudHSM cluster or external key manager."
)


def unclassified(case: Case) -> Explanation:
    """Admit that AWS's words are not known here; they are in the evidence."""
    key = case.evidence.key
    if key and is_only_a_name(case.failure):
        settled = external_name.ORDINARY_KEY.format(origin=key.origin)
        return as_said(case).adding(unknowns=(settled,))
    return as_said(case).adding(
        unknowns=("KeyWatch does not know this error text, so the cause is not known.",)
    )
