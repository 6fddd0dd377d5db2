"""The texts with which AWS says that a key is missing or unusable, and the look-alikes that say something else. Data only.

One row is one sentence that AWS writes; to add a text, add one row. ``phrase`` is its distinctive
part, in lower case and with single blanks; ``form`` tells where the name of the key stands in it.
Rows are tried in order: what is out of scope or more telling first. ``logged`` is what the filter
on application logs looks for so that the sentence comes in (case-sensitive, regular expressions in
the grammar of ``infra.log_filter``); a row needs none where another row's already matches its
sentence, and says why where the filter leaves it out (``unfiltered``).

Sources: KMS Developer Guide ("Key states of AWS KMS keys", "Troubleshooting external key stores",
"Fixing a failed connection"), AWS KMS XKS Proxy API specification ("Errors"), and answers of the
service as recorded in public snapshots.
"""

from dataclasses import dataclass
from enum import StrEnum

from keywatch.model.levels import Confidence

CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE


class Form(StrEnum):
    """How a sentence names its key."""

    SENTENCE = "sentence"  # unmistakable, names no key
    HINT = "hint"  # names no key, and means KMS only beside KMS's code or name
    STATE = "state"  # <key ARN> is disabled.
    DENIAL = "denial"  # ... not authorized to perform: kms:Decrypt ... because the resource does not exist in this Region
    ALIAS = "alias"  # Alias <alias ARN> is not found.
    KEY = "key"  # Key '<key ARN>' does not exist
    KEY_ID = "key_id"  # Invalid keyId '<anything>'
    REGION = "region"  # Invalid arn <Region>, until 2018 without the Region
    VALUE = "value"  # Value '<anything>' at 'keyId' failed to satisfy constraint
    TOOL = "tool"  # reading KMS Key (<anything>): a tool's own words for an empty answer


_MISSING_CODES = frozenset({"NotFound", "InvalidKeyId", "InvalidArn"})
# Codes (without Exception) beside which a sentence in a log is KMS's, although others could have
# written it.
CODES_BESIDE: dict[Form, frozenset[str]] = {
    Form.ALIAS: _MISSING_CODES,
    Form.KEY: _MISSING_CODES,
    Form.KEY_ID: _MISSING_CODES,
    Form.REGION: _MISSING_CODES,
    Form.STATE: frozenset({"Disabled", "KMSInvalidState", "InvalidState"}),
}


@dataclass(frozen=True, slots=True)
class ErrorText:
    """One sentence of AWS: what it means and how much it proves. ``cause`` is ``None`` for sentences out of scope.

    ``also`` are phrases of which one must stand in the same message; ``reason`` names what is out
    of scope. ``logged`` and ``unfiltered``: see the module.
    """

    id: str
    phrase: str
    cause: str | None
    confidence: Confidence
    form: Form = Form.SENTENCE
    also: tuple[str, ...] = ()
    reason: str = ""
    logged: tuple[str, ...] = ()
    unfiltered: str = ""


_XKS = ("external key store proxy",)
_EXTERNAL_KEY = ("xternal key", "store proxy")


def _out(
    row_id: str, phrase: str, reason: str, form: Form = Form.SENTENCE, also: tuple[str, ...] = ()
) -> ErrorText:
    return ErrorText(row_id, phrase, None, CERTAIN, form, also, f"out_of_scope_{reason}")


def _says(
    cause: str,
    confidence: Confidence,
    *,
    form: Form = Form.SENTENCE,
    also: tuple[str, ...] = (),
    logged: tuple[str, ...] = (),
    unfiltered: str = "",
    **phrases: str,
) -> list[ErrorText]:
    """Return a row for each of ``phrases`` (row id to phrase) that mean the same."""
    return [
        ErrorText(row_id, phrase, cause, confidence, form, also, "", logged, unfiltered)
        for row_id, phrase in phrases.items()
    ]


# Sentences out of scope that hold words of the rows below.
_OUT_OF_SCOPE = (
    _out("not_pending_deletion", "is not pending deletion", "state_change"),
    _out("wrong_origin", "which is not valid for this operation", "key_usage"),
    _out("wrong_usage", "which is not valid for ", "key_usage", Form.HINT),
    _out("wrong_key", "does not identify a cmk that can perform this operation", "wrong_key"),
    _out("not_primary", "is not a multi-region primary key", "key_usage"),
    _out("no_such_policy", "no such policy exists", "validation", Form.HINT),
    _out("material_rotation_pending", "another key material (id:", "state_change"),
    _out("no_material_to_rotate", "no available key material pending rotation", "state_change"),
    _out("principal_arn", "does not refer to a valid principal", "validation", Form.HINT),
    _out("xks_ciphertext", "because the specified ciphertext or", "ciphertext", also=_XKS),
    _out(
        "xks_ciphertext_returned",
        "the ciphertext that the external key store proxy submitted",
        "ciphertext",
    ),
    _out("xks_throttled", "due to a very high request rate", "throttling", also=("external key",)),
    _out("xks_key_in_use", "external key is already associated with a kms key", "validation"),
)

