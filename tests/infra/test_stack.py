"""What is deployed, and how its parts are wired."""

import json

import pytest

from infra.names import OWN_LOG_GROUPS
from infra.settings import MAX_IGNORE_CHARACTERS
from keywatch.runtime import BATCH_SECONDS
from tests.infra.synthesis import (
    CHANNELS,
    EVERYTHING_OFF,
    EVERYTHING_ON,
    KEY_ARN,
    resolved,
    resources,
    template,
    templates,
    the_function,
)


def of_kind(settings, kind):
    return resolved(resources(template(settings), kind))


def environment(settings):
    return resolved(the_function(template(settings)))["Environment"]["Variables"]


def statements(settings):
    """The statements of the function's role, by their ids."""
    of = template(settings)
    role = the_function(of)["Role"]["Fn::GetAtt"][0]
    policies = [
        policy
        for policy in resolved(resources(of, "AWS::IAM::Policy")).values()
        if role in policy["Roles"]
    ]
    found = [
        statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]
    ]
    return {
        statement.get("Sid", ",".join(_list(statement["Action"]))): statement for statement in found
    }


def _list(value):
    return value if isinstance(value, list) else [value]


def test_one_stack_where_the_credentials_point_when_no_region_is_set():
    assert list(templates(EVERYTHING_OFF)) == ["KeyWatch"]
    assert list(templates({"regions": ["eu-west-1"]})) == ["KeyWatch-eu-west-1"]


def test_one_stack_for_each_region():
    assert list(templates({"regions": ["eu-west-1", "us-east-1"]})) == [
        "KeyWatch-eu-west-1",
        "KeyWatch-us-east-1",
    ]


@pytest.mark.parametrize("settings", [EVERYTHING_OFF, EVERYTHING_ON])
def test_the_outputs_are_those_that_tools_rely_on(settings):
    # GIVEN the outputs, resolved to the resources that they name
    outputs = {
        name: resolved(output["Value"]) for name, output in template(settings)["Outputs"].items()
    }
    kinds = {
        name: template(settings)["Resources"][value.split(".")[0]]["Type"]
        for name, value in outputs.items()
    }
    # THEN their names and what they name are the contract
    assert kinds == {
        "AlertTopicArn": "AWS::SNS::Topic",
        "HealthTopicArn": "AWS::SNS::Topic",
        "FunctionName": "AWS::Lambda::Function",
        "PageFunctionName": "AWS::Lambda::Function",
        "IntakeQueueUrl": "AWS::SQS::Queue",
        "DeadLetterQueueUrl": "AWS::SQS::Queue",
        "IncidentTableName": "AWS::DynamoDB::Table",
    }
    queues = template(settings)["Resources"]
    dead_letters = queues[outputs["IntakeQueueUrl"]]["Properties"]["RedrivePolicy"][
        "deadLetterTargetArn"
    ]
    assert resolved(dead_letters) == f"{outputs['DeadLetterQueueUrl']}.Arn"


def test_the_function_runs_on_the_newest_python():
    function = the_function(template(EVERYTHING_OFF))
    assert function["Runtime"] == "python3.14"
    assert function["Architectures"] == ["arm64"]
    assert function["Handler"] == "handler.handler"
    assert "KmsKeyArn" not in function


def test_the_function_is_told_what_it_needs():
    variables = environment(EVERYTHING_OFF)
    assert {
        name: value
        for name, value in variables.items()
        if name not in ("INCIDENT_TABLE", "ALERT_TOPIC_ARN", "OWN_ROLE_ARN", "PARTS")
    } == {
        "REPEAT_INTERVAL_MINUTES": "240",
        "MESSAGES_PER_HOUR": "60",
        "SEARCH_REGIONS": "[]",
        "OWNER_TAGS": "[]",
        "DEPENDENTS": "false",
        "CONFIG_AGGREGATOR": "",
        "KEEP_INCIDENTS_DAYS": "90",
        "IGNORE_RULES": "[]",
        "POWERTOOLS_SERVICE_NAME": "keywatch",
        "POWERTOOLS_METRICS_NAMESPACE": "KeyWatch",
        "POWERTOOLS_LOG_LEVEL": "INFO",
    }
    assert {"INCIDENT_TABLE", "ALERT_TOPIC_ARN", "OWN_ROLE_ARN"} < set(variables)


def test_settings_reach_the_function():
    variables = environment(EVERYTHING_ON)
    assert json.loads(variables["SEARCH_REGIONS"]) == EVERYTHING_ON["search_regions"]
    assert json.loads(variables["IGNORE_RULES"]) == EVERYTHING_ON["ignore"]
    assert variables["REPEAT_INTERVAL_MINUTES"] == "60"
    assert {"CHAT_TOPIC_ARN", "FALLBACK_TOPIC_ARN"} < set(variables)


