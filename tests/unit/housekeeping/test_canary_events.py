"""The canary as it comes back: recognized by the role that called and the alias that was asked for, and by nothing less."""

from datetime import UTC, datetime

import pytest

from keywatch.catalogue.own import CANARY_ALIAS, CANARY_DENIED_CALL
from keywatch.model.signals import CanarySeen, KeyFailure, Unrelated
from keywatch.sources import read_event
from keywatch.sources.source import Reception
from tests.support.world import ACCOUNT, REGION, ROLE, failed

CALLED = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
ERROR = f"Alias arn:aws:kms:{REGION}:{ACCOUNT}:{CANARY_ALIAS} is not found."
OWN = {
    "type": "AssumedRole",
    "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/KeyWatch-function-{REGION}/KeyWatch-Function",
    "accountId": ACCOUNT,
    "sessionContext": {"sessionIssuer": {"type": "Role", "arn": ROLE, "accountId": ACCOUNT}},
}


def read(key_id=CANARY_ALIAS, error=ERROR, code="NotFoundException", **fields):
    event = failed(code, error, key_id, eventName="DescribeKey", **fields)
    return read_event(event, Reception(own_roles=frozenset({ROLE})))[0]


@pytest.mark.parametrize(
    ("key_id", "error"),
    [(CANARY_ALIAS, ERROR), (None, ERROR), (CANARY_ALIAS, None)],
    ids=["in full", "without requestParameters", "without an error text"],
)
def test_the_canary_is_recognized_however_cloudtrail_recorded_it(key_id, error):
    assert read(key_id, error, userIdentity=OWN) == CanarySeen("canary", CALLED)


def test_a_canary_that_was_denied_came_back_all_the_same():
    # GIVEN a role that may not describe keys: the call fails for another reason, and the way back is the same
    assert read(error=None, code="AccessDenied", userIdentity=OWN) == CanarySeen("canary", CALLED)


def test_the_call_that_its_role_forbids_comes_back_by_its_name():
    # GIVEN the denied call, whose record holds neither request nor resource
    said = "User: x is not authorized to perform: kms:GetKeyRotationStatus with an explicit deny"
    event = failed("AccessDenied", said, None, eventName=CANARY_DENIED_CALL, userIdentity=OWN)
    # WHEN THEN it is told from the call of the missing alias
    own = Reception(own_roles=frozenset({ROLE}))
    assert read_event(event, own) == (CanarySeen("canary", CALLED, "denied"),)
    # AND made by somebody else, it is a denial like any other
    (other,) = read_event(event | {"detail": event["detail"] | {"userIdentity": {}}}, own)
    assert not isinstance(other, CanarySeen)


def test_the_same_alias_asked_for_by_somebody_else_is_a_failure_like_any_other():
    # GIVEN the call of an application, which would otherwise pass for the canary and hide a blind KeyWatch
    signal = read()
    # THEN it is no canary
    assert isinstance(signal, KeyFailure)


@pytest.mark.parametrize("alias", [f"{CANARY_ALIAS}-2", "alias/payments", ""])
def test_other_look_ups_of_keywatch_stay_its_own(alias):
    error = f"Alias arn:aws:kms:{REGION}:{ACCOUNT}:{alias or 'alias/other'} is not found."
    assert read(alias, error, userIdentity=OWN) == Unrelated("own_call")
    assert read(None, error, userIdentity=OWN) == Unrelated("own_call")
