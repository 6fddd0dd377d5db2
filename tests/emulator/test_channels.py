"""Silences, owners, the test alert, the event bus and web hooks, between services of the emulator and a web server of our own."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from demo.emulator import Emulator
from demo.inbox import Inbox
from keywatch.alerts.publish import Publisher
from tests.emulator.cloud import World, wait_for
from tests.infra.synthesis import EVERYTHING_ON, resolved, resources, template
from tests.unit.alerts.factory import alert

pytestmark = pytest.mark.emulator


OWN = ("events-of-keywatch", "team-orders", "team-payments", "hooks", "bus")


@pytest.fixture(scope="module", autouse=True)
def nothing_of_our_own_stays(aws: Emulator) -> Iterator[None]:
    """Delete the queues and topics of these tests: what a removed stack leaves behind is counted later."""
    yield
    sqs, sns = aws.client("sqs"), aws.client("sns")
    for url in sqs.list_queues().get("QueueUrls", []):
        if url.rpartition("/")[2] in OWN:
            sqs.delete_queue(QueueUrl=url)
    for topic in sns.list_topics()["Topics"]:
        if topic["TopicArn"].rpartition(":")[2] in OWN:
            sns.delete_topic(TopicArn=topic["TopicArn"])


class Receiver:
    """A web server that keeps what it got: headers and JSON."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], dict]] = []

    def take(self, headers: dict[str, str], body: bytes) -> int:
        self.got.append((headers, json.loads(body)))
        return 200


@contextmanager
def listening(receiver: Receiver) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(receiver.take(dict(self.headers), body))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook"
    finally:
        server.shutdown()
        server.server_close()


def test_a_web_hook_gets_what_its_rule_of_the_template_picks(aws: Emulator):
    # GIVEN PagerDuty's rule as the template has it, on a bus, with an address of our own
    (rule,) = [
        resolved(found)
        for name, found in resources(template(EVERYTHING_ON), "AWS::Events::Rule").items()
        if "Pagerduty" in name
    ]
    (target,) = rule["Targets"]
    client, receiver = aws.client("events"), Receiver()
    bus = client.create_event_bus(Name="hooks")["EventBusArn"]
    key = {"Key": "routing_key", "Value": "R0123", "IsValueSecret": True}
    connection = client.create_connection(
        Name="pagerduty",
        AuthorizationType="API_KEY",
        AuthParameters={
            "ApiKeyAuthParameters": {"ApiKeyName": "X-Routing-Key", "ApiKeyValue": "R0123"},
            "InvocationHttpParameters": {"BodyParameters": [key]},
        },
    )["ConnectionArn"]
    with listening(receiver) as address:
        destination = client.create_api_destination(
            Name="pagerduty",
            ConnectionArn=connection,
            InvocationEndpoint=address,
            HttpMethod="POST",
        )["ApiDestinationArn"]
        client.put_rule(
            Name="pagerduty", EventBusName="hooks", EventPattern=json.dumps(rule["EventPattern"])
        )
        client.put_targets(
            Rule="pagerduty",
            EventBusName="hooks",
            Targets=[
                {
                    "Id": "Webhook",
                    "Arn": destination,
                    "RoleArn": f"arn:aws:iam::{aws.account}:role/hooks",
                    "InputPath": target["InputPath"],
                }
            ],
        )
        # WHEN a critical alert, one of a severity that is not wanted, and the end are published
        topic = aws.client("sns").create_topic(Name="hooks")["TopicArn"]
        publisher = Publisher(aws.client, topic, {"webhooks": bus})
        for cause, status in (
            ("key_deleted", "opened"),
            ("grant_not_found", "opened"),
            ("key_deleted", "resolved"),
        ):
            publisher.publish(alert(cause, status))
        wait_for(lambda: len(receiver.got) == 2, "two requests", patience=90)
    # THEN it got the two, with the key in header and body (the emulator does not try again what is refused)
    assert {body["event_action"] for _, body in receiver.got} == {"trigger", "resolve"}
    assert len({body["dedup_key"] for _, body in receiver.got}) == 1
    for headers, body in receiver.got:
        assert body["routing_key"] == headers["X-Routing-Key"] == "R0123"
        assert body["payload"]["class"] == "key_deleted"


