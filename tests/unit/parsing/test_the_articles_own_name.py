"""``XksKeyNotFoundException``: AWS says it to CreateKey with an external key store; articles give it to every missing key."""

import pytest

from handler import handler

KEY = "5f2c1b7e-90ad-4c3e-8d61-7be04c19fa23"
ARN = f"arn:aws:kms:eu-west-1:482913570264:key/{KEY}"
REQUEST = "7d0e4c1a-58b2-4b9f-9a3c-6e1f20d4b857"
NAME = "XksKeyNotFoundException"

ALONE = [
    NAME,
    f"{NAME}:",
    f"`{NAME}`",
    f'"{NAME}"',
    f"{NAME}!",
    f"  {NAME}\n",
    f"com.amazonaws.services.kms.model.{NAME}",
    f"software.amazon.awssdk.services.kms.model.{NAME}",
    f"aws.sdk.kotlin.services.kms.model.{NAME}",
    f"Amazon.KeyManagementService.Model.{NAME}",
    f"Aws::KMS::Errors::{NAME}",
    f"Aws\\Kms\\Exception\\{NAME}",
    f"botocore.errorfactory.{NAME}",
    f"types.{NAME}",
    f"@aws-sdk/client-kms {NAME}",
]
PRINTED = [
    f"ERROR [main] c.e.KeyService - {NAME}: the key was not found",
    f"{NAME}: UnknownError\n    at de_CommandError (/app/node_modules/@aws-sdk/client-kms/dist-cjs/index.js:2280:21)",
    f"#<Aws::KMS::Errors::{NAME}: key missing>",
    f"Amazon.KeyManagementService.Model.{NAME}: key missing\n   at Amazon.Runtime.Internal.HttpErrorResponseExceptionHandler",
    f"thread 'main' panicked: Err({NAME} {{ message: None }})",
    f"An error occurred ({NAME}) when calling the Decrypt operation: key not found",
    f"operation error KMS: Decrypt, https response error StatusCode: 400, RequestID: {REQUEST}, {NAME}: could not find the key",
    f"Caused by: software.amazon.awssdk.services.kms.model.{NAME}: null (Service: Kms, Status Code: 400, Request ID: {REQUEST})",
    f'{{"__type":"{NAME}","message":""}}',
    f'{{"errorType":"{NAME}","errorMessage":"The key does not exist","requestId":"{REQUEST}"}}',
    f'Error executing "Decrypt" on "https://kms.eu-west-1.amazonaws.com"; {NAME} (client): key missing - {{}}',
    f"Encountered AWSError '{NAME}': key missing",
]
ASKED = [
    f"I keep getting an {NAME} from AWS KMS when my app starts, how do I fix it?",
    f"What does {NAME} mean?",
    f"Our service throws {NAME}, but nobody here uses an external key store.",
    f"Why do I see {NAME} after deleting the alias?",
]
NAMED = [
    (f"caught {NAME} for alias/my-alias", "alias/my-alias"),
    (f'level=error msg="kms: {NAME}" key_id=alias/app', "alias/app"),
    (f"[KMS] key lookup failed: {NAME} (alias/app)", "alias/app"),
    (f"2026-02-02 10:00:00,123 ERROR decrypt failed with {NAME} for key {ARN}", ARN),
    (f'{{"error":"{NAME}","keyId":"{ARN}","level":"error"}}', ARN),
    (f"The error is {NAME}. The KMS key {ARN} is not found.", ARN),
    (
        f"com.amazonaws.services.kms.model.{NAME}: {ARN} not found (Service: AWSKMS; Status Code: 400; Error Code: {NAME})",
        ARN,
    ),
    (f"{NAME}: customer master key {KEY} not found", None),
]
TEXTS = [(text, None) for text in (*ALONE, *PRINTED, *ASKED)] + NAMED


def explained(text):
    return handler({"action": "explain", "text": text})["findings"]


def test_there_are_enough_ways_of_writing_it():
    assert len({text for text, _ in TEXTS}) >= 30


@pytest.mark.parametrize(("text", "name"), TEXTS)
def test_it_is_explained_for_what_it_is(text, name):
    (finding,) = explained(text)
    # THEN it is possible, no more, and a request id is no key
    assert (finding["cause"], finding["confidence"]) == ("external_key_not_found", "possible")
    assert finding["identifier"] == name or (name is None and finding["identifier"] in {None, KEY})
    # AND the answer says whose word it is, and both ways to check
    (settles,) = [reason for reason in finding["because"] if "CreateKey" in reason]
    for words in (
        "NotFoundException",
        "EXTERNAL_KEY_STORE",
        "external key manager",
        "alias, account and Region",
    ):
        assert words in settles


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (f"{NAME}: Key '{ARN}' does not exist", "key_not_found"),
        (f"{NAME}: {ARN} is disabled.", "key_disabled"),
        (
            f"An error occurred ({NAME}) when calling the CreateKey operation: because it could not find the external key.",
            "external_key_not_found",
        ),
    ],
)
def test_what_aws_says_in_a_sentence_is_worth_more_than_the_name(text, cause):
    (finding,) = explained(text)
    assert finding["cause"] == cause


def test_for_createkey_it_needs_no_doubt():
    text = f"operation error KMS: CreateKey, https response error StatusCode: 400, RequestID: {REQUEST}, {NAME}: oops"
    (finding,) = explained(text)
    assert finding["cause"] == "external_key_not_found"
    assert not any(
        "to CreateKey with an external key store only" in reason for reason in finding["because"]
    )


@pytest.mark.parametrize(
    "text",
    [
        f"except kms.exceptions.{NAME} as error:",
        f"import {{ {NAME} }} from '@aws-sdk/client-kms';",
        f"- {NAME}: thrown where the external key is missing",
        f"grep {NAME} app.log",
        f"Type[{NAME}]",
        f"retryable: KMSInternalException, {NAME}",
    ],
)
def test_sources_and_lists_that_hold_the_name_are_no_failure(text):
    assert explained(text) == []
