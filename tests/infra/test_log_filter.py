"""The filter pattern: inside the documented grammar, and letting every KMS error through."""

import json
from pathlib import Path

import pytest

from infra import log_filter
from tests.delivered import grammar
from tests.infra.synthesis import EVERYTHING_ON, resources, template

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "logs.jsonl"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
USER = "User: arn:aws:sts::111122223333:assumed-role/app/i-1 is not authorized to perform: kms:Decrypt on"

TEXTS = [
    "Alias arn:aws:kms:eu-west-1:111122223333:alias/payments is not found.",
    f"Key '{KEY}' does not exist",
    "Invalid keyId 'payments'",
    "Invalid keyId payments",
    "Invalid arn us-west-2",
    f"{KEY} is disabled.",
    f"{KEY} is pending deletion.",
    f"{KEY} is pending deletion (or pending replica deletion).",
    f"{KEY} is pending import.",
    f"{KEY} is pending import because no key material has ever been imported or one of the imported key materials is deleted.",
    f"{KEY} is unavailable.",
    f"{KEY} is creating.",
    f"{KEY} is updating.",
    "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not",
    f"{USER} this resource because the resource does not exist in this Region, no resource-based policies allow access, or a",
    f"{USER} the resource associated with this ciphertext because the resource does not exist in this Region, no resource-based",
    'Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html',
    "Key Aliases are not supported for this operation",
    "The external key store proxy rejected the request because it could not find the external key.",
    "The external key associated with this KMS key in an external key store was not found in its external key manager.",
    "AWS KMS rejected the request because the external key store proxy did not respond in time. Retry the request.",
    "AWS KMS cannot communicate with the external key store proxy. Verify that your external key store proxy is active",
    "AWS KMS cannot establish a TLS connection to the external key store proxy. Verify the TLS configuration",
    "External key store proxy authentication failed",
    "This KMS key is in a custom key store that is not connected to its external key store proxy. Connect the external key store",
    "KMS cannot communicate with your CloudHSM cluster",
    "An error occurred (KMSInvalidStateException) when calling the Decrypt operation: ",
    "software.amazon.awssdk.services.kms.model.KmsInvalidStateException: null (Service: Kms, Status Code: 400)",
    "#<Aws::KMS::Errors::DisabledException: Aws::KMS::Errors::DisabledException>",
    "KeyUnavailableException: UnknownError",
    "DependencyTimeoutException: UnknownError",
    "com.amazonaws.services.kms.model.KMSInternalException: null (Service: AWSKMS; Status Code: 500)",
    "InvalidGrantTokenException: UnknownError",
    "KMS.NotFoundException: UnknownError",
    "An error occurred (KMSNotFound) when calling the Publish operation: null",
    "KMSKeyNotAccessibleFault: An error occurred accessing an AWS KMS key.",
    "CustomKeyStoreNotFoundException: UnknownError",
    "aws_encryption_sdk.exceptions.GenerateKeyError: Master Key arn:aws:kms:eu-west-1:1:key/x unable to generate data key",
]
LOOK_ALIKES = [
    "INFO Decrypt succeeded with alias/payments",
    f"encrypting with {KEY}",
    "User pool client not found (Cognito: NotFoundException)",
    "ThrottlingException: Rate exceeded",
]


FILTER = grammar.parse(log_filter.PATTERN)


def delivered(text):
    """Match as CloudWatch Logs documents it: the whole text, or one of its lines as an event of its own."""
    return FILTER.matches(text)


def test_the_pattern_obeys_the_documented_grammar():
    # GIVEN the pattern, THEN it is one regular expression of the documented characters, within the limit
    assert FILTER.regex is not None
    assert len(log_filter.PATTERN) <= log_filter.MAX_PATTERN_LENGTH
    # AND one filter is all that a log group gets, so that no line arrives twice
    assert len(grammar.check_group([log_filter.PATTERN])) == 1


def test_no_alternative_is_written_twice():
    alternatives = log_filter.PATTERN.strip("%").split("|")
    assert len(set(alternatives)) == len(alternatives)


@pytest.mark.parametrize("text", TEXTS)
def test_every_wording_of_kms_is_delivered(text):
    assert delivered(text)
    # AND as part of a JSON log line
    assert delivered(json.dumps({"level": "ERROR", "error": text}))


@pytest.mark.parametrize("text", LOOK_ALIKES)
def test_ordinary_lines_are_not_delivered(text):
    assert not delivered(text)


def test_every_subscription_has_this_pattern():
    patterns = {
        found["FilterPattern"]
        for found in resources(template(EVERYTHING_ON), "AWS::Logs::SubscriptionFilter").values()
    }
    assert patterns == {log_filter.PATTERN}
    (policy,) = resources(template({"all_log_groups": True}), "AWS::Logs::AccountPolicy").values()
    document = "".join(
        part for part in policy["PolicyDocument"]["Fn::Join"][1] if isinstance(part, str)
    )
    assert json.loads(document)["FilterPattern"] == log_filter.PATTERN


@pytest.mark.skipif(not CORPUS.exists(), reason="the collected texts are not part of a clone")
def test_every_collected_text_about_a_key_is_delivered():
    rows = [json.loads(line) for line in CORPUS.read_text().splitlines()]
    assert [row["id"] for row in rows if row["expect_match"] and not delivered(row["text"])] == []
