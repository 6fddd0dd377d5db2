"""Events on a bus, web hooks, the test alert: what is sent is JSON whatever an alert says, and each channel's answer is told."""

import json
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.__main__ import main
from keywatch.actions.dispatch import answer
from keywatch.alerts.builder import build_document
from keywatch.alerts.channel import DETAIL_TYPE, EVENT_SOURCE
from keywatch.alerts.channels import CHANNELS, events, webhooks
from keywatch.alerts.publish import Publisher
from keywatch.alerts.webhooks import opsgenie, pagerduty, slack
from keywatch.catalogue.causes import CAUSES
from keywatch.diagnosis.reasons import Reason
from keywatch.settings import Settings
from tests.support.aws import TopicClient
from tests.support.world import aws_error
from tests.support.world import world as open_world
from tests.unit.alerts.factory import STATUSES, alert

TOPIC = "arn:aws:sns:eu-west-1:111122223333:alerts"
BUS = "arn:aws:events:eu-west-1:111122223333:event-bus/alerts"
HOOKS = "arn:aws:events:eu-west-1:111122223333:event-bus/KeyWatch-webhooks"


class Bus:
    """EventBridge that takes events, or refuses some of them as PutEvents does: without an error of its own."""

    def __init__(self, code=""):
        self.code, self.taken = code, []

    def put_events(self, Entries):
        (entry,) = Entries
        if self.code:
            refused = {"ErrorCode": self.code, "ErrorMessage": "no"}
            return {"FailedEntryCount": 1, "Entries": [refused]}
        self.taken.append(entry)
        return {"FailedEntryCount": 0, "Entries": [{"EventId": f"event-{len(self.taken)}"}]}


def publisher(bus, sns, counted):
    clients = {"sns": sns, "events": bus}
    targets = {"events": BUS, "webhooks": HOOKS}
    return Publisher(clients.__getitem__, TOPIC, targets, count=counted.append)


def test_every_document_is_an_event_and_has_a_body_for_each_kind_of_hook():
    # GIVEN a bus and web hooks
    bus, sns, counted = Bus(), TopicClient(), []
    # WHEN an alert is published
    publisher(bus, sns, counted).publish(alert("key_disabled", "opened"))
    # THEN it is an event on each, that carries the document
    document = sns.receive()[0]
    (on_bus, for_hooks) = bus.taken
    assert {one["Source"] for one in bus.taken} == {EVENT_SOURCE}
    assert {one["DetailType"] for one in bus.taken} == {DETAIL_TYPE}
    assert on_bus["EventBusName"] == BUS
    assert json.loads(on_bus["Detail"]) == document
    assert for_hooks["EventBusName"] == HOOKS
    assert json.loads(for_hooks["Detail"]).keys() == {"document", "pagerduty", "opsgenie", "slack"}
    assert counted == []


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalFailure"])
def test_a_bus_that_takes_no_event_blocks_nothing_and_is_counted(code):
    # GIVEN a bus that refuses
    sns, counted = TopicClient(), []
    # WHEN an alert is published THEN the topic has it, and each failure is counted
    publisher(Bus(code), sns, counted).publish(alert("key_disabled", "opened"))
    assert len(sns.receive()) == 1
    assert counted == ["EventsPublishFailed", "WebhooksPublishFailed"]


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("cause", sorted(CAUSES))
def test_bodies_keep_within_what_their_receivers_take(cause, status):
    document = build_document(replace(alert(cause, status), owner="payments"))
    over = status == "resolved"
    # PagerDuty: one incident by its dedup key, resolved by it
    event = pagerduty.body(document)
    assert event["event_action"] == ("resolve" if over else "trigger")
    assert event["dedup_key"] == document["incident_id"]
    assert event["payload"]["severity"] in {"critical", "error", "warning", "info"}
    assert 0 < len(event["payload"]["summary"]) <= 1_024
    assert event["payload"]["source"]
    # Opsgenie
    request = opsgenie.body(document)
    assert request["alias"] == document["incident_id"]
    assert 0 < len(request["message"]) <= 130
    assert len(request["description"]) <= 15_000
    assert len(request["entity"]) <= 512
    assert len(request["tags"]) <= 20
    assert all(0 < len(tag) <= 50 for tag in request["tags"])
    # Slack
    message = slack.body(document)
    header, *sections = message["blocks"]
    assert len(header["text"]["text"]) <= 150
    assert len(message["blocks"]) <= 50
    assert all(0 < len(one["text"]["text"]) <= 3_000 for one in sections)
    assert all(one["text"]["type"] == "plain_text" for one in message["blocks"])


def test_no_command_is_cut_where_opsgenie_has_too_little_room():
    # GIVEN an alert with more reasons and longer commands than Opsgenie takes
    command = f"aws kms enable-key --key-id {'k' * 1_900}"
    document = build_document(alert("key_disabled", "opened"))
    document["because"] = ["b" * 1_000] * 5
    document["remedies"] = [{"text": f"Step {n}.", "command": command} for n in range(5)]
    # WHEN it is told
    said = opsgenie.body(document)["description"]
    # THEN each command in it is whole
    assert len(said) <= opsgenie.MAX_DESCRIPTION
    assert said.count("aws kms enable-key") == said.count(command) > 0


HOSTILE = st.one_of(
    st.text(max_size=200),
    st.sampled_from(
        [
            '"}],"routing_key":"mine","x":[{"',
            "<!channel> <https://evil.example|here>",
            "\\u0022, \\\\, ${x}, <document>, $.detail",
            "line\nbreak\r\u2028",
            "&lt;!here&gt;",
            "www.evil.example a@b.example",
        ]
    ),
)


