"""The hub: a bus for the organisation, look-ups in its accounts, and spokes that the stack deploys itself."""

import json

import pytest
from cfnlint import api
from cfnlint.config import ManualArgs

from infra import spoke
from infra.rules import ENABLED_FOR_READS
from tests.infra import events
from tests.infra.event_bridge import matches
from tests.infra.synthesis import (
    EVERYTHING_OFF,
    MATRIX,
    PSEUDO,
    as_list,
    only,
    resolved,
    resources,
    template,
    the_function,
)
from tests.infra.test_stack import _deployed

HUB, WITH_SPOKES = MATRIX["hub"], MATRIX["hub with spokes"]
KINDS = (
    "AWS::Events::EventBus",
    "AWS::CloudFormation::StackSet",
)


def variables(settings):
    return resolved(the_function(template(settings)))["Environment"]["Variables"]


def hub_rules(settings=HUB):
    rules = resolved(resources(template(settings), "AWS::Events::Rule")).values()
    return {rule["Name"]: rule for rule in rules if "EventBusName" in rule}


def statement(settings, sid):
    policies = resolved(resources(template(settings), "AWS::IAM::Policy")).values()
    found = [one for policy in policies for one in policy["PolicyDocument"]["Statement"]]
    return next((one for one in found if one["Sid"] == sid), None)


def test_without_a_hub_there_is_no_bus_no_role_and_nothing_told_of_one():
    # GIVEN the stack of a single account
    of = template(EVERYTHING_OFF)
    # THEN nothing in it is of a hub
    assert not [kind for kind in KINDS if resources(of, kind)]
    assert not hub_rules(EVERYTHING_OFF)
    text = json.dumps(of)
    assert not [word for word in ("KeyWatchLookUps", "HUB_", "organizations:") if word in text]
    assert statement(EVERYTHING_OFF, "LookIntoAccounts") is None
    assert {"HUB_ORGANIZATION", "LOOK_UP_ROLE"}.isdisjoint(variables(EVERYTHING_OFF))
    assert "hub" not in json.loads(_readable(variables(EVERYTHING_OFF)["PARTS"]))


def _readable(parts):
    return parts if isinstance(parts, str) else "".join(map(str, parts))


def test_a_hub_adds_to_the_stack_and_changes_nothing_else_of_it():
    # GIVEN the same stack without a hub and with one
    before, after = template(EVERYTHING_OFF)["Resources"], template(HUB)["Resources"]
    # THEN everything is still there
    assert set(before) <= set(after)
    # AND what changed is what the function is told and allowed, whom the queues let in, and what the doctor looks at
    changed = {name.rstrip("0123456789ABCDEF") for name in before if before[name] != after[name]}
    assert changed <= {
        "Function",
        "FunctionRoleDefaultPolicy",
        "IntakeQueuePolicy",
        "IntakeUndeliveredPolicy",
        "HealthDoctor",
    }, changed


def test_only_the_organisation_may_put_to_the_bus():
    of = template(HUB)
    bus = resolved(only(of, "AWS::Events::EventBus"))
    assert bus["Name"] == "KeyWatch"
    (statement,) = bus["Policy"]["Statement"]
    assert statement == {
        "Sid": "Organization",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "events:PutEvents",
        "Resource": "arn:aws:events:eu-west-1:111122223333:event-bus/KeyWatch",
        "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}},
    }


def test_the_rules_on_the_bus_see_all_that_spokes_send_and_lead_to_the_queue():
    of = template(HUB)
    sent = {
        name: rule["EventPattern"]
        for name, rule in resources(spoke.template(), "AWS::Events::Rule").items()
    }
    # THEN there is a rule for each of the spoke's, in the long state, to the intake queue
    assert hub_rules().keys() == sent.keys()
    for rule in hub_rules().values():
        assert rule["State"] == ENABLED_FOR_READS
        (target,) = rule["Targets"]
        assert target["Arn"].startswith("IntakeQueue")
        assert "Undelivered" in target["DeadLetterConfig"]["Arn"]
    # AND the queues let them in
    for policy in resolved(resources(of, "AWS::SQS::QueuePolicy")).values():
        for one in policy["PolicyDocument"]["Statement"]:
            if one["Effect"] == "Allow":
                assert len(one["Condition"]["ArnEquals"]["aws:SourceArn"]) == 14


@pytest.mark.parametrize("identity", events.IDENTITIES)
def test_what_a_spoke_sends_comes_in_from_any_account_and_region(identity):
    event = events.failing(identity=events.IDENTITIES[identity])
    event |= {"account": "444455556666", "region": "us-east-1"}
    assert [n for n, rule in hub_rules().items() if matches(rule["EventPattern"], event)] == [
        "FailureRule"
    ]