def test_every_document_is_an_event_on_the_bus(aws: Emulator):
    # GIVEN a bus whose events of KeyWatch go to a queue
    events, sqs = aws.client("events"), aws.client("sqs")
    bus = events.create_event_bus(Name="alerts")["EventBusArn"]
    url = sqs.create_queue(QueueName="events-of-keywatch")["QueueUrl"]
    arn = f"arn:aws:sqs:{aws.region}:{aws.account}:events-of-keywatch"
    pattern = {"source": ["keywatch"], "detail": {"cause": ["key_disabled"]}}
    events.put_rule(Name="all", EventBusName="alerts", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="all", EventBusName="alerts", Targets=[{"Id": "queue", "Arn": arn}])
    # WHEN an alert is published
    topic = aws.client("sns").create_topic(Name="bus")["TopicArn"]
    Publisher(aws.client, topic, {"events": bus}).publish(alert("key_disabled", "opened"))
    # THEN it arrives there as its document
    received: list[dict] = []

    def arrived() -> bool:
        received.extend(sqs.receive_message(QueueUrl=url).get("Messages", []))
        return bool(received)

    wait_for(arrived, "the event", patience=60)
    event = json.loads(received[0]["Body"])
    assert event["detail-type"] == "KeyWatch alert"
    assert event["detail"]["cause"] == "key_disabled"


def test_what_is_silenced_is_counted_and_told_when_the_silence_is_ended(world: World):
    # GIVEN a broken key that somebody silenced
    key = world.disabled_key()
    asked = {"action": "silence", "match": {"key": key.id}, "for": "1h", "reason": "a test"}
    silence = world.invoke(asked)["silence"]
    # WHEN a call fails
    world.put(world.failure_of(key))
    world.settle()
    # THEN the incident is there, silenced, and nobody is told
    (listed,) = [
        one
        for one in world.invoke({"action": "incidents"})["incidents"]
        if one["subject"] == key.id
    ]
    assert listed["status"] == "silenced"
    assert listed["silence"] == silence["silence_id"]
    world.alerts += world.inbox.receive()
    assert not [one for one in world.alerts if key.arn in one["subject"].values()]
    # WHEN it is ended, THEN people are told of what lasts
    world.invoke({"action": "unsilence", "silence_id": silence["silence_id"]})

    def told() -> bool:
        world.invoke({"clock": "minute"})
        world.alerts += world.inbox.receive()
        return any(key.arn in one["subject"].values() for one in world.alerts)

    wait_for(told, "the alert after the silence", world.log)
    assert [one["status"] for one in world.alerts_about(key.arn)] == ["opened"]
    # AND the story of the incident says so
    story = world.invoke({"action": "incident", "incident_id": listed["incident_id"]})
    assert [one["what"] for one in story["timeline"]] == ["silenced", "opened"]


def test_an_alert_is_routed_to_the_owner_of_the_key_by_a_filter_policy(world: World):
    # GIVEN a team's key, and subscriptions of two teams
    key = world.disabled_key()
    world.aws.client("kms").tag_resource(
        KeyId=key.id, Tags=[{"TagKey": "team", "TagValue": "payments"}]
    )
    boxes = {
        team: Inbox(world.aws, world.outputs.AlertTopicArn, name=f"team-{team}")
        for team in ("payments", "orders")
    }
    sns = world.aws.client("sns")
    found = sns.list_subscriptions_by_topic(TopicArn=world.outputs.AlertTopicArn)
    for one in found["Subscriptions"]:
        for team in boxes:
            if one["Endpoint"].endswith(f"team-{team}"):
                sns.set_subscription_attributes(
                    SubscriptionArn=one["SubscriptionArn"],
                    AttributeName="FilterPolicy",
                    AttributeValue=json.dumps({"owner": [team]}),
                )
    # WHEN it fails
    world.put(world.failure_of(key))
    (document,) = world.alerts_about(key.arn)
    # THEN its team gets the alert, and the other one does not
    assert document["owner"] == "payments"
    got: list[dict] = []

    def arrived() -> bool:
        got.extend(boxes["payments"].receive())
        return bool(got)

    wait_for(arrived, "the alert for the team", world.log)
    assert [one["owner"] for one in got] == ["payments"]
    assert boxes["orders"].receive() == []


def test_a_test_alert_arrives_and_its_answer_says_who_is_subscribed(world: World):
    answer = world.invoke({"action": "test_alert"})
    (topic,) = answer["channels"]
    assert topic["accepted"]
    assert "email 1" in topic["known"]
    statuses: list[str] = []

    def arrived() -> bool:
        statuses.extend(one["status"] for one in world.inbox.receive())
        return "test" in statuses

    wait_for(arrived, "the test", world.log)
