"""The spoke: one plain template for every account and Region, which sends to the hub what the hub's own rules would let in."""

import json
import re
import subprocess
import sys

import pytest
import yaml
from cfnlint import api
from cfnlint.config import ManualArgs

from infra import event_patterns, spoke
from infra.rules import ENABLED_FOR_READS
from keywatch.catalogue.own import CANARY_ALIAS, CANARY_DENIED_CALL
from keywatch.catalogue.read_calls import READ_CALLS, Reach
from tests.infra import events
from tests.infra.event_bridge import matches
from tests.infra.synthesis import PSEUDO, ROOT, as_list, resolved, resources

TEMPLATE = spoke.template()
HUB = "444455556666"
GIVEN = {
    "HubBusArn": f"arn:aws:events:eu-west-1:{HUB}:event-bus/KeyWatch",
    "HubFunctionRoleArn": f"arn:aws:iam::{HUB}:role/KeyWatch-function-eu-west-1",
    "OrganizationId": "o-exampleorgid",
    "LookUpRoleRegion": "eu-west-1",
}
LOOK_UP_ROLE = f"arn:aws:iam::{events.ACCOUNT}:role/KeyWatchLookUps"
BY_CHOICE = {Reach.DEPENDENTS, Reach.CONFIGURATION, Reach.AGGREGATOR}
REGIONS = {
    "aws": ["eu-west-1", "us-east-1", "ap-southeast-2"],
    "aws-cn": ["cn-north-1", "cn-northwest-1"],
    "aws-us-gov": ["us-gov-west-1", "us-gov-east-1"],
}


@pytest.fixture(autouse=True)
def parameters(monkeypatch):
    for name, value in GIVEN.items():
        monkeypatch.setitem(PSEUDO, name, value)


def patterns():
    return {
        name: resolved(rule)["EventPattern"]
        for name, rule in resources(TEMPLATE, "AWS::Events::Rule").items()
    }


def sent_by(event):
    return [name for name, pattern in patterns().items() if matches(pattern, event)]


def printed(*arguments):
    command = (sys.executable, "-m", "infra.spoke", *arguments)
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_it_is_printed_as_json_or_yaml_and_both_say_the_same():
    assert json.loads(printed().stdout) == TEMPLATE
    assert yaml.safe_load(printed("yaml").stdout) == TEMPLATE


def test_another_format_is_refused_with_what_is_allowed():
    refused = printed("toml")
    assert refused.returncode == 2
    assert "json, yaml" in refused.stderr


def test_it_needs_neither_the_cdk_nor_a_bootstrapped_account():
    # GIVEN what CloudFormation is sent
    text = json.dumps(TEMPLATE)
    # THEN it is small enough to be sent as it is, and nothing in it is the CDK's
    assert len(spoke.as_json(TEMPLATE)) < spoke.MAX_BYTES
    assert len(printed().stdout) < spoke.MAX_BYTES
    assert not re.search(r"cdk|bootstrap|asset|S3Bucket", text, re.IGNORECASE)
    # AND printing it does not load the CDK either
    code = "import sys, infra.spoke; sys.exit('aws_cdk' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_no_account_region_or_partition_is_written_into_it():
    text = json.dumps({**TEMPLATE, "Parameters": {}})
    assert not re.search(r"\b[0-9]{12}\b|arn:aws|[a-z]{2}-[a-z]+-[0-9]", text)


