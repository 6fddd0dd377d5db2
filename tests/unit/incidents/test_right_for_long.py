"""Incidents stay right: over hours and days, with late, repeated, old and damaged input, and with what breaks again and again."""

import base64
import gzip
import json
from datetime import timedelta

import pytest

from keywatch.incidents.pipeline import Pipeline
from keywatch.sources import read_event
from keywatch.sources.app_logs import read_delivery
from keywatch.sources.source import Reception
from tests.support.world import (
    ACCOUNT,
    APP,
    KEY_ID,
    REGION,
    alias_missing,
    ambiguous_denial,
    aws_error,
    changed,
    disabled,
    failed,
    key_arn,
    key_missing,
)

OTHER_KEY = "aaaabbbb-12ab-34cd-56ef-1234567890ab"


def pass_minutes(world, minutes, during=lambda: None, step=1):
    for _ in range(0, minutes, step):
        world.wait(minutes=step)
        during()
        world.tick()


def told(world):
    return [alert["status"] for alert in world.inbox()]


def user(number):
    arn = f"arn:aws:iam::{ACCOUNT}:user/u{number}"
    return {"userIdentity": {"type": "IAMUser", "arn": arn, "accountId": ACCOUNT}}


def incident(world):
    (item,) = world.incidents()
    return item


# --- only what lives counts ---------------------------------------------------------------------------------------------------


def test_failures_after_the_end_are_told_at_once_although_this_container_remembers_the_incident(
    world,
):
    # GIVEN an incident that counts a late failure just before it is resolved
    world.kms.add(state="Disabled")
    world.take(disabled())
    world.kms.add(state="Enabled")
    pass_minutes(world, 9)
    late = world.now - timedelta(minutes=12)
    world.wait(minutes=1)
    world.take(disabled(at=late))
    world.tick()
    assert told(world)[-1] == "resolved"
    # WHEN the key breaks again, within the minute for which the container remembers
    world.kms.add(state="Disabled")
    for _ in range(5):
        world.wait(seconds=20)
        world.take(disabled(at=world.now))
    # THEN that is a new incident, told at once, which names the one before
    (opened,) = world.inbox()
    assert opened["status"] == "opened"
    assert opened["impact"]["failures"] == 5 - 4
    assert opened["previous_incident_id"] != opened["incident_id"]
    assert incident(world)["failures"] == {"N": "5"}


def test_a_call_that_was_counted_opens_nothing_when_it_comes_again_after_the_end(world):
    # GIVEN a resolved incident
    world.kms.add(state="Disabled")
    event = disabled()
    world.take(event)
    world.kms.add(state="Enabled")
    pass_minutes(world, 15)
    assert told(world) == ["opened", "resolved"]
    # WHEN SQS delivers its failure once more
    world.cold_start()
    world.take(event)
    pass_minutes(world, 5)
    # THEN nothing happens
    assert told(world) == []
    assert incident(world)["status"] == {"S": "resolved"}


# --- unreadable items ---------------------------------------------------------------------------------------------------------

DAMAGE = {
    "no status": lambda item: item.pop("status"),
    "an unknown status": lambda item: item.update(status={"S": "hibernating"}),
    "no first_seen": lambda item: item.pop("first_seen"),
    "no id": lambda item: item.pop("incident_id"),
    "a number that is text": lambda item: item.update(failures={"S": "many"}),
    "a time beyond all years": lambda item: item.update(last_seen={"N": "1e30"}),
}
HARMLESS = {
    "damaged JSON in the sample": lambda item: item.update(sample={"S": '{"source": "clou'}),
    "no sample": lambda item: item.pop("sample"),
    "an unknown confidence": lambda item: item.update(
        sample={"S": item["sample"]["S"].replace("certain", "proven")}
    ),
    "a sample that is a list": lambda item: item.update(sample={"S": "[]"}),
    "an unknown severity": lambda item: item.update(severity={"S": "apocalyptic"}),
    "an unknown cause": lambda item: item.update(
        cause={"S": "key_is_shy"}, said={"S": "key_is_shy"}
    ),
    "damaged history": lambda item: item.update(history={"S": '[{"when": 3}]'}),
    "a damaged diagnosis": lambda item: item.update(told={"S": "null"}),
    "damaged names": lambda item: item.update(names={"S": '{"caller": 3}'}),
    "damaged marks": lambda item: item.update(recent={"S": "!!"}),
    "damaged openings": lambda item: item.update(openings={"S": "x,y"}),
    "an attribute of a newer version": lambda item: item.update(mood={"S": "blue"}),
    "none of what this version added": lambda item: [
        item.pop(name, None)
        for name in ("version", "names", "recent", "openings", "arrived", "announced_failures")
    ],
    "the queue of the first version": lambda item: item.update(queue={"S": "due"}),
}


