"""Failed calls from CloudTrail records in AWS's documented shapes."""

import pytest

from keywatch.model.signals import KeyFailure, Unrelated
from keywatch.sources import read_event
from keywatch.sources.source import Reception
from tests.unit.parsing.kms_errors import DENIED, USER
from tests.unit.sources.records import (
    ACCOUNT,
    KEY,
    KEY_ID,
    OTHER_ACCOUNT,
    OTHER_KEY_ID,
    RECEIVED,
    REGION,
    STORE,
    failed,
    failure,
    identities,
    payload,
    read,
    recorded,
)

OTHER_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{OTHER_KEY_ID}"


def test_a_failure_of_an_external_key_brings_its_store_its_external_id_and_what_it_protects():
    # GIVEN the record of a Decrypt for Secrets Manager whose external key is gone
    # WHEN it is read
    signal = recorded("decrypt_external_key_not_found")
    # THEN everything that the record knows is there
    assert isinstance(signal, KeyFailure)
    assert signal.classification.cause == "external_key_not_found"
    assert (signal.key_store, signal.external_key, signal.key_arn) == (
        STORE,
        "bb8562717f809024",
        KEY,
    )
    assert signal.resource == f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:payments-AbCdEf"
    assert signal.caller.service == "secretsmanager.amazonaws.com"
    assert signal.subject.id == f"key|{ACCOUNT}|{REGION}|{KEY_ID}"


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("decrypt_key_store_disconnected", "key_store_disconnected"),
        ("encrypt_cloudhsm_unreachable", "cloudhsm_unavailable"),
    ],
)
def test_what_breaks_a_whole_key_store_is_about_the_store(name, cause):
    # GIVEN a call that failed because its key store is broken
    signal = recorded(name)
    # THEN the store is the subject, so that all its keys are one incident
    assert isinstance(signal, KeyFailure)
    assert (signal.classification.cause, signal.subject.id) == (
        cause,
        f"key_store|{ACCOUNT}|{REGION}|{STORE}",
    )


@pytest.mark.parametrize("name", ["decrypt_wrong_key", "decrypt_empty_error"])
def test_a_wrong_key_or_ciphertext_is_out_of_scope(name):
    # GIVEN AWS's own examples of failed Decrypt calls THEN neither is about a missing key
    signal = recorded(name)
    assert isinstance(signal, Unrelated)
    assert signal.reason.startswith("out_of_scope_")


def test_of_two_keys_the_text_says_which_one_failed():
    # GIVEN a ReEncrypt from a disabled key, named by an alias
    signal = recorded("reencrypt_source_disabled")
    # THEN the source is meant, and no other key is suspected
    assert isinstance(signal, KeyFailure)
    assert (signal.key_arn, signal.other_keys) == (KEY, ())
    assert signal.subject.name == KEY_ID


def test_of_two_keys_without_a_word_both_are_kept():
    # GIVEN a ReEncrypt that was denied, without a word about which of its keys
    signal = recorded("reencrypt_denied_on_one_of_two")
    # THEN both are known
    assert isinstance(signal, KeyFailure)
    assert (signal.key_arn, signal.other_keys) == (KEY, (OTHER_KEY,))


@pytest.mark.parametrize(
    ("action", "asked"), [("kms:ReEncryptTo", OTHER_KEY_ID), ("kms:ReEncryptFrom", KEY_ID)]
)
def test_of_two_keys_the_denied_action_tells_which_one(action, asked):
    # GIVEN a ReEncrypt of which one half was denied
    record = payload("cloudtrail", "reencrypt_denied_on_the_destination")
    record["errorMessage"] = f"{USER} {action} on this resource {DENIED}"
    # WHEN it is read
    signal = failure(record)
    # THEN only the key of that half is meant
    assert signal.identifier is not None
    assert (signal.identifier.text, signal.other_keys) == (asked, ())


