"""Whose store a key is in, where only an application's log tells that its key store broke: one store is one incident.

CloudTrail names the key store of a failed call; a log names the key alone. A key never moves to
another store (KMS Developer Guide, "Custom key stores"), so what is known once is known for good.
"""

from collections.abc import Iterable
from datetime import timedelta

from keywatch.catalogue.causes import cause_of
from keywatch.incidents.copies import Told
from keywatch.incidents.memory import Memory
from keywatch.lookups.scope import Scope
from keywatch.model.evidence import ANSWERED
from keywatch.model.signals import KeyFailure
from keywatch.services import Services
from keywatch.sources.subjects import key_subject, store_subject

MOST_LOOKED_UP = 10  # keys of a batch
TIME = timedelta(seconds=3)  # for all of them


def of_their_stores(services: Services, memory: Memory, told: Iterable[Told]) -> list[Told]:
    """Return the failures, those of a key whose store broke as failures of that store, where it can be known."""
    found = list(told)
    asked = {one.subject.id: one for _, one in found if _is_of_a_store_unnamed(one)}
    if not asked:
        return found
    _remember(memory, (failure for _, failure in found))
    unknown = [one for one in asked.values() if memory.store_of(one.subject) is None]
    _look_up(services, memory, unknown[:MOST_LOOKED_UP])
    return [(message, _of_its_store(memory, failure)) for message, failure in found]


def _remember(memory: Memory, failures: Iterable[KeyFailure]) -> None:
    """Remember what CloudTrail says itself of the stores of keys."""
    for arn, store in {(one.key_arn, one.key_store) for one in failures if one.key_store}:
        if arn and store and (subject := key_subject(arn)):
            memory.keep_store(subject, store)


def _is_of_a_store_unnamed(failure: KeyFailure) -> bool:
    broken = cause_of(failure.classification.cause).about_key_store
    return broken and failure.subject.kind == "key" and not failure.key_store


def _of_its_store(memory: Memory, failure: KeyFailure) -> KeyFailure:
    if not _is_of_a_store_unnamed(failure) or not (store := memory.store_of(failure.subject)):
        return failure
    place = failure.subject
    subject = store_subject(store, place.account, place.region).with_origin_of(place)
    return failure.of_call(key_store=store, subject=subject)


def _look_up(services: Services, memory: Memory, failures: Iterable[KeyFailure]) -> None:
    """Ask in which stores keys are, as long as there is time. Never raises: an alert about the key is better than none."""
    until = services.now() + TIME
    for failure in failures:
        if (left := until - services.now()) <= timedelta():
            return
        try:
            _learn(services, memory, failure, left)
        except Exception:
            services.counts.add("EvidenceFailed")
            services.logger.exception("the key store of a key could not be looked up")


def _learn(services: Services, memory: Memory, failure: KeyFailure, left: timedelta) -> None:
    subject, scope = failure.subject, Scope.of(services.settings, failure)
    if subject.account != scope.account or not failure.key_arn:
        return
    lookups = services.accounts.look_ups(scope.account)
    with lookups.within(left):
        key, look = lookups.key(failure.key_arn, subject.region)
    if look.outcome in ANSWERED:
        memory.keep_store(subject, key.key_store or "" if key else "")