def test_the_function_is_told_of_the_hub():
    found = variables(WITH_SPOKES)
    assert found["HUB_ORGANIZATION"] == "o-exampleorgid"
    assert found["LOOK_UP_ROLE"] == "KeyWatchLookUps"
    assert json.loads(found["HUB_REGIONS"]) == ["eu-west-1", "us-east-1"]
    assert json.loads(found["HUB_ACCOUNTS"]) is True
    assert json.loads(variables(HUB)["HUB_REGIONS"]) == []
    assert json.loads(variables(HUB)["HUB_ACCOUNTS"]) is False
    parts = json.loads(_readable(found["PARTS"]))
    assert parts["hub"] == {
        "bus": "KeyWatch",
        "rules": [[name, ENABLED_FOR_READS] for name in hub_rules()],
        "spoke_version": spoke.spoke_version(),
    }


def test_all_that_a_hub_is_told_fits_into_the_environment():
    length = sum(
        len(name) + len(_deployed(str(value))) for name, value in variables(WITH_SPOKES).items()
    )
    assert length < 4096 - 1536  # what the rules of ignore may take


def test_the_function_may_assume_the_look_up_role_of_the_organisation_and_no_other():
    found = statement(HUB, "LookIntoAccounts")
    assert (as_list(found["Action"]), found["Resource"]) == (
        ["sts:AssumeRole"],
        "arn:aws:iam::*:role/KeyWatchLookUps",
    )
    assert found["Condition"] == {"StringEquals": {"aws:ResourceOrgID": "o-exampleorgid"}}


def test_the_organisation_is_read_only_when_asked_for():
    assert statement(HUB, "ListAccounts") is None
    assert statement(HUB, "NameAccounts") is None
    named = statement(WITH_SPOKES, "NameAccounts")
    assert named["Resource"] == "arn:aws:organizations::*:account/o-exampleorgid/*"
    assert statement(WITH_SPOKES, "ListAccounts")


def test_the_stack_deploys_the_spokes_to_accounts_that_join_later_too():
    spokes = resolved(only(template(WITH_SPOKES), "AWS::CloudFormation::StackSet"))
    # GIVEN the template of `make spoke`, small enough to be sent inside
    assert json.loads(spokes["TemplateBody"]) == spoke.template()
    assert len(spokes["TemplateBody"]) < spoke.MAX_BYTES
    # THEN the organisation's own accounts get it
    assert (spokes["PermissionModel"], spokes["CallAs"]) == ("SERVICE_MANAGED", "DELEGATED_ADMIN")
    assert spokes["AutoDeployment"] == {"Enabled": True, "RetainStacksOnAccountRemoval": False}
    assert spokes["Capabilities"] == ["CAPABILITY_NAMED_IAM"]
    (group,) = spokes["StackInstancesGroup"]
    assert group["DeploymentTargets"] == {"OrganizationalUnitIds": ["ou-abcd-12345678"]}
    assert group["Regions"] == ["eu-west-1", "us-east-1"]
    # AND every parameter has a value, the look-up role's Region among those of the spokes
    given = {one["ParameterKey"]: one["ParameterValue"] for one in spokes["Parameters"]}
    assert given.keys() == spoke.template()["Parameters"].keys()
    assert given["LookUpRoleRegion"] in group["Regions"]


def test_the_outputs_of_a_hub_are_the_parameters_of_a_spoke():
    outputs = template(HUB)["Outputs"]
    assert {"HubBusArn", "HubFunctionRoleArn"} <= set(outputs)
    assert {"HubBusArn", "HubFunctionRoleArn"}.isdisjoint(template(EVERYTHING_OFF)["Outputs"])


def test_a_hub_has_an_alarm_about_its_spokes():
    alarms = resources(template(HUB), "AWS::CloudWatch::Alarm").values()
    assert "SpokesUnwell" in {alarm["MetricName"] for alarm in alarms}
    without = resources(template(EVERYTHING_OFF), "AWS::CloudWatch::Alarm").values()
    assert "SpokesUnwell" not in {alarm["MetricName"] for alarm in without}


@pytest.mark.parametrize(
    ("partition", "region"), [("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1")]
)
def test_a_hub_is_deployable_in_other_partitions(partition, region, monkeypatch):
    monkeypatch.setitem(PSEUDO, "AWS::Partition", partition)
    monkeypatch.setitem(PSEUDO, "AWS::Region", region)
    assert statement(HUB, "LookIntoAccounts")["Resource"].startswith(f"arn:{partition}:iam::")
    found = api.lint(
        json.dumps(template(HUB)), config=ManualArgs(ignore_checks=["W3005"], regions=[region])
    )
    assert [str(match) for match in found] == []
