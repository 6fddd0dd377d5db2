"""What AWS's codes and texts say: every known wording, in every disguise, and silence on what is out of scope."""

import json
import re

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keywatch.catalogue import code_lookup
from keywatch.catalogue.causes import CAUSES
from keywatch.catalogue.codes import CODES
from keywatch.catalogue.operations import KMS_OPERATIONS
from keywatch.catalogue.texts import CONNECTION_ERRORS, TEXTS
from keywatch.model.levels import Confidence
from keywatch.parsing.classify import read_error

CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
PARTITIONS = (("aws", "eu-west-1"), ("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1"))
KEY, ALIAS = "{key}", "{alias}"
USER = "User: arn:aws:iam::111122223333:user/x is not authorized to perform: kms:Decrypt "
THREE_WAY = (
    "because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy"
    " explicitly denies access"
)
STATE, MISSING, DENIED, DISABLED = (
    "KMSInvalidStateException",
    "NotFoundException",
    "AccessDeniedException",
    "DisabledException",
)

# code, message, cause, what the text proves, the name of the key in it
IN_SCOPE = (
    (MISSING, f"Alias {ALIAS} is not found.", "alias_not_found", CERTAIN, ALIAS),
    (MISSING, f"Key '{KEY}' does not exist", "key_not_found", CERTAIN, KEY),
    (MISSING, "Invalid keyId 'payments'", "malformed_identifier", CERTAIN, "payments"),
    (MISSING, "Invalid keyId payments", "malformed_identifier", CERTAIN, "payments"),
    (MISSING, "Invalid keyId ''", "malformed_identifier", CERTAIN, ""),
    (MISSING, "Invalid keyId ''alias/x''", "malformed_identifier", CERTAIN, "'alias/x'"),
    (
        MISSING,
        "Invalid keyId 'my key, isn't it'",
        "malformed_identifier",
        CERTAIN,
        "my key, isn't it",
    ),
    (MISSING, "Invalid arn us-west-2", "wrong_region", CERTAIN, None),
    (MISSING, "Invalid arn", "wrong_region", LIKELY, None),
    (DISABLED, f"{KEY} is disabled.", "key_disabled", CERTAIN, KEY),
    (
        DISABLED,
        f"{KEY} is pending deletion (or pending replica deletion).",
        "key_pending_deletion",
        CERTAIN,
        KEY,
    ),
    (STATE, f"{KEY} is pending deletion.", "key_pending_deletion", CERTAIN, KEY),
    (STATE, f"{KEY} is pending import.", "key_material_missing", CERTAIN, KEY),
    (
        STATE,
        f"{KEY} is pending import because no key material has ever been imported or one of the imported key materials is deleted",
        "key_material_missing",
        CERTAIN,
        KEY,
    ),
    (STATE, f"{KEY} is unavailable.", "key_store_disconnected", LIKELY, KEY),
    (STATE, f"{KEY} is creating.", "key_not_ready", CERTAIN, KEY),
    (STATE, f"{KEY} is updating.", "key_not_ready", CERTAIN, KEY),
    (DENIED, f"{USER}on this resource {THREE_WAY}", "missing_or_not_authorized", POSSIBLE, None),
    (
        DENIED,
        f"{USER}on the resource associated with this ciphertext {THREE_WAY}",
        "missing_or_not_authorized",
        POSSIBLE,
        None,
    ),
    (DENIED, f"{USER}on resource: {KEY} {THREE_WAY}", "missing_or_not_authorized", POSSIBLE, None),
    (
        DENIED,
        "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you",
        "missing_or_not_authorized",
        POSSIBLE,
        None,
    ),
    (
        "ValidationException",
        'Alias must start with the prefix "alias/". Please see x',
        "malformed_identifier",
        CERTAIN,
        None,
    ),
    (
        "ValidationException",
        "1 validation error detected: Value 'a b' at 'keyId' failed to satisfy constraint: Member must have length less",
        "malformed_identifier",
        CERTAIN,
        "a b",
    ),
    (
        "InvalidArnException",
        "Key Aliases are not supported for this operation",
        "malformed_identifier",
        CERTAIN,
        None,
    ),
    (
        STATE,
        "KMS cannot communicate with your CloudHSM cluster",
        "cloudhsm_unavailable",
        CERTAIN,
        None,
    ),
    (
        "KMSInternalException",
        "All PKCS #11 sessions are in use",
        "cloudhsm_unavailable",
        LIKELY,
        None,
    ),
    (STATE, "new words about this key", "unclassified", POSSIBLE, None),
    (STATE, f"the key {KEY} is pending deletion", "key_pending_deletion", CERTAIN, KEY),
    (STATE, "this key is pending deletion", "key_pending_deletion", LIKELY, None),
    (MISSING, "new words", "unclassified", POSSIBLE, None),
    (MISSING, "There is no such alias: alias/x", "alias_not_found", LIKELY, "alias/x"),
    (MISSING, f"Unknown key {KEY_ID}: could not be found", "key_not_found", LIKELY, KEY_ID),
    (
        MISSING,
        "The grant 0c237476b39f8bc44e45212e08498fbe does not exist",
        "grant_not_found",
        LIKELY,
        None,
    ),
    ("KeyUnavailableException", "try again", "kms_unavailable", LIKELY, None),
    ("DependencyTimeoutException", None, "kms_unavailable", LIKELY, None),
    ("KMSInternalException", "internal failure", "kms_unavailable", LIKELY, None),
    ("InvalidGrantTokenException", "bad token", "grant_not_found", LIKELY, None),
    ("InvalidGrantIdException", "bad id", "grant_not_found", LIKELY, None),
    ("CustomKeyStoreNotFoundException", "", "key_store_not_found", CERTAIN, None),
    ("CustomKeyStoreInvalidStateException", None, "key_store_disconnected", LIKELY, None),
    ("XksKeyNotFoundException", None, "external_key_not_found", POSSIBLE, None),
    ("XksKeyInvalidConfigurationException", "x", "external_key_unusable", CERTAIN, None),
    ("XksProxyUriUnreachableException", None, "xks_proxy_unreachable", CERTAIN, None),
    (
        "XksProxyIncorrectAuthenticationCredentialException",
        None,
        "xks_proxy_rejected_credentials",
        CERTAIN,
        None,
    ),
    ("CloudHsmClusterNotActiveException", None, "cloudhsm_unavailable", LIKELY, None),
    (MISSING, None, "key_not_found", POSSIBLE, None),
    (DISABLED, None, "key_disabled", LIKELY, None),
    (STATE, None, "unclassified", POSSIBLE, None),
)

