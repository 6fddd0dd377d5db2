"""What people say of a KMS key in their own words: explained with due doubt; in a log only a named key counts."""

import pytest

from handler import handler
from keywatch.catalogue.spoken import MISSING, SAID, UNUSABLE
from keywatch.parsing.logs.errors import find_errors
from keywatch.parsing.spoken import said_of_key

KEY = "5f2c1b7e-90ad-4c3e-8d61-7be04c19fa23"
ARN = f"arn:aws:kms:eu-west-1:482913570264:key/{KEY}"
OTHER = "arn:aws:kms:eu-west-1:482913570264:key/0c2d4e6f-1a3b-4c5d-8e7f-9a0b1c2d3e4f"


def explained(text):
    return handler({"action": "explain", "text": text})["findings"]


@pytest.mark.parametrize(
    ("text", "cause", "name"),
    [
        (f"KMS key {KEY} is disabled", "key_disabled", KEY),
        (f"KMS key {KEY} does not exist", "key_not_found", KEY),
        ("AWS KMS key alias/app does not exist", "alias_not_found", "alias/app"),
        (
            f"The KMS key {ARN} provided is in an invalid state: PendingDeletion",
            "key_pending_deletion",
            ARN,
        ),
        ("The specified KMS key does not exist", "key_not_found", None),
        (
            "You are not allowed to use KMS key or it does not exist",
            "missing_or_not_authorized",
            None,
        ),
        ("my kms key is pending deletion, how do I get it back?", "key_pending_deletion", None),
        ("InvalidKmsKeyId.NotFound", "key_not_found", None),
        ("KMSKeyDisabled", "key_disabled", None),
    ],
)
def test_what_people_say_is_explained_and_never_certain(text, cause, name):
    (finding,) = explained(text)
    assert (finding["cause"], finding["identifier"]) == (cause, name)
    # THEN what is named is likely, what is not is possible, and the answer says what would settle it
    assert finding["confidence"] == ("likely" if name else "possible")
    assert any(reason.startswith("unknown: ") for reason in finding["because"])


@pytest.mark.parametrize(
    "text",
    [
        "If the KMS key does not exist, create one.",
        "How do I create a KMS key if the alias does not exist?",
        "KMS keys are enabled by default",
        f"Key rotation of KMS key {ARN} is disabled",
        f"INFO KMS key policy of {ARN} was not found, using the default",
        f"arn:aws:iam::482913570264:user/a is not authorized to perform: kms:Decrypt on resource: {ARN}; is KMS key disabled?",
        "Azure Key Vault: the customer managed key is disabled",
    ],
)
def test_questions_conditions_and_other_things_are_no_failure(text):
    assert explained(text) == []


def test_in_a_log_a_key_must_be_named_and_something_have_failed():
    assert find_errors("ERROR upload failed: the KMS key was not found") == ()
    assert find_errors(f"INFO KMS key {KEY} not available yet") == ()
    (error,) = find_errors(f"ERROR upload failed: KMS key {ARN} was not found")
    assert (error.classification.cause, error.classification.identifier) == ("key_not_found", ARN)
    assert error.own_words


def test_words_that_leave_open_which_trouble_it_is_prove_none():
    assert said_of_key("kms key is disabled or pending deletion").cause == "unclassified"
    assert (
        said_of_key("kms key does not exist or is not enabled").cause == "missing_or_not_authorized"
    )


@pytest.mark.parametrize("phrase", [phrase for _, phrases in SAID for phrase in phrases])
def test_every_phrase_is_read(phrase):
    found = said_of_key(f"the kms key: {phrase}")
    cause = next(cause for cause, phrases in SAID if phrase in phrases)
    expected = {MISSING: {"key_not_found", "missing_or_not_authorized"}, UNUSABLE: {"unclassified"}}
    assert found is not None
    assert found.cause in expected.get(cause, {cause, "missing_or_not_authorized"})


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f"could not decrypt with {ARN}: DisabledException; fell back to {OTHER}", ARN),
        (f"tried {OTHER}, then {ARN}: DisabledException", ARN),
        (f"re-encrypt from {OTHER} to the other ({ARN}) ended with DisabledException", None),
    ],
)
def test_of_several_keys_the_one_right_before_the_code_is_named_or_none(text, name):
    (error,) = find_errors(text)
    assert (error.classification.cause, error.classification.identifier) == ("key_disabled", name)