def test_the_longest_settings_fit_into_the_environment():
    # GIVEN the longest settings that are allowed
    rule = {"reason": "r" * 200, "key": f"alias/{'k' * 140}"}
    settings = {
        "ignore": [{**rule, "key": f"{rule['key']}{number}"} for number in range(4)],
        "search_regions": [f"ap-southeast-{number}" for number in range(30)],
        "alert_topic_key_arn": KEY_ARN,
        "chat": CHANNELS["slack"],
    }
    assert len(environment(settings)["IGNORE_RULES"]) > 0.95 * MAX_IGNORE_CHARACTERS
    # WHEN the variables are counted as Lambda does, with ARNs, addresses of queues and names of rules of their real length
    length = sum(len(name) + len(_deployed(value)) for name, value in environment(settings).items())
    # THEN they fit into its 4 KB
    assert length < 4096


def _deployed(value):
    """What CloudFormation puts in place of logical ids, at its longest."""
    lengths = {
        "AWS::SNS::Topic": 110,
        "AWS::SQS::Queue": 120,
        "AWS::Events::Rule": 60,
        "AWS::IAM::Role": 75,
        "AWS::DynamoDB::Table": 60,
    }
    for name, resource in template(EVERYTHING_ON)["Resources"].items():
        if resource["Type"] in lengths:
            value = value.replace(f"{name}.Arn", name).replace(
                name, "x" * lengths[resource["Type"]]
            )
    return value


def test_a_batch_that_fails_in_part_is_retried_in_part():
    (mapping,) = of_kind(EVERYTHING_OFF, "AWS::Lambda::EventSourceMapping").values()
    assert (mapping["BatchSize"], mapping["MaximumBatchingWindowInSeconds"]) == (1000, 1)
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 10}


def test_the_queue_hides_a_batch_for_as_long_as_its_retries_may_take():
    of = template(EVERYTHING_OFF)
    queue = next(
        queue for queue in resources(of, "AWS::SQS::Queue").values() if "RedrivePolicy" in queue
    )
    assert queue["VisibilityTimeout"] >= the_function(of)["Timeout"]
    assert queue["VisibilityTimeout"] >= 6 * BATCH_SECONDS
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 5


def test_the_clock_calls_every_minute_and_never_twice_for_the_same_minute():
    (clock,) = of_kind(EVERYTHING_OFF, "AWS::Scheduler::Schedule").values()
    assert clock["ScheduleExpression"] == "rate(1 minute)"
    assert json.loads(clock["Target"]["Input"]) == {"clock": "minute"}
    assert clock["Target"]["RetryPolicy"] == {
        "MaximumEventAgeInSeconds": 60,
        "MaximumRetryAttempts": 0,
    }


def test_what_lambda_could_not_deliver_is_kept():
    (invoke,) = of_kind(EVERYTHING_OFF, "AWS::Lambda::EventInvokeConfig").values()
    assert "Undelivered" in invoke["DestinationConfig"]["OnFailure"]["Destination"]
    assert (invoke["MaximumRetryAttempts"], invoke["MaximumEventAgeInSeconds"]) == (2, 14_400)


def test_rules_stop_trying_when_an_alert_would_mislead():
    for rule in of_kind(EVERYTHING_OFF, "AWS::Events::Rule").values():
        (target,) = rule["Targets"]
        assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] == 14_400
        assert "Undelivered" in target["DeadLetterConfig"]["Arn"]


