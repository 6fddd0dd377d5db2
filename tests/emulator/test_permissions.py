"""The function with nothing but its own role: enough for its work, and what happens when a permission is missing."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from botocore import xform_name

from demo.callers import role
from tests.emulator.cloud import World, replayed, subject_of, wait_for
from tests.support.permitted import permitted

pytestmark = pytest.mark.emulator

OWN_ROLE = "KeyWatch-function-eu-west-1"
NO_PUBLISHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Action": "sns:Publish", "Resource": "*"}],
}


@pytest.fixture(scope="module")
def own_role_only(world: World) -> Iterator[None]:
    """Every call is judged by IAM policies, and the function runs in new containers with the credentials of its role."""
    allow_plain_http(world)
    with world.aws.permissions_enforced():
        world.renew_containers(memory=513)
        yield
    world.renew_containers(memory=512)


def service_of(event_source: str) -> str:
    """The service as IAM calls it, of what CloudTrail calls the source of an event."""
    name = event_source.partition(".")[0]
    return {"monitoring": "cloudwatch"}.get(name, name)


def allow_plain_http(world: World) -> None:
    """Take "TLS only" out of the policies: the emulator speaks plain HTTP, and would rightly refuse everything."""
    sns, sqs = world.aws.client("sns"), world.aws.client("sqs")
    topic, queue = world.outputs.AlertTopicArn, world.outputs.IntakeQueueUrl
    policy = sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]
    sns.set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=without_tls_only(policy)
    )
    policy = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["Policy"])["Attributes"][
        "Policy"
    ]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": without_tls_only(policy)})


def without_tls_only(policy: str) -> str:
    document = json.loads(policy)
    kept = [one for one in document["Statement"] if "aws:SecureTransport" not in json.dumps(one)]
    assert len(kept) < len(document["Statement"])
    return json.dumps(document | {"Statement": kept})


@contextmanager
def denied(world: World, policy: dict) -> Iterator[None]:
    iam = world.aws.client("iam")
    iam.put_role_policy(RoleName=OWN_ROLE, PolicyName="denied", PolicyDocument=json.dumps(policy))
    try:
        yield
    finally:
        iam.delete_role_policy(RoleName=OWN_ROLE, PolicyName="denied")


def test_its_own_role_is_enough_to_look_up_remember_and_alert(world: World, own_role_only: None):
    # GIVEN an alias with a typo and a disabled key
    stage, disabled = world.stage(), world.disabled_key()
    stage.key("alias/permitted")
    stage.fails("Encrypt", "alias/permittde", role("typo-app", "app-1"))

    # WHEN both fail
    world.put(*stage.failures, world.failure_of(disabled))

    # THEN both are alerted, with what only look-ups can tell
    (typo,) = world.alerts_about("alias/permittde")
    assert any(
        reason.startswith("ListAliases") and "alias/permitted does" in reason
        for reason in typo["because"]
    )
    (state,) = world.alerts_about(disabled.arn)
    assert any(reason.startswith("DescribeKey in eu-west-1") for reason in state["because"])
    assert world.incident(replayed(subject_of(disabled)))["status"]["S"] == "open"

    # THEN nothing was refused, but what the emulator does not know
    refused = [line for line in world.function_log() if "AccessDenied" in line]
    assert refused == []


def test_an_alert_that_may_not_be_published_waits_in_the_queue(world: World, own_role_only: None):
    # GIVEN a function that may not publish, and a call that has nothing in common with those of other
    # tests: what one caller or one person breaks within minutes is a group
    stage, name = world.stage(), "alias/unpublished"
    stage.fails("Encrypt", name, role("unpublished-app", "app-1"))
    url, sqs = world.outputs.IntakeQueueUrl, world.aws.client("sqs")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "2"})

    def refusals() -> int:
        return sum("AlertsFailed" in line for line in world.function_log())

    before = refusals()
    with denied(world, NO_PUBLISHING):
        # WHEN a call fails, THEN the function says so, and the failure stays in the queue
        world.put(*stage.failures)
        wait_for(lambda: refusals() > before, "the refusal", world.log)
        assert world.depth(url) == 1
        assert world.alerts_about(name, at_least=0) == []

    # WHEN it may publish again, THEN the alert is sent, once
    assert len(world.alerts_about(name)) == 1
    world.settle()
    assert len(world.alerts_about(name)) == 1


def test_the_emulators_log_of_calls_holds_none_that_the_table_of_permissions_does_not(
    world: World, own_role_only: None
):
    # GIVEN a function that was asked everything that can be asked, with nothing but its own role
    key = world.disabled_key()
    answers = [
        world.invoke(asked)
        for asked in (
            {"action": "doctor"},
            {"action": "check", "key_id": [key.arn, "alias/permittde"]},
            {"action": "sweep"},
            {"action": "incidents"},
            {"canary": "hour"},
        )
    ]
    assert all("error" not in answer for answer in answers)

    # WHEN the emulator is asked which calls came with credentials of a role, and not with the tests' own
    seen = {
        (service_of(event["EventSource"]), xform_name(event["EventName"]))
        for event in world.recorded_calls()
        if json.loads(event["CloudTrailEvent"])["userIdentity"]["accessKeyId"].startswith("ASIA")
    }

    # THEN there are some, and every one is in the table (of calls of Lambda it guesses the name from the path)
    assert {"kms", "dynamodb"} <= {service for service, _ in seen}
    assert sorted(call for call in seen - permitted() if call[0] != "lambda") == []
