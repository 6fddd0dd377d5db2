"""A deployment that CloudFormation would roll back for want of room is refused before it begins."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from tools.preflight import main

HERE = "eu-west-1"
GROUP = "/ecs/payments"


def stubbed(service, *answers):
    client = boto3.client(
        service, region_name=HERE, aws_access_key_id="testing", aws_secret_access_key="testing"
    )
    stubber = Stubber(client)
    for operation, answer in answers:
        if isinstance(answer, str):
            stubber.add_client_error(operation, answer)
        else:
            stubber.add_response(operation, answer)
    stubber.activate()
    return client


class Stacks:
    """CloudFormation with these stacks, or with an error for whoever asks."""

    def __init__(self, *names, error="ValidationError", access="ENABLED"):
        self.names, self.error, self.access = names, error, access

    def describe_organizations_access(self, CallAs):
        if self.access not in ("ENABLED", "DISABLED"):
            error = {"Code": self.access, "Message": f"you are no {CallAs}"}
            raise ClientError({"Error": error}, "DescribeOrganizationsAccess")
        return {"Status": self.access}

    def describe_stacks(self, StackName):
        if StackName not in self.names:
            raise ClientError({"Error": {"Code": self.error}}, "DescribeStacks")


class Organization:
    """AWS Organizations, as an account of this organisation sees it."""

    def describe_organization(self):
        return {"Organization": {"Id": "o-exampleorgid"}}


def logs(*answers, stacks=None):
    clients = {
        "logs": stubbed("logs", *answers),
        "cloudformation": stacks or Stacks(),
        "organizations": Organization(),
    }
    return lambda service, _region: clients[service]


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


@pytest.mark.parametrize(
    ("there", "setting", "advice"),
    [
        ("KeyWatch-eu-west-1", "KeyWatch", 'stack_name to "KeyWatch-{region}"'),
        ("KeyWatch", "KeyWatch-{region}", 'stack_name to "KeyWatch"'),
        ("KeyWatch", "Keys", 'stack_name to "KeyWatch"'),
    ],
)
def test_a_deployment_under_another_name_stops_it_and_is_taken_over_instead(
    there, setting, advice, capsys
):
    # GIVEN a Region in which KeyWatch is deployed, and settings that call its stack something else
    arguments = ("-c", f"keywatch:stack_name={setting}", "-c", f'keywatch:regions=["{HERE}"]')
    # WHEN it is to be deployed
    assert main(arguments, logs(stacks=Stacks(there)), "us-east-1") == 1
    # THEN the setting that takes it over is named
    assert advice in capsys.readouterr().err


@pytest.mark.parametrize(
    "stacks",
    [Stacks(), Stacks("KeyWatch"), Stacks(error="AccessDenied")],
    ids=["none", "it", "denied"],
)
def test_a_deployment_under_its_own_name_goes_on(stacks):
    assert main((), logs(stacks=stacks), HERE) == 0


def hub(organization="o-exampleorgid", **more):
    return ("-c", f"keywatch:hub={json.dumps({'organization_id': organization, **more})}")


SPOKES = {"stack_set": {"organizational_units": ["r-abcd"], "regions": [HERE]}}


def test_a_hub_of_its_own_organisation_goes_on():
    assert main(hub(), logs(), HERE) == 0
    assert main(hub(**SPOKES), logs(), HERE) == 0


def test_a_hub_that_names_another_organisation_is_stopped(capsys):
    assert main(hub("o-somebodyelse"), logs(), HERE) == 1
    assert "o-exampleorgid" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("access", "advice"),
    [
        ("DISABLED", "activate-organizations-access"),
        ("ValidationError", "register-delegated-administrator"),
    ],
)
def test_spokes_that_the_account_may_not_deploy_stop_it_with_what_to_do(access, advice, capsys):
    # GIVEN an account that is no delegated administrator, or an organisation without StackSets
    stacks = Stacks(access=access)
    # WHEN a hub is to deploy spokes, THEN it stops and says what would help
    assert main(hub(**SPOKES), logs(stacks=stacks), HERE) == 1
    assert advice in capsys.readouterr().err
    # AND without stack_set nothing of it matters
    assert main(hub(), logs(stacks=stacks), HERE) == 0


def test_an_account_that_may_not_look_goes_on_and_is_told(capsys):
    assert main(hub(**SPOKES), logs(stacks=Stacks(access="AccessDenied")), HERE) == 0
    assert "could not be looked at" in capsys.readouterr().err
