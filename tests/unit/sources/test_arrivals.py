"""What no rule of a spoke can have sent is counted and not read; a hub's own calls are told by the exact role of the account."""

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keywatch.catalogue.own import CANARY_ALIAS, CANARY_DENIED_CALL
from keywatch.model.signals import CanarySeen, KeyChange, KeyFailure, Unrelated
from keywatch.sources.arrivals import read_arrival
from keywatch.sources.own_words import is_own_text
from keywatch.sources.source import Reception
from tests.support.organization import LOOK_UP_ROLE, of_account
from tests.support.world import ACCOUNT, REGION, ROLE, START, changed, disabled, failed, key_arn

SPOKE = "222222222222"
OTHER = "333333333333"
ALONE = Reception(START, REGION, frozenset({ROLE}))
HUB = Reception(START, REGION, frozenset({ROLE}), look_up_role=LOOK_UP_ROLE)


def native(account=SPOKE, **fields):
    return {
        "source": "aws.kms",
        "detail-type": "KMS CMK Deletion",
        "account": account,
        "region": REGION,
        "id": "1",
        "time": "2026-03-01T03:00:00Z",
        "resources": [key_arn().replace(ACCOUNT, account)],
        "detail": {"key-id": "1234abcd-12ab-34cd-56ef-1234567890ab"},
        **fields,
    }


def volume(account=SPOKE, **fields):
    return native(
        account,
        **{
            "source": "aws.ec2",
            "detail-type": "EBS Volume Notification",
            "resources": [f"arn:aws:ec2:{REGION}:{account}:volume/vol-1"],
            "detail": {
                "event": "createVolume",
                "result": "failed",
                "cause": f"{key_arn()} is disabled.",
            },
            **fields,
        },
    )


def service(**fields):
    event = failed("KMSInvalidStateException", f"{key_arn()} is pending deletion.", **fields)
    event["source"] = "aws.ssm"
    event["detail"]["eventSource"] = "ssm.amazonaws.com"
    return of_account(event, SPOKE)


def test_what_a_spokes_rules_send_is_read_and_says_where_it_was_recorded():
    for event in (
        of_account(disabled(), SPOKE),
        of_account(changed("DisableKey"), SPOKE),
        native(),
        volume(),
        service(),
    ):
        (signal,) = read_arrival(event, HUB)
        assert isinstance(signal, KeyFailure | KeyChange)
        assert signal.recorded_in == SPOKE


def test_one_account_alone_says_nothing_of_where_it_was_recorded():
    (signal,) = read_arrival(disabled(), ALONE)
    assert signal.recorded_in is None


MISMATCHES = {
    "the record is of another account": of_account(disabled(), SPOKE, recipientAccountId=OTHER),
    "the record is of no number": of_account(disabled(), SPOKE, recipientAccountId=[SPOKE]),
    "a change of another account": of_account(
        changed("DisableKey"), SPOKE, recipientAccountId=OTHER
    ),
    "the deleted key is of another account": native(resources=[key_arn().replace(ACCOUNT, OTHER)]),
    "the volume is of another account": volume(
        resources=[f"arn:aws:ec2:{REGION}:{OTHER}:volume/v"]
    ),
}


@pytest.mark.parametrize("event", MISMATCHES.values(), ids=MISMATCHES.keys())
def test_an_event_that_names_another_account_than_its_envelope_is_dropped(event):
    assert read_arrival(event, HUB) == (Unrelated("account_mismatch"),)


def test_a_deployment_for_one_account_drops_such_records_too_but_not_what_is_replayed():
    # GIVEN an event whose record is another account's
    event = disabled() | {"account": OTHER}
    # WHEN AWS sent it THEN it is dropped
    assert read_arrival(event, ALONE) == (Unrelated("account_mismatch"),)
    # AND what somebody replays may have been recorded anywhere
    (signal,) = read_arrival(event | {"source": "replay"}, ALONE)
    assert isinstance(signal, KeyFailure)


OF_NO_RULE = {
    "a record without an envelope": disabled()["detail"],
    "a log file": {"Records": [disabled()["detail"]]},
    "a log file in an envelope": {"Records": [disabled()["detail"]], "account": SPOKE},
    "no account": {**disabled(), "account": None},
    "no number": {**disabled(), "account": "sandbox"},
    "no Region": {k: v for k, v in of_account(disabled(), SPOKE).items() if k != "region"},
    "KMS by the source of another service": of_account(disabled(), SPOKE) | {"source": "aws.s3"},
    "another service by KMS's source": service() | {"source": "aws.kms"},
    "a service event of another service": service()
    | {"detail-type": "AWS Service Event via CloudTrail"},
    "a record of another Region": of_account(disabled(), SPOKE, awsRegion="us-west-2"),
    "a deletion by another service": native(source="aws.s3"),
    "a volume by another service": volume(source="aws.kms"),
    "a detail-type that no rule has": of_account(disabled(), SPOKE)
    | {"detail-type": "AWS Console Sign In via CloudTrail"},
    "nothing": {},
}


@pytest.mark.parametrize("event", OF_NO_RULE.values(), ids=OF_NO_RULE.keys())
def test_what_no_rule_can_have_sent_is_dropped_by_a_hub(event):
    assert read_arrival(event, HUB) == (Unrelated("of_no_rule"),)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(SPOKE),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
MEMBERS = st.sampled_from(["account", "region", "source", "detail-type", "detail", "resources"])
IN_DETAIL = st.sampled_from(["recipientAccountId", "eventSource", "awsRegion", "userIdentity"])


