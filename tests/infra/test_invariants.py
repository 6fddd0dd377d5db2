"""What must hold in every configuration, whatever is added to the stack later."""

import json
import re

import pytest

from infra import spoke
from tests.infra.synthesis import (
    EVERYTHING_ON,
    KEY_ARN,
    MATRIX,
    PSEUDO,
    SECRET,
    as_list,
    resolved,
    resources,
    template,
    templates,
)

READ_ONLY = (
    *(
        "kms:Describe",
        "kms:List",
        "kms:Get",
        "cloudtrail:Describe",
        "cloudtrail:Get",
        "cloudtrail:LookupEvents",
    ),
    *("cloudwatch:Get", "config:Select", "lambda:List", "logs:Describe", "organizations:List"),
)
EVERY_TEMPLATE = [
    pytest.param(of, id=f"{name}: {stack}")
    for name, settings in MATRIX.items()
    for stack, of in templates(settings).items()
]
SPOKE_TOO = [*EVERY_TEMPLATE, pytest.param(spoke.template(), id="spoke")]


def statements(of):
    """Every policy statement of a template, of roles and of resources, with the resource that has it."""
    for name, resource in resolved(of["Resources"]).items():
        for policy in _documents(resource.get("Properties", {})):
            for statement in as_list(policy["Statement"]):
                yield name, statement


def _documents(value):
    if isinstance(value, dict):
        if "Statement" in value:
            yield value
        for item in value.values():
            yield from _documents(item)
    elif isinstance(value, list):
        for item in value:
            yield from _documents(item)


def services(statement):
    principal = statement["Principal"]
    return as_list(principal.get("Service", [])) if isinstance(principal, dict) else []


