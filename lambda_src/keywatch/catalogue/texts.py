"""The texts with which AWS says that a key is missing or unusable, and the look-alikes that say something else. Data only.

One row is one sentence that AWS writes. ``phrase`` is its distinctive part, in lower case and with
single blanks; ``form`` tells where the name of the key stands in it. Rows are tried in order: what
is out of scope or more telling first. Sources: KMS Developer Guide ("Key states of AWS KMS keys",
"Troubleshooting external key stores", "Fixing a failed connection"), AWS KMS XKS Proxy API
specification ("Errors"), and answers of the service as recorded in public snapshots.
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


@dataclass(frozen=True, slots=True)
class ErrorText:
    """One sentence of AWS: what it means and how much it proves. ``cause`` is ``None`` for sentences out of scope.

    ``also`` are phrases of which one must stand in the same message; ``reason`` names what is out
    of scope.
    """

    id: str
    phrase: str
    cause: str | None
    confidence: Confidence
    form: Form = Form.SENTENCE
    also: tuple[str, ...] = ()
    reason: str = ""


_XKS = "external key store proxy"
_OUT = "out_of_scope_"


def _out(
    row_id: str, phrase: str, reason: str, form: Form = Form.SENTENCE, also: tuple[str, ...] = ()
) -> ErrorText:
    return ErrorText(row_id, phrase, None, CERTAIN, form, also, _OUT + reason)


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
    _out("xks_ciphertext", "because the specified ciphertext or", "ciphertext", also=(_XKS,)),
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
    ErrorText(
        "denied_or_missing_legacy",
        "does not exist in this region",
        "missing_or_not_authorized",
        POSSIBLE,
        Form.DENIAL,
    ),
    ErrorText(
        "denied_or_missing",
        "because the resource does not exi",
        "missing_or_not_authorized",
        POSSIBLE,
        Form.DENIAL,
    ),
    ErrorText(
        "ciphertext_key_missing",
        "refers to a customer master key that does not",
        "missing_or_not_authorized",
        POSSIBLE,
    ),
    ErrorText(
        "ciphertext_kms_key_missing",
        "refers to a kms key that does not exist",
        "missing_or_not_authorized",
        POSSIBLE,
    ),
    ErrorText(
        "ciphertext_references",
        "references a key that either does not exist",
        "missing_or_not_authorized",
        POSSIBLE,
    ),
    ErrorText(
        "not_accessible",
        "does not exist, is not enabled or you do not have permission",
        "missing_or_not_authorized",
        POSSIBLE,
    ),
    ErrorText(
        "not_allowed_for_logs",
        "kms key does not exist or is not allowed",
        "missing_or_not_authorized",
        POSSIBLE,
    ),
    ErrorText(
        "volume_key_inaccessible",
        "encrypted with an inaccessible",
        "missing_or_not_authorized",
        POSSIBLE,
        also=("kms",),
    ),
)

_NOT_FOUND = (
    ErrorText("alias_not_found", "is not found", "alias_not_found", CERTAIN, Form.ALIAS),
    ErrorText("key_not_found", "does not exist", "key_not_found", CERTAIN, Form.KEY),
    ErrorText("invalid_key_id", "invalid keyid", "malformed_identifier", CERTAIN, Form.KEY_ID),
    ErrorText("invalid_arn", "invalid arn", "wrong_region", CERTAIN, Form.REGION),
    # Wordings of emulators; whoever develops against one pastes these.
    ErrorText(
        "alias_not_found_emulated", "unable to find kms alias with name", "alias_not_found", LIKELY
    ),
    ErrorText("key_not_found_emulated", "unable to find kms key with id", "key_not_found", LIKELY),
)

_STATE_ROWS = (
    ErrorText("disabled", "is disabled", "key_disabled", CERTAIN, Form.STATE),
    ErrorText(
        "pending_deletion", "is pending deletion", "key_pending_deletion", CERTAIN, Form.STATE
    ),
    ErrorText(
        "pending_replica_deletion",
        "is pending replica deletion",
        "key_pending_deletion",
        CERTAIN,
        Form.STATE,
    ),
    ErrorText("pending_import", "is pending import", "key_material_missing", CERTAIN, Form.STATE),
    # The key state table prints it for keys of a custom key store that is not connected, and for
    # nothing else.
    ErrorText("unavailable", "is unavailable", "key_store_disconnected", LIKELY, Form.STATE),
    ErrorText("creating", "is creating", "key_not_ready", CERTAIN, Form.STATE),
    ErrorText("updating", "is updating", "key_not_ready", CERTAIN, Form.STATE),
)

# External key stores: the wordings of the Developer Guide and of the proxy API specification
# differ; both are here.
_XKS_ROWS = (
    ErrorText(
        "xks_key_not_found",
        "because it could not find the external key",
        "external_key_not_found",
        CERTAIN,
    ),
    ErrorText(
        "xks_key_not_found_spec",
        "was not found in its external key manager",
        "external_key_not_found",
        CERTAIN,
    ),
    ErrorText(
        "xks_key_disabled",
        "is not enabled in the external key manager",
        "external_key_unusable",
        CERTAIN,
    ),
    ErrorText(
        "xks_key_usage",
        "external key does not support the requested operation",
        "external_key_unusable",
        CERTAIN,
    ),
    ErrorText(
        "xks_key_usage_spec",
        "external key store does not support the requested operation",
        "external_key_unusable",
        CERTAIN,
    ),
    ErrorText(
        "xks_key_spec", "key spec of the external key must be", "external_key_unusable", CERTAIN
    ),
    ErrorText(
        "xks_key_status", "status of the external key must be", "external_key_unusable", CERTAIN
    ),
    ErrorText(
        "xks_key_use",
        "key usage of the external key must include",
        "external_key_unusable",
        CERTAIN,
    ),
    ErrorText(
        "xks_credentials",
        "could not authenticate aws kms",
        "xks_proxy_rejected_credentials",
        CERTAIN,
    ),
    ErrorText("xks_denied", "external key store proxy denied access", "xks_proxy_denied", CERTAIN),
    ErrorText(
        "xks_uri_path",
        "because of an invalid uri path",
        "xks_proxy_misconfigured",
        CERTAIN,
        also=(_XKS,),
    ),
    ErrorText(
        "xks_unsupported",
        "because it does not support the requested",
        "xks_proxy_misconfigured",
        CERTAIN,
        also=(_XKS,),
    ),
    ErrorText(
        "xks_malformed_answer",
        "cannot interpret the response from the external key store",
        "xks_proxy_misconfigured",
        CERTAIN,
        also=("aws kms cannot interpret", "if you see this error"),
    ),
    ErrorText(
        "xks_tls",
        "cannot establish a tls connection to the external key store",
        "xks_proxy_misconfigured",
        CERTAIN,
    ),
    ErrorText(
        "xks_manager_timeout",
        "external key store proxy did not respond to the request",
        "xks_proxy_unreachable",
        CERTAIN,
    ),
    ErrorText(
        "xks_timeout",
        "external key store proxy did not respond in time",
        "xks_proxy_unreachable",
        CERTAIN,
    ),
    ErrorText(
        "xks_manager_down",
        "cannot communicate with the external key manager",
        "xks_proxy_unreachable",
        CERTAIN,
    ),
    ErrorText(
        "xks_unreachable",
        "cannot communicate with the external key store proxy",
        "xks_proxy_unreachable",
        CERTAIN,
    ),
    ErrorText(
        "xks_unhealthy",
        "external key store proxy is in an unhealthy state",
        "xks_proxy_unhealthy",
        CERTAIN,
    ),
    ErrorText(
        "xks_disconnected",
        "key is in a custom key store that is not connected",
        "key_store_disconnected",
        CERTAIN,
    ),
    ErrorText(
        "cloudhsm_unreachable",
        "cannot communicate with your cloudhsm",
        "cloudhsm_unavailable",
        CERTAIN,
    ),
    ErrorText(
        "cloudhsm_unreachable_aws",
        "cannot communicate with your aws cloudhsm",
        "cloudhsm_unavailable",
        CERTAIN,
    ),
    ErrorText(
        "cloudhsm_sessions",
        "pkcs",
        "cloudhsm_unavailable",
        LIKELY,
        Form.HINT,
        also=("#11", "pkcs11"),
    ),
)

# Services that wrap what KMS said in a sentence of their own. Their API references quote the first
# halves.
_LAMBDA = ("kms exception", "kms message", "please check the function")
_SERVICES = (
    ErrorText(
        "lambda_disabled",
        "because the kms key used is disabled",
        "key_disabled",
        LIKELY,
        also=_LAMBDA,
    ),
    ErrorText(
        "lambda_not_found",
        "because the kms key was not found",
        "key_not_found",
        LIKELY,
        also=_LAMBDA,
    ),
    ErrorText(
        "lambda_invalid_state",
        "because the kms key used is in an invalid state",
        "unclassified",
        POSSIBLE,
        also=_LAMBDA,
    ),
    ErrorText(
        "launch_invalid_state",
        "kms key provided is in an incorrect state",
        "unclassified",
        POSSIBLE,
    ),
)

_IDENTIFIERS = (
    ErrorText(
        "alias_prefix",
        'alias must start with the prefix "alias/"',
        "malformed_identifier",
        CERTAIN,
        Form.HINT,
    ),
    ErrorText(
        "alias_unsupported",
        "key aliases are not supported for this operation",
        "malformed_identifier",
        CERTAIN,
    ),
    ErrorText(
        "constraint", "failed to satisfy constraint", "malformed_identifier", CERTAIN, Form.VALUE
    ),
    # Terraform's AWS provider turns an empty answer of ListAliases or DescribeKey into words of its
    # own.
    ErrorText("tool_alias_empty", "reading kms alias (", "alias_not_found", LIKELY, Form.TOOL),
    ErrorText("tool_key_empty", "reading kms key (", "key_not_found", LIKELY, Form.TOOL),
)

TEXTS: tuple[ErrorText, ...] = (
    _OUT_OF_SCOPE + _DENIALS + _NOT_FOUND + _STATE_ROWS + _XKS_ROWS + _SERVICES + _IDENTIFIERS
)

# ConnectionErrorCode of DescribeCustomKeyStores: present only when the connection has failed (KMS
# API Reference).
_NAMED = ("connectionerrorcode",)
CONNECTION_ERRORS: tuple[ErrorText, ...] = tuple(
    ErrorText(f"connection_{code}", code, cause, CERTAIN, also=_NAMED)
    for code, cause in (
        ("internal_error", "key_store_disconnected"),
        ("network_errors", "key_store_disconnected"),
        ("invalid_credentials", "key_store_disconnected"),
        ("cluster_not_found", "cloudhsm_unavailable"),
        ("insufficient_cloudhsm_hsms", "cloudhsm_unavailable"),
        ("insufficient_free_addresses_in_subnet", "cloudhsm_unavailable"),
        ("subnet_not_found", "cloudhsm_unavailable"),
        ("user_locked_out", "cloudhsm_unavailable"),
        ("user_logged_in", "cloudhsm_unavailable"),
        ("user_not_found", "cloudhsm_unavailable"),
        ("xks_proxy_access_denied", "xks_proxy_denied"),
        ("xks_proxy_invalid_configuration", "xks_proxy_misconfigured"),
        ("xks_proxy_invalid_response", "xks_proxy_misconfigured"),
        ("xks_proxy_invalid_tls_configuration", "xks_proxy_misconfigured"),
        ("xks_proxy_not_reachable", "xks_proxy_unreachable"),
        ("xks_proxy_timed_out", "xks_proxy_unreachable"),
        ("xks_vpc_endpoint_service_invalid_configuration", "xks_proxy_misconfigured"),
        ("xks_vpc_endpoint_service_not_found", "xks_proxy_misconfigured"),
    )
)
