"""Alerts say whose a key is, by its tags, so that a filter routes them to a team; a look-up that fails costs nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keywatch.alerts.document import MAX_OWNER
from keywatch.incidents.owners import owner_in
from keywatch.model.text import one_line
from tests.support.world import (
    ACCOUNT,
    KEY_ID,
    alias_missing,
    aws_error,
    changed,
    disabled,
    failed,
    key_arn,
)
from tests.support.world import world as open_world
from tests.unit.incidents.test_groups import key_id, minutes

TAGS = ("team", "owner")


@pytest.fixture
def world():
    with open_world(owner_tags=TAGS) as fresh:
        yield fresh


def asked_for_tags(world):
    return world.wire.calls.count(("kms", "list_resource_tags"))


def test_an_alert_names_the_owner_of_the_key_as_member_and_as_attribute(world):
    # GIVEN a key that a team owns
    world.kms.add(state="Disabled")
    world.kms.tags[KEY_ID] = {"owner": "alice", "team": "payments"}
    # WHEN a call fails
    world.take(disabled())
    # THEN the alert names the team, for people and for filter policies
    (alert,) = world.inbox()
    assert alert["owner"] == "payments"
    assert world.sns.attributes[-1]["owner"] == "payments"


def test_all_messages_of_an_incident_have_the_owner_that_the_first_one_named(world):
    # GIVEN an incident of a team's key
    world.kms.add(state="Disabled")
    world.kms.tags[KEY_ID] = {"team": "payments"}
    world.take(disabled())
    # WHEN it ends
    world.kms.add()
    minutes(world, 12)
    # THEN the last message goes where the first one went
    assert [(a["status"], a["owner"]) for a in world.inbox()] == [
        ("opened", "payments"),
        ("resolved", "payments"),
    ]


def test_an_alias_has_the_owner_of_the_key_that_it_pointed_to(world):
    # GIVEN an alias of a team's key, that somebody deleted
    world.kms.add()
    world.kms.tags[KEY_ID] = {"team": "payments"}
    world.take(changed("DeleteAlias", alias="alias/payments"))
    # WHEN a call asks for it
    world.wait(minutes=10)
    world.take(alias_missing("alias/payments", at=world.now))
    minutes(world, 5)
    # THEN its alert is that team's
    assert world.inbox()[-1]["owner"] == "payments"


@pytest.mark.parametrize(("second", "owner"), [("payments", "payments"), ("orders", None)])
def test_a_key_store_has_the_owner_of_its_keys_that_failed_where_all_agree(world, second, owner):
    # GIVEN two keys in one store
    store = "cks-1234567890abcdef0"
    said = (
        "This KMS key is in a custom key store that is not connected to its external key store proxy. "
        "Connect the external key store and try the request again."
    )
    world.kms.stores[store] = {"CustomKeyStoreId": store, "ConnectionState": "DISCONNECTED"}
    for number, team in ((1, "payments"), (2, second)):
        world.kms.add(key_id(number), "Unavailable", CustomKeyStoreId=store)
        world.kms.tags[key_id(number)] = {"team": team}
    # WHEN calls of both fail in one batch
    about = [
        failed(
            "KMSInvalidStateException",
            said,
            key_id(number),
            resources=[
                {"ARN": key_arn(key_id(number)), "accountId": ACCOUNT, "type": "AWS::KMS::Key"}
            ],
            additionalEventData={"customKeyStoreId": store},
        )
        for number in (1, 2)
    ]
    world.take(*about)
    # THEN the alert about the store names an owner only if both have the same
    (alert,) = world.inbox()
    assert alert["subject"]["key_store"] == store
    assert alert.get("owner") == owner


@pytest.mark.parametrize(
    ("odd", "owner"), [("payments", "payments"), ("orders", None), (None, None)]
)
def test_a_group_has_an_owner_only_where_all_of_its_members_agree(world, odd, owner):
    # GIVEN seven keys that somebody disabled at once, one of which may be another team's or nobody's
    for number in range(7):
        world.kms.add(key_id(number), "Disabled")
        team = odd if number == 6 else "payments"
        world.kms.tags[key_id(number)] = {"team": team} if team else {}
    # WHEN calls fail for all
    world.take(*(disabled(key_id(number)) for number in range(7)))
    # THEN the digest is that team's only if all are
    digest = next(alert for alert in world.inbox() if alert["status"] == "group")
    assert digest.get("owner") == owner


@pytest.mark.parametrize(
    "error",
    [
        *map(aws_error, ("AccessDeniedException", "ThrottlingException", "InternalError")),
        RuntimeError("what nobody thought of"),
    ],
    ids=str,
)
def test_tags_that_cannot_be_read_leave_the_alert_as_it_is_and_are_counted(world, error):
    # GIVEN a key whose tags may not be read
    world.kms.add(state="Disabled")

    def refuse(_service, operation):
        if operation == "list_resource_tags":
            raise error

    world.wire.before = refuse
    # WHEN a call fails
    assert world.take(disabled()) == set()
    # THEN the alert goes out without an owner
    (alert,) = world.inbox()
    assert "owner" not in alert
    assert world.sns.attributes[-1]["owner"] == "unknown"
    assert world.counted()["OwnersUnknown"] == 1
    assert "ListResourceTags" not in " ".join(alert["unknowns"])


def test_the_owner_that_was_told_stays_where_the_tags_cannot_be_read_any_more(world):
    # GIVEN an incident of a team's key
    world.kms.add(state="Disabled")
    world.kms.tags[KEY_ID] = {"team": "payments"}
    world.take(disabled())
    # WHEN the key is gone, with its tags, and the next message is due
    world.wait(minutes=15)
    del world.kms.keys[KEY_ID]
    world.take(changed("DeleteKey", at=world.now))
    world.wait(minutes=15)
    world.take(
        failed("NotFoundException", f"Key '{key_arn()}' does not exist", KEY_ID, at=world.now)
    )
    minutes(world, 2)
    # THEN it still goes to the team
    assert {alert["owner"] for alert in world.inbox()} == {"payments"}


def test_nobody_is_asked_for_tags_without_the_setting_nor_of_keys_of_others():
    with open_world() as world:
        # GIVEN a deployment without owner_tags
        world.kms.add(state="Disabled")
        # WHEN a call fails THEN no tag is asked for
        world.take(disabled())
        assert asked_for_tags(world) == 0
    with open_world(owner_tags=TAGS) as world:
        # GIVEN a key of another account
        other = key_arn().replace(ACCOUNT, "444455556666")
        # WHEN a call for it fails THEN no tag is asked for: KMS would refuse
        world.take(failed("DisabledException", f"{other} is disabled.", other))
        assert world.inbox()
        assert asked_for_tags(world) == 0


@given(value=st.text(max_size=400))
def test_an_owner_is_one_clean_bounded_line_whatever_the_tag_says(value):
    # GIVEN any value of a tag
    owner = owner_in({"team": value}, TAGS)
    # THEN it is a clean line, or nothing
    assert owner is None or (0 < len(owner) <= MAX_OWNER and owner == one_line(owner))
