"""Web hooks and the event bus in the template: secrets by reference, bodies as they were made, retries, dead letters, rights."""

import json
from dataclasses import replace

import pytest
from cfnlint import api
from cfnlint.config import ManualArgs
from cfnlint.decode import cfn_yaml

from infra.context import SettingsError, from_context
from keywatch.alerts.builder import build_document
from keywatch.alerts.channel import DETAIL_TYPE, EVENT_SOURCE
from keywatch.alerts.channels import webhooks
from tests.infra.event_bridge import matches
from tests.infra.synthesis import (
    EVERYTHING_OFF,
    EVERYTHING_ON,
    ROOT,
    SECRET,
    as_list,
    only,
    resolved,
    resources,
    template,
    the_function,
)
from tests.unit.alerts.factory import alert

ON = template(EVERYTHING_ON)
RULES = {
    name: resolved(rule)
    for name, rule in resources(ON, "AWS::Events::Rule").items()
    if "Webhooks" in name
}
KINDS = ("Pagerduty", "Opsgenie", "Slack", "Generic")


def of(kind, found):
    """Return those of some resources that belong to a kind of web hook."""
    return [one for name, one in found.items() if kind in name]


def secret(name, key=""):
    return f"{{{{resolve:secretsmanager:{SECRET.format(name)}:SecretString{key}}}}}"


def test_without_the_settings_there_is_no_bus_no_hook_and_no_right():
    off = template(EVERYTHING_OFF)
    assert not resources(off, "AWS::Events::EventBus")
    assert not resources(off, "AWS::Events::Connection")
    assert "events:PutEvents" not in json.dumps(off)
    assert "BUS_ARN" not in json.dumps(the_function(off))


def test_every_rule_sends_the_body_of_its_kind_as_it_was_made_and_puts_nothing_together():
    paths = {
        "Pagerduty": "pagerduty",
        "Opsgenie": "opsgenie",
        "Slack": "slack",
        "Generic": "document",
    }
    for kind, body in paths.items():
        for rule in of(kind, RULES):
            (target,) = rule["Targets"]
            assert target["InputPath"] == f"$.detail.{body}"
            assert "InputTransformer" not in target
            assert "Input" not in target


def test_every_rule_tries_for_hours_and_keeps_what_was_not_delivered_where_an_alarm_sees_it():
    assert len(RULES) == 5
    for rule in RULES.values():
        (target,) = rule["Targets"]
        assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] == 14_400
        assert target["RetryPolicy"]["MaximumRetryAttempts"] == 185
        assert target["DeadLetterConfig"]["Arn"].startswith("AlertingWebhooksUndelivered")
    alarms = resolved(resources(ON, "AWS::CloudWatch::Alarm"))
    (alarm,) = [one for name, one in alarms.items() if "WebhooksUndelivered" in name]
    (dimension,) = alarm["Dimensions"]
    assert dimension["Value"].startswith("AlertingWebhooksUndelivered")
    assert alarm["Threshold"] == 0


def test_secrets_are_references_and_nowhere_else():
    connections = resolved(resources(ON, "AWS::Events::Connection"))

    def authorized(kind):
        (connection,) = of(kind, connections)
        assert connection["AuthorizationType"] == "API_KEY"
        return connection["AuthParameters"]

    pagerduty = authorized("Pagerduty")
    (key,) = pagerduty["InvocationHttpParameters"]["BodyParameters"]
    assert key == {"Key": "routing_key", "Value": secret("pagerduty"), "IsValueSecret": True}
    opsgenie = authorized("Opsgenie")["ApiKeyAuthParameters"]
    assert opsgenie == {
        "ApiKeyName": "Authorization",
        "ApiKeyValue": f"GenieKey {secret('opsgenie', ':api')}",
    }
    generic = authorized("Generic")["ApiKeyAuthParameters"]
    assert generic == {"ApiKeyName": "X-Token", "ApiKeyValue": secret("own")}
    destinations = resolved(resources(ON, "AWS::Events::ApiDestination"))
    (slack,) = of("Slack", destinations)
    assert slack["InvocationEndpoint"] == secret("slack")


