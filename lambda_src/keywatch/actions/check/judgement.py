"""What was seen of a key, judged: usable for cryptography, not usable and why, or beyond what KeyWatch can tell.

Cryptographic operations work on keys that are ``Enabled`` or ``Updating`` (KMS Developer Guide, key
state table). A key in a custom key store also needs a store that is ``CONNECTED``; of an external
key AWS sees nothing without a cryptographic call.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.actions.check.answer import KeyAnswer, Usage
from keywatch.actions.rate_limiter import RateLimiter
from keywatch.catalogue.causes import cause_of
from keywatch.catalogue.states import CONNECTED, STATE_CAUSES, USABLE_STATES
from keywatch.diagnosis.case import find_look
from keywatch.diagnosis.reasons import not_seen, stamp
from keywatch.incidents.assess import assess
from keywatch.model.evidence import (
    ANSWERED,
    ChangeFact,
    KeyFacts,
    LookupOutcome,
    LookupResult,
    StoreFacts,
)
from keywatch.model.identifiers import Kind, parse, partition_of
from keywatch.model.levels import Confidence
from keywatch.model.signals import Caller, ErrorClassification, KeyFailure, Subject
from keywatch.parsing.classify import read_error
from keywatch.services import Services
from keywatch.sources.subjects import subject_of

EXTERNAL_UNSEEN = (
    "AWS cannot see the external key without a cryptographic call: the KMS key and its key store look right; "
    "only an Encrypt or Decrypt call shows whether the key manager still has the external key and allows its use."
)
_ASKER = Caller("manual check")


@dataclass(frozen=True, slots=True)
class KeyObservation:
    """One DescribeKey: what was asked for, where, and what came back."""

    key: str
    region: str
    facts: KeyFacts | None
    look: LookupResult


def judge(glance: KeyObservation, services: Services) -> KeyAnswer:
    """Return whether a key can be used, and the diagnosis where it cannot."""
    facts = glance.facts
    if facts and facts.state not in STATE_CAUSES:
        return _judge_existing(glance, facts, services)
    classification = _reading(glance)
    if classification is None:
        return _answer(glance, None, usable=None, unknowns=(not_seen(glance.look),))
    return _diagnosed(glance, _as_failure(glance, classification, services), services)


def _reading(glance: KeyObservation) -> ErrorClassification | None:
    """Return what DescribeKey's answer means, in the terms of an error text; ``None`` where there was no answer."""
    facts, look = glance.facts, glance.look
    if facts:
        return ErrorClassification(STATE_CAUSES[facts.state], Confidence.CERTAIN, key_arn=facts.arn)
    classification = read_error(look.error, look.message, operation="DescribeKey")
    if classification and classification.cause:
        return classification
    if look.outcome is LookupOutcome.DENIED:
        return ErrorClassification("missing_or_not_authorized", Confidence.POSSIBLE)
    unasked = {LookupOutcome.THROTTLED, LookupOutcome.SKIPPED}
    if look.outcome not in unasked and parse(glance.key).kind is Kind.MALFORMED:
        return ErrorClassification("malformed_identifier", Confidence.LIKELY)
    return (
        ErrorClassification("unclassified", Confidence.POSSIBLE)
        if look.outcome is LookupOutcome.ABSENT
        else None
    )


def _judge_existing(glance: KeyObservation, facts: KeyFacts, services: Services) -> KeyAnswer:
    """Judge a key in whose own state nothing stands in the way."""
    if facts.state not in USABLE_STATES:
        unknown = f"KeyWatch does not know the key state {facts.state or '(none)'} that DescribeKey reports."
        return _answer(glance, facts, usable=None, unknowns=(unknown,))
    if facts.key_store:
        return _judge_in_store(glance, facts, facts.key_store, services)
    return _answer(glance, facts, usable=True)


def _judge_in_store(
    glance: KeyObservation, facts: KeyFacts, store_id: str, services: Services
) -> KeyAnswer:
    """Judge a key that also needs its key store, and maybe an external key."""
    if facts.account != services.scope.account:
        unknown = f"The key is in a key store of account {facts.account}, which only that account can see."
        return _answer(glance, facts, usable=None, unknowns=(unknown,))
    store, look = services.lookups.store(store_id, glance.region)
    if look.outcome not in ANSWERED:
        return _answer(glance, facts, usable=None, unknowns=(not_seen(look),))
    if store is None or store.state != CONNECTED:
        cause = "key_store_disconnected" if store else "key_store_not_found"
        classification = ErrorClassification(cause, Confidence.CERTAIN, key_arn=facts.arn)
        return _diagnosed(
            glance, _as_failure(glance, classification, services), services, store=store
        )
    external = facts.origin == "EXTERNAL_KEY_STORE"
    unknowns = (EXTERNAL_UNSEEN,) if external else ()
    return replace(
        _answer(glance, facts, usable=None if external else True, unknowns=unknowns), store=store
    )


