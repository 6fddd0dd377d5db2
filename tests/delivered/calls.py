"""The failing calls: what a program asks KMS, what KMS answers word for word, and what is true of it.

Texts: recorded answers of AWS and the KMS Developer Guide's tables of key states and external key stores. A call whose
``cause`` is ``None`` fails for a reason that is no business of a key watcher; its output must not give a signal.
"""

from dataclasses import dataclass, field

ACCOUNT = "482913570264"
USER = f"arn:aws:sts::{ACCOUNT}:assumed-role/orders-api/i-0a1b2c3d4e5f60718"
THREE_WAY = (
    "because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy "
    "explicitly denies access"
)
_XKS = "The external key store proxy"


@dataclass(frozen=True)
class Call:
    """One failing call. ``named`` is the name that AWS's own message gives the key, ``typed`` what the caller passed."""

    id: str
    operation: str
    code: str
    message: str
    cause: str | None
    params: dict[str, str] = field(default_factory=dict)
    region: str = "eu-west-1"
    status: int = 400
    named: str | None = None
    only: str | None = None  # the one SDK that lets such a call out

    @property
    def names(self) -> frozenset[str]:
        """Every name under which the key of this call may rightly be given."""
        typed = self.params.get("KeyId") or self.params.get("DestinationKeyId")
        return frozenset(
            name for name in (self.named, typed, *_parts(self.named), *_parts(typed)) if name
        )


def _parts(name: str | None) -> tuple[str, ...]:
    """Return the shorter names of an ARN: the key id, or the alias."""
    if not name or not name.startswith("arn:"):
        return ()
    rest = name.split(":", 5)[5]
    return (rest.removeprefix("key/"), rest) if rest.startswith("key/") else (rest,)


def _arn(resource: str, region: str = "eu-west-1", partition: str = "aws") -> str:
    return f"arn:{partition}:kms:{region}:{ACCOUNT}:{resource}"


KEY = _arn("key/5f2c1b7e-90ad-4c3e-8d61-7be04c19fa23")
OTHER_KEY = _arn("key/0c41be2f-2611-4ef2-a78b-d1907bf1c0e5", "us-west-2")
REPLICA = _arn("key/mrk-1578797fc02549399339e21250393ab7", "us-gov-west-1", "aws-us-gov")
LONG_ALIAS = "alias/platform/production/billing-service/card-tokenization-key"


def _invalid_state(
    name: str,
    message: str,
    cause: str,
    operation: str = "Decrypt",
    *,
    key: str = KEY,
    params: dict[str, str] | None = None,
) -> Call:
    """Return a call that KMS refuses with its catch-all code; the message alone says why."""
    named = key if message.startswith(key) else None
    asked = {"KeyId": key} if params is None else params
    return Call(name, operation, "KMSInvalidStateException", message, cause, asked, named=named)


NOT_FOUND = (
    Call(
        "alias_not_found",
        "Encrypt",
        "NotFoundException",
        f"Alias {_arn('alias/payments')} is not found.",
        "alias_not_found",
        {"KeyId": "alias/payments"},
        named=_arn("alias/payments"),
    ),
    Call(
        "alias_not_found_long",
        "DescribeKey",
        "NotFoundException",
        f"Alias {_arn(LONG_ALIAS, 'ap-southeast-2')} is not found.",
        "alias_not_found",
        {"KeyId": LONG_ALIAS},
        region="ap-southeast-2",
        named=_arn(LONG_ALIAS, "ap-southeast-2"),
    ),
    Call(
        "key_not_found",
        "GenerateDataKey",
        "NotFoundException",
        f"Key '{KEY}' does not exist",
        "key_not_found",
        {"KeyId": KEY.rpartition("/")[2], "KeySpec": "AES_256"},
        named=KEY,
    ),
    Call(
        "replica_not_found",
        "DescribeKey",
        "NotFoundException",
        f"Key '{REPLICA}' does not exist",
        "key_not_found",
        {"KeyId": REPLICA},
        region="us-gov-west-1",
        named=REPLICA,
    ),
    Call(
        "malformed",
        "GenerateDataKey",
        "NotFoundException",
        "Invalid keyId 'payments-key'",
        "malformed_identifier",
        {"KeyId": "payments-key", "KeySpec": "AES_256"},
        named="payments-key",
    ),
    Call(
        "malformed_variable",
        "Encrypt",
        "NotFoundException",
        "Invalid keyId '${KMS_KEY_ID}'",
        "malformed_identifier",
        {"KeyId": "${KMS_KEY_ID}"},
        named="${KMS_KEY_ID}",
    ),
    Call(
        "malformed_old",
        "DescribeKey",
        "NotFoundException",
        "Invalid keyId nope",
        "malformed_identifier",
        {"KeyId": "nope"},
        named="nope",
    ),
    Call(
        "wrong_region",
        "Encrypt",
        "NotFoundException",
        "Invalid arn us-west-2",
        "wrong_region",
        {"KeyId": OTHER_KEY},
    ),
    Call(
        "empty_key",
        "Encrypt",
        "ValidationException",
        "1 validation error detected: Value '' at 'keyId' failed to satisfy constraint: Member must have length greater than or "
        "equal to 1",
        "malformed_identifier",
        {"KeyId": ""},
        only="node",
    ),
    Call(
        "alias_unsupported",
        "GetKeyRotationStatus",
        "InvalidArnException",
        "Key Aliases are not supported for this operation",
        "malformed_identifier",
        {"KeyId": "alias/payments"},
    ),
)

