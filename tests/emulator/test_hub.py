"""The hub of an organisation: a real spoke sends to its bus, and what failed in two other accounts is looked at there.

What no emulator proves: that EventBridge carries an event into another account or Region. The spoke is
therefore driven in the hub's own account, and events of the other accounts are put into the intake
queue as the hub's rules would put them; ``tests/aws`` is for whoever has two accounts.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from demo import deployment
from demo.callers import role
from demo.cloudtrail_events import event
from demo.deployment import EVENT_SOURCE
from demo.emulator import ACCOUNT, REGION
from demo.stage import Stage
from infra import spoke
from keywatch.catalogue.own import HUB_BUS, SPOKE
from tests.emulator.cloud import World, organization_of

pytestmark = pytest.mark.emulator

OTHERS = ("444455556666", "777788889999")


def in_account(world: World, account: str) -> Stage:
    return Stage(replace(world.aws, account=account).client)


@pytest.fixture(scope="module")
def spokes(world: World) -> Iterator[None]:
    """The template of `make spoke`, as anybody deploys it, in the hub's account and in two others."""
    given = {
        "HubBusArn": f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{HUB_BUS}",
        "HubFunctionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/KeyWatch-function-{REGION}",
        "OrganizationId": organization_of(world.aws),
        "LookUpRoleRegion": REGION,
    }
    stacks = []
    for account in (ACCOUNT, *OTHERS):
        stack = replace(world.aws, account=account).client("cloudformation")
        stack.create_stack(
            StackName=SPOKE,
            TemplateBody=spoke.as_json(spoke.template([EVENT_SOURCE])),
            Parameters=[
                {"ParameterKey": name, "ParameterValue": value} for name, value in given.items()
            ],
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        stacks.append(stack)
    for stack in stacks:
        stack.get_waiter("stack_create_complete").wait(StackName=SPOKE, WaiterConfig={"Delay": 1})
    deployment.enable_rules(world.aws)
    yield
    for stack in stacks:
        stack.delete_stack(StackName=SPOKE)
        stack.get_waiter("stack_delete_complete").wait(StackName=SPOKE, WaiterConfig={"Delay": 1})


@contextmanager
def without_rules_of_its_own(world: World) -> Iterator[None]:
    """The hub's account as any other: only the spoke's rules see what happens on its bus."""
    events = world.aws.client("events")
    own = [
        rule["Name"]
        for rule in events.list_rules()["Rules"]
        if not rule["Name"].startswith(SPOKE) and rule["State"] == "ENABLED"
    ]
    for name in own:
        events.disable_rule(Name=name)
    try:
        yield
    finally:
        for name in own:
            events.enable_rule(Name=name)


def arrived(stage: Stage, account: str, named: str = "") -> list[str]:
    """The failures of a stage as the hub's rules put them into the queue; ``named`` is the account that their details name."""
    made = [json.dumps(event(record, EVENT_SOURCE)) for record in stage.failures]
    if not named:
        return [text.replace(ACCOUNT, account) for text in made]
    envelopes = [{**json.loads(text), "account": account} for text in made]
    return [
        json.dumps(
            envelope
            | {"detail": json.loads(json.dumps(envelope["detail"]).replace(ACCOUNT, named))}
        )
        for envelope in envelopes
    ]


def test_what_a_spoke_sends_over_the_hubs_bus_is_alerted(world: World, spokes: None):
    # GIVEN a disabled key in an account that only a spoke watches
    key = world.disabled_key()
    failure = world.failure_of(key)

    # WHEN a call with it fails
    with without_rules_of_its_own(world):
        world.put(failure)
        (alert, *_) = world.alerts_about(key.arn)

    # THEN it went from the default bus by the spoke's rule to the hub's bus, and was alerted
    assert alert["cause"] == "key_disabled"
    assert alert["subject"]["account"] == ACCOUNT


@pytest.mark.parametrize("account", OTHERS)
def test_what_failed_in_another_account_is_looked_at_there(
    world: World, spokes: None, account: str
):
    # GIVEN a key of that account, which was disabled there and is in no other
    stage = in_account(world, account)
    key = stage.key()
    stage.client("kms", REGION).disable_key(KeyId=key.id)
    assert f":{account}:" in key.arn
    caller = role(f"app-{account}", "app-1")
    stage.fails("GenerateDataKey", key.arn, caller, key=key)

    # WHEN a call with it fails there, and the hub is told
    world.send(*arrived(stage, account))

    # THEN the alert names the account, and says what a look-up by the role of that account saw
    (alert, *_) = world.alerts_about(key.arn)
    assert alert["subject"]["account"] == account
    assert alert["cause"] == "key_disabled"
    # AND nobody else's KMS could have said it: the emulator keeps accounts apart
    assert any(
        re.search("DescribeKey.*disabled", one, re.IGNORECASE) for one in alert["because"]
    ), alert["because"]


def test_an_event_that_names_another_account_than_it_comes_from_is_dropped(
    world: World, spokes: None
):
    # GIVEN an event of one account whose detail is of another, and one that is as it should be
    one, other = OTHERS
    forged, honest = in_account(world, one), in_account(world, one)
    forged.fails("Encrypt", "alias/forged-elsewhere", role("forger", "app-1"))
    honest.fails("Encrypt", "alias/honest-elsewhere", role("honest-app", "app-1"))

    # WHEN both arrive
    world.send(*arrived(forged, one, named=other), *arrived(honest, one))

    # THEN only that is alerted
    assert world.alerts_about("alias/honest-elsewhere")
    world.settle()
    assert world.alerts_about("alias/forged-elsewhere", at_least=0) == []
