"""One message per incident, whatever the batch holds and whatever fails."""

import json

import pytest

from keywatch.incidents.memory import Memory
from keywatch.incidents.pipeline import Pipeline
from keywatch.settings import IgnoreRule
from keywatch.sources import read_event
from keywatch.sources.source import Reception
from tests.support.world import (
    ACCOUNT,
    APP,
    KEY_ID,
    REGION,
    ROLE,
    Killed,
    alias_missing,
    ambiguous_denial,
    aws_error,
    changed,
    disabled,
    failed,
    key_arn,
    key_missing,
)
from tests.support.world import world as open_world


def statuses(world):
    return [alert["status"] for alert in world.inbox()]


def test_a_burst_of_failures_of_one_key_is_one_alert_with_its_count(world):
    # GIVEN a disabled key
    world.kms.add(state="Disabled")
    # WHEN 500 calls fail on it in one batch
    failures = world.take(*[disabled() for _ in range(500)])
    # THEN there is one alert, which counts them and names who is hurt
    (alert,) = world.inbox()
    assert failures == set()
    assert alert["cause"] == "key_disabled"
    assert alert["impact"]["failures"] == 500
    assert alert["impact"]["callers"] == [{"name": APP, "count": 500}]


def test_the_same_event_delivered_twice_in_a_batch_is_one_failure(world):
    # GIVEN an event that SQS delivers twice in one batch, and two others, one of which has no id
    world.kms.add(state="Disabled")
    once, other, nameless = disabled(), disabled(), disabled(eventID="")
    # WHEN the batch is taken
    world.take(once, other, once, nameless, nameless)
    # THEN it counts once; what has no id cannot be told apart, so it counts each time
    (alert,) = world.inbox()
    assert alert["impact"]["failures"] == 4
    assert alert["impact"]["callers"] == [{"name": APP, "count": 4}]
    assert world.counted()["Duplicates"] == 1


def test_the_same_incident_is_counted_and_not_alerted_again(world):
    # GIVEN an incident that was alerted
    world.kms.add(state="Disabled")
    world.take(disabled())
    world.inbox()
    # WHEN more failures come, in this container and in another
    world.take(disabled(), disabled())
    world.cold_start()
    world.take(disabled())
    # THEN they are counted and nobody is told again
    assert world.inbox() == []
    assert [item["failures"]["N"] for item in world.incidents()] == ["4"]


def test_a_known_incident_costs_one_write_and_no_look_up_per_batch(world):
    # GIVEN an incident that this container alerted about
    world.kms.add(state="Disabled")
    world.take(disabled())
    world.take(disabled())
    world.wire.calls.clear()
    # WHEN a batch of 100 more failures comes
    world.take(*[disabled() for _ in range(100)])
    # THEN that is one AWS call
    assert world.wire.calls == [("dynamodb", "update_item")]


def test_a_new_incident_costs_few_writes(world):
    # WHEN a batch opens an incident
    world.kms.add(state="Disabled")
    world.take(*[disabled() for _ in range(100)])
    # THEN it is written when it is claimed, when it joins what breaks with it, and after it was sent, as
    # what is and as what happened
    writes = [
        operation
        for service, operation in world.wire.calls
        if service == "dynamodb" and operation not in {"query", "get_item"}
    ]
    assert writes == ["put_item", "put_item", *["update_item"] * 4, "put_item"]


def test_two_concurrent_batches_with_the_same_key_give_one_alert(world):
    # GIVEN a second function instance that takes the same failure while the first is publishing
    world.kms.add(state="Disabled")
    other = []

    def second_instance(service, operation):
        if operation == "publish" and not other:
            other.append(True)
            world.take(disabled(), memory=Memory())

    world.wire.before = second_instance
    # WHEN the first takes its batch
    world.take(disabled())
    # THEN both failures are counted, and one alert was sent
    assert len(world.inbox()) == 1
    assert [item["failures"]["N"] for item in world.incidents()] == ["2"]


