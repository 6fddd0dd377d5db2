"""One key store is one incident, whoever tells that it broke: CloudTrail names the store, a log the key alone."""

from dataclasses import replace

import pytest

from keywatch.incidents.key_stores import MOST_LOOKED_UP, of_their_stores
from keywatch.model.identifiers import parse
from keywatch.sources.subjects import key_subject
from tests.support.world import ACCOUNT, KEY_ID, REGION, aws_error, failed, key_arn
from tests.unit import cases
from tests.unit.incidents.test_groups import key_id

STORE = "cks-1234567890abcdef0"


@pytest.fixture
def store(world):
    """A world with a key in a key store that failed."""
    world.kms.stores[STORE] = {
        "CustomKeyStoreId": STORE,
        "CustomKeyStoreName": "vault",
        "CustomKeyStoreType": "EXTERNAL_KEY_STORE",
        "ConnectionState": "FAILED",
    }
    world.kms.add(state="Unavailable", CustomKeyStoreId=STORE)
    return world


def logged(world, key=KEY_ID, text="is unavailable.", **parts):
    """An application's log line of a failed call."""
    arn = key_arn(key)
    failure = cases.failed(
        "KMSInvalidStateException", f"{arn} {text}", arn, source="app_log", account=ACCOUNT
    )
    return replace(failure, time=world.now, key_arn=arn, identifier=parse(arn), **parts)


def subjects(world):
    return sorted(item["subject"]["S"] for item in world.incidents())


def described(world):
    return world.wire.calls.count(("kms", "describe_key"))


@pytest.mark.parametrize("log_first", [True, False])
def test_a_log_and_a_record_of_one_store_are_one_incident(store, log_first):
    # GIVEN a call whose record names the store, and a log that names the key alone
    more = {"additionalEventData": {"customKeyStoreId": STORE}}
    text = f"{key_arn()} is unavailable."
    record = failed("KMSInvalidStateException", text, KEY_ID, at=store.now, **more)
    ways = [lambda: store.take_signals([logged(store)]), lambda: store.take(record)]
    # WHEN both come, in any order
    for way in ways if log_first else reversed(ways):
        way()
    # THEN people are told once, of the store
    assert subjects(store) == [f"key_store|{ACCOUNT}|{REGION}|{STORE}"]
    assert [alert["subject"]["key_store"] for alert in store.inbox()] == [STORE]


def test_what_is_known_of_a_key_is_not_asked_again(store):
    of_their_stores(store.services, store.memory, [("m", logged(store))] * 3)
    of_their_stores(store.services, store.memory, [("m", logged(store))])
    assert described(store) == 1


def test_a_key_in_no_store_stays_the_subject(store):
    store.kms.add(state="Unavailable")
    ((_, failure),) = of_their_stores(store.services, store.memory, [("m", logged(store))])
    assert failure.subject.kind == "key"
    assert store.memory.store_of(failure.subject) == ""


def test_where_kms_does_not_answer_the_key_is_the_subject_and_is_asked_again(store):
    def down(service, operation):
        if service == "kms":
            raise aws_error("ThrottlingException", operation=operation)

    store.wire.before = down
    told = [("m", logged(store))]
    assert of_their_stores(store.services, store.memory, told) == told
    store.wire.before = lambda service, operation: None
    ((_, failure),) = of_their_stores(store.services, store.memory, told)
    assert failure.subject.kind == "key_store"


def test_a_look_up_that_breaks_is_counted_and_loses_nothing(store, monkeypatch):
    def broken(*_):
        raise RuntimeError("broken")

    monkeypatch.setattr(store.services.lookups, "key", broken)
    told = [("m", logged(store))]
    assert of_their_stores(store.services, store.memory, told) == told
    assert store.counted()["EvidenceFailed"] == 1


def test_many_keys_cost_few_look_ups(store):
    told = [("m", logged(store, key_id(number))) for number in range(100)]
    assert len(of_their_stores(store.services, store.memory, told)) == 100
    assert described(store) == MOST_LOOKED_UP


def test_another_accounts_key_and_other_troubles_are_not_looked_up(store):
    foreign = key_arn().replace(ACCOUNT, "444455556666")
    of_another = logged(store, subject=key_subject(foreign))
    told = [("m", of_another), ("m", logged(store, text="is pending import."))]
    assert of_their_stores(store.services, store.memory, told) == told
    assert described(store) == 0
