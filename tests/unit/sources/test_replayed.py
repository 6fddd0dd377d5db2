"""What AWS did not send is marked, has incidents of its own, and proves nothing about KeyWatch."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keywatch.alerts.channels import chat, email
from keywatch.alerts.wording import subject_line
from keywatch.catalogue.own import CANARY_ALIAS
from keywatch.model.signals import CanarySeen, Subject, Unrelated
from keywatch.page import widget
from keywatch.sources import read_event
from keywatch.sources.replayed import replayed_from
from keywatch.sources.source import Reception
from tests.support.examples import examples
from tests.support.world import ACCOUNT, KEY_ID, REGION, ROLE, changed, disabled, failed
from tests.support.world import world as open_world

OWN = Reception(own_roles=frozenset({ROLE}))


@pytest.fixture
def world():
    with open_world() as opened:
        yield opened


def replayed(event, source="keywatch.replay"):
    return event | {"source": source}


def canary():
    identity = {
        "type": "AssumedRole",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/KeyWatch-function-{REGION}/KeyWatch",
        "accountId": ACCOUNT,
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": ROLE, "accountId": ACCOUNT}},
    }
    said = f"Alias arn:aws:kms:{REGION}:{ACCOUNT}:{CANARY_ALIAS} is not found."
    return failed("NotFoundException", said, CANARY_ALIAS, userIdentity=identity)


@pytest.mark.parametrize(
    "source", ["keywatch.replay", "aws", "AWS.kms", "awsx.kms", "", " aws.kms"]
)
def test_no_source_but_aws_answers_for_the_canary(source):
    # GIVEN the canary's very record, WHEN AWS sends it, THEN it came back
    assert isinstance(read_event(canary(), OWN)[0], CanarySeen)
    # WHEN somebody else sends it, THEN it did not
    assert read_event(replayed(canary(), source), OWN) == (Unrelated("replayed_canary"),)


def test_a_replayed_alert_says_so_in_every_form(world):
    # GIVEN a failure that a private source tells of
    world.kms.add(state="Disabled")
    # WHEN it is alerted
    world.take(replayed(disabled()))
    (alert,) = world.inbox()
    # THEN each form of it says that AWS did not record it
    assert alert["replayed"] == "keywatch.replay"
    assert "REPLAYED" in subject_line(alert)
    assert "Replayed: this rests on events from keywatch.replay" in " ".join(
        email.body(alert).split()
    )
    assert "REPLAYED" in chat.card(alert)["content"]["title"]
    assert "AWS did not record it" in chat.card(alert)["content"]["description"]
    page = widget.answer({"widgetContext": {}}, None, world.services)
    assert "replayed" in page
    world.wait(minutes=300)
    world.take(replayed(disabled(), "keywatch.replay"))
    world.tick()
    assert all(later["replayed"] == "keywatch.replay" for later in world.inbox())


def test_what_aws_records_carries_no_such_mark(world):
    world.kms.add(state="Disabled")
    world.take(disabled())
    (alert,) = world.inbox()
    assert "replayed" not in alert
    assert "REPLAYED" not in subject_line(alert)
    assert "eplayed" not in json.dumps(alert)


def test_a_forged_failure_hides_no_real_one(world):
    # GIVEN an incident that somebody forged for a key, with the very ids of a call
    world.kms.add(state="Disabled")
    real = disabled()
    world.take(replayed(real))
    assert len(world.inbox()) == 1
    # WHEN a real call fails on the key, in a batch with another forgery
    world.take(replayed(real), real)
    # THEN it is alerted by itself, with the calls that really failed, and no mark
    (alert,) = world.inbox()
    assert alert["status"] == "opened"
    assert "replayed" not in alert
    assert alert["impact"]["failures"] == 1


def test_a_forged_change_blames_nobody_in_a_real_alert(world):
    # GIVEN a forged record of alice disabling the key
    arn = world.kms.add(state="Disabled")
    world.take(replayed(changed("DisableKey", key=KEY_ID)))
    world.inbox()
    # WHEN a real call fails
    world.take(disabled())
    (alert,) = (one for one in world.inbox() if "replayed" not in one)
    # THEN she is not named
    assert arn in json.dumps(alert)
    assert "alice" not in json.dumps(alert)


@examples(100)
@given(st.builds(Subject, st.just("identifier"), st.text(), st.text(), st.text(), st.just("")))
def test_no_name_makes_a_real_subject_a_replayed_one(subject):
    # GIVEN a subject that AWS told of, whatever its name, WHEN it is read back from the table
    if "|" not in subject.account + subject.region:
        # THEN it is the same
        assert Subject.from_id(subject.id) == subject


@given(
    st.builds(
        Subject, st.just("alias"), st.just(ACCOUNT), st.just(REGION), st.text(), st.just("a.b/c")
    )
)
@examples(100)
def test_a_replayed_subject_is_read_back(subject):
    assert Subject.from_id(subject.id) == subject


@pytest.mark.parametrize("source", ["a|b", "x" * 65, "<b>", "keyw\u0430tch"])
def test_a_source_that_eventbridge_would_not_take_has_no_name(source):
    assert replayed_from({"source": source}) == "unknown"