def test_opsgenie_closes_by_the_id_of_the_incident():
    opened, closed = sorted(
        of("Opsgenie", RULES), key=lambda rule: "HttpParameters" in rule["Targets"][0]
    )
    assert opened["EventPattern"]["detail"]["document"]["status"] == [{"anything-but": "resolved"}]
    assert closed["EventPattern"]["detail"]["document"]["status"] == ["resolved"]
    assert closed["Targets"][0]["HttpParameters"] == {
        "PathParameterValues": ["$.detail.document.incident_id"],
        "QueryStringParameters": {"identifierType": "alias"},
    }
    addresses = {
        one["InvocationEndpoint"]
        for one in of("Opsgenie", resolved(resources(ON, "AWS::Events::ApiDestination")))
    }
    assert addresses == {
        "https://api.opsgenie.com/v2/alerts",
        "https://api.opsgenie.com/v2/alerts/*/close",
    }


def test_a_hook_gets_only_the_severities_and_owners_that_it_wants():
    (pagerduty,) = of("Pagerduty", RULES)
    document = pagerduty["EventPattern"]["detail"]["document"]
    assert document == {"severity": ["critical", "high"]}
    for rule in of("Opsgenie", RULES):
        owners = rule["EventPattern"]["detail"]["document"]["owner"]
        assert owners == ["payments", {"exists": False}]
    (slack,) = of("Slack", RULES)
    assert slack["EventPattern"] == {"source": ["keywatch"], "detail-type": ["KeyWatch alert"]}


def test_the_function_may_put_events_on_exactly_these_buses():
    found = [
        statement
        for policy in resolved(resources(ON, "AWS::IAM::Policy")).values()
        for statement in policy["PolicyDocument"]["Statement"]
        if "events:PutEvents" in as_list(statement["Action"])
    ]
    named = {arn for statement in found for arn in as_list(statement["Resource"])}
    bus = next(iter(resources(ON, "AWS::Events::EventBus")))
    assert named == {EVERYTHING_ON["event_bus"], f"{bus}.Arn"}
    told = resolved(the_function(ON)["Environment"]["Variables"])
    assert {told["EVENTS_BUS_ARN"], told["WEBHOOKS_BUS_ARN"]} == named
    assert only(ON, "AWS::Events::EventBus")["Name"].endswith("-webhooks")


def refused(settings):
    with pytest.raises(SettingsError) as problem:
        from_context({"keywatch": settings}, "eu-west-1")
    return str(problem.value)


ARN = SECRET.format("x")


@pytest.mark.parametrize(
    ("hook", "said"),
    [
        ({}, "has no kind"),
        ("https://hooks.slack.com/x", "is not an object"),
        ({"kind": "pager"}, "has no secret_arn"),
        ({"kind": "pager", "secret_arn": ARN}, "is none of pagerduty, opsgenie, slack, generic"),
        ({"kind": "slack", "secret_arn": "xoxb-1"}, "is not the ARN of a secret"),
        ({"kind": "generic", "secret_arn": ARN}, "a generic web hook has no url"),
        ({"kind": "generic", "secret_arn": ARN, "url": "http://x.example"}, "begins with https://"),
        ({"kind": "slack", "secret_arn": ARN, "url": "https://x.example"}, "is itself the secret"),
        ({"kind": "pagerduty", "secret_arn": ARN, "header": "X"}, "header of its own"),
        ({"kind": "pagerduty", "secret_arn": ARN, "severities": ["loud"]}, "is none of critical"),
        ({"kind": "pagerduty", "secret_arn": ARN, "token": "x"}, "is no part of a web hook"),
        (
            {"kind": "slack", "secret_arn": ARN.replace("eu-west-1", "us-east-1")},
            "a secret of us-east-1",
        ),
    ],
)
def test_a_bad_web_hook_is_refused_with_what_is_wrong_with_it(hook, said):
    problem = refused({"webhooks": [hook]})
    assert problem.startswith("KeyWatch setting 'webhooks'")
    assert said in problem
    assert "Allowed" in problem


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"event_bus": "alerts"}, "is not the ARN of an event bus"),
        (
            {"event_bus": EVERYTHING_ON["event_bus"].replace("eu-west-1", "us-east-1")},
            "a bus of us-east-1",
        ),
        (
            {"event_bus": EVERYTHING_ON["event_bus"], "extra_event_sources": ["keywatch"]},
            "come back",
        ),
    ],
)
def test_a_bad_event_bus_is_refused(settings, said):
    assert said in refused(settings)