def test_the_id_and_the_arn_and_the_alias_of_one_key_meet_in_one_incident(world):
    # GIVEN a disabled key with an alias
    arn = world.kms.add(state="Disabled")
    world.kms.alias_targets["alias/payments"] = KEY_ID
    # WHEN calls fail by its id, its ARN and its alias
    text = f"{arn} is disabled."
    world.take(
        *[failed("DisabledException", text, name) for name in (KEY_ID, arn, "alias/payments")]
    )
    # THEN that is one incident
    (alert,) = world.inbox()
    assert alert["impact"]["failures"] == 3


def test_out_of_scope_errors_are_counted_and_not_alerted(world):
    # WHEN calls are throttled or plainly denied
    denied = (
        f"User: {APP} is not authorized to perform: kms:Decrypt on resource: {key_arn()} "
        "because no identity-based policy allows the kms:Decrypt action"
    )
    world.take(failed("ThrottlingException", "Rate exceeded"), failed("AccessDenied", denied))
    # THEN nobody is told, and the metrics know
    assert world.inbox() == []
    assert (
        sum(
            count
            for name, count in world.counted().items()
            if name.startswith("Ignored.out_of_scope")
        )
        == 2
    )


def test_an_unknown_text_is_alerted_as_unclassified(world):
    # WHEN a call fails with a key error that nobody knew
    world.take(failed("KMSInvalidStateException", "The moon is in the wrong phase.", KEY_ID))
    # THEN it is alerted all the same, and says that it cannot tell
    (alert,) = world.inbox()
    assert alert["cause"] == "unclassified"
    assert alert["confidence"] == "possible"
    assert alert["unknowns"]


def test_own_failing_look_ups_start_no_loop(world):
    # WHEN KeyWatch's own DescribeKey comes back as a failed call, from this Region or another
    session = {"sessionIssuer": {"arn": ROLE}}
    sibling = {"sessionIssuer": {"arn": ROLE.replace(REGION, "us-west-2")}}
    for context in (session, sibling):
        world.take(
            alias_missing(
                "alias/gone", userIdentity={"type": "AssumedRole", "sessionContext": context}
            )
        )
    # THEN it is dropped and counted
    assert world.inbox() == []
    assert world.counted()["Ignored.own_call"] == 2


def test_one_subject_that_fails_keeps_only_its_own_messages_in_the_queue(world):
    # GIVEN a topic that refuses the alert of one key
    world.kms.add(state="Disabled")
    published = []

    def refuse_first(service, operation):
        if operation == "publish" and not published:
            published.append(True)
            raise aws_error("InternalError")

    world.wire.before = refuse_first
    # WHEN two keys fail in one batch
    retry = world.take(disabled(), alias_missing("alias/nowhere"))
    # THEN one message is delivered again, and its neighbour's alert was sent
    assert len(retry) == 1
    assert len(world.inbox()) == 1


def test_a_failed_alert_is_sent_by_the_next_delivery(world):
    # GIVEN an alert that SNS refused
    world.kms.add(state="Disabled")
    world.wire.before = lambda service, operation: _raise(
        operation == "publish", aws_error("InternalError")
    )
    assert world.take(disabled()) == {"0"}
    # WHEN SNS is back and the message comes again
    world.wire.before = lambda service, operation: None
    assert world.take(disabled()) == set()
    # THEN the alert is sent
    assert [alert["status"] for alert in world.inbox()] == ["opened"]