def test_both_accounts_copies_of_a_call_are_one_event_about_one_key():
    # GIVEN the caller's and the owner's copy of one call on a key of another account
    callers, owners = (
        recorded("cross_account_copy_of_the_caller"),
        recorded("cross_account_copy_of_the_owner"),
    )
    # THEN they are recognised as the same, and the key belongs to its owner in both
    assert isinstance(callers, KeyFailure)
    assert isinstance(owners, KeyFailure)
    assert callers.event_id == owners.event_id
    assert callers.subject == owners.subject
    assert callers.subject.account == OTHER_ACCOUNT
    assert callers.account == owners.account == ACCOUNT


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException"])
def test_a_denial_is_read_alike_under_both_of_its_codes(code):
    # GIVEN AWS's three-way denial under CloudTrail's code, and under the SDKs' THEN it is the same ambiguous failure
    assert (
        failure(failed(code, f"{USER} kms:Decrypt on this resource {DENIED}")).classification.cause
        == "missing_or_not_authorized"
    )


@pytest.mark.parametrize(
    ("name", "cause", "service", "arn"),
    [
        ("s3_put_object_key_missing", "key_not_found", "s3.amazonaws.com", KEY),
        ("sns_publish_key_disabled", "key_disabled", "sns.amazonaws.com", KEY),
        ("rds_restore_key_not_accessible", "missing_or_not_authorized", "rds.amazonaws.com", KEY),
    ],
)
def test_other_services_failures_name_the_key_that_they_were_given(name, cause, service, arn):
    # GIVEN another service's failure because of a KMS key
    signal = recorded(name)
    # THEN cause, service and key are known
    assert isinstance(signal, KeyFailure)
    assert (signal.classification.cause, signal.service, signal.key_arn) == (cause, service, arn)


def test_the_account_that_kms_itself_expanded_an_alias_to_beats_the_callers():
    # GIVEN a text that names the alias in full, in another account than the identity's
    text = f"Alias arn:aws:kms:{REGION}:{OTHER_ACCOUNT}:alias/payments is not found."
    # WHEN the caller typed the bare name
    signal = failure(
        failed("NotFoundException", text, requestParameters={"keyId": "alias/payments"})
    )
    # THEN the alias that is missing is the one that KMS looked for
    assert signal.subject.id == f"alias|{OTHER_ACCOUNT}|{REGION}|alias/payments"


def test_calls_of_its_own_role_are_told_apart_by_role_alone():
    # GIVEN a failing look-up of KeyWatch itself, and one of a role whose name only looks like it
    record = failed(
        "NotFoundException",
        f"Key '{KEY}' does not exist",
        userIdentity=identities()["assumed_role"],
    )
    own = f"arn:aws:iam::{ACCOUNT}:role/service-role/payments"
    # THEN only the first is its own
    assert read(record, own_roles=frozenset({own})) == Unrelated("own_call")
    assert isinstance(
        read(record, own_roles=frozenset({own.replace("payments", "paymentsX")})), KeyFailure
    )


@pytest.mark.parametrize(
    "event", [None, [], "text", 5, {}, {"eventName": 1}, {"Records": "x"}, {"detail-type": 7}]
)
def test_what_is_no_record_is_said_to_have_an_unknown_shape(event):
    # GIVEN JSON that is no record THEN that is an answer, not an error
    assert read(event) == Unrelated("unknown_shape")


def test_a_log_file_is_read_record_by_record():
    # GIVEN a CloudTrail log file with a failure, a success and rubbish
    file = {
        "Records": [
            failed("NotFoundException", f"Key '{KEY}' does not exist"),
            payload("cloudtrail", "update_alias"),
            3,
        ]
    }
    # WHEN it is read
    signals = read_event(file, Reception(RECEIVED))
    # THEN each gives its own signal
    assert [type(signal).__name__ for signal in signals] == ["KeyFailure", "KeyChange", "Unrelated"]


def test_a_record_without_a_readable_time_is_as_old_as_its_arrival():
    # GIVEN a record whose time is no time
    signal = failure(
        failed("NotFoundException", f"Key '{KEY}' does not exist", eventTime="yesterday")
    )
    # THEN it counts from when it came
    assert signal.time == RECEIVED


def test_no_value_of_an_applications_own_encryption_context_is_kept():
    # GIVEN a context with a secret beside one that a service sets
    context = {"patient": "Jane Roe", "aws:ebs:id": "vol-0123"}
    record = failed(
        "DisabledException", f"{KEY} is disabled.", requestParameters={"encryptionContext": context}
    )
    # THEN only the service's resource is kept
    signal = failure(record)
    assert signal.resource == "vol-0123"
    assert "Jane" not in repr(signal)
