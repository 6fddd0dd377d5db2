"""The error codes with which KMS and other services say that a KMS key is missing or unusable: one row a code.

A row has the code in AWS's own spelling, what it means when its text says nothing, and the services
that say it. To add a code, add one row. ``code_lookup`` derives from the rows

- what the reader knows (whatever prefix or suffix a code arrives with),
- which codes the event pattern for other services' calls names; the codes of KMS itself need none,
  because the rule for KMS takes every failing call,
- which codes the filter on application logs lets through.

A row that the pattern or the filter leaves out says why (``unruled``, ``unfiltered``); codes out of
scope need neither. Tests compare all three with the table, row by row.

Sources: the error shapes of botocore's service models; the codes of S3, EC2 and of Lambda's
function states as recorded answers and API references have them.
"""

from dataclasses import dataclass

from keywatch.model.levels import Confidence

_CERTAIN, _LIKELY, _POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE


@dataclass(frozen=True, slots=True)
class Words:
    """How a text that no row of ``texts`` knows is read under a code: (words, cause), the most telling words first.

    ``also`` are phrases of which one must stand in the same text.
    """

    causes: tuple[tuple[str, str], ...]
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code means when its text says nothing: a cause, or ``None`` and the reason why it is out of scope.

    ``bare`` is the cause when there is no text at all: an unknown text is worth more than a guess.
    """

    cause: str | None
    confidence: Confidence = Confidence.LIKELY
    reason: str = ""
    bare: str | None = None
    words: Words | None = None


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One code. ``said_by`` names the services that say it, by their event source without ``.amazonaws.com``; ``*`` is any.

    ``common_word``: it speaks of a KMS key only when one of these services says it.
    ``alone_in_logs``: in a log it does so even where no service is named.
    ``beside_key``: KMS answers it about one key; a program that logs a key ARN and this code
    quotes KMS.
    ``unruled``: why the event pattern leaves it out. ``unfiltered``: why the log filter does.
    """

    code: str
    means: Meaning
    said_by: str = "kms"
    common_word: bool = False
    alone_in_logs: bool = False
    beside_key: bool = False
    unruled: str = ""
    unfiltered: str = ""


def _out(reason: str) -> Meaning:
    return Meaning(None, reason="out_of_scope_" + reason)


MISSING_PHRASES = (
    "not found",
    "not exist",
    "unable to find",
    "cannot find",
    "could not find",
    "no such",
    "couldn't find",
    "not be found",
)
_MISSING_THING = Words(
    (
        ("key store", "key_store_not_found"),
        ("grant", "grant_not_found"),
        ("alias", "alias_not_found"),
        ("key", "key_not_found"),
    ),
    also=MISSING_PHRASES,
)
_STATE = Words(
    (
        ("pending deletion", "key_pending_deletion"),
        ("pendingdeletion", "key_pending_deletion"),
        ("pending replica deletion", "key_pending_deletion"),
        ("pending import", "key_material_missing"),
        ("pendingimport", "key_material_missing"),
        ("is disabled", "key_disabled"),
        ("cloudhsm cluster", "cloudhsm_unavailable"),
    )
)
_KEY_ID = Words((("invalid keyid", "malformed_identifier"),))

_UNKNOWN = Meaning("unclassified", _POSSIBLE)
_UNKNOWN_STATE = Meaning("unclassified", _POSSIBLE, words=_STATE)
_MISSING = Meaning("unclassified", _POSSIBLE, bare="key_not_found", words=_MISSING_THING)
_KEY_MISSING = Meaning("key_not_found")
_KMS_MISSING = Meaning("key_not_found", words=_MISSING_THING)
_DISABLED = Meaning("key_disabled", words=_STATE)
_KEY_DISABLED = Meaning("key_disabled")
_MALFORMED = Meaning("malformed_identifier")
_GRANT = Meaning("grant_not_found")
_HSM = Meaning("cloudhsm_unavailable")
_PROXY_SETTINGS = Meaning("xks_proxy_misconfigured")
_AWS_SIDE = Meaning("kms_unavailable")
_DENIED = _out("plain_denial")
_THROTTLED = _out("throttling")
_CREDENTIALS = _out("credentials")
_VALIDATION = _out("validation")
_USAGE = _out("key_usage")
_CIPHERTEXT = _out("ciphertext")
_STATE_CHANGE = _out("state_change")

