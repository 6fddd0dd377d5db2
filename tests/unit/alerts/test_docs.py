"""docs/alerts.md shows what is really sent, and its examples work as they stand there."""

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from keywatch.alerts.builder import build_document
from keywatch.alerts.channels import email
from keywatch.alerts.publish import Publisher
from keywatch.alerts.wording import subject_line
from tests.unit.alerts.factory import REGION, alert

PAGE = Path(__file__).parents[3] / "docs" / "alerts.md"


def blocks(language):
    """Return the fenced blocks of the page in this language."""
    return re.findall(
        rf"^```{language}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )


def test_examples_are_what_keywatch_sends(request):
    # GIVEN the alert that the page shows
    built = build_document(alert("key_pending_deletion"))
    text = f"Subject: {subject_line(built)}\n\n{email.body(built)}"
    shown = {"text": text, "json": json.dumps(built, indent=2, ensure_ascii=False) + "\n"}
    # WHEN the snapshots are being updated, the page is too
    if request.config.getoption("update_snapshots"):
        page = PAGE.read_text(encoding="utf-8")
        for language, now in shown.items():
            page = page.replace(blocks(language)[0], now)
        PAGE.write_text(page, encoding="utf-8")
    # THEN the page shows it word for word, before any other example
    assert blocks("text") == [shown["text"]]
    assert blocks("json")[0] == shown["json"]


@pytest.fixture
def aws(monkeypatch):
    """Give an SNS and an SQS client of moto, with a topic and a queue."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        sns, sqs = boto3.client("sns", region_name=REGION), boto3.client("sqs", region_name=REGION)
        topic = sns.create_topic(Name="alerts")["TopicArn"]
        url = sqs.create_queue(QueueName="alerts")["QueueUrl"]
        yield sns, sqs, topic, url


def queue_arn(sqs, url):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]


def subscribe(sns, command, names):
    """Run an ``aws sns subscribe`` of the page through boto3, onto a queue instead of a person's address."""
    words = shlex.split(command.replace("\\\n", " "))
    assert words[:3] == ["aws", "sns", "subscribe"]
    options = dict(zip(words[3::2], words[4::2], strict=True))
    assert options["--protocol"] == "sqs" or "@" in options["--notification-endpoint"]
    sns.subscribe(
        TopicArn=names[options["--topic-arn"]],
        Protocol="sqs",
        Endpoint=names["$QUEUE"],
        Attributes={"RawMessageDelivery": "true", **json.loads(options["--attributes"])},
    )


FILTERS = [
    (0, [("key_disabled", "opened"), ("key_disabled", "reminder"), ("grant_not_found", "opened"), ("key_deleted", "resolved")],
     [("key_disabled", "opened"), ("key_deleted", "resolved")]),
    (1, [("xks_proxy_unreachable", "opened"), ("external_key_not_found", "reminder"), ("key_disabled", "opened")],
     [("xks_proxy_unreachable", "opened"), ("external_key_not_found", "reminder")]),
    (2, [("key_disabled", "opened"), ("not_yet_visible", "opened"), ("grant_not_found", "opened")],
     [("key_disabled", "opened"), ("grant_not_found", "opened")]),
    (3, [("key_disabled", "opened", "payments"), ("key_deleted", "opened", "orders"), ("grant_not_found", "opened")],
     [("key_disabled", "opened"), ("grant_not_found", "opened")]),
]  # fmt: skip


@pytest.mark.parametrize(("number", "published", "received"), FILTERS)
def test_filter_policies_let_through_what_the_page_says(aws, number, published, received):
    # GIVEN a subscription with a filter policy of the page
    sns, sqs, topic, url = aws
    commands = [block for block in blocks("sh") if block.startswith("aws sns subscribe")]
    assert len(commands) == len(FILTERS)
    subscribe(sns, commands[number], {"$TOPIC": topic, "$QUEUE": queue_arn(sqs, url)})
    # WHEN alerts are published
    for cause, status, *owner in published:
        message = replace(alert(cause, status), owner=next(iter(owner), None))
        Publisher(lambda _: sns, topic).publish(message)
    # THEN exactly those arrive that the page promises, as documents
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    arrived = [json.loads(message["Body"]) for message in messages]
    assert [(one["cause"], one["status"]) for one in arrived] == received


def pagerduty(monkeypatch):
    """Return the function of the page, and the events that it sends from now on."""
    sent, names = [], {}
    exec(compile(blocks("python")[0], str(PAGE), "exec"), names)  # noqa: S102 - the page's example is what is tested

    class Answer:
        def close(self):
            pass

    def send(request, timeout):
        sent.append((request.full_url, json.loads(request.data)))
        return Answer()

    monkeypatch.setattr("urllib.request.urlopen", send)
    monkeypatch.setenv("PAGERDUTY_ROUTING_KEY", "R0123")
    return names["handler"], sent


def test_pagerduty_example_opens_and_resolves_one_incident(monkeypatch):
    # GIVEN the function of the page, subscribed to the alert topic
    handler, sent = pagerduty(monkeypatch)
    documents = [
        build_document(alert("key_disabled", status))
        for status in ("opened", "reminder", "resolved")
    ]
    # WHEN the messages of one incident arrive
    handler({"Records": [{"Sns": {"Message": json.dumps(one)}} for one in documents]}, None)
    # THEN PagerDuty is told to trigger, then to resolve, under one deduplication key
    assert [event["event_action"] for _, event in sent] == ["trigger", "trigger", "resolve"]
    assert {event["dedup_key"] for _, event in sent} == {documents[0]["incident_id"]}
    assert {address for address, _ in sent} == {"https://events.pagerduty.com/v2/enqueue"}
    # AND what it sends obeys the limits of its Events API v2
    payload = sent[0][1]["payload"]
    assert payload["severity"] == "error"
    assert payload["source"]
    assert len(payload["summary"]) <= 1_024
