"""The failure rule as it was deployed: who passes it and who does not, by EventBridge's own test."""

import json

import pytest

from demo import callers
from demo.cloudtrail_events import Call, event, record
from demo.emulator import ACCOUNT, REGION
from tests.emulator.cloud import World

pytestmark = pytest.mark.emulator

OWN_ROLE = f"KeyWatch-function-{REGION}"
CALLERS = {
    "an AWS service for itself": callers.service("workmail.eu-west-1.amazonaws.com"),
    "a role through an AWS service": callers.role(
        "payments", "payments-1", invoked_by="secretsmanager.amazonaws.com"
    ),
    "an IAM user": callers.user("alice"),
    "a foreign role": callers.role("payments", "payments-1"),
    "a role that begins like KeyWatch's": callers.role("KeyWatch-functional-tests", "tests"),
    "KMS itself": callers.KMS_ITSELF,
}


def failing_decrypt(world: World, caller: callers.Caller) -> dict:
    error = ("AccessDenied", "The ciphertext refers to a customer master key that does not exist")
    return event(record(Call("Decrypt", caller, world.stage().started, error=error)))


def matches(world: World, made: dict) -> bool:
    events = world.aws.client("events")
    (rule,) = [rule for rule in events.list_rules()["Rules"] if "FailureRule" in rule["Name"]]
    return bool(
        events.test_event_pattern(EventPattern=rule["EventPattern"], Event=json.dumps(made))[
            "Result"
        ]
    )


@pytest.mark.parametrize("who", CALLERS)
def test_the_deployed_rule_passes_a_failing_decrypt_by(world: World, who: str):
    # GIVEN a failing Decrypt of somebody else, WHEN the rule sees it, THEN it matches
    assert matches(world, failing_decrypt(world, CALLERS[who]))


def test_the_deployed_rule_stops_keywatch_itself(world: World):
    # GIVEN the function's real role
    function = world.aws.client("lambda").get_function_configuration(
        FunctionName=world.outputs.FunctionName
    )
    assert function["Role"] == f"arn:aws:iam::{ACCOUNT}:role/{OWN_ROLE}"

    # WHEN the function's own failing look-up comes back as an event, THEN the rule does not match
    assert not matches(
        world, failing_decrypt(world, callers.role(OWN_ROLE, world.outputs.FunctionName))
    )


def test_the_deployed_rule_stops_calls_that_succeeded(world: World):
    made = event(record(Call("Decrypt", callers.user("alice"), world.stage().started)))

    assert not matches(world, made)