def damage(world, how):
    for item in world.incidents():
        changed_item = dict(item)
        how(changed_item)
        world.table.put_item(TableName="incidents", Item=changed_item)


@pytest.mark.parametrize("how", DAMAGE)
def test_an_unreadable_item_costs_only_itself(world, how):
    # GIVEN an item that nobody can read, at the head of the queue, and a neighbour of it
    world.kms.add(state="Disabled")
    world.take(disabled())
    damage(world, DAMAGE[how])
    left_alone = incident(world)
    world.take(alias_missing("alias/neighbour"))
    world.inbox()
    # WHEN minutes pass, and the neighbour ends
    world.kms.alias_targets["alias/neighbour"] = OTHER_KEY
    world.kms.add(OTHER_KEY)
    pass_minutes(world, 15)
    # THEN the neighbour was resolved, the damaged one counted and left as it was but for its place in the queue
    assert told(world) == ["resolved"]
    assert world.counted()["ItemsUnreadable"] >= 1
    now = next(i for i in world.incidents() if i["subject"] == left_alone["subject"])
    assert now | {"due_at": 0} == left_alone | {"due_at": 0}
    assert float(now["due_at"]["N"]) > world.now.timestamp()
    # AND the page shows the rest
    assert list(world.services.incidents.going_on(10)) == []
    # WHEN calls fail on the damaged one, THEN people are told, once, and why it is not counted
    for _ in range(3):
        world.take(disabled(at=world.now))
    (alert,) = world.inbox()
    assert alert["cause"] == "key_disabled"
    assert any("cannot be read" in note for note in alert["notes"])


@pytest.mark.parametrize("how", HARMLESS)
def test_what_can_be_done_without_costs_nothing(world, how):
    # GIVEN an open incident of which something is damaged, missing, older or newer
    world.kms.add(state="Disabled")
    world.take(disabled())
    world.inbox()
    damage(world, HARMLESS[how])
    world.cold_start()
    # WHEN it goes on, and ends
    world.take(disabled(at=world.now))
    pass_minutes(world, 5)
    assert [one.failures for one in world.services.incidents.going_on(10)] == [2]
    world.kms.add(state="Enabled")
    world.inbox()
    pass_minutes(world, 40)
    # THEN nobody is alerted anew, and it is resolved
    assert told(world) == ["resolved"]
    assert "ItemsUnreadable" not in world.counted()


def test_ten_pages_of_unreadable_items_do_not_hide_what_is_due_behind_them(world):
    # GIVEN hundreds of unreadable items in every part of the queue, due before one that can be read
    world.kms.add(state="Disabled")
    world.take(disabled())
    world.inbox()
    template = incident(world)
    for number in range(500):
        queue = f"due#{number % 8}" if number % 9 else "due"
        damaged = {"subject": {"S": f"damaged {number}"}, "queue": {"S": queue}}
        item = {**template, **damaged, "due_at": {"N": "1"}}
        world.table.put_item(TableName="incidents", Item=item)
    world.kms.add(state="Enabled")
    # WHEN the minutes pass
    pass_minutes(world, 12)
    # THEN it is handled
    assert told(world) == ["resolved"]
    assert world.counted()["ItemsUnreadable"] == 500


# --- the first failure after a warning ----------------------------------------------------------------------------------------


def test_the_beginning_of_an_outage_is_told_by_the_clock_where_it_could_not_be_told_at_once(world):
    # GIVEN an early warning, and a topic that is down when the first call fails
    world.kms.add(state="Disabled")
    world.take(changed("DisableKey"))
    assert told(world) == ["opened"]
    world.wire.before = refuse("publish")
    world.wait(minutes=3)
    assert world.take(disabled(at=world.now)) == set()
    # WHEN it is back
    world.wire.before = lambda service, operation: None
    pass_minutes(world, 4)
    # THEN it is told, once
    assert told(world) == ["changed"]


def refuse(wanted):
    def before(_service, operation):
        if operation == wanted:
            raise aws_error("InternalError")

    return before


# --- gone is not resolved -----------------------------------------------------------------------------------------------------


def deleted_by_kms(at):
    aws = {"accountId": ACCOUNT, "invokedBy": "AWS Internal"}
    return changed("DeleteKey", at=at, userIdentity=aws, requestParameters=None)


