"""The key that breaks is the alert topic's own: each code with which SNS says so, at each point of an incident's life."""

import pytest

from tests.support.aws import SNS_KMS_CODES
from tests.support.world import ALERT_TOPIC, FALLBACK_TOPIC, alias_missing, disabled, world


@pytest.fixture
def on():
    with world(fallback=True) as fresh:
        fresh.kms.add(state="Disabled")
        yield fresh


def test_the_codes_are_those_of_the_api():
    assert set(SNS_KMS_CODES) == {
        *("KMSAccessDenied", "KMSDisabled", "KMSInvalidState", "KMSNotFound", "KMSOptInRequired"),
        "KMSThrottling",
    }


@pytest.mark.parametrize("code", SNS_KMS_CODES)
def test_an_incident_is_told_once_through_the_fallback_topic_and_goes_on_there(on, code):
    # GIVEN an alert topic whose key is the one that broke
    on.sns.broken = {ALERT_TOPIC: code}
    # WHEN calls fail, twice, and a minute passes
    assert on.take(disabled()) == set()
    on.take(disabled())
    on.wait(minutes=1)
    on.tick()
    # THEN the alert came once, the other way, and says why
    (told,) = on.inbox()
    assert on.sns.topics == [FALLBACK_TOPIC]
    assert (told["status"], told["cause"]) == ("opened", "key_disabled")
    assert code in told["notes"][0]
    assert on.counted()["AlertTopicKeyBroken"] == 1
    # AND when the key works again, the end is told on the alert topic
    on.sns.broken = {}
    on.kms.add(state="Enabled")
    on.wait(hours=7)
    for _ in range(3):
        on.tick()
        on.wait(minutes=10)
    (over,) = on.inbox()
    assert over["status"] == "resolved"
    assert on.sns.topics == [FALLBACK_TOPIC, ALERT_TOPIC]


@pytest.mark.parametrize("code", SNS_KMS_CODES)
def test_where_both_topics_refuse_the_event_stays_in_the_queue_and_nothing_is_lost(on, code):
    # GIVEN two topics that refuse
    on.sns.broken = {ALERT_TOPIC: code, FALLBACK_TOPIC: "InternalError"}
    # WHEN a call fails
    event = alias_missing("alias/gone")
    failed = on.take(event)
    # THEN its message is left in the queue, or the incident is due again
    assert on.inbox() == []
    # AND when a topic takes messages again, people are told, once
    on.sns.broken = {ALERT_TOPIC: code}
    on.wait(minutes=2)
    if failed:
        on.take(event)
    on.tick()
    (told,) = on.inbox()
    assert told["cause"] == "alias_not_found"
    assert on.sns.topics == [FALLBACK_TOPIC]


@pytest.mark.parametrize("code", ["Throttled", "InternalError", "AuthorizationError", "NotFound"])
def test_what_is_no_matter_of_a_key_does_not_take_the_other_way(on, code):
    # GIVEN an alert topic that refuses for another reason: a duplicate would not help
    on.sns.broken = {ALERT_TOPIC: code}
    # WHEN a call fails
    on.take(disabled())
    # THEN it waits
    assert on.sns.topics == []