@pytest.mark.parametrize("partition", REGIONS)
def test_cfn_lint_finds_nothing(partition):
    found = api.lint(json.dumps(TEMPLATE), config=ManualArgs(regions=REGIONS[partition]))
    assert [str(match) for match in found] == []


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("HubBusArn", "arn:aws-cn:events:cn-north-1:444455556666:event-bus/KeyWatch", "KeyWatch"),
        ("HubBusArn", GIVEN["HubBusArn"], "arn:aws:events:eu-west-1:444455556666:rule/KeyWatch"),
        (
            "HubFunctionRoleArn",
            f"arn:aws-us-gov:iam::{HUB}:role/a/b/KeyWatch-function-us-gov-west-1",
            "*",
        ),
        ("HubFunctionRoleArn", GIVEN["HubFunctionRoleArn"], f"arn:aws:iam::{HUB}:root"),
        ("HubFunctionRoleArn", GIVEN["HubFunctionRoleArn"], f"arn:aws:iam::{HUB}:role/*"),
        ("OrganizationId", "o-a1b2c3d4e5", "o-*"),
        ("LookUpRoleRegion", "us-gov-east-1", "Ireland"),
    ],
)
def test_every_parameter_says_what_it_is_and_takes_nothing_else(name, good, bad):
    parameter = TEMPLATE["Parameters"][name]
    assert set(TEMPLATE["Parameters"]) == set(GIVEN)
    assert parameter["Description"].endswith(".")
    assert parameter["ConstraintDescription"]
    assert re.fullmatch(parameter["AllowedPattern"], good)
    assert not re.fullmatch(parameter["AllowedPattern"], bad)


def test_every_rule_sees_read_only_calls_and_sends_to_the_hub_by_a_role():
    rules = resolved(resources(TEMPLATE, "AWS::Events::Rule"))
    assert len(rules) == 7
    for name, rule in rules.items():
        assert rule["State"] == ENABLED_FOR_READS
        assert rule["Name"] == f"KeyWatchSpoke-{name}"
        assert rule["Description"].endswith(f"(KeyWatch spoke {spoke.spoke_version()})")
        # THEN its target has what an event bus takes, of which a retry policy is no part
        assert rule["Targets"] == [
            {
                "Id": "Hub",
                "Arn": GIVEN["HubBusArn"],
                "RoleArn": "ForwardRole.Arn",
                "DeadLetterConfig": {"Arn": "Undelivered.Arn"},
            }
        ]


def test_no_pattern_is_longer_than_eventbridge_takes(monkeypatch):
    # GIVEN the longest names
    path = "/".join(["p" * 64] * 3)
    role = f"arn:aws-us-gov:iam::{HUB}:role/{path}/KeyWatch-function-us-gov-west-1"
    longest = {
        "HubFunctionRoleArn": role,
        "AWS::Partition": "aws-us-gov",
        "AWS::Region": "us-gov-west-1",
    }
    for name, value in longest.items():
        monkeypatch.setitem(PSEUDO, name, value)
    lengths = {name: len(json.dumps(pattern)) for name, pattern in patterns().items()}
    assert max(lengths.values()) < event_patterns.MAX_PATTERN_LENGTH


@pytest.mark.parametrize("identity", events.IDENTITIES)
def test_a_failing_call_is_sent_whoever_made_it(identity):
    assert sent_by(events.failing(identity=events.IDENTITIES[identity])) == ["FailureRule"]


@pytest.mark.parametrize("role", [GIVEN["HubFunctionRoleArn"], LOOK_UP_ROLE])
def test_what_keywatch_calls_is_not_sent_but_for_the_canary(role):
    # GIVEN failing calls of the hub's function and of its look-ups in this account
    own = events.assumed_role(role, session="KeyWatch")
    assert sent_by(events.failing(identity=own, eventName="DescribeKey")) == []
    refused = {
        "eventSource": "sns.amazonaws.com",
        "errorCode": "KMSDisabled",
        "errorMessage": "KMS key",
    }
    assert sent_by(events.api_call(source="aws.sns", identity=own, **refused)) == []
    # AND the two calls that have to come back
    canary = {"requestParameters": {"keyId": CANARY_ALIAS}, "eventName": "DescribeKey"}
    assert sent_by(events.failing(identity=own, **canary)) == ["FailureRule"]
    denied = {"requestParameters": None, "eventName": CANARY_DENIED_CALL}
    assert sent_by(events.failing(identity=own, **denied)) == ["FailureRule"]


