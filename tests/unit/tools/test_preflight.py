"""A deployment that CloudFormation would roll back for want of room is refused before it begins."""

import boto3
import pytest
from botocore.stub import Stubber

from tools.preflight import main

HERE = "eu-west-1"
GROUP = "/ecs/payments"


def logs(*answers):
    client = boto3.client(
        "logs", region_name=HERE, aws_access_key_id="testing", aws_secret_access_key="testing"
    )
    stubber = Stubber(client)
    for operation, answer in answers:
        if isinstance(answer, str):
            stubber.add_client_error(operation, answer)
        else:
            stubber.add_response(operation, answer)
    stubber.activate()
    return lambda _region: client


def policies(*names):
    found = [{"policyName": name, "policyType": "SUBSCRIPTION_FILTER_POLICY"} for name in names]
    return ("describe_account_policies", {"accountPolicies": found})


def filters(*names):
    found = [{"filterName": name, "logGroupName": GROUP} for name in names]
    return ("describe_subscription_filters", {"subscriptionFilters": found})


ALL = ("-c", "keywatch:all_log_groups=true")
ONE = (f"--context=keywatch:log_groups={GROUP}",)


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        ((), None),
        (ALL, policies()),
        (ALL, policies("KeyWatch")),
        (ONE, filters()),
        (ONE, filters("other")),
        (ONE, filters("other", "KeyWatch")),
        (ALL, ("describe_account_policies", "AccessDeniedException")),
        (("-c", "keywatch:nonsense=1"), None),
    ],
    ids=[
        "no logs",
        "none",
        "ours",
        "free",
        "one other",
        "ours and another",
        "denied",
        "bad setting",
    ],
)
def test_where_there_is_room_or_nobody_can_tell_the_deployment_goes_on(arguments, answer):
    assert main(arguments, logs(*([answer] if answer else [])), HERE) == 0


def test_an_account_wide_filter_of_somebody_else_stops_it_and_is_named(capsys):
    # GIVEN an account that has its one account-wide subscription filter
    # WHEN all log groups are to be watched
    assert main(ALL, logs(policies("datadog")), HERE) == 1
    # THEN it is named, with what to do
    said = capsys.readouterr().err
    assert "datadog" in said
    assert "keywatch:log_groups" in said


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        (filters("a", "b", "c", "d", "e"), "a, b, c, d, e"),
        (("describe_subscription_filters", "ResourceNotFoundException"), "there is no log group"),
    ],
)
def test_a_log_group_without_room_or_that_is_not_there_stops_it(answer, named, capsys):
    assert main(ONE, logs(answer), HERE) == 1
    assert named in capsys.readouterr().err


def test_a_log_group_with_two_filters_is_only_warned_about(capsys):
    # GIVEN what AWS's own pages disagree about
    assert main(ONE, logs(filters("datadog", "splunk")), HERE) == 0
    assert "datadog, splunk" in capsys.readouterr().err