_PROXY = "The external key store proxy rejected the request because "
_ASSOCIATED = "The external key associated with this KMS key in an external key store "
# Both published wordings of each failure: Developer Guide ("Troubleshooting external key stores"),
# proxy API specification.
XKS = (
    (f"{_PROXY}it could not find the external key.", "external_key_not_found"),
    (
        f"{_ASSOCIATED}was not found in its external key manager. If the id is incorrect, create",
        "external_key_not_found",
    ),
    (
        f"{_PROXY}the external key is not enabled in the external key manager.",
        "external_key_unusable",
    ),
    (
        f"{_ASSOCIATED}is not enabled in the external key manager. Enable the external key",
        "external_key_unusable",
    ),
    (
        f"{_PROXY}the external key does not support the requested operation.",
        "external_key_unusable",
    ),
    (
        f"{_ASSOCIATED}does not support the requested operation. Enable the operation",
        "external_key_unusable",
    ),
    (
        "The key spec of the external key must be AES_256. The key spec of specified external key is X.",
        "external_key_unusable",
    ),
    (
        "The status of the external key must be ENABLED. The status of specified external key is X.",
        "external_key_unusable",
    ),
    (
        "The key usage of the external key must include ENCRYPT and DECRYPT.",
        "external_key_unusable",
    ),
    (
        f"{_PROXY}it could not authenticate AWS KMS. Verify the credentials",
        "xks_proxy_rejected_credentials",
    ),
    (
        f"{_PROXY}it could not authenticate AWS KMS. Verify the XKS proxy authentication",
        "xks_proxy_rejected_credentials",
    ),
    (
        "The external key store proxy denied access to the operation. Verify that the user",
        "xks_proxy_denied",
    ),
    (f"{_PROXY}of an invalid URI path. Verify the URI path", "xks_proxy_misconfigured"),
    (
        f"{_PROXY}it does not support the requested cryptographic operation.",
        "xks_proxy_misconfigured",
    ),
    (
        f"{_PROXY}it does not support the requested operation. If you see this",
        "xks_proxy_misconfigured",
    ),
    (
        "The external key store proxy did not respond to the request in the time allotted. Retry",
        "xks_proxy_unreachable",
    ),
    (
        "AWS KMS rejected the request because the external key store proxy did not respond in time.",
        "xks_proxy_unreachable",
    ),
    (
        f"{_PROXY}it cannot communicate with the external key manager. Verify",
        "xks_proxy_unreachable",
    ),
    (
        "AWS KMS cannot communicate with the external key store proxy. Verify that your",
        "xks_proxy_unreachable",
    ),
    (
        "AWS KMS cannot communicate with the external key store proxy. This might be a transient",
        "xks_proxy_unreachable",
    ),
    (
        "AWS KMS cannot establish a TLS connection to the external key store proxy. Verify",
        "xks_proxy_misconfigured",
    ),
    (
        "AWS KMS cannot interpret the response from the external key store proxy. If you see",
        "xks_proxy_misconfigured",
    ),
    (
        "The external key store proxy is in an unhealthy state. If you see this message",
        "xks_proxy_unhealthy",
    ),
    (
        "This KMS key is in a custom key store that is not connected to its external key store proxy.",
        "key_store_disconnected",
    ),
)