def test_a_claim_that_cannot_be_given_back_is_counted_and_its_alert_is_not_lost(world):
    # GIVEN a topic that refuses an alert, and a table that fails when its claim is to be given back
    world.kms.add(state="Disabled")
    refusing = []

    def refuse(service, operation):
        if operation == "publish":
            refusing.append(operation)
        if refusing:
            raise aws_error("InternalServerError")

    world.wire.before = refuse
    # WHEN a call fails
    assert world.take(disabled()) == {"0"}
    # THEN both are counted
    counted = world.counted()
    assert (counted["AlertsFailed"], counted["ClaimsNotReturned"]) == (1, 1)
    # AND the alert comes when the claim has run out
    world.wire.before = lambda service, operation: None
    world.take(disabled())
    assert world.inbox() == []
    world.wait(seconds=91)
    world.tick()
    assert statuses(world) == ["opened"]


@pytest.mark.parametrize("operation", ["publish", "update_item"])
def test_a_crash_between_the_state_write_and_the_publish_loses_no_alert(world, operation):
    # GIVEN a function that dies after it claimed an incident (before it publishes, or before it records that it did)
    world.kms.add(state="Disabled")
    published = ("sns", "publish")
    world.wire.before = lambda service, name: _kill(
        name == operation and (operation == "publish" or published in world.wire.calls)
    )
    with pytest.raises(BaseException, match="killed"):
        world.take(disabled())
    world.wire.before = lambda service, name: None
    sent_before = len(world.inbox())
    # WHEN its lease has run out and the clock passes
    world.tick()
    assert world.inbox() == []
    world.wait(seconds=91)
    world.tick()
    # THEN the alert is sent (again, where it had been sent and nobody recorded it)
    assert len(world.inbox()) == 1
    assert sent_before == (operation == "update_item")


def test_without_the_table_alerts_go_out_ungrouped_and_say_so(world):
    # GIVEN a DynamoDB that does not answer
    world.kms.add(state="Disabled")
    world.wire.before = lambda service, name: _raise(
        service == "dynamodb", aws_error("InternalServerError")
    )
    # WHEN a key fails in three batches of this container
    for _ in range(3):
        assert world.take(disabled()) == set()
    # THEN there is one alert, with the reason in its notes
    (alert,) = world.inbox()
    assert "incident table" in " ".join(alert["notes"])


def test_without_look_ups_the_alert_says_what_it_could_not_see(world):
    # GIVEN a KMS that denies KeyWatch everything
    world.wire.before = lambda service, name: _raise(
        service in {"kms", "cloudtrail"}, aws_error("AccessDeniedException")
    )
    # WHEN an alias is not found
    world.take(alias_missing("alias/payments"))
    # THEN the alert says what AWS said, and what could not be seen
    (alert,) = world.inbox()
    assert alert["cause"] == "alias_not_found"
    assert any("denied" in unknown for unknown in alert["unknowns"])


def test_look_ups_that_break_in_an_unforeseen_way_do_not_cost_the_alert(world):
    # GIVEN an answer of KMS that nobody expected
    world.kms.describe_key = lambda KeyId: {"Unexpected": {}}
    # WHEN a key fails
    world.take(disabled())
    # THEN the alert goes out, and a metric knows
    assert len(world.inbox()) == 1
    assert world.counted()["EvidenceFailed"] == 1


def test_a_key_created_a_moment_ago_is_held_and_heals_in_silence(world):
    # GIVEN a key created seconds ago that one caller could not see yet
    world.kms.add(CreationDate=world.now)
    world.take(changed("CreateKey"), key_missing())
    assert world.inbox() == []
    # WHEN no failure follows
    world.wait(seconds=61)
    world.tick()
    # THEN nobody is ever told
    world.wait(minutes=30)
    world.tick()
    assert world.inbox() == []
    assert [item["status"]["S"] for item in world.incidents()] == ["healed"]


def test_a_held_key_in_a_state_that_nobody_knows_does_not_heal_in_silence(world):
    # GIVEN a key created seconds ago, of whose state this version does not know whether it is usable
    world.kms.add(CreationDate=world.now, state="Warming")
    world.take(changed("CreateKey"), key_missing())
    # WHEN no failure follows
    for _ in range(7):
        world.wait(seconds=61)
        world.tick()
    # THEN somebody is told: nothing proved that it can be used
    assert [alert["status"] for alert in world.inbox()] == ["opened"]


