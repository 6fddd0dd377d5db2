"""What was seen of a key, evaluated: usable for cryptography, not usable and why, or beyond what KeyWatch can tell.

Cryptographic operations work on keys that are ``Enabled`` or ``Updating`` (KMS Developer Guide, key
state table). A key in a custom key store also needs a store that is ``CONNECTED``; of an external
key AWS sees nothing without a cryptographic call.
"""

from dataclasses import replace

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.actions.check.answer import KeyAnswer
from keywatch.actions.check.failure import as_failure, classification_of
from keywatch.actions.check.observation import KeyObservation
from keywatch.actions.check.usage import with_usage
from keywatch.catalogue.causes import cause_of
from keywatch.catalogue.states import CONNECTED, STATE_CAUSES, USABLE_STATES
from keywatch.diagnosis.case import find_look
from keywatch.diagnosis.reasons import not_seen, stamp
from keywatch.incidents.assess import assess
from keywatch.model.evidence import ANSWERED, ChangeFact, KeyFacts, LookupOutcome, StoreFacts
from keywatch.model.identifiers import parse
from keywatch.model.levels import Confidence
from keywatch.model.signals import ErrorClassification, Subject
from keywatch.services import Services

EXTERNAL_UNSEEN = (
    "AWS cannot see the external key without a cryptographic call: the KMS key and its key store look right; "
    "only an Encrypt or Decrypt call shows whether the key manager still has the external key and allows its use."
)


def evaluate(observation: KeyObservation, services: Services) -> KeyAnswer:
    """Return whether a key can be used, and the diagnosis where it cannot."""
    facts = observation.facts
    if facts and facts.state not in STATE_CAUSES:
        return _of_existing(observation, facts, services)
    classification = classification_of(observation)
    if classification is None:
        return _answer(observation, None, usable=None, unknowns=(not_seen(observation.result),))
    return _diagnosed(observation, classification, services)


def _of_existing(observation: KeyObservation, facts: KeyFacts, services: Services) -> KeyAnswer:
    """Return the answer about a key in whose own state nothing stands in the way."""
    if facts.state not in USABLE_STATES:
        unknown = f"KeyWatch does not know the key state {facts.state or '(none)'} that DescribeKey reports."
        return _answer(observation, facts, usable=None, unknowns=(unknown,))
    if facts.key_store:
        return _in_store(observation, facts, facts.key_store, services)
    return _answer(observation, facts, usable=True)


def _in_store(
    observation: KeyObservation, facts: KeyFacts, store_id: str, services: Services
) -> KeyAnswer:
    """Return the answer about a key that also needs its key store, and maybe an external key."""
    if facts.account != (observation.account or services.settings.account):
        unknown = f"The key is in a key store of account {facts.account}, which only that account can see."
        return _answer(observation, facts, usable=None, unknowns=(unknown,))
    store, result = services.accounts.look_ups(facts.account).store(store_id, observation.region)
    if result.outcome not in ANSWERED:
        return _answer(observation, facts, usable=None, unknowns=(not_seen(result),))
    if store is None or store.state != CONNECTED:
        cause = "key_store_disconnected" if store else "key_store_not_found"
        classification = ErrorClassification(cause, Confidence.CERTAIN, key_arn=facts.arn)
        return _diagnosed(observation, classification, services, store=store)
    external = facts.origin == "EXTERNAL_KEY_STORE"
    unknowns = (EXTERNAL_UNSEEN,) if external else ()
    return replace(
        _answer(observation, facts, usable=None if external else True, unknowns=unknowns),
        store=store,
    )


def _diagnosed(
    observation: KeyObservation,
    classification: ErrorClassification,
    services: Services,
    store: StoreFacts | None = None,
) -> KeyAnswer:
    """Return the answer about a key that a caller could not use; the same diagnosis as an alert's."""
    failure = as_failure(observation, classification, services)
    changes, unread = _changes(services, failure.subject)
    diagnosis, evidence = assess(services, failure, changes)
    found, proven = evidence.key, cause_of(diagnosis.cause).proves_unusable
    if observation.facts is None and found and found.state in USABLE_STATES and proven:
        # It was made just now: there at the second look-up, which is the one to believe.
        return _of_existing(replace(observation, facts=found), found, services)
    facts, unknowns = observation.facts or found, (*diagnosis.unknowns, *unread)
    answer = _answer(observation, facts, usable=False if proven else None, unknowns=unknowns)
    answer = replace(answer, diagnosis=diagnosis, failure=failure, store=store or evidence.store)
    asked = find_look(evidence, "GetKeyLastUsage")
    if asked and asked.outcome is LookupOutcome.SEEN:
        return with_usage(answer, evidence.last_used, evidence.tracking_since)
    return answer


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


def _answer(
    observation: KeyObservation,
    facts: KeyFacts | None,
    *,
    usable: bool | None,
    unknowns: tuple[str, ...] = (),
) -> KeyAnswer:
    return KeyAnswer(
        observation.key,
        observation.region,
        usable,
        facts=facts,
        unknowns=unknowns,
        notes=tuple(_notes(observation, facts)),
    )


def _notes(observation: KeyObservation, facts: KeyFacts | None) -> list[str]:
    notes = []
    if (named := parse(observation.key).region) and facts and named == observation.region:
        notes.append(
            f'The ARN names {named}: calls that are made in another Region fail with "Invalid arn {named}".'
        )
    if facts and facts.valid_to and facts.state in USABLE_STATES:
        notes.append(
            f"Its key material expires at {stamp(facts.valid_to)}; the key cannot be used after that."
        )
    return notes