OUT_OF_SCOPE = (
    (
        DENIED,
        f"{USER}on resource: {KEY} because no identity-based policy allows the kms:Decrypt action",
        "plain_denial",
    ),
    (
        "AccessDenied",
        f"{USER}on resource: {KEY} with an explicit deny in a resource-based policy",
        "plain_denial",
    ),
    (DENIED, None, "plain_denial"),
    ("ThrottlingException", "Rate exceeded", "throttling"),
    ("LimitExceededException", "x", "throttling"),
    (
        STATE,
        f"{_PROXY[:50]} due to a very high request rate. Reduce the frequency of external key calls",
        "throttling",
    ),
    (STATE, f"{_PROXY}the specified ciphertext or encryption context is corrupted", "ciphertext"),
    (
        STATE,
        f"{_PROXY}the specified ciphertext or additional authenticated data is corrupted",
        "ciphertext",
    ),
    (
        STATE,
        "The ciphertext that the external key store proxy submitted for decryption, or the",
        "ciphertext",
    ),
    ("InvalidCiphertextException", None, "ciphertext"),
    ("KMSInvalidMacException", "", "ciphertext"),
    (
        "IncorrectKeyException",
        "The key ID in the request does not identify a CMK that can perform this operation.",
        "wrong_key",
    ),
    (
        "InvalidKeyUsageException",
        f"{KEY} key usage is ENCRYPT_DECRYPT which is not valid for Sign.",
        "key_usage",
    ),
    (
        "UnsupportedOperationException",
        f"{KEY} origin is EXTERNAL which is not valid for this operation.",
        "key_usage",
    ),
    ("UnsupportedOperationException", f"{KEY} is not a multi-region primary key.", "key_usage"),
    (
        "DryRunOperationException",
        "The request would have succeeded, but the DryRun option is set.",
        "dry_run",
    ),
    (STATE, f"{KEY} is not pending deletion (or pending replica deletion).", "state_change"),
    (STATE, f"No available key material pending rotation for the key: {KEY}.", "state_change"),
    (
        STATE,
        "New key material (id: a) cannot be imported, because another key material (id: b) is pending",
        "state_change",
    ),
    (MISSING, "No such policy exists", "validation"),
    (
        "ValidationException",
        "1 validation error detected: Value '0' at 'numberOfBytes' failed to satisfy x",
        "validation",
    ),
    ("InvalidArnException", "ARN does not refer to a valid principal", "validation"),
    ("AlreadyExistsException", f"An alias with the name {ALIAS} already exists", "validation"),
    (
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
        "credentials",
    ),
)


