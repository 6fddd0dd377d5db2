"""KeyWatch's watch over itself: one alarm for each way of going blind or dumb, on a topic that depends on nothing."""

import pytest

from infra.health import deployment
from infra.settings import Settings
from keywatch.catalogue.counters import COUNTERS, FAMILIES, Loss
from keywatch.settings import StackParts
from keywatch.sources import canary
from tests.infra.synthesis import (
    EVERYTHING_OFF,
    EVERYTHING_ON,
    resolved,
    resources,
    template,
    the_function,
)

ALARM = "AWS::CloudWatch::Alarm"
WATCHED = {
    "CanaryLost": ("KeyWatch", "CanaryAge", "Maximum", 10_800, "breaching"),
    "DeadLetters": ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", 0, "notBreaching"),
    "Undelivered": ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", 0, "notBreaching"),
    "OldestMessage": ("AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", 900, "notBreaching"),
    "FunctionErrors": ("AWS/Lambda", "Errors", "Sum", 0, "notBreaching"),
    "FunctionThrottles": ("AWS/Lambda", "Throttles", "Sum", 0, "notBreaching"),
    "AlertsFailed": ("KeyWatch", "AlertsFailed", "Sum", 0, "notBreaching"),
    "MessagesWithheld": ("KeyWatch", "MessagesWithheld", "Sum", 0, "notBreaching"),
    "ClockFailed": ("KeyWatch", "ClockFailed", "Sum", 0, "notBreaching"),
    "SomethingLost": ("KeyWatch", "Lost", "Sum", 0, "notBreaching"),
    "WorksWithLess": ("KeyWatch", "Impaired", "Sum", 0, "notBreaching"),
    "ChannelFailed": ("KeyWatch", "ChannelsFailed", "Sum", 0, "notBreaching"),
    "TopicKeyBroken": ("KeyWatch", "AlertTopicKeyBroken", "Sum", 0, "notBreaching"),
}


def alarms(settings=EVERYTHING_OFF):
    found = resolved(resources(template(settings), ALARM))
    return {
        next(name for name in WATCHED if name in logical): alarm for logical, alarm in found.items()
    }


@pytest.mark.parametrize(
    "settings", [EVERYTHING_OFF, EVERYTHING_ON], ids=["everything off", "everything on"]
)
def test_there_is_an_alarm_for_each_way_of_going_blind_or_dumb(settings):
    found = {
        name: (
            a["Namespace"],
            a["MetricName"],
            a["Statistic"],
            a["Threshold"],
            a["TreatMissingData"],
        )
        for name, a in alarms(settings).items()
    }
    assert found == WATCHED


@pytest.mark.parametrize("name", WATCHED)
def test_every_alarm_is_one_metric_that_tells_the_health_topic_what_to_do(name):
    # GIVEN the alarm
    alarm = alarms()[name]
    topic = next(
        logical
        for logical in resources(template(EVERYTHING_OFF), "AWS::SNS::Topic")
        if "Health" in logical
    )
    # THEN no metric math is in it, which not every CloudFormation can make, and its description is the runbook
    assert "Metrics" not in alarm
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
    assert alarm["AlarmActions"] == alarm["OKActions"] == [topic]
    assert len(alarm["AlarmDescription"]) > 80
    assert len(alarm["AlarmDescription"]) <= 1024


@pytest.mark.parametrize("name", ["CanaryLost", "AlertsFailed", "ClockFailed"])
def test_own_metrics_are_looked_for_where_the_function_writes_them(name):
    # GIVEN what the function's environment makes of its metrics
    variables = the_function(template(EVERYTHING_OFF))["Environment"]["Variables"]
    alarm = alarms()[name]
    # THEN the alarm looks in that namespace, by that dimension
    assert alarm["Namespace"] == variables["POWERTOOLS_METRICS_NAMESPACE"]
    assert alarm["Dimensions"] == [
        {"Name": "service", "Value": variables["POWERTOOLS_SERVICE_NAME"]}
    ]


def test_the_canary_alarm_and_the_doctor_agree_on_how_old_is_too_old():
    assert alarms()["CanaryLost"]["Threshold"] == canary.LATE.total_seconds()


def test_the_health_topic_takes_alarms_of_this_account_only_and_has_no_key():
    of = template(EVERYTHING_ON)
    topics = resources(of, "AWS::SNS::Topic")
    name = next(logical for logical in topics if "Health" in logical)
    assert "KmsMasterKeyId" not in topics[name]
    policies = resolved(resources(of, "AWS::SNS::TopicPolicy")).values()
    (policy,) = (p["PolicyDocument"]["Statement"] for p in policies if p["Topics"] == [name])
    (allowed,) = (statement for statement in policy if statement["Effect"] == "Allow")
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": "111122223333"}}
    subscribed = resolved(resources(of, "AWS::SNS::Subscription")).values()
    assert sorted(s["Endpoint"] for s in subscribed if s["TopicArn"] == name) == sorted(
        EVERYTHING_ON["alert_emails"]
    )


def test_the_function_reads_what_the_stack_tells_it_of_its_parts():
    # GIVEN the environment as CloudFormation would fill it in
    of = template(EVERYTHING_OFF)
    text = resolved(the_function(of)["Environment"]["Variables"]["PARTS"])
    # WHEN the function reads it
    parts = StackParts.from_json(text)
    # THEN it knows every rule with the state that it was deployed with, both dead-letter queues, and the health topic
    rules = resources(of, "AWS::Events::Rule")
    assert parts.rules == {name: rule["State"] for name, rule in rules.items()}
    assert parts.queue_url in resources(of, "AWS::SQS::Queue")
    assert len({*parts.dead_letter_urls, parts.queue_url}) == 3
    assert parts.health_topic_arn in resources(of, "AWS::SNS::Topic")
    assert len(parts.deployment) == 16


def test_the_function_does_not_wait_for_the_policy_that_names_it():
    # GIVEN a policy that names the function, which a deployment would otherwise never get past
    of = template(EVERYTHING_ON)
    functions = [r for r in of["Resources"].values() if r["Type"] == "AWS::Lambda::Function"]
    assert not any("Health" in name for one in functions for name in one["DependsOn"])


def test_every_deployment_that_changes_something_has_a_fingerprint_of_its_own():
    assert deployment(Settings()) == deployment(Settings())
    assert deployment(Settings()) != deployment(Settings(alert_emails=("oncall@example.com",)))


@pytest.mark.parametrize("loss", Loss)
def test_every_counter_that_means_a_loss_has_an_alarm_that_says_what_to_do(loss):
    # GIVEN the counters of a loss, and the metric under which they are summed
    (alarm,) = (alarm for alarm in alarms().values() if alarm["MetricName"] == loss.value)
    # THEN the alarm's description names each, before what to do, and CloudWatch takes it
    said = alarm["AlarmDescription"]
    assert len(said) <= 1_024
    for name, meaning in {**COUNTERS, **FAMILIES}.items():
        if meaning.loss is loss:
            names, answer, _ = said.partition(f": {meaning.do}")
            assert answer
            assert name in names.rpartition(". ")[2]