@given(name=HOSTILE, said=HOSTILE)
def test_hostile_text_stays_text_in_every_body(name, said):
    # GIVEN an alert whose names and reasons an attacker chose
    told = alert("key_disabled", "opened")
    subject = replace(told.subject, identifier=name, alias=name, key_arn=None)
    because = (Reason("error text", said),)
    told = replace(
        told,
        subject=subject,
        owner=name or None,
        diagnosis=replace(told.diagnosis, because=because),
    )
    # WHEN it is rendered for web hooks
    document = build_document(told)
    detail = json.loads(webhooks.render(document))
    # THEN all of it has the shape that it always has
    usual = json.loads(webhooks.render(build_document(alert("key_disabled", "opened"))))
    assert detail["document"] == document
    assert detail["pagerduty"].keys() == usual["pagerduty"].keys()
    assert detail["pagerduty"]["payload"].keys() == usual["pagerduty"]["payload"].keys()
    assert detail["opsgenie"].keys() == usual["opsgenie"].keys()
    assert {one["type"] for one in detail["slack"]["blocks"]} == {"header", "section"}
    # AND Slack's notification mentions nobody and links nowhere
    assert "<" not in detail["slack"]["text"]
    assert "://evil" not in json.dumps(detail["slack"])


def test_a_slack_step_too_long_for_its_block_has_no_cut_command():
    document = build_document(alert("key_disabled", "opened"))
    document["remedies"] = [{"text": "x" * 999, "command": "aws " + "y" * 2_500}]
    (step,) = [b for b in slack.body(document)["blocks"] if b["text"]["text"].startswith("1. ")]
    assert "yyy" not in step["text"]["text"]
    assert "e-mail" in step["text"]["text"]


def test_targets_are_read_from_the_environment():
    environment = {
        "INCIDENT_TABLE": "t",
        "ALERT_TOPIC_ARN": TOPIC,
        "OWN_ROLE_ARN": "arn:aws:iam::111122223333:role/KeyWatch",
        "AWS_REGION": "eu-west-1",
        "EVENTS_BUS_ARN": BUS,
        "WEBHOOKS_BUS_ARN": HOOKS,
    }
    settings = Settings.from_environment(environment)
    assert settings.channel_buses == {"events": BUS, "webhooks": HOOKS}
    assert settings.channel_targets == {}
    assert {events.CHANNEL, webhooks.CHANNEL} <= set(CHANNELS)


# --- test_alert


def ask(services, **fields):
    container = SimpleNamespace(services=services, counted=nullcontext)
    return answer({"action": "test_alert", **fields}, None, lambda: container)


def with_buses(world, bus):
    clients = {"sns": world.sns, "events": bus}
    targets = {"events": BUS, "webhooks": HOOKS}
    made = Publisher(clients.__getitem__, TOPIC, targets, count=world.services.counts.add)
    world.sns.list_subscriptions_by_topic = lambda TopicArn: {
        "Subscriptions": [
            {"Protocol": "email", "SubscriptionArn": f"{TopicArn}:1"},
            {"Protocol": "email", "SubscriptionArn": "PendingConfirmation"},
        ]
    }
    return replace(world.services, publisher=made)


def test_a_test_goes_through_every_channel_and_each_answer_is_told():
    with open_world() as world:
        bus = Bus()
        services = with_buses(world, bus)
        # WHEN a test is asked for
        found = ask(services, severity="critical")
        # THEN each channel took a message that says it is a test
        (document,) = world.sns.receive()
        assert document["status"] == "test"
        assert document["severity"] == "critical"
        assert "Nothing is broken" in document["summary"]
        assert "test" in document["title"].lower()
        assert world.sns.attributes[-1]["status"] == "test"
        assert len(bus.taken) == 2
        # AND each answer is told, with what nobody can know yet
        assert [one["channel"] for one in found["channels"]] == ["alerts", "events", "webhooks"]
        assert all(one["accepted"] for one in found["channels"])
        assert "1 confirmed subscription (email 1)" in found["channels"][0]["known"]
        assert "4 hours" in found["channels"][2]["known"]
        # AND nothing of it is an incident
        assert world.incidents() == []


def test_a_channel_that_refuses_a_test_is_named_with_its_error_and_the_others_go_on():
    with open_world() as world:
        world.sns.broken[TOPIC] = "KMSDisabledException"
        services = with_buses(world, Bus("ThrottlingException"))
        found = ask(services)
        said = {one["channel"]: one for one in found["channels"]}
        assert not any(one["accepted"] for one in said.values())
        assert "KMSDisabledException" in said["alerts"]["says"]
        assert "ThrottlingException" in said["webhooks"]["says"]
        assert world.counted()["TestsFailed"] == 3
        # AND the command line says so by its exit code
        assert main(["test_alert"], lambda request: found) == 1


def test_subscriptions_that_cannot_be_read_are_said_to_be_unknown():
    with open_world() as world:
        services = with_buses(world, Bus())

        def refuse(TopicArn):
            raise aws_error("AuthorizationError")

        world.sns.list_subscriptions_by_topic = refuse
        found = ask(services)
        assert "cannot be read" in found["channels"][0]["known"]


def test_a_severity_that_there_is_not_is_a_bad_request():
    with open_world() as world:
        assert ask(world.services, severity="loud")["error"]["fields"].keys() == {"severity"}