def _fill(text, partition, region, key_id=KEY_ID):
    base = f"arn:{partition}:kms:{region}:111122223333:"
    return text and text.replace(KEY, f"{base}key/{key_id}").replace(
        ALIAS, f"{base}alias/Orders_1/x"
    )


@pytest.mark.parametrize("place", PARTITIONS, ids=lambda place: place[0])
@pytest.mark.parametrize(("code", "message", "cause", "confidence", "name"), IN_SCOPE)
def test_each_wording_gives_its_cause_its_proof_and_the_key_that_it_names(
    code, message, cause, confidence, name, place
):
    partition, region = place
    classification = read_error(code, _fill(message, partition, region))
    assert (classification.cause, classification.confidence) == (cause, confidence)
    if name is not None:
        assert classification.identifier == _fill(name, partition, region)
    if name in {KEY, ALIAS}:
        assert (classification.region, classification.account) == (region, "111122223333")
        assert (classification.key_arn is not None, classification.alias_arn is not None) == (
            name == KEY,
            name == ALIAS,
        )


def test_a_multi_region_key_is_read_as_well_as_any_other():
    arn = "arn:aws:kms:eu-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab"
    assert read_error(MISSING, f"Key '{arn}' does not exist").key_arn == arn


@pytest.mark.parametrize(("message", "cause"), XKS)
@pytest.mark.parametrize(
    "code",
    [
        STATE,
        "KMSInternalException",
        "XksProxyUriUnreachableException",
        "CustomKeyStoreInvalidStateException",
    ],
)
def test_the_words_about_an_external_key_store_say_what_broke_whatever_code_they_come_with(
    code, message, cause
):
    assert read_error(code, message).cause == cause


@pytest.mark.parametrize(("code", "message", "reason"), OUT_OF_SCOPE)
def test_what_is_out_of_scope_is_named_and_has_no_cause(code, message, reason):
    classification = read_error(code, _fill(message, "aws", "eu-west-1"))
    assert (classification.cause, classification.reason) == (None, f"out_of_scope_{reason}")