def test_the_table_has_the_keys_that_the_function_uses():
    (table,) = of_kind(EVERYTHING_OFF, "AWS::DynamoDB::Table").values()
    assert table["KeySchema"] == [
        {"AttributeName": "subject", "KeyType": "HASH"},
        {"AttributeName": "item", "KeyType": "RANGE"},
    ]
    (due,) = table["GlobalSecondaryIndexes"]
    assert (due["IndexName"], due["Projection"]) == ("due", {"ProjectionType": "ALL"})
    assert due["KeySchema"] == [
        {"AttributeName": "queue", "KeyType": "HASH"},
        {"AttributeName": "due_at", "KeyType": "RANGE"},
    ]
    types = {
        attribute["AttributeName"]: attribute["AttributeType"]
        for attribute in table["AttributeDefinitions"]
    }
    assert types == {"subject": "S", "item": "S", "queue": "S", "due_at": "N"}
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_the_function_may_look_up_keys_and_touch_what_is_its_own():
    # GIVEN what the function's role allows
    allowed = {
        sid: (sorted(_list(found["Action"])), _list(found["Resource"]))
        for sid, found in statements(EVERYTHING_OFF).items()
    }
    (table,) = of_kind(EVERYTHING_OFF, "AWS::DynamoDB::Table")
    # THEN it is this, and the two queues
    assert allowed["LookUpLists"] == (
        [
            "cloudtrail:LookupEvents",
            "kms:DescribeCustomKeyStores",
            "kms:ListAliases",
            "kms:ListKeys",
        ],
        ["*"],
    )
    assert allowed["LookUpKeys"] == (
        ["kms:DescribeKey", "kms:GetKeyLastUsage"],
        ["arn:aws:kms:*:*:alias/*", "arn:aws:kms:*:*:key/*"],
    )
    assert allowed["KeepIncidents"][1] == [f"{table}.Arn"]
    assert allowed["FindDueIncidents"] == (["dynamodb:Query"], [f"{table}.Arn/index/due"])
    assert allowed["PublishAlerts"][0] == ["sns:Publish"]
    # AND beside it only reading, for the doctor
    others = {
        action
        for sid, (actions, _) in allowed.items()
        if sid not in ("LookUpLists", "LookUpKeys", "KeepIncidents", "CanaryIsDenied")
        for action in actions
    }
    writes = {
        action
        for action in others
        if not action.split(":")[1].startswith(("Describe", "Get", "List"))
    }
    assert {action.split(":")[0] for action in writes} == {"dynamodb", "logs", "sns", "sqs"}
    assert {action.split(":")[0] for action in others - writes} == {
        "cloudtrail",
        "cloudwatch",
        "events",
        "iam",
        "lambda",
        "logs",
        "sns",
        "sqs",
    }
    # AND by name wherever a thing can be named
    named = ("LookAtRules", "LookAtQueues", "LookAtTopics", "LookAtFunction")
    assert not any("*" in allowed[sid][1] for sid in named)


def test_a_topic_key_may_be_used_through_sns_only():
    assert "EncryptAlerts" not in statements(EVERYTHING_OFF)
    statement = statements(EVERYTHING_ON)["EncryptAlerts"]
    assert statement["Resource"] == KEY_ARN
    assert statement["Condition"] == {
        "StringEquals": {"kms:ViaService": "sns.eu-west-1.amazonaws.com"}
    }


def test_a_topic_with_a_key_has_one_without_beside_it():
    # GIVEN an encrypted alert topic
    topics = of_kind(EVERYTHING_ON, "AWS::SNS::Topic")
    keyed = [name for name, topic in topics.items() if topic.get("KmsMasterKeyId")]
    # THEN it is the only one with a key, and the one that stands by has the same readers
    assert [topics[name]["KmsMasterKeyId"] for name in keyed] == [KEY_ARN]
    readers = {}
    for subscription in of_kind(EVERYTHING_ON, "AWS::SNS::Subscription").values():
        readers.setdefault(subscription["TopicArn"], set()).add(subscription["Endpoint"])
    assert len(readers) == 3  # the topic for KeyWatch's own health is the third
    assert all(
        found == {"oncall@example.com", "security@example.com"} for found in readers.values()
    )
    assert "FALLBACK_TOPIC_ARN" not in environment(EVERYTHING_OFF)


@pytest.mark.parametrize(
    ("channel", "kind"),
    [
        ("slack", "AWS::Chatbot::SlackChannelConfiguration"),
        ("teams", "AWS::Chatbot::MicrosoftTeamsChannelConfiguration"),
    ],
)
def test_a_chat_channel_listens_to_a_topic_of_its_own_and_may_do_nothing(channel, kind):
    # GIVEN a chat channel
    settings = {"chat": CHANNELS[channel]}
    (configuration,) = of_kind(settings, kind).values()
    # THEN it listens to the chat topic
    assert configuration["SnsTopicArns"] == [environment(settings)["CHAT_TOPIC_ARN"]]
    assert environment(settings)["ALERT_TOPIC_ARN"] not in configuration["SnsTopicArns"]
    # AND what is typed there is denied, twice
    assert configuration["GuardrailPolicies"] == ["arn:aws:iam::aws:policy/AWSDenyAll"]
    role = configuration["IamRoleArn"].split(".")[0]
    assert not any(
        role in policy["Roles"] for policy in of_kind(settings, "AWS::IAM::Policy").values()
    )
    assert "ManagedPolicyArns" not in of_kind(settings, "AWS::IAM::Role")[role]


def test_an_existing_chat_topic_is_published_to():
    settings = {"chat": CHANNELS["topic"]}
    assert environment(settings)["CHAT_TOPIC_ARN"] == CHANNELS["topic"]
    assert CHANNELS["topic"] in statements(settings)["PublishAlerts"]["Resource"]
    assert "CHAT_TOPIC_ARN" not in environment(EVERYTHING_OFF)