STATES = (
    Call(
        "disabled",
        "Decrypt",
        "DisabledException",
        f"{KEY} is disabled.",
        "key_disabled",
        {"KeyId": KEY},
        named=KEY,
    ),
    Call(
        "disabled_pending_deletion",
        "Encrypt",
        "DisabledException",
        f"{KEY} is pending deletion (or pending replica deletion).",
        "key_pending_deletion",
        {"KeyId": "alias/orders"},
        named=KEY,
    ),
    _invalid_state("pending_deletion", f"{KEY} is pending deletion.", "key_pending_deletion"),
    _invalid_state(
        "pending_import",
        f"{KEY} is pending import because no key material has ever been imported or one of the imported key materials is deleted "
        "or expired.",
        "key_material_missing",
    ),
    _invalid_state(
        "pending_import_short",
        f"{KEY} is pending import.",
        "key_material_missing",
        "GenerateDataKeyWithoutPlaintext",
    ),
    _invalid_state("unavailable", f"{KEY} is unavailable.", "key_store_disconnected"),
    _invalid_state("creating", f"{KEY} is creating.", "key_not_ready", "DescribeKey"),
)

DENIALS = (
    Call(
        "denied_legacy",
        "Decrypt",
        "AccessDeniedException",
        "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not "
        "allowed to access.",
        "missing_or_not_authorized",
    ),
    Call(
        "denied_three_ways",
        "GenerateDataKey",
        "AccessDeniedException",
        f"User: {USER} is not authorized to perform: kms:GenerateDataKey on this resource {THREE_WAY}",
        "missing_or_not_authorized",
        {"KeyId": KEY, "KeySpec": "AES_256"},
    ),
    Call(
        "denied_ciphertext",
        "Decrypt",
        "AccessDeniedException",
        f"User: {USER} is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext {THREE_WAY}",
        "missing_or_not_authorized",
    ),
)

STORES = (
    _invalid_state(
        "external_key_missing",
        f"{_XKS} rejected the request because it could not find the external key.",
        "external_key_not_found",
        params={},
    ),
    _invalid_state(
        "external_key_disabled",
        f"{_XKS} rejected the request because the external key is not enabled in the external key manager.",
        "external_key_unusable",
        "Encrypt",
    ),
    _invalid_state(
        "proxy_timeout",
        "AWS KMS rejected the request because the external key store proxy did not respond in time. "
        "Retry the request. If you see this error repeatedly, report it to your external key store proxy administrator.",
        "xks_proxy_unreachable",
        params={},
    ),
    _invalid_state(
        "proxy_credentials",
        f"{_XKS} rejected the request because it could not authenticate AWS KMS. "
        "Verify the credentials for your external key store and update if necessary.",
        "xks_proxy_rejected_credentials",
    ),
    _invalid_state(
        "proxy_disconnected",
        "This KMS key is in a custom key store that is not connected to its external key store proxy. Connect the external key "
        "store and try the request again.",
        "key_store_disconnected",
        "Encrypt",
    ),
    _invalid_state(
        "hsm_unreachable",
        "KMS cannot communicate with your CloudHSM cluster",
        "cloudhsm_unavailable",
        params={},
    ),
    Call(
        "store_not_found",
        "ConnectCustomKeyStore",
        "CustomKeyStoreNotFoundException",
        "",
        "key_store_not_found",
        {"CustomKeyStoreId": "cks-1234567890abcdef0"},
    ),
    Call(
        "hsm_not_active",
        "ConnectCustomKeyStore",
        "CloudHsmClusterNotActiveException",
        "",
        "cloudhsm_unavailable",
        {"CustomKeyStoreId": "cks-1234567890abcdef0"},
    ),
)

AWS_SIDE = (
    Call(
        "internal",
        "Decrypt",
        "KMSInternalException",
        "",
        "kms_unavailable",
        {"KeyId": KEY},
        status=500,
    ),
    Call(
        "key_unavailable", "Decrypt", "KeyUnavailableException", "", "kms_unavailable", status=500
    ),
    Call(
        "dependency_timeout",
        "GenerateDataKey",
        "DependencyTimeoutException",
        "",
        "kms_unavailable",
        {"KeyId": KEY, "KeySpec": "AES_256"},
        status=500,
    ),
    Call(
        "grant_token",
        "Decrypt",
        "InvalidGrantTokenException",
        "The request was rejected because the specified grant token is not valid.",
        "grant_not_found",
    ),
)

OUT_OF_SCOPE = (
    Call(
        "plain_denial",
        "Decrypt",
        "AccessDeniedException",
        f"User: {USER} is not authorized to perform: kms:Decrypt on resource: {KEY} because no identity-based policy allows the "
        "kms:Decrypt action",
        None,
        {"KeyId": KEY},
    ),
    Call("throttled", "Encrypt", "ThrottlingException", "Rate exceeded", None, {"KeyId": KEY}),
    Call("wrong_context", "Decrypt", "InvalidCiphertextException", "", None, {"KeyId": KEY}),
    Call(
        "wrong_key",
        "Decrypt",
        "IncorrectKeyException",
        "The key ID in the request does not identify a CMK that can perform this operation.",
        None,
        {"KeyId": KEY},
    ),
    Call(
        "wrong_usage",
        "Encrypt",
        "InvalidKeyUsageException",
        f"{KEY} key usage is SIGN_VERIFY which is not valid for Encrypt.",
        None,
        {"KeyId": KEY},
    ),
    Call(
        "not_pending",
        "CancelKeyDeletion",
        "KMSInvalidStateException",
        f"{KEY} is not pending deletion (or pending replica deletion).",
        None,
        {"KeyId": KEY},
    ),
)

CALLS = (*NOT_FOUND, *STATES, *DENIALS, *STORES, *AWS_SIDE, *OUT_OF_SCOPE)
BY_ID = {call.id: call for call in CALLS}