# AWS's own ambiguous denials: missing, in another Region, or not allowed; AWS does not say which.
_DENIALS = (
    *_says(
        "missing_or_not_authorized",
        POSSIBLE,
        form=Form.DENIAL,
        logged=("perform: kms:",),
        denied_or_missing_legacy="does not exist in this region",
        denied_or_missing="because the resource does not exi",
    ),
    *_says(
        "missing_or_not_authorized",
        POSSIBLE,
        ciphertext_key_missing="refers to a customer master key that does not",
        ciphertext_kms_key_missing="refers to a kms key that does not exist",
        ciphertext_references="references a key that either does not exist",
        ciphertext_key_missing_end="not exist, does not exist in this region, or you are not",
        not_accessible="does not exist, is not enabled or you do not have permission",
        not_allowed_for_logs="kms key does not exist or is not allowed",
    ),
    *_says(
        "missing_or_not_authorized",
        POSSIBLE,
        also=("kms",),
        logged=("KMS [AKak][el]",),
        volume_key_inaccessible="encrypted with an inaccessible",
    ),
)


def _named(
    row_id: str, form: Form, cause: str, phrase: str, *logged: str, unfiltered: str = ""
) -> ErrorText:
    """Return the row of a sentence that names its key and is certain."""
    return ErrorText(row_id, phrase, cause, CERTAIN, form, logged=logged, unfiltered=unfiltered)


_NOT_FOUND = (
    _named("alias_not_found", Form.ALIAS, "alias_not_found", "is not found", r"is.not.found\."),
    _named("key_not_found", Form.KEY, "key_not_found", "does not exist", "does.not.exist"),
    _named("invalid_key_id", Form.KEY_ID, "malformed_identifier", "invalid keyid", "Invalid.keyId"),
    _named("invalid_arn", Form.REGION, "wrong_region", "invalid arn", "Invalid.?[aA]rn"),
    # Wordings of emulators; whoever develops against one pastes these.
    *_says(
        "alias_not_found",
        LIKELY,
        logged=("KMS [AKak][el]",),
        alias_not_found_emulated="unable to find kms alias with name",
    ),
    *_says(
        "key_not_found",
        LIKELY,
        logged=("KMS [AKak][el]",),
        key_not_found_emulated="unable to find kms key with id",
    ),
)

_PENDING = "pending.[dir][em][lp]"  # behind a line break too
_DELETION, _MATERIAL, _NOT_READY = "key_pending_deletion", "key_material_missing", "key_not_ready"
_STATES = (
    _named("disabled", Form.STATE, "key_disabled", "is disabled", r"disabled\."),
    _named("pending_deletion", Form.STATE, _DELETION, "is pending deletion", _PENDING),
    _named(
        "pending_replica_deletion",
        Form.STATE,
        _DELETION,
        "is pending replica deletion",
        _PENDING,
    ),
    _named("pending_import", Form.STATE, _MATERIAL, "is pending import", _PENDING),
    # The key state table prints it for keys of a custom key store that is not connected, and for
    # nothing else.
    *_says(
        "key_store_disconnected",
        LIKELY,
        form=Form.STATE,
        logged=(r"unavailable\.",),
        unavailable="is unavailable",
    ),
    _named("creating", Form.STATE, _NOT_READY, "is creating", r"[cu][rp][ed]ating\."),
    _named("updating", Form.STATE, _NOT_READY, "is updating", r"[cu][rp][ed]ating\."),
)