def of_one_organisation(statement):
    return statement.get("Condition") == {"StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}}


@pytest.mark.parametrize("of", SPOKE_TOO)
def test_no_identity_may_write_to_just_anything(of):
    for name, statement in statements(of):
        if "Principal" in statement or statement["Effect"] != "Allow":
            continue
        for action in as_list(statement["Action"]):
            wide = [resource for resource in as_list(statement["Resource"]) if resource == "*"]
            assert not wide or action.startswith(READ_ONLY), f"{name} allows {action} on everything"
            assert not action.endswith(":*"), f"{name} allows {action}"


@pytest.mark.parametrize("of", SPOKE_TOO)
def test_no_policy_lets_everybody_in(of):
    for name, statement in statements(of):
        if statement.get("Effect") == "Allow" and "Principal" in statement:
            everybody = statement["Principal"] in ("*", {"AWS": "*"})
            assert not everybody or of_one_organisation(statement), f"{name} allows everybody"
            for service in services(statement):
                harmless = as_list(statement["Action"]) in (["sts:AssumeRole"], ["s3:GetBucketAcl"])
                assert harmless or statement.get("Condition"), f"{name} lets all of {service} in"


# Lambda documents no source condition for the trust policy of an execution role; what may pass the
# role to a function is iam:PassRole.
WITHOUT_A_SOURCE = {"lambda.amazonaws.com"}


@pytest.mark.parametrize("of", SPOKE_TOO)
def test_every_grant_to_a_service_is_for_this_account_or_one_of_its_things(of):
    found = [
        (name, service, statement)
        for name, statement in statements(of)
        if statement["Effect"] == "Allow" and "Principal" in statement
        for service in services(statement)
        if service not in WITHOUT_A_SOURCE
    ]
    assert len(found) >= 2
    for name, service, statement in found:
        keys = {key for operator in statement.get("Condition", {}).values() for key in operator}
        assert keys & {"aws:SourceArn", "aws:SourceAccount"}, f"{name} lets any {service} in"


@pytest.mark.parametrize("of", SPOKE_TOO)
def test_nothing_may_change_a_key(of):
    # GIVEN every action of KMS that any identity is allowed
    allowed = {
        action
        for _, statement in statements(of)
        if statement["Effect"] == "Allow" and "Principal" not in statement
        for action in as_list(statement["Action"])
        if action.startswith("kms:")
    }
    # THEN it reads, or encrypts for a topic
    assert allowed <= {
        *("kms:DescribeKey", "kms:GetKeyLastUsage", "kms:ListAliases", "kms:ListKeys"),
        *("kms:DescribeCustomKeyStores", "kms:ListResourceTags", "kms:ListGrants"),
        *("kms:GenerateDataKey*", "kms:Decrypt"),
    }


def test_the_path_and_the_boundary_of_roles_are_those_that_are_set():
    # GIVEN a stack in an account that wants both
    of = template(MATRIX["everything on"])
    roles = resources(of, "AWS::IAM::Role")
    # THEN every role has them
    assert len(roles) >= 4
    assert {role["Path"] for role in roles.values()} == {"/platform/"}
    boundary = "arn:aws:iam::111122223333:policy/boundary"
    assert {role["PermissionsBoundary"] for role in roles.values()} == {boundary}
    # AND the rules leave out the role by the ARN that it then has
    rules = json.dumps(resolved(resources(of, "AWS::Events::Rule")))
    assert "arn:aws:iam::111122223333:role/platform/KeyWatch-function-eu-west-1" in rules


@pytest.mark.parametrize("of", EVERY_TEMPLATE)
def test_the_table_and_the_topics_keep_their_names_through_upgrades(of):
    # GIVEN what holds data or subscriptions
    of_kind = {
        name: resource["Type"]
        for name, resource in of["Resources"].items()
        if resource["Type"] in {"AWS::DynamoDB::Table", "AWS::SNS::Topic"}
    }
    # THEN CloudFormation knows it by the id of ever: another would make another table, and lose the subscribers
    assert {
        "IncidentsTable7D5FD327": "AWS::DynamoDB::Table",
        "AlertingAlertTopicC513ED25": "AWS::SNS::Topic",
        "HealthTopic252048D3": "AWS::SNS::Topic",
    }.items() <= of_kind.items()


@pytest.mark.parametrize("of", EVERY_TEMPLATE)
def test_what_is_removed_with_the_stack_and_what_stays(of):
    # GIVEN what holds data
    policies = {
        name: resource.get("DeletionPolicy", "Delete")
        for name, resource in of["Resources"].items()
        if resource["Type"]
        in {"AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::Logs::LogGroup", "AWS::S3::Bucket"}
    }
    # THEN the audit log stays, and everything else goes
    assert {name for name, policy in policies.items() if policy == "Retain"} == set(
        resources(of, "AWS::S3::Bucket")
    )


@pytest.mark.parametrize("of", EVERY_TEMPLATE)
def test_every_queue_that_keeps_what_failed_has_an_alarm(of):
    alarms = json.dumps(resolved(resources(of, "AWS::CloudWatch::Alarm")))
    for name, queue in resolved(resources(of, "AWS::SQS::Queue")).items():
        if queue.get("MessageRetentionPeriod") == 14 * 24 * 60 * 60:
            assert f"{name}.QueueName" in alarms


PARTITIONS = {
    "aws-cn": ("cn-north-1", "amazonaws.com.cn"),
    "aws-us-gov": ("us-gov-west-1", "amazonaws.com"),
}


@pytest.mark.parametrize("partition", PARTITIONS)
@pytest.mark.parametrize("name", ["everything off", "all log groups", "no dashboard"])
def test_every_arn_is_of_the_partition_of_the_account(name, partition, monkeypatch):
    # GIVEN a stack as another partition's CloudFormation reads it
    region, suffix = PARTITIONS[partition]
    for key, value in {"Partition": partition, "Region": region, "URLSuffix": suffix}.items():
        monkeypatch.setitem(PSEUDO, f"AWS::{key}", value)
    text = json.dumps(resolved(template(MATRIX[name])["Resources"]))
    # THEN no ARN in it is of another one
    assert f"arn:{partition}:" in text
    assert re.findall(rf"arn:(?!{partition}:)aws[a-z-]*:[a-z]", text) == []


@pytest.mark.parametrize("of", EVERY_TEMPLATE)
def test_every_queue_has_a_way_for_dead_letters_or_is_one(of):
    found = resolved(resources(of, "AWS::SQS::Queue"))
    everything = json.dumps(resolved(of["Resources"]))
    for name, queue in found.items():
        is_one = (
            f'"deadLetterTargetArn": "{name}.Arn"' in everything
            or f'"DeadLetterConfig": {{"Arn": "{name}.Arn"}}' in everything
        )
        assert is_one or "RedrivePolicy" in queue, f"{name} loses what cannot be processed"
        if is_one:
            assert queue["MessageRetentionPeriod"] == 14 * 24 * 60 * 60


@pytest.mark.parametrize("of", EVERY_TEMPLATE)
def test_every_rule_and_subscription_of_the_function_keeps_what_it_could_not_deliver(of):
    for rule in resources(of, "AWS::Events::Rule").values():
        assert all("DeadLetterConfig" in target for target in rule["Targets"])
    assert all(
        "OnFailure" in invoke["DestinationConfig"]
        for invoke in resources(of, "AWS::Lambda::EventInvokeConfig").values()
    )


@pytest.mark.parametrize("of", SPOKE_TOO)
def test_queues_and_topics_take_nothing_that_came_in_the_clear(of):
    refusing = [
        resource
        for name, statement in statements(of)
        if statement["Effect"] == "Deny"
        and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
        for resource in as_list(statement["Resource"])
    ]
    for name in resources(of, "AWS::SQS::Queue"):
        assert f"{name}.Arn" in refusing
    for name in resources(of, "AWS::SNS::Topic"):
        assert name in refusing


@pytest.mark.parametrize("of", EVERY_TEMPLATE)
def test_nothing_on_the_alert_path_depends_on_a_customer_key_unless_asked_for(of):
    # GIVEN every property anywhere that names a key
    keys = {
        (resource["Type"], name, value)
        for resource in resolved(of["Resources"]).values()
        if resource["Type"] != "AWS::IAM::Policy"
        for name, value in _leaves(resource.get("Properties", {}))
        if "kms" in name.lower() or "sse" in name.lower()
    }
    # THEN there is at most the topic key that was asked for
    by_type = {
        (kind, name, value) for kind, name, value in keys if value not in (False, True, "AES256")
    }
    assert by_type <= {("AWS::SNS::Topic", "KmsMasterKeyId", KEY_ARN)}
    assert ("AWS::DynamoDB::Table", "SSEEnabled", True) not in keys
    assert resources(of, "AWS::KMS::Key") == {}


def _leaves(value, name=""):
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, name)
    elif isinstance(value, str | int | bool):
        yield name, value


@pytest.mark.parametrize("of", EVERY_TEMPLATE)
def test_no_region_account_or_partition_is_written_into_the_template(of):
    # GIVEN the template without what the settings themselves name
    text = json.dumps(of)
    for named in (
        KEY_ARN,
        "arn:aws:iam::111122223333:policy/boundary",
        "arn:aws:sns:eu-west-1:111122223333:chat",
        '"us-east-1\\", \\"eu-central-1',
        EVERYTHING_ON["event_bus"],
        SECRET.partition("{}")[0],
    ):
        text = text.replace(named, "")
    assert "111122223333" not in text
    assert "arn:aws:" not in text


@pytest.mark.parametrize("of", EVERY_TEMPLATE)
def test_no_log_group_of_ours_is_subscribed(of):
    own = {group["LogGroupName"] for group in resources(of, "AWS::Logs::LogGroup").values()}
    subscribed = {
        found["LogGroupName"] for found in resources(of, "AWS::Logs::SubscriptionFilter").values()
    }
    assert own
    assert not own & subscribed
    for policy in resources(of, "AWS::Logs::AccountPolicy").values():
        assert all(json.dumps(name) in policy["SelectionCriteria"] for name in own)