def test_a_created_key_that_still_fails_after_five_minutes_is_alerted(world):
    # GIVEN a key that CreateKey announced, and that KMS does not find
    world.take(changed("CreateKey"), key_missing())
    # WHEN it goes on failing
    for _ in range(6):
        world.wait(seconds=61)
        world.take(key_missing(at=world.now))
        world.tick()
    # THEN one alert says so
    (alert,) = world.inbox()
    assert alert["cause"] in {"not_yet_visible", "key_not_found"}


def test_a_deletion_seen_earlier_makes_a_missing_key_a_deleted_one(world):
    # GIVEN that somebody scheduled a deletion, and that KMS announced it
    at = world.now
    world.take(changed("ScheduleKeyDeletion", at=at))
    world.inbox()
    world.wait(days=8)
    world.take(
        changed(
            "DeleteKey",
            at=world.now,
            userIdentity={"accountId": ACCOUNT, "invokedBy": "AWS Internal"},
            requestParameters=None,
        )
    )
    # WHEN a call does not find the key
    world.take(key_missing(at=world.now))
    world.tick()
    # THEN the alert says deleted, for certain, and names who scheduled it
    alert = world.inbox()[-1]
    assert (alert["cause"], alert["confidence"]) == ("key_deleted", "certain")
    assert any("alice" in change["who"] for change in alert["changes"])


def test_ignored_failures_are_counted_and_not_alerted():
    # GIVEN a rule for one principal, with its reason
    with open_world(
        ignore=(IgnoreRule(reason="a chaos test", principal="*:role/payments-app"),)
    ) as world:
        # WHEN that principal fails
        world.take(disabled())
        # THEN nobody is told
        assert world.inbox() == []
        assert world.counted()["FailuresIgnored"] == 1


def test_the_routine_denials_of_config_are_ignored_by_default(world):
    # WHEN AWS Config's role is denied a Decrypt in the ambiguous way
    text = ambiguous_denial(
        f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSServiceRoleForConfig/LambdaDescribeHandlerSession"
    )
    identity = {"type": "AssumedRole", "invokedBy": "config.amazonaws.com", "accountId": ACCOUNT}
    world.take(failed("AccessDenied", text, userIdentity=identity))
    # THEN it is counted and not alerted
    assert world.inbox() == []
    assert world.counted()["FailuresIgnored"] == 1


def test_what_is_not_begun_in_time_stays_in_the_queue(world):
    # GIVEN an invocation whose time is nearly up
    taken = [("m1", signal) for signal in read_event(disabled(), Reception(world.now))]
    # WHEN it takes a batch
    retry = Pipeline(world.services, Memory()).process(taken, remaining=lambda: 1.0)
    # THEN the message is delivered again, and nothing was claimed
    assert retry == {"m1"}
    assert world.incidents() == []


def test_names_in_an_incident_are_bounded(world):
    # GIVEN a key that 300 callers use
    world.kms.add(state="Disabled")
    crowd = [
        disabled(
            userIdentity={
                "type": "IAMUser",
                "arn": f"arn:aws:iam::{ACCOUNT}:user/u{n}",
                "accountId": ACCOUNT,
            }
        )
        for n in range(300)
    ]
    # WHEN they fail in several batches
    for start in range(0, 300, 100):
        world.take(*crowd[start : start + 100])
        world.cold_start()
    # THEN no more than 20 are kept by name, and none is lost from the count
    (item,) = world.incidents()
    callers = [count for count, *_ in json.loads(item["names"]["S"])["caller"].values()]
    assert len(callers) <= 21
    assert sum(callers) == 300


def _raise(condition, error):
    if condition:
        raise error


def _kill(condition):
    if condition:
        raise Killed("killed")