def test_a_deleted_key_is_closed_once_and_its_aliases_stay_muted(world):
    # GIVEN an alerted key that is pending deletion, and a muted alias of it
    world.kms.add(state="PendingDeletion", DeletionDate=world.now + timedelta(days=7))
    world.take(changed("CreateAlias", alias="alias/payments"))
    world.take(failed("KMSInvalidStateException", "is pending deletion.", KEY_ID))
    world.wait(hours=2)
    world.take(alias_missing("alias/payments", at=world.now))
    assert told(world) == ["opened"]
    # WHEN the key is deleted a week later
    world.wait(days=7)
    world.kms.keys.clear()
    world.take(deleted_by_kms(world.now))
    pass_minutes(world, 180)
    # THEN people hear that it was deleted, and nothing else for hours
    (alert,) = world.inbox()
    assert (alert["status"], alert["cause"]) == ("changed", "key_deleted")
    # WHEN days pass, THEN it is closed, once, as what it is
    pass_minutes(world, 3 * 24 * 60, step=10)
    (closed,) = world.inbox()
    assert closed["status"] == "resolved"
    assert any(note.startswith("The key is gone") for note in closed["notes"])
    assert "usable" not in " ".join(closed["notes"])
    assert {item["status"]["S"] for item in world.incidents()} <= {"resolved", "healed"}


def test_an_alias_that_goes_on_failing_under_a_deleted_key_stays_muted(world):
    # GIVEN a key that is deleted, and an alias of it that fails every ten minutes
    world.kms.add(state="PendingDeletion", DeletionDate=world.now)
    world.take(changed("CreateAlias", alias="alias/payments"))
    world.take(failed("KMSInvalidStateException", "is pending deletion.", KEY_ID))
    world.wait(hours=2)
    world.kms.keys.clear()
    world.take(deleted_by_kms(world.now))
    # WHEN a day passes
    fails = lambda: world.take(alias_missing("alias/payments", at=world.now))  # noqa: E731
    pass_minutes(world, 24 * 60, fails, step=10)
    # THEN the key's incident spoke for both, to its end
    assert told(world) == ["opened", "changed", "resolved"]


# --- old and over -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "event",
    [
        disabled,
        key_missing,
        lambda **at: failed(
            "AccessDenied", ambiguous_denial(f"arn:aws:iam::{ACCOUNT}:user/bob"), KEY_ID, **at
        ),
    ],
)
def test_a_failure_of_three_days_ago_on_a_key_that_works_is_counted_and_not_alerted(world, event):
    # GIVEN a key that works
    world.kms.add()
    # WHEN dead letters of three days ago are replayed, in two batches
    old = world.now - timedelta(days=3)
    world.take(event(at=old), event(at=old))
    world.take(event(at=old))
    pass_minutes(world, 20)
    # THEN nobody is told, and they are counted
    assert told(world) == []
    assert incident(world)["failures"] == {"N": "3"}
    assert incident(world)["status"] == {"S": "healed"}


def test_an_old_failure_of_what_is_still_broken_is_alerted_with_its_times(world):
    world.kms.add(state="Disabled")
    old = world.now - timedelta(days=3)
    world.take(disabled(at=old))
    (alert,) = world.inbox()
    assert alert["impact"]["last_seen"] == old.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_failure_told_late_of_a_key_that_works_now_is_not_alerted(world):
    # GIVEN a key made eight minutes ago, and a failure of seven minutes ago that comes now
    world.kms.add(CreationDate=world.now - timedelta(minutes=8))
    world.take(key_missing(at=world.now - timedelta(minutes=7)))
    pass_minutes(world, 15)
    assert told(world) == []


# --- true numbers -------------------------------------------------------------------------------------------------------------


def test_a_call_is_counted_once_however_often_it_is_delivered(world):
    # GIVEN a topic that is down for four deliveries of one call
    world.kms.add(state="Disabled")
    call = disabled(requestID="r-1")
    world.wire.before = refuse("publish")
    for _ in range(4):
        assert world.take(call) == {"0"}
        world.wait(minutes=6)
        world.cold_start()
    # WHEN it is back
    world.wire.before = lambda service, operation: None
    world.take(call)
    world.tick()
    # THEN one call failed
    (alert,) = world.inbox()
    assert alert["impact"]["failures"] == 1
    assert [one["count"] for one in alert["impact"]["callers"]] == [1]


