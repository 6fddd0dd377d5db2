"""Under a silence nothing is told and all is counted; what lasts longer is told once; where none can be read, all is told."""

from datetime import timedelta

import pytest

from keywatch.model.silence import Silence, new_silence
from tests.support.world import (
    APP,
    KEY_ID,
    World,
    alias_missing,
    aws_error,
    changed,
    disabled,
    failed,
    key_arn,
)
from tests.support.world import world as open_world
from tests.unit.incidents.test_groups import caller, key_id, minutes, missing

OTHER = "0987dcba-09fe-87dc-65ba-ab0987654321"


def silence(world: World, hours: float = 4, **match: str) -> Silence:
    made = new_silence(match, "we work on it", world.now, world.now + timedelta(hours=hours))
    world.services.silences.add(made)
    return made


def failing(world: World, count: int, key: str = KEY_ID) -> None:
    """Let minutes pass in which calls fail."""
    for _ in range(count):
        world.wait(minutes=1)
        world.take(disabled(key, at=world.now))
        world.tick()


def failures(world: World) -> int:
    return sum(int(item["failures"]["N"]) for item in world.incidents())


@pytest.mark.parametrize(
    "match",
    [
        {"key": KEY_ID},
        {"key": key_arn()},
        {"key": "arn:aws:kms:*:key/1234abcd-*"},
        {"cause": "key_disabled"},
        {"caller": APP},
        {"caller": "*role/payments-*"},
        {"account": "123456789012"},
        {"region": "eu-west-1"},
        {"key": KEY_ID, "cause": "key_disabled", "caller": APP, "region": "eu-west-1"},
    ],
)
def test_what_a_silence_covers_is_counted_and_not_told(world, match):
    # GIVEN a broken key, and a silence that covers it
    world.kms.add(state="Disabled")
    silence(world, **match)
    # WHEN calls fail for an hour
    failing(world, 60)
    # THEN nobody was told, and every call was counted
    assert world.inbox() == []
    assert failures(world) == 60


@pytest.mark.parametrize(
    "match",
    [
        {"key": OTHER},
        {"cause": "alias_not_found"},
        {"caller": "arn:aws:iam::123456789012:role/other"},
        {"account": "444455556666"},
        {"region": "us-east-1"},
        {"incident": "kw-0123456789abcdef"},
        {"key": KEY_ID, "region": "us-east-1"},
    ],
)
def test_what_a_silence_does_not_cover_is_told_as_ever(world, match):
    world.kms.add(state="Disabled")
    silence(world, **match)
    world.take(disabled())
    assert [alert["status"] for alert in world.inbox()] == ["opened"]


def test_what_began_under_a_silence_and_lasts_opens_when_it_expires(world):
    # GIVEN an incident under a silence of four hours
    world.kms.add(state="Disabled")
    silence(world, key=KEY_ID)
    failing(world, 30)
    world.wait(hours=3, minutes=20)
    # WHEN calls go on failing until after its end
    failing(world, 30)
    # THEN it opens once, with all calls in it
    (alert,) = world.inbox()
    assert alert["status"] == "opened"
    assert alert["impact"]["failures"] >= 30
    assert "silence" in " ".join(alert["notes"])


def test_what_ended_under_a_silence_is_never_told(world):
    # GIVEN an incident under a silence
    world.kms.add(state="Disabled")
    silence(world, key=KEY_ID)
    failing(world, 5)
    # WHEN the key is mended, and the silence expires
    world.kms.add()
    minutes(world, 300)
    # THEN nobody heard of any of it
    assert world.inbox() == []
    assert {item["status"]["S"] for item in world.incidents()} == {"healed"}


def test_an_open_incident_is_quiet_under_a_silence_and_told_once_after_it(world):
    # GIVEN an alerted incident
    world.kms.add(state="Disabled")
    failing(world, 1)
    (opened,) = world.inbox()
    # WHEN it is silenced by its id for six hours, in which calls go on failing
    silence(world, hours=6, incident=opened["incident_id"])
    failing(world, 350)
    assert world.inbox() == []
    failing(world, 30)
    # THEN one message tells that it lasts, and the next comes a repeat interval later
    (reminder,) = world.inbox()
    assert reminder["status"] == "reminder"
    assert reminder["incident_id"] == opened["incident_id"]
    failing(world, 200)
    assert world.inbox() == []


def test_an_open_incident_that_ends_under_a_silence_says_nothing(world):
    # GIVEN an alerted incident under a silence
    world.kms.add(state="Disabled")
    failing(world, 1)
    world.inbox()
    silence(world, key=KEY_ID)
    # WHEN it ends
    world.kms.add()
    minutes(world, 300)
    # THEN nothing is said, and what breaks next names it
    assert world.inbox() == []
    assert {item["status"]["S"] for item in world.incidents()} == {"resolved"}
    world.kms.add(state="Disabled")
    failing(world, 1)
    (alert,) = world.inbox()
    assert alert["status"] == "opened"
    assert "previous_incident_id" in alert


def test_an_incident_whose_cause_becomes_another_leaves_a_silence_of_causes(world):
    # GIVEN an alerted incident, and a silence of its cause
    world.kms.add(state="Disabled")
    failing(world, 1)
    world.inbox()
    silence(world, cause="key_disabled")
    minutes(world, 20)
    # WHEN the key is to be deleted, and calls fail with that
    world.kms.add(state="PendingDeletion")
    world.wait(minutes=1)
    said = f"{key_arn()} is pending deletion."
    world.take(failed("KMSInvalidStateException", said, KEY_ID, at=world.now))
    minutes(world, 2)
    # THEN people are told
    assert [(a["status"], a["cause"]) for a in world.inbox()] == [
        ("changed", "key_pending_deletion")
    ]