def test_log_groups_are_subscribed_each_with_its_own_permission():
    # GIVEN two log groups
    filters = of_kind(EVERYTHING_ON, "AWS::Logs::SubscriptionFilter")
    permissions = of_kind(EVERYTHING_ON, "AWS::Lambda::Permission")
    # THEN both deliver to the function
    assert {found["LogGroupName"] for found in filters.values()} == {
        "/ecs/payments",
        "/aws/lambda/orders",
    }
    functions = of_kind(EVERYTHING_ON, "AWS::Lambda::Function")
    (function,) = (name for name in functions if "Page" not in name)
    assert all(found["DestinationArn"] == f"{function}.Arn" for found in filters.values())
    # AND CloudWatch Logs may call it for these and no others
    assert {
        (found["Principal"], found["SourceAccount"], found["SourceArn"])
        for found in permissions.values()
    } == {
        (
            "logs.amazonaws.com",
            "111122223333",
            "arn:aws:logs:eu-west-1:111122223333:log-group:/ecs/payments:*",
        ),
        (
            "logs.amazonaws.com",
            "111122223333",
            "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/orders:*",
        ),
    }
    # AND the permission is there first, or the subscription would be refused
    for name in filters:
        assert set(template(EVERYTHING_ON)["Resources"][name]["DependsOn"]) <= set(permissions)


def test_a_log_group_given_by_arn_is_subscribed_in_its_own_region():
    stacks = templates(
        {"regions": ["eu-west-1", "us-east-1"], "log_groups": EVERYTHING_ON["log_groups"]}
    )
    groups = {
        name: {
            found["LogGroupName"]
            for found in resources(of, "AWS::Logs::SubscriptionFilter").values()
        }
        for name, of in stacks.items()
    }
    assert groups == {
        "KeyWatch-eu-west-1": {"/ecs/payments", "/aws/lambda/orders"},
        "KeyWatch-us-east-1": {"/ecs/payments"},
    }


def test_all_log_groups_are_watched_but_our_own():
    # GIVEN the account-level policy
    settings = {"all_log_groups": True}
    (policy,) = of_kind(settings, "AWS::Logs::AccountPolicy").values()
    own = {group["LogGroupName"] for group in of_kind(settings, "AWS::Logs::LogGroup").values()}
    # THEN it leaves out the log groups that KeyWatch itself writes to
    criteria = policy["SelectionCriteria"].removeprefix("LogGroupName NOT IN ")
    assert set(json.loads(criteria)) == own == set(OWN_LOG_GROUPS)
    assert (policy["PolicyType"], policy["Scope"]) == ("SUBSCRIPTION_FILTER_POLICY", "ALL")
    document = json.loads(policy["PolicyDocument"])
    assert set(document) == {"DestinationArn", "FilterPattern", "Distribution"}
    (permission,) = of_kind(settings, "AWS::Lambda::Permission").values()
    assert permission["SourceArn"] == "arn:aws:logs:eu-west-1:111122223333:log-group:*"


def test_the_function_writes_to_the_log_group_that_is_never_subscribed():
    of = template(EVERYTHING_OFF)
    (group,) = (name for name in resources(of, "AWS::Logs::LogGroup") if "Page" not in name)
    assert resolved(the_function(of))["LoggingConfig"]["LogGroup"] == group
    assert of["Resources"][group]["Properties"] == {
        "LogGroupName": "/keywatch/function",
        "RetentionInDays": 30,
    }


def test_a_trail_only_when_asked_for():
    assert of_kind(EVERYTHING_OFF, "AWS::CloudTrail::Trail") == {}
    (trail,) = of_kind(EVERYTHING_ON, "AWS::CloudTrail::Trail").values()
    # THEN it logs reads and writes of every management source, KMS too
    assert trail["IsLogging"] is True
    assert trail["EventSelectors"] == [{"IncludeManagementEvents": True, "ReadWriteType": "All"}]


def test_destroying_the_stack_leaves_nothing_but_the_audit_log():
    kept = {
        resource["Type"]
        for settings in (EVERYTHING_OFF, EVERYTHING_ON)
        for resource in template(settings)["Resources"].values()
        if resource.get("DeletionPolicy", "Delete") != "Delete"
    }
    assert kept == {"AWS::S3::Bucket"}
    stateful = ("AWS::DynamoDB::Table", "AWS::Logs::LogGroup", "AWS::SQS::Queue")
    for resource in template(EVERYTHING_OFF)["Resources"].values():
        if resource["Type"] in stateful:
            assert resource["DeletionPolicy"] == "Delete"


@pytest.mark.parametrize(
    ("settings", "reserved", "of_the_queue"),
    [(EVERYTHING_OFF, None, 10), (EVERYTHING_ON, 5, 4)],
)
def test_what_is_reserved_for_the_function_leaves_one_execution_to_the_clock(
    settings, reserved, of_the_queue
):
    function = the_function(template(settings))
    assert function.get("ReservedConcurrentExecutions") == reserved
    (mapping,) = of_kind(settings, "AWS::Lambda::EventSourceMapping").values()
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": of_the_queue}