_KEY = _fill(KEY, "aws", "eu-west-1")
_ALIAS = _fill(ALIAS, "aws", "eu-west-1")
# What other services make of it: service, code, message, cause (None: says nothing about a key,
# "out": out of scope)
SERVICES = (
    ("s3", "KMS.NotFoundException", "Invalid keyId 'x'", "malformed_identifier"),
    ("s3", "KMS.NotFoundException", "Invalid arn us-west-2", "wrong_region"),
    ("s3", "KMS.DisabledException", f"{_KEY} is disabled.", "key_disabled"),
    ("s3", "KMS.KMSInvalidStateException", f"{_KEY} is pending deletion.", "key_pending_deletion"),
    ("s3", "AccessDenied", f"{USER}on this resource {THREE_WAY}", "missing_or_not_authorized"),
    ("s3", "AccessDenied", "Access Denied", None),
    ("s3", "NoSuchKey", "The specified key does not exist.", None),
    ("sqs", "KMS.AccessDeniedException", "null", "out"),
    ("sqs", "KmsNotFound", None, "key_not_found"),
    ("sqs", "KmsThrottled", None, "out"),
    ("sns", "KMSDisabled", None, "key_disabled"),
    ("sns", "KMSInvalidState", f"{_KEY} is pending import.", "key_material_missing"),
    ("sns", "KMSOptInRequired", None, "out"),
    ("kinesis", "KMSNotFoundException", None, "key_not_found"),
    ("kinesis", "KMSInvalidStateException", "invalid state", "unclassified"),
    ("firehose", "InvalidKMSResourceException", "x", "unclassified"),
    ("firehose", "InvalidKMSResourceException", f"{_KEY} is disabled.", "key_disabled"),
    ("lambda", "KMSKeyNotFound", None, "key_not_found"),
    ("lambda", "DisabledKMSKey", None, "key_disabled"),
    ("lambda", "KMSKeyAccessDenied", None, "out"),
    ("lambda", "ResourceNotFoundException", "Function not found", None),
    ("rds", "KMSKeyNotAccessibleFault", None, "missing_or_not_authorized"),
    (
        "ec2",
        "Client.InvalidKMSKey.InvalidState",
        "The KMS key provided is in an incorrect state",
        "unclassified",
    ),
    ("ec2", "Client.InvalidVolume.NotFound", "The volume 'vol-1' does not exist.", None),
    ("secretsmanager", "DecryptionFailure", "can't decrypt", "unclassified"),
    ("secretsmanager", "ResourceNotFoundException", "can't find the specified secret", None),
    (
        "ssm",
        "InvalidKeyId",
        f"Alias {_ALIAS} is not found. (Service: AWSKMS; Status Code: 400)",
        "alias_not_found",
    ),
    ("ssm", "InvalidKeyId", "Invalid keyId.", "malformed_identifier"),
    ("cloudtrail", "KmsKeyNotFoundException", None, "key_not_found"),
    ("cloudtrail", "InvalidKmsKeyIdException", None, "malformed_identifier"),
    ("dms", "KMSDisabledFault", None, "key_disabled"),
    ("dms", "KMSAccessDeniedFault", None, "out"),
    ("states", "KmsInvalidStateException", None, "unclassified"),
    ("codecommit", "EncryptionKeyDisabledException", None, "key_disabled"),
    ("codecommit", "EncryptionKeyAccessDeniedException", None, "out"),
    (
        "logs",
        "InvalidParameterException",
        "The specified KMS key does not exist or is not allowed to be used",
        "missing_or_not_authorized",
    ),
    ("redshift", "InvalidParameterValue", f"The KMS key {_KEY} is not found", "key_not_found"),
    (
        "dynamodb",
        "ValidationException",
        f"KMS key disabled error: x: {_KEY} is disabled. (Service: AWSKMS)",
        "key_disabled",
    ),
    ("cognito-idp", "NotFoundException", "User pool eu-west-1_x does not exist", None),
    ("apigateway", "NotFoundException", "Invalid API identifier specified", None),
    (
        "sso",
        "AccessDeniedException",
        f"User: x is not authorized to perform: sso:ListX on resource: y {THREE_WAY}",
        None,
    ),
)


@pytest.mark.parametrize(("service", "code", "message", "cause"), SERVICES)
def test_other_services_are_read_where_they_speak_of_a_key_and_nowhere_else(
    service, code, message, cause
):
    classification = read_error(code, message, service=f"{service}.amazonaws.com")
    if cause is None:
        assert classification is None
    else:
        assert classification.cause == (None if cause == "out" else cause)


@pytest.mark.parametrize(
    "code",
    [
        "NotFoundException",
        "KMS.NotFoundException",
        "com.amazonaws.kms#NotFoundException",
        "NotFound",
    ],
)
def test_prefixes_and_suffixes_of_a_code_do_not_matter(code):
    assert read_error(code, f"Key '{_KEY}' does not exist").cause == "key_not_found"


@pytest.mark.parametrize(
    "disguise",
    [
        lambda text: text.replace("'", "\\'"),
        lambda text: text.replace("'", "\\u0027"),
        lambda text: text.replace("'", "&#39;"),
        lambda text: text.replace("'", "\u2019"),
        lambda text: json.dumps(json.dumps(text))[3:-3],
        lambda text: text.replace("/", "\\/"),
        lambda text: text.replace(" ", "  "),
        lambda text: text.replace(" ", "\n    "),
        lambda text: text.replace("Key ", "Key\t"),
    ],
)
def test_a_text_is_read_through_escapes_and_line_breaks(disguise):
    classification = read_error(MISSING, disguise(f"Key '{_KEY}' does not exist"))
    assert (classification.cause, classification.key_arn) == ("key_not_found", _KEY)


def test_a_text_cut_off_at_one_kilobyte_still_says_what_it_says():
    # GIVEN CloudTrail's limit on error texts, WHEN the end of a long one is missing
    long_id = "x" * 2000
    assert read_error(MISSING, f"Invalid keyId '{long_id}"[:1024]).cause == "malformed_identifier"
    user = f"User: arn:aws:sts::111122223333:assumed-role/{'r' * 900}/s"
    denial = f"{user} is not authorized to perform: kms:Decrypt on this resource"
    cut = f"{denial} {THREE_WAY}"[: len(denial) + 40]
    assert read_error(DENIED, cut).cause == "missing_or_not_authorized"