def test_a_caller_who_is_not_silenced_is_heard(world):
    # GIVEN a silenced caller of a broken key
    world.kms.add(state="Disabled")
    silence(world, caller=APP)
    failing(world, 5)
    assert world.inbox() == []
    # WHEN another one fails as well
    world.wait(minutes=1)
    world.take(disabled(at=world.now, **caller("orders")))
    world.tick()
    # THEN people are told of both
    (alert,) = world.inbox()
    assert {one["name"].rpartition("/")[2] for one in alert["impact"]["callers"]} == {
        "payments-app",
        "orders",
    }


def test_what_is_silenced_takes_no_place_in_a_group_and_is_in_no_digest(world):
    # GIVEN a silence for three of a hundred aliases that one caller lost
    silence(world, key="alias/gone-1*")
    # WHEN calls for all of them fail
    world.take(*missing(40, world))
    minutes(world, 5)
    # THEN eleven of them are in no message
    alerts = world.inbox()
    named = {one for alert in alerts for one in alert.get("group", {}).get("members", ())}
    named |= {alert["subject"]["alias"] for alert in alerts if alert["status"] == "opened"}
    assert named == {f"alias/gone-{n}" for n in range(40) if not str(n).startswith("1")}
    assert [a["group"]["size"] for a in alerts if a["status"] == "group"][-1] == 29
    # AND they are counted
    assert len(world.incidents()) == 40


def test_a_silence_over_a_whole_group_keeps_its_digests_back_until_it_expires(world):
    # GIVEN a group that people know of
    world.take(*missing(40, world))
    assert [a["status"] for a in world.inbox()][-1] == "group"
    # WHEN its caller is silenced while more aliases break and calls go on failing
    silence(world, hours=2, caller=APP)
    for _ in range(11):
        world.wait(minutes=10)
        world.take(*missing(60, world))
        world.tick()
    assert world.inbox() == []
    # THEN a few messages tell of all after it: those that had alerted by themselves, five of the others, and a digest
    for _ in range(3):
        world.wait(minutes=10)
        world.take(*missing(60, world))
        minutes(world, 1)
    told = world.inbox()
    assert len(told) <= 11
    assert any(alert["status"] == "group" for alert in told)


def test_many_that_began_under_a_silence_are_told_together_when_it_expires(world):
    # GIVEN 200 aliases that broke under a silence
    silence(world, hours=1, caller=APP)
    world.take(*missing(200, world))
    looks = world.wire.calls.count(("kms", "describe_key"))
    assert looks == 0
    # WHEN it expires, and they are still missing
    world.wait(minutes=61)
    minutes(world, 10)
    # THEN a few messages tell of all of them
    told = world.inbox()
    assert sum(alert["status"] == "opened" for alert in told) == 5
    assert [a["group"]["size"] for a in told if a["status"] == "group"][-1] == 200


def test_where_silences_cannot_be_read_all_is_told(world):
    # GIVEN a silenced key, and a table that answers everything but the question for silences
    world.kms.add(state="Disabled")
    silence(world, key=KEY_ID)
    read = world.services.silences.active

    def refuse(now):
        raise aws_error("ProvisionedThroughputExceededException")

    world.services.silences.active = refuse
    # WHEN a call fails
    world.take(disabled())
    # THEN people are told, and the loss is counted
    assert [alert["status"] for alert in world.inbox()] == ["opened"]
    assert world.counted()["SilencesUnknown"] == 1
    world.services.silences.active = read


def test_a_silence_that_is_ended_early_ends_at_the_next_minute_that_looks(world):
    # GIVEN an incident that began under a silence
    world.kms.add(state="Disabled")
    made = silence(world, key=KEY_ID)
    failing(world, 5)
    # WHEN somebody ends it, and calls go on failing
    assert world.services.silences.end(made, world.now)
    failing(world, 61)
    # THEN it opens
    assert [alert["status"] for alert in world.inbox()] == ["opened"]


def test_an_early_warning_is_silenced_like_any_other_message(world):
    # GIVEN a silence of a key that is about to be deleted
    world.kms.add(state="PendingDeletion")
    silence(world, key=KEY_ID)
    # WHEN it is scheduled for deletion
    world.take(changed("ScheduleKeyDeletion"))
    minutes(world, 30)
    # THEN nobody is warned until the silence is over
    assert world.inbox() == []
    world.wait(hours=4)
    minutes(world, 2)
    assert [a["status"] for a in world.inbox()] == ["opened"]


def test_silences_are_read_once_for_a_batch():
    # GIVEN a batch of many subjects
    with open_world() as world:
        world.take(
            *(alias_missing(f"alias/x-{n}", at=world.now, **caller(f"c{n}")) for n in range(20))
        )
        queries = [key for key in world.wire.calls if key == ("dynamodb", "query")]
        # THEN the silences were read once, beside each subject
        assert len(queries) <= 20 + 1


def test_nothing_is_lost_where_a_broken_key_id_is_in_no_silence(world):
    # GIVEN two broken keys, one of them silenced
    world.kms.add(state="Disabled")
    world.kms.add(key_id(1), "Disabled")
    silence(world, key=KEY_ID)
    # WHEN calls fail for both, THEN one is told
    world.take(disabled(), disabled(key_id(1)))
    (alert,) = world.inbox()
    assert key_id(1) in alert["subject"]["key_arn"]
