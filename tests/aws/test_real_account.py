"""What no emulator can show: that CloudTrail and EventBridge of a real account bring failing KMS calls to KeyWatch.

Each test keeps what CloudTrail sent in ``recorded/``: it settles which fields AWS really fills in.
"""

import contextlib

import pytest
from botocore.exceptions import ClientError

from keywatch.catalogue.own import CANARY_ALIAS, CANARY_DENIED_CALL
from tests.aws.account import wait_for


def fails(call):
    """Make a call that has to fail."""
    with pytest.raises(ClientError):
        call()


def doctor_lines(account):
    return {line["id"]: line for line in account.ask(action="doctor")["lines"]}


def test_the_doctor_finds_what_keywatch_needs(account):
    # GIVEN a deployment, WHEN the doctor looks
    lines = doctor_lines(account)
    # THEN what the stack itself provides is in order; the trail is the account's
    ours = (
        "rules",
        "intake",
        "table",
        "dead_letters",
        *(name for name in lines if name.startswith("permission")),
    )
    assert {name: lines[name]["says"] for name in ours if lines[name]["status"] != "pass"} == {}


def test_the_canary_comes_back(account):
    # GIVEN a canary that was sent now
    account.ask(canary="hour")
    # WHEN CloudTrail has recorded it
    account.record("canary", CANARY_ALIAS)
    # THEN KeyWatch has seen it
    wait_for(lambda: doctor_lines(account)["canary"]["status"] == "pass", "the canary")


def test_the_denied_canary_comes_back(account):
    """Which of the two calls CloudTrail records, the records in ``recorded/`` show from now on."""
    account.ask(canary="hour")
    account.record("canary_denied", CANARY_DENIED_CALL)
    wait_for(
        lambda: "No canary has come back" not in doctor_lines(account)["canary"]["says"],
        "the canary",
    )


def test_a_typo_in_an_alias_is_alerted_with_the_alias_that_was_meant(account):
    # GIVEN an alias, and a call with a slip in it
    account.new_key(f"alias/{account.run}-payments")
    typo = f"alias/{account.run}-paymetns"
    fails(lambda: account.kms.encrypt(KeyId=typo, Plaintext=b"x"))
    # THEN the alert names the right one
    account.record("alias_typo", typo)
    alert = account.alert("opened", typo)
    assert alert["cause"] == "alias_not_found"
    assert f"{account.run}-payments" in str(alert["because"])


def test_a_disabled_key_is_alerted(account):
    # GIVEN a key that was disabled
    arn = account.new_key()
    account.kms.disable_key(KeyId=arn)
    wait_for(lambda: not encrypts(account, arn), "the key to be disabled everywhere", 300)
    # THEN the alert says so, and who did it is in its changes
    account.record("disabled_key", arn)
    alert = account.alert("opened", arn)
    assert alert["cause"] == "key_disabled"
    assert account.ask(action="check", key_id=arn)["usable"] is False


def test_a_scheduled_deletion_is_alerted_and_its_cancellation_resolves_it(account):
    # GIVEN a key that will be deleted, and a call that fails for it
    arn = account.new_key()
    account.kms.schedule_key_deletion(KeyId=arn, PendingWindowInDays=7)
    wait_for(lambda: not encrypts(account, arn), "the key to be unusable everywhere", 300)
    account.record("pending_deletion", arn)
    assert account.alert("opened", arn)["cause"] == "key_pending_deletion"
    # WHEN the deletion is cancelled and the key enabled
    account.kms.cancel_key_deletion(KeyId=arn)
    account.kms.enable_key(KeyId=arn)
    # THEN the incident ends
    assert account.ask(action="check", key_id=arn, wait_seconds=120)["usable"] is True
    account.alert("resolved", arn)


def test_a_key_made_during_the_wait_is_usable_at_the_end_of_it(account):
    arn = account.new_key()
    (result,) = account.ask(action="check", key_id=arn, wait_seconds=120)["results"]
    assert result["usable"] is True


def encrypts(account, key):
    with contextlib.suppress(ClientError):
        account.kms.encrypt(KeyId=key, Plaintext=b"x")
        return True
    return False