def test_an_identifier_that_quotes_another_error_cannot_change_what_the_text_says():
    # GIVEN whoever calls KMS chooses the identifier, which AWS echoes
    classification = read_error(MISSING, f"Invalid keyId 'Key '{_KEY}' does not exist'")
    assert classification.cause == "malformed_identifier"


def test_a_store_that_refuses_a_change_in_the_wrong_connection_state_is_not_broken():
    code = "CustomKeyStoreInvalidStateException"
    assert read_error(code, None, operation="DeleteCustomKeyStore").cause is None
    assert read_error(code, None, operation="CreateKey").cause == "key_store_disconnected"


def test_placeholders_of_recorded_answers_are_names_but_not_arns():
    classification = read_error(
        MISSING, "Key 'arn:<partition>:kms:<region>:111111111111:key/<key-id:1>' does not exist"
    )
    assert (
        classification.cause,
        classification.region,
        classification.account,
        classification.key_arn,
    ) == (
        "key_not_found",
        None,
        "111111111111",
        None,
    )
    assert read_error(DISABLED, "<key ARN> is disabled.").identifier == "<key ARN>"


def test_no_code_and_no_known_text_says_nothing():
    assert read_error(None, None) is None
    assert read_error(None, "all is well") is None


def test_a_known_text_needs_no_code():
    assert (
        read_error(None, f"{_KEY} is disabled.", service="ec2.amazonaws.com").cause
        == "key_disabled"
    )


def test_every_row_and_code_leads_to_a_cause_of_the_catalogue_or_says_why_not():
    for entry in (*TEXTS, *CONNECTION_ERRORS, *(row.means for row in CODES)):
        assert entry.cause in CAUSES if entry.cause else entry.reason.startswith("out_of_scope_")


def test_rows_have_their_own_ids_and_phrases_that_can_be_found():
    rows = (*TEXTS, *CONNECTION_ERRORS)
    assert len({row.id for row in rows}) == len(rows)
    for row in rows:
        for phrase in (row.phrase, *row.also):
            assert phrase == re.sub(r"\s+", " ", phrase.lower())


def test_every_exception_of_the_kms_api_is_known_by_its_code():
    # GIVEN botocore's model of KMS, THEN no exception is left to guessing
    model = botocore.session.get_session().get_service_model("kms")
    validation = {
        "alreadyexists",
        "customkeystorehascmks",
        "customkeystorenameinuse",
        "expiredimporttoken",
        "incorrectkeymaterial",
        "incorrecttrustanchor",
        "invalidimporttoken",
        "invalidmarker",
        "malformedpolicydocument",
        "tag",
    }
    cores = {code_lookup.core_of(shape.name)[0] for shape in model.error_shapes}
    assert cores - set(code_lookup.KMS_MEANINGS) == validation


def test_the_operations_are_those_of_the_kms_api():
    assert (
        set(botocore.session.get_session().get_service_model("kms").operation_names)
        == KMS_OPERATIONS
    )


@given(st.none() | st.text(), st.none() | st.text(), st.text(), st.none() | st.text())
def test_no_code_or_text_raises(code, message, service, operation):
    classification = read_error(code, message, service=service, operation=operation)
    assert classification is None or classification.cause in CAUSES or classification.reason


_PIECES = st.sampled_from(
    [row.phrase for row in TEXTS]
    + [
        "'",
        '"',
        " ",
        "arn:",
        ":kms:",
        "alias ",
        "Key ",
        "Value '",
        "' at '",
        "<",
        ">",
        "\\u0027",
        "é",
        "İ",
    ]
)


@given(st.lists(_PIECES, max_size=30).map("".join))
def test_no_mixture_of_known_phrases_raises(message):
    classification = read_error("NotFoundException", message)
    assert classification.identifier is None or len(classification.identifier) <= 512