EXAMPLE = ROOT / "docs/examples/cancel-deletion.yaml"


def test_the_example_that_cancels_deletions_is_good_and_off_until_somebody_wants_it():
    found = api.lint(EXAMPLE.read_text(encoding="utf-8"), config=ManualArgs(regions=["eu-west-1"]))
    assert [str(one) for one in found] == []
    example = cfn_yaml.load(str(EXAMPLE))
    assert example["Parameters"]["State"]["Default"] == "DISABLED"
    # AND IAM allows nothing but that, of tagged keys alone
    (policy,) = example["Resources"]["AutomationRole"]["Properties"]["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == "kms:CancelKeyDeletion"
    assert statement["Condition"] == {
        "StringEquals": {"aws:ResourceTag/keywatch-cancel-deletion": "yes"}
    }


@pytest.mark.parametrize(
    ("cause", "status", "more", "wanted"),
    [
        ("key_pending_deletion", "opened", {}, True),
        ("key_pending_deletion", "reminder", {}, False),
        ("key_pending_deletion", "resolved", {}, False),
        ("key_disabled", "opened", {}, False),
        ("key_pending_deletion", "opened", {"replayed": "keywatch.replay"}, False),
    ],
)
def test_the_example_acts_on_the_warning_of_a_deletion_and_on_nothing_that_could_be_forged(
    cause, status, more, wanted
):
    example = cfn_yaml.load(str(EXAMPLE))
    pattern = json.loads(json.dumps(example["Resources"]["Rule"]["Properties"]["EventPattern"]))
    document = build_document(replace(alert(cause, status), **more))
    event = {"source": EVENT_SOURCE, "detail-type": DETAIL_TYPE, "detail": document}
    assert matches(pattern, event) is wanted


@pytest.mark.parametrize(
    ("kind", "owner", "severity", "wanted"),
    [
        ("Pagerduty", None, "critical", True),
        ("Pagerduty", None, "warning", False),
        ("Opsgenie", "payments", "warning", True),
        ("Opsgenie", None, "warning", True),
        ("Opsgenie", "orders", "critical", False),
        ("Slack", "orders", "info", True),
    ],
)
def test_rules_let_through_what_their_hook_wants(kind, owner, severity, wanted):
    document = build_document(
        replace(alert("key_disabled", "opened"), owner=owner, severity=severity)
    )
    event = {
        "source": EVENT_SOURCE,
        "detail-type": DETAIL_TYPE,
        "detail": json.loads(webhooks.render(document)),
    }
    assert any(matches(rule["EventPattern"], event) for rule in of(kind, RULES)) is wanted


def test_the_example_of_the_documentation_is_accepted():
    page = (ROOT / "docs/alerts.md").read_text(encoding="utf-8")
    block = page.partition('```\n{"webhooks"')[2].partition("```")[0]
    found = from_context({"keywatch": json.loads(f'{{"webhooks"{block}')}, "eu-west-1")
    assert [one.kind for one in found.webhooks] == ["pagerduty", "opsgenie", "slack", "generic"]