# External key stores: the wordings of the Developer Guide and of the proxy API specification
# differ; both are here.
_KEY_STORES = (
    *_says(
        "external_key_not_found",
        CERTAIN,
        logged=_EXTERNAL_KEY,
        xks_key_not_found="because it could not find the external key",
        xks_key_not_found_spec="was not found in its external key manager",
    ),
    *_says(
        "external_key_unusable",
        CERTAIN,
        xks_key_disabled="is not enabled in the external key manager",
        xks_key_usage="external key does not support the requested operation",
        xks_key_usage_spec="external key store does not support the requested operation",
        xks_key_spec="key spec of the external key must be",
        xks_key_status="status of the external key must be",
        xks_key_use="key usage of the external key must include",
    ),
    *_says(
        "xks_proxy_rejected_credentials",
        CERTAIN,
        logged=(*_EXTERNAL_KEY, "nticate AWS"),
        xks_credentials="could not authenticate aws kms",
    ),
    *_says("xks_proxy_denied", CERTAIN, xks_denied="external key store proxy denied access"),
    *_says(
        "xks_proxy_misconfigured",
        CERTAIN,
        also=_XKS,
        xks_uri_path="because of an invalid uri path",
        xks_unsupported="because it does not support the requested",
    ),
    *_says(
        "xks_proxy_misconfigured",
        CERTAIN,
        also=("aws kms cannot interpret", "if you see this error"),
        xks_malformed_answer="cannot interpret the response from the external key store",
    ),
    *_says(
        "xks_proxy_misconfigured",
        CERTAIN,
        xks_tls="cannot establish a tls connection to the external key store",
    ),
    *_says(
        "xks_proxy_unreachable",
        CERTAIN,
        xks_manager_timeout="external key store proxy did not respond to the request",
        xks_timeout="external key store proxy did not respond in time",
        xks_manager_down="cannot communicate with the external key manager",
        xks_unreachable="cannot communicate with the external key store proxy",
    ),
    # What AWS advises behind some of these sentences; a log may hold no more of them.
    *_says(
        "xks_proxy_rejected_credentials",
        LIKELY,
        xks_credentials_advice="credentials for your external key store and update if necessary",
    ),
    *_says(
        "xks_proxy_misconfigured",
        LIKELY,
        xks_uri_path_advice="verify the uri path for your external key store and update if necessary",
    ),
    *_says(
        "xks_proxy_denied",
        LIKELY,
        xks_denied_advice="that the user and the external key are both authorized",
    ),
    *_says(
        "xks_proxy_unreachable",
        LIKELY,
        xks_unreachable_advice="verify that your external key store proxy is active",
    ),
    *_says(
        "key_store_disconnected",
        LIKELY,
        xks_disconnected_advice="connect the external key store and try the request again",
    ),
    *_says(
        "xks_proxy_unhealthy",
        CERTAIN,
        xks_unhealthy="external key store proxy is in an unhealthy state",
    ),
    *_says(
        "key_store_disconnected",
        CERTAIN,
        logged=("key store",),
        xks_disconnected="key is in a custom key store that is not connected",
    ),
    *_says(
        "cloudhsm_unavailable",
        CERTAIN,
        logged=("CloudH[Ss][Mm]",),
        cloudhsm_unreachable="cannot communicate with your cloudhsm",
        cloudhsm_unreachable_aws="cannot communicate with your aws cloudhsm",
    ),
    *_says(
        "cloudhsm_unavailable",
        LIKELY,
        form=Form.HINT,
        also=("#11", "pkcs11"),
        unfiltered="other programs write of PKCS #11 too",
        cloudhsm_sessions="pkcs",
    ),
)

# Services that wrap what KMS said in a sentence of their own. Their API references quote the first
# halves.
_LAMBDA = ("kms exception", "kms message", "please check the function")
_SERVICES = (
    *_says(
        "key_not_found",
        LIKELY,
        also=("notfoundexception", "kms"),
        unfiltered="EFS's words in the events of a CloudFormation stack; no log holds them",
        file_system_key_not_found="rejected because the specified key could not be found",
    ),
    *_says(
        "key_disabled",
        LIKELY,
        also=_LAMBDA,
        lambda_disabled="because the kms key used is disabled",
    ),
    *_says(
        "key_not_found",
        LIKELY,
        also=_LAMBDA,
        logged=("KMS [AKak][el]",),
        lambda_not_found="because the kms key was not found",
    ),
    *_says(
        "unclassified",
        POSSIBLE,
        also=_LAMBDA,
        logged=("KMS [AKak][el]",),
        lambda_invalid_state="because the kms key used is in an invalid state",
    ),
    *_says(
        "unclassified",
        POSSIBLE,
        logged=("KMS [AKak][el]",),
        launch_invalid_state="kms key provided is in an incorrect state",
    ),
    # CloudWatch Logs, EC2 and Backup, Kinesis Video Streams, RDS, Auto Scaling, Secrets Manager, and
    # the External Secrets Operator: their own words, none of which says more.
    *_says(
        "missing_or_not_authorized",
        POSSIBLE,
        logged=("KMS [AKak][el]", "key ID is not acc", "ccess to KMS is", "inaccessible-enc"),
        logs_cannot_validate="unable to validate if specified kms key is valid",
        backup_not_accessible="given key id is not accessible",
        secrets_access="access to kms is not allowed",
        database_inaccessible="inaccessible-encryption-credentials",
    ),
    *_says(
        "key_not_found",
        LIKELY,
        logged=("KMS [AKak][el]",),
        logs_key_not_found="specified kms key id could not be found",
    ),
    *_says(
        "key_disabled",
        LIKELY,
        logged=("KMS [AKak][el]",),
        video_disabled="stream's kms key is disabled",
    ),
    *_says(
        "malformed_identifier",
        LIKELY,
        logged=("Invalid.keyId",),
        invalid_key_in_request="because of an invalid kms key: invalid keyid",
    ),
    *_says(
        "unclassified",
        POSSIBLE,
        logged=("KMS [AKak][el]",),
        unreadable_with_key="the protected secret text using the provided kms key",
    ),
    *_says(
        "unclassified",
        POSSIBLE,
        also=("client.internalerror",),
        logged=("error on launch",),
        launch_client_error="client error on launch",
    ),
    # The AWS Encryption SDK's own words; what KMS said stands in the lines before them.
    *_says(
        "unclassified",
        POSSIBLE,
        also=("kms", "encryptionsdk", "encryption_sdk", "encryption-sdk"),
        logged=("nable to [dg][a-z ]*data key",),
        sdk_no_data_key="unable to generate data key",
        sdk_no_plaintext_key="unable to decrypt data key",
        sdk_no_plaintext_keys="unable to decrypt any data key",
    ),
)

