"""What only two accounts of one organisation show: a spoke's events reach the hub, and the hub looks into the spoke's account.

Needs, beside KEYWATCH_AWS_TESTS, a hub that is deployed with the credentials of the environment, and
KEYWATCH_AWS_SPOKE_PROFILE: a profile of another account of the organisation (its Region may be another
one, too), with a trail that logs. The spoke is deployed there and removed again.
"""

import json
import os
from collections.abc import Iterator

import boto3
import pytest

from infra import spoke
from tests.aws.account import wait_for
from tests.aws.test_real_account import fails

PROFILE = os.environ.get("KEYWATCH_AWS_SPOKE_PROFILE")
pytestmark = pytest.mark.skipif(
    not PROFILE, reason="set KEYWATCH_AWS_SPOKE_PROFILE to a profile of a second account"
)
STACK = "KeyWatchSpokeTest"


@pytest.fixture(scope="module")
def elsewhere(stack) -> Iterator[boto3.session.Session]:
    """A session in the other account, which has a spoke meanwhile."""
    if "HubBusArn" not in stack:
        pytest.skip("the stack is no hub: deploy it with the setting hub")
    other = boto3.session.Session(profile_name=PROFILE)
    organization = boto3.client("organizations").describe_organization()["Organization"]["Id"]
    values = {
        "HubBusArn": stack["HubBusArn"],
        "HubFunctionRoleArn": stack["HubFunctionRoleArn"],
        "OrganizationId": organization,
        "LookUpRoleRegion": other.region_name,
    }
    formation = other.client("cloudformation")
    formation.create_stack(
        StackName=STACK,
        TemplateBody=spoke.as_json(spoke.template()),
        Parameters=[
            {"ParameterKey": name, "ParameterValue": value} for name, value in values.items()
        ],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    try:
        formation.get_waiter("stack_create_complete").wait(StackName=STACK)
        yield other
    finally:
        formation.delete_stack(StackName=STACK)
        formation.get_waiter("stack_delete_complete").wait(StackName=STACK)


def test_what_fails_in_another_account_is_alerted_after_a_look_there(account, elsewhere):
    # GIVEN a key of the other account that was disabled there
    kms = elsewhere.client("kms")
    key = kms.create_key(Description=f"KeyWatch test {account.run}")["KeyMetadata"]["KeyId"]
    try:
        kms.disable_key(KeyId=key)
        arn = kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"]
        wait_for(lambda: not kms.describe_key(KeyId=key)["KeyMetadata"]["Enabled"], "the key", 300)
        fails(lambda: kms.encrypt(KeyId=arn, Plaintext=b"x"))
        # THEN the hub's alert names that account, and says what a look-up there saw
        alert = account.alert("opened", arn)
        assert alert["cause"] == "key_disabled"
        assert alert["subject"]["account"] == arn.split(":")[4]
        assert "DescribeKey" in json.dumps(alert["because"])
    finally:
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)


def test_the_canary_of_the_spoke_comes_back(account, elsewhere):
    """Within the hour in which the hub visits the account."""
    identity = elsewhere.client("sts").get_caller_identity()["Account"]

    def well() -> bool:
        lines = account.ask(action="doctor")["lines"]
        return identity not in json.dumps([one for one in lines if one["status"] != "pass"])

    wait_for(well, "the canary of the spoke", 90 * 60.0)
