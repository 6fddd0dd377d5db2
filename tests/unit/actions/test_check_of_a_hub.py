"""A hub checks a key in the account that its ARN, or the request, names: with that account's look-up role."""

import pytest

from keywatch.actions.dispatch import answer
from tests.support.organization import HUB_ACCOUNT, hub_world
from tests.support.world import KEY_ID, REGION

PAYMENTS, SANDBOX = "222222222222", "333333333333"
ARN = f"arn:aws:kms:{REGION}:{PAYMENTS}:key/{KEY_ID}"


@pytest.fixture
def hub():
    with hub_world() as world:
        world.organization.join(PAYMENTS)
        kms = world.organization.kms(PAYMENTS)
        kms.add(KEY_ID, "Disabled")
        kms.alias_targets["alias/payments"] = KEY_ID
        yield world


def check(world, key, **fields):
    request = {"action": "check", "key_id": key, **fields}
    return answer(request, None, lambda: world.runtime)


@pytest.mark.parametrize(
    ("key", "fields"),
    [
        (ARN, {}),
        ("alias/payments", {"account": PAYMENTS}),
        (KEY_ID, {"account": PAYMENTS}),
        (ARN, {"account": PAYMENTS}),
    ],
)
def test_a_key_of_another_account_is_looked_at_there(hub, key, fields):
    said = check(hub, key, **fields)
    (result,) = said["results"]
    assert said["usable"] is False
    assert "key_disabled" in str(result)
    assert "alias/payments" in str(result)
    assert {call.account for call in hub.made("kms")} == {PAYMENTS}


def test_a_bare_name_is_looked_for_in_the_hubs_own_account(hub):
    check(hub, "alias/payments")
    assert {call.account for call in hub.made("kms")} == {HUB_ACCOUNT}
    assert not hub.made("sts")


def test_an_account_that_cannot_be_looked_into_is_said_to_be_closed(hub):
    (result,) = check(hub, "alias/payments", account=SANDBOX)["results"]
    assert result["usable"] is None or result["usable"] is False
    assert f"cannot look into account {SANDBOX}" in str(result)
    assert not hub.made("kms")


def test_without_a_hub_another_account_is_a_bad_request():
    with hub_world(hub=None) as alone:
        said = check(alone, "alias/payments", account=PAYMENTS)
        assert said["error"]["code"] == "invalid_request"
        assert "hub" in said["error"]["fields"]["account"]
        assert not alone.made()
        assert "error" not in check(alone, "alias/payments", account=HUB_ACCOUNT)


@pytest.mark.parametrize("account", ["", "1234", "payments", 222222222222, []])
def test_what_is_no_account_is_a_bad_request(hub, account):
    said = check(hub, "alias/payments", account=account)
    assert said["error"]["code"] == "invalid_request"