_IDENTIFIERS = (
    *_says(
        "grant_not_found",
        LIKELY,
        logged=("grant token",),
        grant_refused="because the specified grant token is not valid",
    ),
    *_says(
        "malformed_identifier",
        CERTAIN,
        logged=("Key Aliases",),
        alias_unsupported="key aliases are not supported for this operation",
    ),
    *_says(
        "malformed_identifier",
        CERTAIN,
        form=Form.HINT,
        logged=("Alias must s",),
        alias_prefix='alias must start with the prefix "alias/"',
    ),
    *_says(
        "malformed_identifier",
        CERTAIN,
        form=Form.VALUE,
        logged=("[kK]ey[IA][dr]n?[^ ]* failed", "aliasName[^ ]* failed", "at .keyId"),
        constraint="failed to satisfy constraint",
    ),
    # Terraform's AWS provider turns an empty answer of ListAliases or DescribeKey into words of its
    # own.
    *_says(
        "alias_not_found",
        LIKELY,
        form=Form.TOOL,
        logged=("KMS [AKak][el]",),
        tool_alias_empty="reading kms alias (",
    ),
    *_says(
        "key_not_found",
        LIKELY,
        form=Form.TOOL,
        logged=("KMS [AKak][el]",),
        tool_key_empty="reading kms key (",
    ),
)

TEXTS: tuple[ErrorText, ...] = (
    _OUT_OF_SCOPE + _DENIALS + _NOT_FOUND + _STATES + _KEY_STORES + _SERVICES + _IDENTIFIERS
)


_CONNECTION = (
    "connectionerrorcode",
    "custom key store",
    "customkeystore",
    "could not be connected",
    "failed to connect",
    "connection error:",
    "cks-",
)


def _connection_errors(cause: str, *codes: str) -> list[ErrorText]:
    also, logged = _CONNECTION, ("ConnectionErrorC", "XKS_[PV]")
    return [
        ErrorText(f"connection_{code}", code, cause, CERTAIN, also=also, logged=logged)
        for code in codes
    ]


# ConnectionErrorCode of DescribeCustomKeyStores: present only when the connection has failed (KMS
# API Reference).
CONNECTION_ERRORS: tuple[ErrorText, ...] = (
    *_connection_errors(
        "key_store_disconnected", "internal_error", "network_errors", "invalid_credentials"
    ),
    *_connection_errors(
        "cloudhsm_unavailable",
        "cluster_not_found",
        "insufficient_cloudhsm_hsms",
        "insufficient_free_addresses_in_subnet",
        "subnet_not_found",
        "user_locked_out",
        "user_logged_in",
        "user_not_found",
    ),
    *_connection_errors("xks_proxy_denied", "xks_proxy_access_denied"),
    *_connection_errors(
        "xks_proxy_misconfigured",
        "xks_proxy_invalid_configuration",
        "xks_proxy_invalid_response",
        "xks_proxy_invalid_tls_configuration",
    ),
    *_connection_errors("xks_proxy_unreachable", "xks_proxy_not_reachable", "xks_proxy_timed_out"),
    *_connection_errors(
        "xks_proxy_misconfigured",
        "xks_vpc_endpoint_service_invalid_configuration",
        "xks_vpc_endpoint_service_not_found",
    ),
)


def filter_phrases() -> tuple[str, ...]:
    """Return what the log filter looks for, as regular expressions of its grammar, each once."""
    phrases = [phrase for row in (*TEXTS, *CONNECTION_ERRORS) for phrase in row.logged]
    return tuple(dict.fromkeys(phrases))
