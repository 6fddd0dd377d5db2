"""A hub looks into the account that an event came from, with that account's own session, and says where it cannot."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keywatch.lookups.sessions import MOST_SESSIONS, REFUSED_FOR
from keywatch.settings import Hub, IgnoreRule
from tests.support.organization import HUB_ACCOUNT, LOOK_UP_ROLE, counted, hub_world, of_account
from tests.support.world import KEY_ID, REGION, alias_missing, changed, disabled, key_missing

PAYMENTS, SANDBOX = "222222222222", "333333333333"


@pytest.fixture
def hub():
    with hub_world() as fresh:
        fresh.organization.join(PAYMENTS, "payments")
        fresh.organization.join(SANDBOX, "sandbox", spoke=False)
        yield fresh


def test_a_failure_of_another_account_is_looked_into_there_and_alerted_with_the_name_of_the_account(
    hub,
):
    # GIVEN a key of another account, with an alias
    kms = hub.organization.kms(PAYMENTS)
    kms.add(KEY_ID, "Disabled")
    kms.alias_targets["alias/payments"] = KEY_ID
    # WHEN its call fails
    (document,) = hub.take(of_account(disabled(), PAYMENTS))
    # THEN the alert says so of that account, by its name, with the key's alias and no doubt
    assert document["subject"]["account"] == PAYMENTS
    assert document["account_name"] == "payments"
    assert document["cause"] == "key_disabled"
    assert document["confidence"] == "certain"
    assert "alias/payments" in document["title"]
    assert document["unknowns"] == []
    # AND every look-up was made in that account, by one session
    made = hub.made("kms", "cloudtrail", "sts")
    assert {call.account for call in made if call.service != "sts"} == {PAYMENTS}
    assert [call.asked for call in made if call.service == "sts"] == [
        f"arn:aws:iam::{PAYMENTS}:role/{LOOK_UP_ROLE}"
    ]


def test_the_hubs_own_account_needs_no_session(hub):
    hub.organization.kms(HUB_ACCOUNT).add(KEY_ID, "Disabled")
    (document,) = hub.take(disabled())
    assert document["account_name"] == "security"
    assert {call.account for call in hub.made("kms")} == {HUB_ACCOUNT}
    assert not hub.made("sts")


def test_an_account_that_cannot_be_looked_into_is_alerted_all_the_same_and_said_to_be_closed(hub):
    # GIVEN an account without a look-up role
    # WHEN a key is missing there
    (document,) = hub.take(of_account(key_missing(), SANDBOX))
    # THEN the alert says once that KeyWatch cannot look, and how to mend it, and is not certain
    said = [line for line in document["unknowns"] if "cannot look into account" in line]
    assert len(said) == 1
    assert f"arn:aws:iam::{SANDBOX}:role/{LOOK_UP_ROLE} (AccessDenied)" in said[0]
    assert "make spoke" in said[0]
    assert document["confidence"] != "certain"
    # AND nobody's keys were looked at
    assert not hub.made("kms", "cloudtrail")


def test_a_denied_session_is_remembered_for_some_minutes_and_then_tried_again(hub):
    # GIVEN an account that denied it
    hub.take(of_account(key_missing(), SANDBOX))
    assert len(hub.made("sts")) == 1
    # WHEN more fails there THEN nobody asks again
    other = "99999999-12ab-34cd-56ef-1234567890ab"
    hub.take(of_account(key_missing(other), SANDBOX))
    assert not hub.made("sts")
    # AND when the spoke is there, some minutes later, it is found
    hub.organization.join(SANDBOX, "sandbox")
    hub.wait(seconds=REFUSED_FOR.total_seconds())
    third = "aaaaaaaa-12ab-34cd-56ef-1234567890ab"
    (document,) = hub.take(of_account(key_missing(third), SANDBOX))
    assert not [line for line in document["unknowns"] if "cannot look" in line]
    assert len(hub.made("sts")) == 1


def test_a_session_is_used_until_some_minutes_before_its_end(hub):
    sessions = hub.services.accounts.sessions
    first = sessions.of(PAYMENTS)
    hub.wait(minutes=54)
    assert sessions.of(PAYMENTS) is first
    hub.wait(minutes=2)
    assert sessions.of(PAYMENTS) is not first
    assert len(hub.made("sts")) == 2


def test_what_a_spoke_told_is_looked_at_again_in_its_account_as_minutes_pass(hub):
    # GIVEN an incident of another account
    key = hub.organization.kms(PAYMENTS)
    key.add(KEY_ID, "Disabled")
    hub.take(of_account(disabled(), PAYMENTS))
    hub.made()
    # WHEN the key works again, and a container that remembers nothing looks at it by the clock
    key.add(KEY_ID, "Enabled")
    hub.wait(minutes=11)
    hub.runtime.clock({}, None)
    # THEN it is proved in that account
    (document,) = hub.topic.receive()
    assert document["status"] == "resolved"
    assert document["account_name"] == "payments"
    looked = {call.account for call in hub.made("kms") if call.asked.endswith(KEY_ID)}
    assert looked == {PAYMENTS}


def test_an_early_warning_is_looked_into_in_the_account_of_the_key(hub):
    hub.organization.kms(PAYMENTS).add(KEY_ID, "Disabled")
    (document,) = hub.take(of_account(changed("DisableKey"), PAYMENTS))
    assert document["impact"]["failures"] == 0
    assert document["account_name"] == "payments"
    assert {call.account for call in hub.made("kms")} == {PAYMENTS}


def test_failures_of_an_account_can_be_ignored():
    rule = IgnoreRule(reason="people play there", account=SANDBOX)
    with hub_world(ignore=(rule,)) as hub:
        hub.organization.join(SANDBOX, spoke=False)
        hub.organization.join(PAYMENTS)
        documents = hub.take(
            of_account(key_missing(), SANDBOX), of_account(alias_missing("alias/x"), PAYMENTS)
        )
        assert [document["subject"]["account"] for document in documents] == [PAYMENTS]
        assert counted(hub)["FailuresIgnored"] == 1


def test_without_the_right_to_read_the_organisation_alerts_have_no_names_and_nothing_else_is_missing(
    hub,
):
    hub.organization.readable = False
    hub.organization.kms(PAYMENTS).add(KEY_ID, "Disabled")
    (document,) = hub.take(of_account(disabled(), PAYMENTS))
    assert "account_name" not in document
    hub.take(of_account(alias_missing("alias/x"), PAYMENTS))
    assert len(hub.made("organizations")) == 1


def test_a_deployment_for_one_account_makes_no_session_whoever_is_named():
    with hub_world(hub=None) as alone:
        alone.take(of_account(disabled(), PAYMENTS), disabled())
        assert {call.account for call in alone.made()} == {HUB_ACCOUNT}
        assert not alone.made("sts", "organizations")


ACCOUNTS = st.one_of(
    st.integers(0, 40).map(lambda n: f"{222222220000 + n}"),
    st.sampled_from([HUB_ACCOUNT, "", "22222222222", "222222222222:role/x", "\uff12" * 12]),
    st.text(max_size=14),
)


@given(st.lists(st.tuples(ACCOUNTS, ACCOUNTS, st.integers(0, 70)), max_size=30))
def test_no_look_up_is_ever_made_with_a_session_of_another_account_than_the_events(events):
    # GIVEN events of accounts whose envelope and key name whatever they like, minutes apart
    with hub_world() as hub:
        hub.services.accounts.sessions.most = 5
        for n in range(0, 41, 2):
            hub.organization.join(str(222222220000 + n))
        for number, (account, named, minutes) in enumerate(events):
            key = f"arn:aws:kms:{REGION}:{named}:key/{number:08d}-12ab-34cd-56ef-1234567890ab"
            event = disabled()
            detail = event["detail"] | {
                "recipientAccountId": account,
                "errorMessage": f"{key} is disabled.",
                "requestParameters": {"keyId": key},
            }
            # WHEN each is handled
            hub.take(event | {"account": account, "detail": detail})
            # THEN whatever was looked at, was looked at as the account of the event
            looked = {call.account for call in hub.made("kms", "cloudtrail", "lambda", "iam")}
            assert looked <= {account}
            # AND no more is kept than may be
            assert len(hub.services.accounts.sessions) <= 5
            assert len(hub.services.accounts) <= 5
            hub.wait(minutes=minutes)


def test_sessions_are_bounded_by_default():
    with hub_world() as hub:
        for n in range(MOST_SESSIONS + 20):
            account = str(222222220000 + n)
            hub.organization.join(account)
            hub.services.accounts.look_ups(account)
        assert len(hub.services.accounts.sessions) == MOST_SESSIONS
        assert len(hub.services.accounts) == MOST_SESSIONS


def test_a_session_that_turns_out_to_be_anothers_is_not_used(hub):
    # GIVEN STS that answers with a session of another account
    hub.organization.before = lambda made: None
    sts = hub.services.accounts.sessions._sts()
    answer = sts.assume_role(
        RoleArn=f"arn:aws:iam::{PAYMENTS}:role/{LOOK_UP_ROLE}", RoleSessionName="x"
    )

    class Confused:
        def assume_role(self, **_):
            return answer

    hub.organization.join(SANDBOX)
    hub.services.accounts.sessions._sts = Confused
    # WHEN it is asked for one of this account THEN nothing is looked at
    hub.made()
    (document,) = hub.take(of_account(key_missing(), SANDBOX))
    assert any("session for it is one of another account" in line for line in document["unknowns"])
    assert not hub.made("kms")


def test_events_of_accounts_outside_the_organisation_are_counted_and_dropped(hub):
    assert hub.take(of_account(disabled(), "999999999999")) == []
    assert counted(hub)["Ignored.not_in_organization"] == 1
    # AND where the organisation cannot be read, the bus's policy alone keeps them out
    hub.organization.readable = False
    hub.wait(hours=1)
    assert len(hub.take(of_account(disabled(), "888888888888"))) == 1


def test_the_settings_of_a_hub_are_read_from_its_environment():
    from keywatch.settings import Settings

    plain = {
        "INCIDENT_TABLE": "t",
        "ALERT_TOPIC_ARN": "a",
        "OWN_ROLE_ARN": f"arn:aws:iam::{HUB_ACCOUNT}:role/x",
        "AWS_REGION": REGION,
    }
    assert Settings.from_environment(plain).hub is None
    hub = {
        "HUB_ORGANIZATION": "o-abc",
        "LOOK_UP_ROLE": LOOK_UP_ROLE,
        "HUB_REGIONS": '["eu-west-1"]',
        "HUB_ACCOUNTS": "true",
        "PARTS": '{"hub": {"spoke_version": "2"}}',
    }
    read = Settings.from_environment(plain | hub).hub
    assert read == Hub(
        "o-abc", LOOK_UP_ROLE, ("eu-west-1",), reads_accounts=True, spoke_version="2"
    )


def test_time_for_a_session_is_time_for_look_ups(hub):
    # GIVEN an STS that takes all the time that an alert may take
    def slow(made):
        if made.service == "sts":
            hub.wait(seconds=10)

    hub.organization.before = slow
    # WHEN something fails THEN the alert goes out without a look-up
    (document,) = hub.take(of_account(key_missing(), PAYMENTS))
    assert any("no time was left" in line for line in document["unknowns"])
    assert not hub.made("kms")


def test_old_incidents_of_the_own_account_are_looked_at_with_the_own_role(hub):
    from keywatch.incidents.assess import assess
    from keywatch.sources import read_event

    # GIVEN a failure that a version without a hub stored: nothing says where it was recorded
    (failure,) = read_event(disabled())
    hub.organization.kms(HUB_ACCOUNT).add(KEY_ID, "Disabled")
    # WHEN it is looked at THEN with the function's own role
    diagnosis, _ = assess(hub.services, replace(failure, time=hub.now - timedelta(minutes=1)), ())
    assert diagnosis.cause == "key_disabled"
    assert {call.account for call in hub.made("kms")} == {HUB_ACCOUNT}