_COMMON = "dozens of services answer it; a failure of KMS comes in by its message or by KMS's name"
_NO_ERROR_CODE = "a reason in the state of a Lambda function, never the errorCode of a call"

_KMS_CODES = (
    ErrorCode("NotFoundException", _MISSING, beside_key=True, unfiltered=_COMMON),
    ErrorCode(
        "KMSInvalidStateException", _UNKNOWN_STATE, "kms kinesis lambda sns", beside_key=True
    ),
    # The SDKs for Java 2.x and Rust write Kms in the names of all their classes.
    ErrorCode("KmsInvalidStateException", _UNKNOWN_STATE, "kms s3vectors states"),
    ErrorCode("InvalidStateException", _UNKNOWN_STATE, unfiltered=_COMMON),
    ErrorCode("DisabledException", _DISABLED, beside_key=True),
    ErrorCode("KeyUnavailableException", _AWS_SIDE, beside_key=True, alone_in_logs=True),
    ErrorCode("KMSInternalException", _AWS_SIDE),
    ErrorCode("KmsInternalException", _AWS_SIDE),
    ErrorCode("DependencyTimeoutException", _AWS_SIDE, alone_in_logs=True),
    ErrorCode("InternalFailure", _AWS_SIDE, unfiltered=_COMMON),
    ErrorCode("InternalServerError", _AWS_SIDE, unfiltered=_COMMON),
    ErrorCode("ServiceUnavailable", _AWS_SIDE, unfiltered=_COMMON),
    ErrorCode("InvalidArnException", _MALFORMED),
    ErrorCode("InvalidAliasNameException", _MALFORMED, alone_in_logs=True),
    ErrorCode("InvalidGrantTokenException", _GRANT, alone_in_logs=True),
    ErrorCode("InvalidGrantIdException", _GRANT, alone_in_logs=True),
    ErrorCode("CustomKeyStoreNotFoundException", Meaning("key_store_not_found", _CERTAIN)),
    ErrorCode("CustomKeyStoreInvalidStateException", Meaning("key_store_disconnected")),
    ErrorCode(
        # AWS says it to CreateKey with an external key store only; articles and libraries give its
        # name to every missing key.
        "XksKeyNotFoundException",
        Meaning("external_key_not_found", _POSSIBLE),
    ),
    ErrorCode("XksKeyInvalidConfigurationException", Meaning("external_key_unusable", _CERTAIN)),
    ErrorCode("XksProxyUriUnreachableException", Meaning("xks_proxy_unreachable", _CERTAIN)),
    ErrorCode(
        "XksProxyIncorrectAuthenticationCredentialException",
        Meaning("xks_proxy_rejected_credentials", _CERTAIN),
    ),
    ErrorCode("XksProxyInvalidResponseException", _PROXY_SETTINGS),
    ErrorCode("XksProxyInvalidConfigurationException", _PROXY_SETTINGS),
    ErrorCode("XksProxyVpcEndpointServiceInvalidConfigurationException", _PROXY_SETTINGS),
    ErrorCode("XksProxyVpcEndpointServiceNotFoundException", _PROXY_SETTINGS),
    ErrorCode("CloudHsmClusterNotFoundException", _HSM),
    ErrorCode("CloudHsmClusterNotActiveException", _HSM),
    ErrorCode("CloudHsmClusterInvalidConfigurationException", _HSM),
    ErrorCode("CloudHsmClusterNotRelatedException", _HSM),
)
_KMS_OUT_OF_SCOPE = (
    ErrorCode("CloudHsmClusterInUseException", _VALIDATION),
    ErrorCode("XksKeyAlreadyInUseException", _VALIDATION),
    ErrorCode("XksProxyUriInUseException", _VALIDATION),
    ErrorCode("XksProxyUriEndpointInUseException", _VALIDATION),
    ErrorCode("XksProxyVpcEndpointServiceInUseException", _VALIDATION),
    ErrorCode("AccessDenied", _DENIED),
    ErrorCode("VpceAccessDenied", _DENIED),
    ErrorCode("UnauthorizedOperation", _DENIED),
    ErrorCode("ThrottlingException", _THROTTLED),
    ErrorCode("ThrottledException", _THROTTLED),
    ErrorCode("TooManyRequestsException", _THROTTLED),
    ErrorCode("RequestLimitExceeded", _THROTTLED),
    ErrorCode("LimitExceededException", _THROTTLED),
    ErrorCode("KMSThrottlingException", _THROTTLED, "kms kinesis sns"),
    ErrorCode("IncorrectKeyException", _out("wrong_key")),
    ErrorCode("InvalidCiphertextException", _CIPHERTEXT),
    ErrorCode("KMSInvalidSignatureException", _CIPHERTEXT, "kms *"),
    ErrorCode("KMSInvalidMacException", _CIPHERTEXT, "kms *"),
    ErrorCode("InvalidKeyUsageException", _USAGE),
    ErrorCode("KmsInvalidKeyUsageException", _USAGE, "kms s3vectors"),
    ErrorCode("UnsupportedOperationException", _USAGE),
    ErrorCode("DryRunOperationException", _out("dry_run")),
    ErrorCode("ConflictException", _STATE_CHANGE),
    ErrorCode("UnrecognizedClientException", _CREDENTIALS),
    ErrorCode("InvalidClientTokenId", _CREDENTIALS),
    ErrorCode("ExpiredTokenException", _CREDENTIALS),
    ErrorCode("InvalidSignatureException", _CREDENTIALS),
    ErrorCode("SignatureDoesNotMatch", _CREDENTIALS),
    ErrorCode("IncompleteSignature", _CREDENTIALS),
    ErrorCode("MissingAuthenticationToken", _CREDENTIALS),
    ErrorCode("OptInRequired", _CREDENTIALS),
)
_SERVICE_CODES = (
    # S3 and SQS pass on what KMS answered.
    ErrorCode("KMS.NotFoundException", _MISSING, "s3 sqs"),
    ErrorCode("KMS.DisabledException", _DISABLED, "s3 sqs"),
    ErrorCode("KMS.KMSInvalidStateException", _UNKNOWN_STATE, "s3 sqs"),
    # Kinesis, Lambda, SQS, SNS, DMS and S3 Vectors: the same set, each in its own spelling.
    ErrorCode("KMSNotFoundException", _KMS_MISSING, "kinesis lambda sns"),
    ErrorCode("KmsNotFound", _KMS_MISSING, "sqs"),
    ErrorCode("KMSNotFound", _KMS_MISSING, "sns"),
    ErrorCode("KmsNotFoundException", _KMS_MISSING, "s3vectors"),
    ErrorCode("KMSNotFoundFault", _KMS_MISSING, "dms"),
    ErrorCode("KmsDisabled", _KEY_DISABLED, "sqs"),
    ErrorCode("KMSDisabled", _KEY_DISABLED, "sns"),
    ErrorCode("KMSDisabledException", _KEY_DISABLED, "kinesis lambda sns"),
    ErrorCode("KmsDisabledException", _KEY_DISABLED, "s3vectors"),
    ErrorCode("KMSDisabledFault", _KEY_DISABLED, "dms"),
    ErrorCode("KMSInvalidState", _UNKNOWN_STATE, "sns"),
    ErrorCode("KmsInvalidState", _UNKNOWN_STATE, "sqs"),
    ErrorCode("KMSInvalidStateFault", _UNKNOWN_STATE, "dms"),
    # CloudTrail and CloudWatch.
    ErrorCode("KmsKeyNotFoundException", _KEY_MISSING, "cloudtrail monitoring"),
    ErrorCode("KmsKeyDisabledException", _KEY_DISABLED, "cloudtrail monitoring"),
    ErrorCode("InvalidKmsKeyIdException", _MALFORMED, "cloudtrail"),
    ErrorCode("KmsException", _UNKNOWN, "cloudtrail ecr"),
    ErrorCode("KMSFault", _UNKNOWN, "dms"),
    # Why a function cannot start (Lambda API Reference, LastUpdateStatusReasonCode).
    ErrorCode("KMSKeyNotFound", _KEY_MISSING, "lambda"),
    ErrorCode("DisabledKMSKey", _KEY_DISABLED, "lambda", unruled=_NO_ERROR_CODE),
    ErrorCode("InvalidStateKMSKey", _UNKNOWN, "lambda", unruled=_NO_ERROR_CODE),
    # Why a cluster is not healthy (EKS API Reference, ClusterIssue).
    ErrorCode("KmsKeyNotFound", _KEY_MISSING, "eks"),
    ErrorCode("KmsKeyDisabled", _KEY_DISABLED, "eks"),
    # Databases; AWS does not tell a missing key from a denied one here.
    ErrorCode(
        "KMSKeyNotAccessibleFault",
        Meaning("missing_or_not_authorized", _POSSIBLE),
        "dms glue rds",
    ),
    # Systems Manager, Secrets Manager, AgentCore: words that others use for other things.
    ErrorCode(
        "InvalidKeyId",
        Meaning("unclassified", _POSSIBLE, words=_KEY_ID),
        "ssm",
        common_word=True,
        alone_in_logs=True,
        unfiltered=_COMMON,
    ),
    ErrorCode(
        "DecryptionFailure",
        _UNKNOWN,
        "secretsmanager bedrock-agentcore",
        common_word=True,
        unfiltered=_COMMON,
    ),
    ErrorCode(
        "EncryptionFailure",
        _UNKNOWN,
        "secretsmanager bedrock-agentcore",
        common_word=True,
        unfiltered=_COMMON,
    ),
    # One or two services each.
    ErrorCode("InvalidKMSResourceException", _UNKNOWN, "firehose"),
    ErrorCode("EncryptionKeyNotFoundException", _KEY_MISSING, "codecommit"),
    ErrorCode("EncryptionKeyDisabledException", _KEY_DISABLED, "codecommit"),
    ErrorCode("EncryptionKeyUnavailableException", _UNKNOWN, "codecommit"),
    ErrorCode("EncryptionKeyInvalidIdException", _MALFORMED, "codecommit"),
    ErrorCode("Client.InvalidKMSKey.InvalidState", _UNKNOWN, "ec2"),
    ErrorCode("InvalidKMSKeyFault", _UNKNOWN, "elasticache memory-db"),
    ErrorCode("InvalidKMSKeyException", _UNKNOWN, "textract"),
    ErrorCode("KmsKeyValidationException", _UNKNOWN, "comprehend"),
    ErrorCode("InvalidSourceKmsKey", _UNKNOWN, "fsx"),
    ErrorCode("InvalidDestinationKmsKey", _UNKNOWN, "fsx"),
    ErrorCode("InvalidKMSArn", _MALFORMED, "route53"),
    ErrorCode("CustomerManagedKeyUnavailableException", _UNKNOWN, "quicksight"),
    ErrorCode("InvalidS3KmsKeyArnException", _MALFORMED, "config"),
    ErrorCode("DataEncryptionException", _UNKNOWN, "ssm-contacts"),
    # The policy of the bucket or of the key does not let CloudTrail in; AWS does not say which.
    ErrorCode(
        "InsufficientEncryptionPolicyException",
        Meaning("missing_or_not_authorized", _POSSIBLE),
        "cloudtrail",
    ),
    ErrorCode("EncryptionIntegrityChecksFailedException", _UNKNOWN, "codecommit"),
    ErrorCode("UnableToDecryptSecretValueException", _UNKNOWN, "ecr"),
    ErrorCode("GlueEncryptionException", _UNKNOWN, "glue lakeformation"),
    ErrorCode("InvalidS3Configuration", _UNKNOWN, "ses", common_word=True, unfiltered=_COMMON),
    ErrorCode("KMSRequestFailedException", _UNKNOWN, "snowball"),
    # No service model has it; it is S3KmsKeyArn's plain sibling.
    ErrorCode("InvalidKmsKeyArnException", _MALFORMED, "*"),
)
_SERVICES_OUT_OF_SCOPE = (
    ErrorCode("KMS.AccessDeniedException", _DENIED, "s3 sqs"),
    ErrorCode("KMSAccessDeniedException", _DENIED, "kinesis lambda sns"),
    ErrorCode("KmsAccessDeniedException", _DENIED, "monitoring states"),
    ErrorCode("KMSAccessDenied", _DENIED, "sns"),
    ErrorCode("KmsAccessDenied", _DENIED, "sqs"),
    ErrorCode("KMSAccessDeniedFault", _DENIED, "dms"),
    ErrorCode("KMSKeyAccessDenied", _DENIED, "lambda"),
    ErrorCode("EncryptionKeyAccessDeniedException", _DENIED, "codecommit"),
    ErrorCode("KMSThrottling", _THROTTLED, "sns"),
    ErrorCode("KmsThrottled", _THROTTLED, "sqs"),
    ErrorCode("KMSThrottlingFault", _THROTTLED, "dms"),
    ErrorCode("KmsThrottlingException", _THROTTLED, "states"),
    ErrorCode("KMSOptInRequired", _CREDENTIALS, "kinesis sns"),
    ErrorCode("KmsOptInRequired", _CREDENTIALS, "sqs"),
    ErrorCode("KmsInvalidKeyUsage", _USAGE, "sqs"),
    ErrorCode("EncryptionKeyInvalidUsageException", _USAGE, "codecommit"),
    ErrorCode("EncryptionKeyRequiredException", _VALIDATION, "codecommit"),
)