def _diagnosed(
    glance: KeyObservation, failure: KeyFailure, services: Services, store: StoreFacts | None = None
) -> KeyAnswer:
    changes, unread = _changes(services, failure.subject)
    diagnosis, evidence = assess(services, failure, changes)
    found = evidence.key
    if (
        glance.facts is None
        and found
        and found.state in USABLE_STATES
        and cause_of(diagnosis.cause).proves_unusable
    ):
        # It was made just now: there at the second look, which is the one to believe.
        return _judge_existing(replace(glance, facts=found), found, services)
    usable = False if cause_of(diagnosis.cause).proves_unusable else None
    answer = _answer(
        glance, glance.facts or found, usable=usable, unknowns=(*diagnosis.unknowns, *unread)
    )
    answer = replace(answer, diagnosis=diagnosis, failure=failure, store=store or evidence.store)
    asked = find_look(evidence, "GetKeyLastUsage")
    return (
        _with_usage(answer, evidence.last_used, evidence.tracking_since)
        if asked and asked.outcome is LookupOutcome.SEEN
        else answer
    )


def _changes(
    services: Services, subject: Subject
) -> tuple[tuple[ChangeFact, ...], tuple[str, ...]]:
    """Return what the ledger knows; an answer without it is still an answer."""
    try:
        return services.incidents.read(subject).changes, ()
    except (ClientError, BotoCoreError) as error:
        services.counts.add("TableUnreachable")
        return (), (
            f"The change ledger did not answer ({type(error).__name__}): who changed the key is not known.",
        )


def _as_failure(
    glance: KeyObservation, classification: ErrorClassification, services: Services
) -> KeyFailure:
    """Return the failure that a caller would have met."""
    facts, look, identifier = glance.facts, glance.look, parse(glance.key[:2048])
    arn = facts.arn if facts else classification.key_arn
    # A bare id or alias always resolves in the caller's own account (KMS API Reference,
    # DescribeKey).
    account = (
        classification.account
        or identifier.account
        or (facts.account if facts else None)
        or services.scope.account
    )
    store = facts.key_store if facts else None
    subject = subject_of(
        classification=classification,
        identifier=identifier,
        key_arn=arn,
        account=account,
        region=glance.region,
        key_store=store,
        caller="check",
    )
    return KeyFailure(
        source="manual",
        event_id="",
        time=services.now(),
        classification=classification,
        subject=subject,
        caller=_ASKER,
        partition=identifier.partition or partition_of(glance.region),
        account=account,
        region=glance.region,
        operation="DescribeKey",
        error_code=look.error or None,
        error_message=look.message or None,
        identifier=identifier,
        key_arn=arn,
        key_store=store,
    )


def _answer(
    glance: KeyObservation,
    facts: KeyFacts | None,
    *,
    usable: bool | None,
    unknowns: tuple[str, ...] = (),
) -> KeyAnswer:
    return KeyAnswer(
        glance.key,
        glance.region,
        usable,
        facts=facts,
        unknowns=unknowns,
        notes=tuple(_notes(glance, facts)),
    )


def _notes(glance: KeyObservation, facts: KeyFacts | None) -> list[str]:
    notes = []
    if (named := parse(glance.key).region) and facts and named == glance.region:
        notes.append(
            f'The ARN names {named}: calls that are made in another Region fail with "Invalid arn {named}".'
        )
    if facts and facts.valid_to and facts.state in USABLE_STATES:
        notes.append(
            f"Its key material expires at {stamp(facts.valid_to)}; the key cannot be used after that."
        )
    return notes


def last_usage(answer: KeyAnswer, services: Services, pace: RateLimiter) -> KeyAnswer:
    """Add when a key last did cryptography, as far as KMS kept track, unless the diagnosis has asked already."""
    facts = answer.facts
    if facts is None or not facts.arn or answer.usage:
        return answer
    pace.wait()
    used, since, look = services.lookups.last_use(facts.arn, facts.region)
    if look is None:
        return replace(
            answer,
            unknowns=(*answer.unknowns, "This version of boto3 does not have GetKeyLastUsage."),
        )
    return (
        _with_usage(answer, used, since)
        if look.outcome is LookupOutcome.SEEN
        else answer.unseen(look)
    )


def _with_usage(answer: KeyAnswer, used: datetime | None, since: datetime | None) -> KeyAnswer:
    created = answer.facts.created if answer.facts else None
    usage = Usage(
        used, since, known=used is not None or bool(since and created and since <= created)
    )
    if usage.known:
        return replace(answer, usage=usage)
    unknown = f"Whether the key was used before {stamp(since)}, when KMS began to track its use, is not known."
    return replace(answer, usage=usage, unknowns=(*answer.unknowns, unknown))