@pytest.mark.parametrize("together", [True, False])
def test_trail_and_log_of_one_call_are_one_failure(world, together):
    # GIVEN one call as CloudTrail records it, and as a program's log tells of it
    world.kms.add(state="Disabled")
    (of_trail,) = read_event(disabled(requestID="r-1"), Reception(world.now))
    from dataclasses import replace

    of_log = replace(of_trail, source="app_log", event_id="log-1")
    # WHEN both come, together or one after the other
    pipeline = Pipeline(world.services, world.memory, 1)
    for batch in ([of_log, of_trail],) if together else ([of_log], [of_trail]):
        pipeline.process([(str(n), signal) for n, signal in enumerate(batch)])
    # THEN one call failed, and of both accounts AWS's own is kept
    assert incident(world)["failures"] == {"N": "1"}
    assert len(world.inbox()) == 1


def test_an_item_stays_small_and_the_top_callers_right_whatever_comes(world):
    # GIVEN two callers that fail in every batch, beside crowds that fail once each, with the longest of names
    world.kms.add(state="Disabled")
    for batch in range(60):
        crowd = [
            disabled(
                at=world.now,
                **user(f"{batch}-{n}-{'ö' * 200}"),
                requestParameters={
                    "keyId": KEY_ID,
                    "encryptionContext": {
                        "aws:s3:arn": f"arn:aws:s3:::bucket/{batch}/{n}/{'x' * 900}"
                    },
                },
            )
            for n in range(25)
        ]
        regulars = [disabled(at=world.now, **user("first"))] * 3 + [disabled(**user("second"))]
        world.take(*crowd, *[disabled(at=world.now, **user("first")) for _ in range(2)], *regulars)
        world.wait(seconds=20)
    # THEN the item is small, no call is lost, and the regulars stand first with what they surely did
    item = incident(world)
    assert item_bytes(item) <= 16 * 1024
    total = int(item["failures"]["N"])
    (stored,) = world.services.incidents.going_on(5)
    callers = [(count, name) for (kind, name), count in stored.names.items() if kind == "caller"]
    assert sum(count for count, _ in callers) == total == 60 * (25 + 2 + 2)
    named = sorted((one for one in callers if one[1] != "(others)"), reverse=True)
    assert named[0][1].endswith("user/ufirst")
    assert 0.8 * 180 <= named[0][0] <= 180
    # AND people are told that these are lower limits
    world.wait(hours=4)
    world.take(disabled(at=world.now))
    world.tick()
    assert any("lower limits" in note for note in world.inbox()[-1]["notes"])


def item_bytes(item):
    return sum(
        len(name.encode()) + sum(len(str(v).encode()) for v in value.values())
        for name, value in item.items()
    )


# --- flapping and severity ----------------------------------------------------------------------------------------------------


def test_what_flaps_is_said_to_flap_and_told_by_few_messages(world):
    # GIVEN a key that breaks every 24 minutes and heals
    for _ in range(20):
        world.kms.add(state="Disabled")
        world.take(disabled(at=world.now))
        world.tick()
        world.kms.add(state="Enabled")
        pass_minutes(world, 24)
    messages = world.inbox()
    # THEN in eight hours there were a handful of messages, which say so
    assert len(messages) <= 8
    opened = [alert for alert in messages if alert["status"] == "opened"]
    assert [one.get("previous_incident_id") for one in opened] == [
        None,
        opened[0]["incident_id"],
        opened[1]["incident_id"],
    ]
    assert any("It flaps: it was opened 3 times" in note for note in opened[2]["notes"])
    # AND nothing is lost: every call is counted, and its end is told
    assert (
        sum(alert["impact"]["failures"] for alert in messages if alert["status"] == "resolved") == 2
    )
    pass_minutes(world, 200)
    (resolved,) = world.inbox()
    assert resolved["status"] == "resolved"
    assert resolved["impact"]["failures"] == 18


@pytest.mark.parametrize(
    ("calls", "callers", "hours", "reason"),
    [(1_000, 1, 0, "calls failed"), (5, 5, 0, "5 callers"), (30, 1, 1, "1 hour")],
)
def test_a_warning_that_hurts_becomes_urgent_and_says_why(world, calls, callers, hours, reason):
    # GIVEN a warning: KMS answers with internal errors
    def call(number):
        return failed(
            "KMSInternalException",
            "Internal error.",
            KEY_ID,
            at=world.now,
            **user(number % callers),
        )

    world.kms.add()
    world.take(call(0))
    pass_minutes(world, 6, lambda: world.take(call(0)))
    (opened,) = world.inbox()
    assert opened["severity"] == "warning"
    # WHEN it hurts
    world.take(*[call(n) for n in range(calls)])
    for _ in range(hours * 6 + 1):
        pass_minutes(world, 10, step=10)
        world.take(call(0))
    pass_minutes(world, 2)
    # THEN that is told at once, once, with the reason
    raised = world.inbox()
    assert [(one["status"], one["severity"]) for one in raised] == [("changed", "high")]
    assert any(reason in note for note in raised[0]["notes"])