CODES: tuple[ErrorCode, ...] = (
    *_KMS_CODES,
    *_KMS_OUT_OF_SCOPE,
    *_SERVICE_CODES,
    *_SERVICES_OUT_OF_SCOPE,
)

# How the error codes of other services begin when they speak of a KMS key. The rule takes all that
# begin so, those that nobody has seen yet too.
RULE_PREFIXES = (
    "KMS",
    "Kms",
    "InvalidKMS",
    "InvalidKms",
    "Client.InvalidKMS",
    "Client.InvalidKms",
    "EncryptionKey",
)
# How codes begin that only KMS answers: no other word is needed to know who spoke.
ONLY_KMS_PREFIXES = ("CustomKeyStore", "XksKey", "XksProxy", "CloudHsmCluster", "KMSInternal")

# These operations refuse a store in the wrong connection state although nothing is broken.
STORE_CHANGES = frozenset(
    {
        "ConnectCustomKeyStore",
        "DisconnectCustomKeyStore",
        "UpdateCustomKeyStore",
        "DeleteCustomKeyStore",
    }
)

# How the log filter writes the codes that only KMS or a service about a KMS key answers, several at
# once (see ``infra.log_filter`` for the grammar). Codes that none of these matches are looked for by
# their whole name.
LOGGED_FAMILIES = (
    "K[Mm][Ss][.A-Za-z]*[EFD][xaoi][cus]",  # Exception, Fault, Found, Disabled
    "K[Mm][Ss]InvalidS",
    "[den]K[Mm][Ss]Key",  # DisabledKMSKey, InvalidStateKMSKey, InvalidSourceKmsKey, InvalidDestinationKmsKey
    "CloudH[Ss][Mm]",
    "CustomKeySt",
    "Xks[KP]",
    "EncryptionKey[NDUI]",
    "Encryption[EIP][xno]",  # DataEncryptionException, EncryptionIntegrityChecksFailed, InsufficientEncryptionPolicy
    "UnableToDecryptS",
    "KeyUnav",
    "DependencyTi",
    "Invalid.?[aA]rn",
    "InvalidAliasN",
    "InvalidGrant[TI]",
)
# Words of dozens of services are looked for where the same line names KMS or the format of an SDK
# that may go on without a sentence.
LOGGED_IN_COMPANY = (
    "[Kk][Mm][Ss].*[^a-z]NotFoundException",
    "[^a-z]NotFoundException.*[Kk][Mm][Ss]",
    r"\x28NotFoundException\x29",
)
# Lines that a container runtime or a console cut: within the ARN of a key, behind it, or behind the
# words with which AWS's sentence goes on; and the one word with which such a sentence ends, where
# it stands alone in its line.
LOGGED_CUT = (
    r":kms:[0-9a-z:-]*/?[0-9a-fmrk-]{0,35}[^a-z]*$",
    r".{30}:kms:[^ ]*$",
    r"^[ \x27]*arn[^ ]*:kms:[^ ]*$",
    r":kms:[^ ]* [id][so]",
    r":kms:[^ ]* ?[a-z ]*\x22, ?\x22[sp]",
    r"^[^a-z]*[cdiu][a-z]*\.[^a-z]*$",
    r"^ *keyId \x27",
    r" {9}[key:/]*[0-9a-f-]{23}",  # the middle of a key's ARN in a narrow column
)