@given(
    st.sampled_from([of_account(disabled(), SPOKE), native(), volume(), service()]),
    st.dictionaries(MEMBERS, JSON, max_size=2),
    st.dictionaries(IN_DETAIL, JSON, max_size=2),
)
def test_whatever_an_event_holds_reading_never_fails_and_trusts_no_other_account(
    event, outer, inner
):
    # GIVEN an event with anything in any place
    event = deepcopy(event) | outer
    if isinstance(event.get("detail"), dict):
        event["detail"] |= inner
    # WHEN it is read
    for signal in read_arrival(event, HUB):
        # THEN what is taken for a failure or a change was recorded in the account of the envelope
        if isinstance(signal, KeyFailure | KeyChange):
            assert signal.recorded_in == event["account"]
            named = event["detail"].get("recipientAccountId")
            assert named in (None, event["account"])


def by(arn, account=SPOKE, session="KeyWatch", *, issuer=True):
    name = arn.rpartition("/")[2]
    partition = arn.split(":")[1]
    identity = {
        "type": "AssumedRole",
        "arn": f"arn:{partition}:sts::{arn.split(':')[4]}:assumed-role/{name}/{session}",
        "accountId": account,
    }
    if issuer:
        identity["sessionContext"] = {
            "sessionIssuer": {"type": "Role", "arn": arn, "accountId": account}
        }
    return identity


def look_up(identity, **fields):
    event = failed("NotFoundException", "Key 'x' does not exist", eventName="DescribeKey")
    return of_account(event, SPOKE, userIdentity=identity, **fields)


LOOK_UPS = f"arn:aws:iam::{SPOKE}:role/{LOOK_UP_ROLE}"


@pytest.mark.parametrize("session", ["KeyWatch", "anything"])
@pytest.mark.parametrize("issuer", [True, False])
def test_calls_of_an_accounts_look_up_role_are_keywatchs_own(session, issuer):
    event = look_up(by(LOOK_UPS, session=session, issuer=issuer))
    assert read_arrival(event, HUB) == (Unrelated("own_call"),)


def test_the_hubs_own_function_is_told_in_every_account():
    # GIVEN the record of a call by the hub's function, in the account of a key that it named
    event = look_up(by(ROLE, account=ACCOUNT))
    assert read_arrival(event, HUB) == (Unrelated("own_call"),)


STRANGERS = {
    "a path": by(f"arn:aws:iam::{SPOKE}:role/team/{LOOK_UP_ROLE}"),
    "another partition": by(f"arn:aws-cn:iam::{SPOKE}:role/{LOOK_UP_ROLE}"),
    "another account": by(f"arn:aws:iam::{OTHER}:role/{LOOK_UP_ROLE}", account=OTHER),
    "another account in this one's name": by(f"arn:aws:iam::{OTHER}:role/{LOOK_UP_ROLE}"),
    "a longer name": by(f"{LOOK_UPS}-2"),
    "a name that ends so": by(f"arn:aws:iam::{SPOKE}:role/My{LOOK_UP_ROLE}"),
    "in small letters": by(LOOK_UPS.lower()),
    "a user": {
        "type": "IAMUser",
        "arn": f"arn:aws:iam::{SPOKE}:user/{LOOK_UP_ROLE}",
        "accountId": SPOKE,
    },
}


@pytest.mark.parametrize("identity", STRANGERS.values(), ids=STRANGERS.keys())
def test_calls_of_roles_that_are_merely_like_it_are_failures_like_any_other(identity):
    (signal,) = read_arrival(look_up(identity), HUB)
    assert isinstance(signal, KeyFailure)


def test_without_a_hub_no_role_of_that_name_is_keywatchs_own():
    event = failed("NotFoundException", "Key 'x' does not exist", eventName="DescribeKey")
    event["detail"]["userIdentity"] = by(LOOK_UPS.replace(SPOKE, ACCOUNT), account=ACCOUNT)
    (signal,) = read_arrival(event, ALONE)
    assert isinstance(signal, KeyFailure)


def test_a_spokes_canary_says_where_it_was_sent():
    said = f"Alias arn:aws:kms:{REGION}:{SPOKE}:{CANARY_ALIAS} is not found."
    event = failed("NotFoundException", said, CANARY_ALIAS, eventName="DescribeKey")
    event = of_account(event, SPOKE, userIdentity=by(LOOK_UPS))
    assert read_arrival(event, HUB) == (CanarySeen("canary", START, "missing", SPOKE, REGION),)
    denied = of_account(
        failed("AccessDenied", "explicit deny", None, eventName=CANARY_DENIED_CALL),
        SPOKE,
        userIdentity=by(LOOK_UPS),
    )
    assert read_arrival(denied, HUB) == (CanarySeen("canary", START, "denied", SPOKE, REGION),)


@pytest.mark.parametrize(
    ("named", "own"),
    [
        (f"arn:aws:sts::{SPOKE}:assumed-role/{LOOK_UP_ROLE}/KeyWatch", True),
        (f"arn:aws:iam::{OTHER}:role/{LOOK_UP_ROLE}", True),
        (f"arn:aws:sts::{SPOKE}:assumed-role/{LOOK_UP_ROLE}-2/KeyWatch", False),
        (f"arn:aws-cn:sts::{SPOKE}:assumed-role/{LOOK_UP_ROLE}/KeyWatch", False),
        (f"arn:aws:iam::{SPOKE}:role/team/{LOOK_UP_ROLE}", False),
    ],
)
def test_lines_of_an_organisations_trail_about_own_look_ups_are_no_reports(named, own):
    # GIVEN a log line that names a role in a failing look-up
    line = f"NotFoundException: Key '{key_arn()}' does not exist, asked by {named}"
    # THEN it is KeyWatch's own exactly where the role is a look-up role
    assert is_own_text(line, HUB.own_roles, HUB.look_ups_by) is own
