"""Publishing: the right body for each protocol, attributes to filter on, never too big, and a way round a broken topic key."""

import json
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from keywatch.alerts import document
from keywatch.alerts.builder import build_document
from keywatch.alerts.channel import Channel, compact_json
from keywatch.alerts.channels import CHANNELS, email, machines
from keywatch.alerts.publish import Publisher
from keywatch.alerts.wording import subject_line
from keywatch.catalogue.causes import Remedy
from keywatch.diagnosis.reasons import Reason
from tests.support.aws import SNS_KMS_CODES
from tests.unit.alerts.factory import ACCOUNT, REGION, alert
from tests.unit.alerts.test_every_cause import VALIDATOR

TOPIC, CHAT, FALLBACK = (
    f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}" for name in ("alerts", "chat", "fallback")
)


class Sns:
    """An SNS client that remembers what was published and raises what it is told to for a topic."""

    def __init__(self, **errors):
        self.sent = []
        self.errors = errors

    def publish(self, **request):
        if error := self.errors.get(request["TopicArn"].rpartition(":")[2]):
            raise error
        self.sent.append(request)
        return {"MessageId": "1"}


def refused(code):
    """Return the error that boto3 raises for an error code of SNS."""
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "Publish")


def test_people_get_the_text_and_machines_the_document():
    # GIVEN an alert
    sns, alerted = Sns(), alert("key_disabled")
    # WHEN it is published
    Publisher(lambda _: sns, TOPIC).publish(alerted)
    # THEN one message holds the text for people and the document for each kind of machine
    (request,) = sns.sent
    bodies, built = json.loads(request["Message"]), build_document(alerted)
    assert request["MessageStructure"] == "json"
    assert request["TopicArn"] == TOPIC
    assert request["Subject"] == subject_line(built)
    assert bodies["default"] == bodies["email"] == email.body(built)
    assert {
        json.dumps(json.loads(bodies[one]))
        for one in ("sqs", "lambda", "http", "https", "firehose")
    } == {json.dumps(built)}


def test_attributes_let_subscriptions_filter():
    # GIVEN an alert whose account nobody knows
    alerted = alert("key_disabled", "reminder")
    sns = Sns()
    # WHEN it is published
    Publisher(lambda _: sns, TOPIC).publish(
        replace(alerted, subject=replace(alerted.subject, account="-"))
    )
    # THEN every attribute is there, and none is empty, which SNS would refuse
    values = {key: value["StringValue"] for key, value in sns.sent[0]["MessageAttributes"].items()}
    assert values == {
        "status": "reminder",
        "severity": "high",
        "cause": "key_disabled",
        "account": "unknown",
        "region": REGION,
        "owner": "unknown",
    }
    assert {value["DataType"] for value in sns.sent[0]["MessageAttributes"].values()} == {"String"}


def test_chat_gets_its_card_on_a_topic_of_its_own():
    # GIVEN a chat topic
    sns, alerted = Sns(), alert("key_disabled")
    # WHEN an alert is published
    Publisher(lambda _: sns, TOPIC, {"chat": CHAT}).publish(alerted)
    # THEN the card goes there as it is, since the chat service drops what is not in its schema
    card = sns.sent[1]
    assert card["TopicArn"] == CHAT
    assert "MessageStructure" not in card
    assert json.loads(card["Message"])["metadata"]["threadId"] == alerted.incident_id


@pytest.mark.parametrize(
    "error", [refused("KMSDisabled"), EndpointConnectionError(endpoint_url="https://sns.example")]
)
def test_broken_chat_is_counted_and_does_not_fail_the_alert(error):
    # GIVEN a chat topic that fails
    sns, counted = Sns(chat=error), []
    # WHEN an alert is published
    Publisher(lambda _: sns, TOPIC, {"chat": CHAT}, count=counted.append).publish(
        alert("key_disabled")
    )
    # THEN the alert went out and the failure is counted
    assert [request["TopicArn"] for request in sns.sent] == [TOPIC]
    assert counted == ["ChatPublishFailed"]


@pytest.mark.parametrize("code", SNS_KMS_CODES)
def test_alert_goes_round_the_broken_key_of_its_own_topic(code):
    # GIVEN an alert topic whose own key is broken, and a fallback topic
    sns, counted = Sns(alerts=refused(code)), []
    # WHEN an alert is published
    Publisher(lambda _: sns, TOPIC, {"chat": CHAT}, FALLBACK, counted.append).publish(
        alert("key_disabled")
    )
    # THEN it goes to the fallback topic, says so to every reader, and is counted
    assert [request["TopicArn"] for request in sns.sent] == [FALLBACK, CHAT]
    bodies = json.loads(sns.sent[0]["Message"])
    note = json.loads(bodies["sqs"])["notes"][0]
    assert TOPIC in note
    assert code in note
    assert code in bodies["email"]
    assert code in json.loads(sns.sent[1]["Message"])["content"]["description"]
    assert counted == ["AlertTopicKeyBroken"]


