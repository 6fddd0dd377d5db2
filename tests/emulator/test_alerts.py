"""From an event on the bus, or in the queue, to an alert on the topic."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from demo.callers import role
from demo.cloudtrail_events import event
from demo.run import batching_window
from demo.scenarios import absent_key
from keywatch.alerts.channels import email
from tests.emulator.cloud import World, sqs_batch, subject_of, wait_for

pytestmark = pytest.mark.emulator


def test_a_failing_key_is_alerted_with_its_cause(world: World, used_too_early: str):
    # GIVEN a key that KMS refuses, and the record of the failing call
    key = world.disabled_key()

    # WHEN the record comes by the event bus
    world.put(world.failure_of(key))

    # THEN the topic's subscribers get one alert that says why
    (alert,) = world.alerts_about(key.arn)
    assert (alert["status"], alert["cause"], alert["confidence"]) == (
        "opened",
        "key_disabled",
        "certain",
    )
    assert alert["impact"]["failures"] == 1
    assert any(
        f"enable-key --key-id {key.arn}" in (remedy["command"] or "")
        for remedy in alert["remedies"]
    )


def test_each_protocol_gets_the_body_made_for_it(world: World):
    # GIVEN the alert topic with an e-mail subscriber (from the settings) and a queue
    key = world.disabled_key()

    # WHEN a key fails
    world.put(world.failure_of(key))

    # THEN the queue gets the document, and the mail is the text that a person reads
    (document,) = world.alerts_about(key.arn)
    mails = [
        json.loads(line) for line in (world.aws.directory / "mail.jsonl").read_text().splitlines()
    ]
    (mail,) = [mail for mail in mails if key.arn in mail]
    assert document["schema"] == "keywatch.alert/1"
    assert mail == email.body(document)
    assert not mail.startswith("{")


def test_concurrent_batches_with_the_same_key_give_one_alert(world: World):
    # GIVEN four batches with different failures of one key
    key = world.disabled_key()
    batches = [
        sqs_batch(*(world.failure_of(key, f"app-{batch}-{n}") for n in range(5)))
        for batch in range(4)
    ]

    # WHEN the function gets all of them at once
    with ThreadPoolExecutor(len(batches)) as at_once:
        answers = list(at_once.map(world.invoke, batches))

    # THEN all are taken, there is one alert, and the incident counts every failure
    assert answers == [{"batchItemFailures": []}] * len(batches)
    wait_for(
        lambda: world.incident(subject_of(key)).get("failures", {}).get("N") == "20",
        "20 counted failures",
        world.log,
    )
    world.settle()
    assert len(world.alerts_about(key.arn)) == 1


def test_an_unparsable_message_costs_only_itself(world: World):
    # GIVEN a queue that delivers again after a second, and a batch in which one message is no JSON
    key, garbage = world.disabled_key(), "{not json"
    sqs = world.aws.client("sqs")
    sqs.set_queue_attributes(
        QueueUrl=world.outputs.IntakeQueueUrl, Attributes={"VisibilityTimeout": "1"}
    )

    # WHEN the batch is delivered
    with batching_window(world.aws, world.outputs.FunctionName):
        world.send(
            json.dumps(event(world.failure_of(key))),
            garbage,
            json.dumps(event(world.failure_of(key))),
        )

    # THEN its neighbours alert, and after its retries it alone is a dead letter
    (alert,) = world.alerts_about(key.arn)
    assert alert["impact"]["failures"] == 2
    wait_for(
        lambda: world.depth(world.outputs.DeadLetterQueueUrl) == 1, "the dead letter", world.log
    )
    (letter,) = sqs.receive_message(QueueUrl=world.outputs.DeadLetterQueueUrl, VisibilityTimeout=0)[
        "Messages"
    ]
    assert letter["Body"] == garbage
    sqs.purge_queue(QueueUrl=world.outputs.DeadLetterQueueUrl)


@pytest.mark.parametrize(
    "body",
    ['{"hello": "world"}', "[]", "null", '{"detail-type": "Something new", "detail": {"a": 1}}'],
)
def test_an_unknown_event_is_counted_and_dropped(world: World, body: str):
    # GIVEN a message that is JSON but no event that KeyWatch knows, and a hub, whose rules send no such thing
    reason = "Ignored.of_no_rule" if body.startswith("{") else "Ignored.unknown_shape"
    counted = world.log().count(reason)

    # WHEN it is delivered
    world.send(body)

    # THEN it is taken, counted by a metric, and no dead letter
    world.settle()
    wait_for(lambda: world.log().count(reason) > counted, "the metric", world.log)
    assert world.depth(world.outputs.DeadLetterQueueUrl) == 0


def test_kms_own_announcement_of_a_deletion_explains_the_failures_that_follow(world: World):
    # GIVEN a key that is gone, and KMS's native event, which needs no trail
    key = absent_key()
    announcement = {
        "Source": "keywatch.demo",
        "DetailType": "KMS CMK Deletion",
        "Detail": json.dumps({"key-id": key.id}),
    }
    world.aws.client("events").put_events(Entries=[announcement | {"Resources": [key.arn]}])
    world.settle()

    # WHEN a call asks for it
    stage = world.stage()
    stage.fails("Decrypt", key.arn, role("restore", "restore-1"))
    world.put(*stage.failures)

    # THEN the alert says that it was deleted, not merely that it was not found
    (alert,) = world.alerts_about(key.arn)
    assert (alert["cause"], alert["confidence"]) == ("key_deleted", "certain")


def test_a_broken_key_of_a_service_that_calls_for_nobody_is_alerted(world: World):
    # GIVEN a failing call by an AWS service: no ARN, no account, no session issuer
    key = world.disabled_key()
    record = world.failure_of(key) | {
        "userIdentity": {"type": "AWSService", "invokedBy": "workmail.eu-west-1.amazonaws.com"}
    }

    # WHEN it comes by the event bus
    world.put(record)

    # THEN it is alerted, although the rule leaves out callers by their session issuer
    (alert,) = world.alerts_about(key.arn)
    assert alert["impact"]["callers"][0]["name"] == "workmail.eu-west-1.amazonaws.com"
