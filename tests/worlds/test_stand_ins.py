"""The stand-ins answer as AWS does: what is judged with them is only as true as they are."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from tests.worlds import records
from tests.worlds.attempts import Probe, answer, truly
from tests.worlds.clock import Clock, Dice, minutes, seconds
from tests.worlds.cloudtrail_api import Busy, CloudTrailApi
from tests.worlds.dynamodb import DynamoDb
from tests.worlds.errors import AwsError
from tests.worlds.kms import Key, Kms, Store
from tests.worlds.kms_api import KmsApi
from tests.worlds.people import Person

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLD = NOW - timedelta(days=300)
ME = ("123456789012", "eu-west-1")
ADMIN, APP = Person("user", "alice", ME[0]), Person("role", "app", ME[0])


def kms_with(state: str = "Enabled", **fields: Any) -> tuple[Kms, Key]:
    kms = Kms(Dice(1))
    key = Key(kms.uuid(), *ME, OLD, state=state, **fields)
    return kms, kms.put_key(key, OLD, alias="alias/a")


def api(kms: Kms, now: datetime = NOW) -> KmsApi:
    return KmsApi(kms, *ME, lambda: now, "arn:aws:iam::123456789012:role/KeyWatch")


@pytest.mark.parametrize(
    ("state", "code", "cause"),
    [
        ("Disabled", "DisabledException", "key_disabled"),
        ("PendingImport", "KMSInvalidStateException", "key_material_missing"),
        ("Creating", "KMSInvalidStateException", "key_not_ready"),
    ],
)
def test_a_key_in_a_bad_state_refuses_cryptography_and_can_be_described(
    state: str, code: str, cause: str
) -> None:
    kms, key = kms_with(state)
    outcome = answer(kms, Probe(APP, "Decrypt", key.id, key.region), NOW)
    assert outcome
    assert (outcome.code, outcome.causes) == (code, {cause})
    assert answer(kms, Probe(APP, "DescribeKey", key.id, key.region), NOW) is None
    assert api(kms).describe_key(KeyId="alias/a")["KeyMetadata"]["KeyState"] == state


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("alias/no", "Alias arn:aws:kms:eu-west-1:123456789012:alias/no is not found."),
        ("nope", "Invalid keyId 'nope'"),
        ("arn:aws:kms:us-west-2:123456789012:alias/a", "Invalid arn us-west-2"),
        (
            "00000000-0000-4000-8000-000000000000",
            "Key 'arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-4000-8000-000000000000' does not exist",
        ),
    ],
)
def test_what_does_not_name_a_key_is_not_found_in_awss_words(typed: str, message: str) -> None:
    kms, _ = kms_with()
    with pytest.raises(AwsError, match="NotFoundException") as caught:
        api(kms).describe_key(KeyId=typed)
    assert caught.value.message == message


def test_a_cancelled_deletion_leaves_the_key_disabled_by_both_who_did_it() -> None:
    kms, key = kms_with()
    scheduled = kms.schedule_deletion(key, NOW, ADMIN)
    cancelled = kms.cancel_deletion(key, NOW + minutes(1), ADMIN)
    outcome = truly(kms, Probe(APP, "Decrypt", key.arn, key.region), NOW + minutes(2))
    assert outcome
    assert outcome.causes == {"key_disabled"}
    assert outcome.culprits == {scheduled.id, cancelled.id}


def test_deleting_a_key_deletes_its_aliases() -> None:
    kms, key = kms_with()
    kms.schedule_deletion(key, NOW - timedelta(days=8), ADMIN, 7)
    kms.delete_key(key, NOW)
    outcome = truly(kms, Probe(APP, "Decrypt", "alias/a", key.region), NOW + seconds(1))
    assert outcome
    assert outcome.causes == {"alias_not_found", "key_deleted"}


def test_keys_of_a_store_that_is_not_connected_are_unavailable() -> None:
    kms, key = kms_with(store="cks-1", external="ext")
    kms.put_store(*ME, Store("cks-1", "s", "EXTERNAL_KEY_STORE"), OLD)
    kms.set_store(*ME, "cks-1", NOW, "DisconnectCustomKeyStore", ADMIN, state="DISCONNECTED")
    later = NOW + minutes(10)
    assert api(kms, later).describe_key(KeyId=key.id)["KeyMetadata"]["KeyState"] == "Unavailable"
    outcome = truly(kms, Probe(APP, "Decrypt", key.arn, key.region), later)
    assert outcome
    assert outcome.causes == {"key_store_disconnected"}


def test_a_lost_external_key_shows_in_no_look_up() -> None:
    kms, key = kms_with(store="cks-1", external="ext")
    kms.put_store(*ME, Store("cks-1", "s", "EXTERNAL_KEY_STORE"), OLD)
    kms.external_key("ext").write(NOW, "missing")
    outcome = truly(kms, Probe(APP, "Decrypt", key.arn, key.region), NOW)
    assert outcome
    assert outcome.causes == {"external_key_not_found"}
    assert api(kms).describe_key(KeyId=key.id)["KeyMetadata"]["KeyState"] == "Enabled"
    stores = api(kms).describe_custom_key_stores(CustomKeyStoreId="cks-1")["CustomKeyStores"]
    assert stores[0]["ConnectionState"] == "CONNECTED"


def test_what_was_created_just_now_is_seen_later_and_by_each_host_in_its_own_time() -> None:
    kms, key = kms_with()
    for number in range(40):
        kms.create_alias(key, f"alias/new-{number}", NOW, ADMIN)
    shown = [
        sum(
            alias["AliasName"].startswith("alias/new")
            for alias in api(kms, NOW + seconds(s)).list_aliases(Limit=100)["Aliases"]
        )
        for s in (0, 1, 30, 300)
    ]
    assert shown[0] < shown[1] < shown[2] <= shown[3] == 40


def test_aliases_come_in_pages() -> None:
    kms, key = kms_with()
    for number in range(120):
        kms.create_alias(key, f"alias/p{number:03}", OLD, ADMIN)
    first = api(kms).list_aliases(Limit=100)
    rest = api(kms).list_aliases(Limit=100, Marker=first["NextMarker"])
    assert (len(first["Aliases"]), first["Truncated"], len(rest["Aliases"]), rest["Truncated"]) == (
        100,
        True,
        21,
        False,
    )


def test_a_foreign_caller_gets_the_one_answer_for_three_reasons() -> None:
    kms, key = kms_with()
    foreign = Person("role", "other", "210987654321")
    gone = Probe(
        foreign, "Decrypt", key.arn[:-1] + ("0" if key.arn[-1] != "0" else "1"), key.region
    )
    outcome = answer(kms, gone, NOW)
    assert outcome
    assert outcome.code == "AccessDeniedException"
    assert outcome.causes == {"missing_or_not_authorized"}


# --- CloudTrail ---------------------------------------------------------------------------------------------------------------


def trail_with_culprit() -> tuple[CloudTrailApi, str, Clock]:
    kms, key = kms_with()
    clock = Clock(NOW)
    trail = CloudTrailApi(lambda: clock.now, Dice(1))
    change = kms.disable(key, NOW - timedelta(hours=5), ADMIN)
    trail.add(records.of_change(change), change.when)
    trail.busy.append(
        Busy(key.arn, NOW - timedelta(days=2), NOW, timedelta(days=2) / 100_000, records.decrypt)
    )
    return trail, key.arn, clock


def asked(trail: CloudTrailApi, key: str, value: str, **more: Any) -> dict[str, Any]:
    return trail.lookup_events(
        LookupAttributes=[{"AttributeKey": key, "AttributeValue": value}], **more
    )


def test_a_busy_keys_history_by_name_is_pages_of_its_uses_newest_first() -> None:
    trail, arn, _ = trail_with_culprit()
    page = asked(trail, "ResourceName", arn)
    times = [event["EventTime"] for event in page["Events"]]
    assert {event["EventName"] for event in page["Events"]} == {"Decrypt"}
    assert len(times) == 50
    assert times == sorted(times, reverse=True)
    following = asked(trail, "ResourceName", arn, NextToken=page["NextToken"])
    assert following["Events"][0]["EventTime"] <= times[-1]


def test_by_event_name_the_culprit_is_on_the_first_page() -> None:
    trail, arn, _ = trail_with_culprit()
    (event,) = asked(trail, "EventName", "DisableKey")["Events"]
    assert event["Username"] == "alice"
    assert arn in event["CloudTrailEvent"]


def test_one_attribute_a_call_and_50_events_a_page() -> None:
    trail, arn, _ = trail_with_culprit()
    two = [
        {"AttributeKey": "EventName", "AttributeValue": "DisableKey"},
        {"AttributeKey": "ResourceName", "AttributeValue": arn},
    ]
    with pytest.raises(AwsError, match="InvalidLookupAttributesException"):
        trail.lookup_events(LookupAttributes=two)
    with pytest.raises(AwsError, match="InvalidMaxResultsException"):
        trail.lookup_events(MaxResults=51)


def test_the_history_is_minutes_late_and_ends_after_90_days() -> None:
    kms, key = kms_with()
    clock = Clock(NOW)
    trail = CloudTrailApi(lambda: clock.now, Dice(1))
    for days in (0, 89, 91):
        change = kms.disable(key, NOW - timedelta(days=days), ADMIN)
        trail.add(records.of_change(change), change.when)
    found = partial(asked, trail, "EventName", "DisableKey")
    assert len(found()["Events"]) == 1
    clock.advance(20 * 60)
    assert len(found()["Events"]) == 2


# --- DynamoDB -----------------------------------------------------------------------------------------------------------------


def key_of(item: str) -> dict[str, dict[str, str]]:
    return {"subject": {"S": "a"}, "item": {"S": item}}


def test_a_condition_that_does_not_hold_refuses_the_write() -> None:
    table = DynamoDb()
    table.put_item(
        Item=key_of("i") | {"n": {"N": "1"}}, ConditionExpression="attribute_not_exists(subject)"
    )
    with pytest.raises(AwsError, match="ConditionalCheckFailedException"):
        table.put_item(Item=key_of("i"), ConditionExpression="attribute_not_exists(subject)")


def test_updates_set_add_and_remove_and_read_what_was_there_before() -> None:
    table = DynamoDb()
    table.put_item(Item=key_of("i") | {"n": {"N": "1"}, "gone": {"S": "x"}})
    answer_ = table.update_item(
        Key=key_of("i"),
        UpdateExpression="SET #s = if_not_exists(#s, :one), copy = n ADD n :two, kinds :kinds REMOVE gone",
        ConditionExpression="n = :one AND (attribute_exists(gone) OR n > :two)",
        ExpressionAttributeNames={"#s": "since"},
        ExpressionAttributeValues={":one": {"N": "1"}, ":two": {"N": "2"}, ":kinds": {"SS": ["b"]}},
        ReturnValues="ALL_NEW",
    )
    assert answer_["Attributes"] == key_of("i") | {
        "n": {"N": "3"},
        "since": {"N": "1"},
        "copy": {"N": "1"},
        "kinds": {"SS": ["b"]},
    }


def test_queries_are_sorted_paged_and_filtered() -> None:
    table = DynamoDb()
    for number in range(5):
        table.put_item(
            Item=key_of(f"i{number}") | {"queue": {"S": "q"}, "due_at": {"N": str(10 - number)}}
        )
    request: dict[str, Any] = {
        "IndexName": "due",
        "KeyConditionExpression": "queue = :q AND due_at <= :now",
        "ExpressionAttributeValues": {":q": {"S": "q"}, ":now": {"N": "9"}},
        "Limit": 3,
    }
    first = table.query(**request)
    assert [item["due_at"]["N"] for item in first["Items"]] == ["6", "7", "8"]
    rest = table.query(**request, ExclusiveStartKey=first["LastEvaluatedKey"])
    assert [item["due_at"]["N"] for item in rest["Items"]] == ["9"]
    assert "LastEvaluatedKey" not in rest
