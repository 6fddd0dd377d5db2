"""Who made a call, in every form in which CloudTrail says it."""

import pytest

from keywatch.model.signals import Caller
from keywatch.sources.callers import UNKNOWN_CALLER, is_own, read_caller
from tests.unit.sources.records import ACCOUNT, identities

ROLE = f"arn:aws:iam::{ACCOUNT}:role/service-role/payments"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/Alice"
CALLERS = {
    "iam_user": Caller(ALICE, None, ACCOUNT),
    "iam_user_through_ssm": Caller(ALICE, None, ACCOUNT, "AWS Internal"),
    "assumed_role": Caller(ROLE, "i-0abc", ACCOUNT),
    "role_through_secrets_manager": Caller(
        ROLE, "payments-fn", ACCOUNT, "secretsmanager.amazonaws.com"
    ),
    "aws_service": Caller(
        "workmail.us-west-2.amazonaws.com", None, None, "workmail.us-west-2.amazonaws.com"
    ),
    "kms_internal": Caller("AWS Internal", None, ACCOUNT, "AWS Internal"),
    "aws_account": Caller(f"AIDAEXAMPLEUSERID0001 in account {ACCOUNT}", None, ACCOUNT),
    "federated_user": Caller(f"arn:aws:iam::{ACCOUNT}:user/broker", None, ACCOUNT),
    "root": Caller(f"arn:aws:iam::{ACCOUNT}:root", None, ACCOUNT),
    "identity_center_user": Caller(
        f"Identity Center user 544894e8-80c1-707f-60e3-3ba6510dfac1 in account {ACCOUNT}",
        None,
        ACCOUNT,
    ),
    "web_identity_user": Caller(f"carol in account {ACCOUNT}", None, ACCOUNT),
    "role_delegated_to_a_product": Caller(ROLE, "vendor", ACCOUNT),
}


@pytest.mark.parametrize("kind", CALLERS)
def test_each_kind_of_identity_names_its_caller(kind):
    # GIVEN an identity as CloudTrail documents it WHEN it is read THEN the caller is the one that people know
    assert read_caller(identities()[kind]) == CALLERS[kind]


def test_every_documented_identity_is_tested():
    assert CALLERS.keys() == identities().keys()


def test_a_role_without_its_session_context_is_still_the_role():
    # GIVEN an assumed role of which only the session's ARN is known
    identity = {
        "type": "AssumedRole",
        "arn": f"arn:aws-cn:sts::{ACCOUNT}:assumed-role/payments/i-0abc",
    }
    # THEN its role is the caller, whatever the session
    assert read_caller(identity) == Caller(f"arn:aws-cn:iam::{ACCOUNT}:role/payments", "i-0abc")


def test_sessions_of_a_foreign_role_are_one_caller():
    # GIVEN the owner's copy of two calls by sessions of one foreign role
    callers = [
        read_caller({"type": "AWSAccount", "principalId": f"AROAX:{name}", "accountId": ACCOUNT})
        for name in ("a", "b")
    ]
    # THEN the principal is the same
    assert callers[0].principal == callers[1].principal == f"AROAX in account {ACCOUNT}"
    assert [caller.session for caller in callers] == ["a", "b"]


@pytest.mark.parametrize(
    "identity", [None, "x", [], {}, {"arn": 5}, {"sessionContext": {"sessionIssuer": [1]}}]
)
def test_what_names_nobody_is_unknown(identity):
    assert read_caller(identity) == UNKNOWN_CALLER


@pytest.mark.parametrize(
    ("identity", "own"),
    [
        (
            {
                "sessionContext": {
                    "sessionIssuer": {"arn": "arn:aws:iam::111122223333:role/p/kw-eu-west-1"}
                }
            },
            True,
        ),
        (
            {
                "sessionContext": {
                    "sessionIssuer": {"arn": "arn:aws:iam::111122223333:role/p/kw-us-east-1"}
                }
            },
            True,
        ),
        (
            {
                "sessionContext": {
                    "sessionIssuer": {"arn": "arn:aws:iam::111122223333:role/p/kw-evil"}
                }
            },
            False,
        ),
        (
            {
                "sessionContext": {
                    "sessionIssuer": {"arn": "arn:aws:iam::111122223333:role/kw-eu-west-1"}
                }
            },
            False,
        ),
        (
            {
                "sessionContext": {
                    "sessionIssuer": {"arn": "arn:aws:iam::111122223333:role/p/kw-eu-west-1x"}
                }
            },
            False,
        ),
        (
            {"sessionContext": {"sessionIssuer": {"arn": "arn:aws:iam::111122223333:role/other"}}},
            False,
        ),
        ({"arn": "arn:aws:sts::111122223333:assumed-role/kw-eu-west-1/x"}, True),
        ({"arn": "arn:aws:sts::111122223333:assumed-role/kw-eu-west-12/x"}, False),
        ({"arn": "arn:aws:sts::999988887777:assumed-role/kw-eu-west-1/x"}, False),
        ({"arn": "arn:aws:iam::1:user/kw"}, False),
        (None, False),
    ],
)
def test_only_its_own_role_is_its_own(identity, own):
    roles = {
        f"arn:aws:iam::111122223333:role/p/kw-{region}" for region in ("eu-west-1", "us-east-1")
    }
    assert is_own(identity, roles) is own