@pytest.mark.parametrize(
    ("errors", "fallback", "code"),
    [
        ({"alerts": refused("KMSDisabled")}, None, "KMSDisabled"),
        ({"alerts": refused("Throttling")}, FALLBACK, "Throttling"),
        (
            {"alerts": refused("KMSDisabled"), "fallback": refused("AuthorizationError")},
            FALLBACK,
            "AuthorizationError",
        ),
    ],
)
def test_alert_that_could_not_be_sent_stays_the_callers_business(errors, fallback, code):
    # GIVEN a topic that refuses, and no other way out
    publisher = Publisher(lambda _: Sns(**errors), TOPIC, {"chat": CHAT}, fallback)
    # WHEN an alert is published
    # THEN the error reaches the caller, who keeps the event
    with pytest.raises(ClientError) as raised:
        publisher.publish(alert("key_disabled"))
    assert raised.value.response["Error"]["Code"] == code


def fitted(alerted):
    """Return the document and the message that go to the alert topic."""
    sns = Sns()
    Publisher(lambda _: sns, TOPIC).publish(alerted)
    (request,) = sns.sent
    return json.loads(json.loads(request["Message"])["sqs"]), request["Message"]


def huge():
    """Return an alert that fills every list and every text with wide characters."""
    small, text = alert("key_disabled"), "漢" * 5_000
    many = tuple((f"{number} {text}", 1) for number in range(40))
    diagnosis = replace(
        small.diagnosis,
        because=tuple(Reason(f"source {number}", text) for number in range(40)),
        remedies=tuple(
            Remedy(text, f"aws kms describe-key --key-id {number} '{'漢' * 1_900}'")
            for number in range(40)
        ),
        unknowns=(text,) * 40,
    )
    impact = replace(small.impact, callers=many, operations=many, services=many, resources=many)
    return replace(small, diagnosis=diagnosis, impact=impact, notes=(text,) * 40)


def test_message_of_any_alert_fits_and_says_what_was_cut():
    # GIVEN an alert far bigger than SNS takes
    # WHEN it is fitted
    built, message = fitted(huge())
    # THEN it fits, is still a valid document, and says for each list how much of it is shown
    assert len(message.encode()) < 262_144
    VALIDATOR.validate(built)
    assert sum(note.startswith("Shortened: ") for note in built["notes"]) == 8
    assert f"Shortened: {len(built['because'])} of 40 reasons are shown." in built["notes"]
    # AND a command that had no room is left out, not cut
    assert all(one["command"] is None or one["command"].endswith("'") for one in built["remedies"])


def test_size_counts_the_document_once_for_each_protocol():
    # GIVEN an alert whose document fits once, but not five times
    alerted = alert("key_disabled")
    because = tuple(Reason(f"source {number}", "漢" * 900) for number in range(12))
    unknowns = ("漢" * 990,) * 12
    alerted = replace(
        alerted, diagnosis=replace(alerted.diagnosis, because=because, unknowns=unknowns)
    )
    whole = build_document(alerted)
    assert len(json.dumps(whole, ensure_ascii=False).encode()) < 100_000
    # WHEN it is fitted
    built, message = fitted(alerted)
    # THEN it was made smaller, and no smaller than needed
    assert len(built["because"]) == document.SIZE_LIMITS[1].items
    assert len(message.encode()) < 262_144


def test_ordinary_alert_is_sent_whole():
    # GIVEN an ordinary alert
    alerted = alert("key_pending_deletion")
    # WHEN it is fitted
    built, _ = fitted(alerted)
    # THEN nothing is cut
    assert built == build_document(alerted)
    assert built["notes"] == []


def test_channel_is_sent_to_its_own_target_no_bigger_than_it_takes():
    # GIVEN a channel of fifteen kilobytes that has a target, and one that has none
    sent = []

    def send(clients, target, body, attributes):
        sent.append((target, body, attributes["cause"]["StringValue"]))

    small = Channel("pager", compact_json, max_bytes=15_000, send=send)
    silent = replace(small, name="silent")
    sns = Sns()
    # WHEN an alert is published that would be bigger
    alerted = huge()
    publisher = Publisher(
        lambda _: sns, TOPIC, {"pager": "arn:pager"}, channels=(small, silent, machines.CHANNEL)
    )
    publisher.publish(alerted)
    # THEN the channel gets the most that it takes, and the alert topic all that it takes
    ((target, body, cause),) = sent
    assert (target, cause) == ("arn:pager", "key_disabled")
    assert len(body.encode()) <= 15_000
    assert len(json.loads(sns.sent[0]["Message"])["sqs"]) > len(body)
    VALIDATOR.validate(json.loads(body))


def test_every_protocol_has_one_channel_and_the_rest_a_default():
    # GIVEN the channels, each defined by a module of its own
    protocols = [protocol for one in CHANNELS for protocol in one.protocols]
    # THEN no two claim a protocol, one serves those that are not named, and names are targets' keys
    assert len(protocols) == len(set(protocols))
    assert "default" in protocols
    assert len({one.name for one in CHANNELS}) == len(CHANNELS)
    assert all(one.protocols or one.send for one in CHANNELS)