def test_a_look_up_that_lags_behind_a_mend_is_no_other_cause(world):
    # GIVEN somebody scheduled a key for deletion, and people were warned
    world.kms.add(state="PendingDeletion")
    world.take(changed("ScheduleKeyDeletion", at=world.now))
    assert [alert["cause"] for alert in world.inbox()] == ["key_pending_deletion"]
    # WHEN it was cancelled and enabled again, and a look-up still shows what was between
    world.kms.keys.clear()
    world.kms.add(state="Disabled")
    world.wait(seconds=30)
    world.take(changed("EnableKey", at=world.now))
    world.wait(seconds=20)
    world.tick()
    # THEN nobody is told that it is disabled
    assert world.inbox() == []
    # BUT a key that stays disabled is
    pass_minutes(world, 15)
    assert [alert["cause"] for alert in world.inbox()] == ["key_disabled"]


def printed(at, text, event="0" * 56, group="/app/orders"):
    """Return the signals of one log line."""
    payload = {
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT,
        "logGroup": group,
        "logStream": "s",
        "logEvents": [{"id": event, "timestamp": int(at.timestamp() * 1000), "message": text}],
    }
    data = base64.b64encode(gzip.compress(json.dumps(payload).encode())).decode()
    return read_delivery({"awslogs": {"data": data}}, Reception(at, REGION))


REQUEST = "6f1a52ff-3b4c-4d5e-8f60-718293a4b5c6"


@pytest.mark.parametrize("record_first", [True, False])
@pytest.mark.parametrize(
    "printed_id", ["", f" (Service: Kms, Status Code: 400, Request ID: {REQUEST})"]
)
@pytest.mark.parametrize("late", [0.4, 1.3])
def test_a_call_that_the_trail_and_a_log_tell_of_is_counted_once(
    world, record_first, printed_id, late
):
    # GIVEN a disabled key, and calls of which each has a record and a line in a program's log
    world.kms.add(state="Disabled")
    for number in range(3):
        world.wait(minutes=1)
        at = world.now - timedelta(seconds=10)
        record = disabled(at=at, requestID=REQUEST if printed_id else f"r-{number}")
        text = f"DisabledException: {key_arn()} is disabled.{printed_id}"
        line = printed(at + timedelta(seconds=late), text, f"{number:056d}")

        def heard(signals):
            return lambda: world.take_signals(signals)

        ways = [lambda record=record: world.take(record), heard(line)]
        for way in ways if record_first else reversed(ways):
            way()
        if printed_id:
            break  # one request id is one call
    # WHEN it is told THEN each call is counted once, and its caller is named as AWS names them
    (item,) = world.incidents()
    assert int(item["failures"]["N"]) == (1 if printed_id else 3)
    assert APP in item["names"]["S"]


def test_calls_of_one_second_that_only_a_log_tells_of_are_all_counted(world):
    world.kms.add(state="Disabled")
    for number in range(5):
        text = f"DisabledException: {key_arn()} is disabled."
        world.take_signals(printed(world.now, text, f"{number:056d}"))
    (item,) = world.incidents()
    assert int(item["failures"]["N"]) == 5


def test_a_look_up_that_shows_the_alias_where_it_pointed_before_is_no_warning(world):
    # GIVEN somebody pointed an alias from a disabled key to a good one, and a look-up still shows the old one
    world.kms.add(state="Disabled")
    world.kms.add(OTHER_KEY)
    world.kms.alias_targets["alias/orders"] = KEY_ID
    move = {"aliasName": "alias/orders", "targetKeyId": OTHER_KEY}
    moved = changed("UpdateAlias", key=OTHER_KEY, alias="alias/orders", at=world.now)
    moved["detail"]["requestParameters"] = move
    world.take(moved)
    # THEN nobody is warned, neither then nor once it is seen where it points
    assert world.inbox() == []
    world.kms.alias_targets["alias/orders"] = OTHER_KEY
    pass_minutes(world, 10)
    assert world.inbox() == []
    # BUT a look-up that goes on showing a disabled key is believed
    world.kms.alias_targets["alias/orders"] = KEY_ID
    world.take(changed("UpdateAlias", key=KEY_ID, alias="alias/orders", at=world.now))
    assert [alert["cause"] for alert in world.inbox()] == ["key_disabled"]