@pytest.mark.parametrize(
    "role",
    [
        LOOK_UP_ROLE.replace("KeyWatchLookUps", "KeyWatchLookUps2"),
        LOOK_UP_ROLE.replace("role/", "role/path/"),
        LOOK_UP_ROLE.replace(events.ACCOUNT, HUB),
        GIVEN["HubFunctionRoleArn"].replace(HUB, events.ACCOUNT),
    ],
    ids=["longer", "another path", "the hub's own account", "the function's name here"],
)
def test_nobody_hides_behind_a_name_like_that_of_a_role_of_keywatch(role):
    assert sent_by(events.failing(identity=events.assumed_role(role))) == ["FailureRule"]


def test_the_look_up_role_is_made_in_one_region_with_a_name_that_the_hub_knows():
    role = TEMPLATE["Resources"]["LookUpRole"]
    policy = TEMPLATE["Resources"]["LookUpPolicy"]
    assert role["Properties"]["RoleName"] == "KeyWatchLookUps"
    assert role["Condition"] == policy["Condition"]
    (condition,) = TEMPLATE["Conditions"].values()
    assert condition == {"Fn::Equals": [{"Ref": "AWS::Region"}, {"Ref": "LookUpRoleRegion"}]}
    # AND it is the only thing with a name that is not of its Region
    named = [role for role in resources(TEMPLATE, "AWS::IAM::Role").values() if "RoleName" in role]
    assert len(named) == 1


def test_the_look_up_role_trusts_the_hubs_function_of_the_organisation_and_nobody_else():
    trust = TEMPLATE["Resources"]["LookUpRole"]["Properties"]["AssumeRolePolicyDocument"]
    (statement,) = trust["Statement"]
    assert statement["Action"] == "sts:AssumeRole"
    assert statement["Condition"] == {
        "ArnEquals": {"aws:PrincipalArn": {"Ref": "HubFunctionRoleArn"}},
        "StringEquals": {"aws:PrincipalOrgID": {"Ref": "OrganizationId"}},
    }
    # AND the account that is trusted is that of the very role
    text, values = statement["Principal"]["AWS"]["Fn::Sub"]
    assert text == "arn:${AWS::Partition}:iam::${Hub}:root"
    place, split = values["Hub"]["Fn::Select"]
    assert split == {"Fn::Split": [":", {"Ref": "HubFunctionRoleArn"}]}
    assert GIVEN["HubFunctionRoleArn"].split(":")[place] == HUB


def test_the_look_up_role_reads_what_a_diagnosis_reads_and_changes_nothing():
    statements = TEMPLATE["Resources"]["LookUpPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    allowed = {
        action
        for statement in statements
        if statement["Effect"] == "Allow"
        for action in as_list(statement["Action"])
    }
    wanted = {call.permission for call in READ_CALLS.values() if call.reach not in BY_CHOICE}
    assert wanted <= allowed
    # AND what only a setting of the hub's own account allows is left out in every other
    assert (
        not {call.permission for call in READ_CALLS.values() if call.reach in BY_CHOICE} & allowed
    )
    reads = re.compile(r"[a-z]+:(?:Describe|Get|List|Lookup)[A-Za-z]+")
    assert all(reads.fullmatch(action) for action in allowed)
    assert not {action for action in allowed if re.search("Secret|Object|Parameter|Grant", action)}
    (denied,) = (one for one in statements if one["Effect"] == "Deny")
    assert denied["Action"] == [f"kms:{CANARY_DENIED_CALL}"]


def test_a_spoke_with_other_rules_has_another_version(monkeypatch):
    version = spoke.spoke_version()
    assert version == TEMPLATE["Metadata"]["KeyWatch"]["SpokeVersion"]
    assert version == TEMPLATE["Outputs"]["SpokeVersion"]["Value"]
    assert re.fullmatch(r"[\w .:/=+@-]{1,100}", version)  # what the value of a tag may be
    monkeypatch.setattr(spoke, "SPOKE_DEAD_LETTERS", "Other")
    assert spoke.spoke_version() != version
