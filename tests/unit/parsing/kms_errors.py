"""Every text with which KMS says that something is missing or unusable, as recorded or documented, and what each means.

``{key}`` and ``{alias}`` stand for ARNs, ``{id}`` for a key id, ``{arn_region}`` for the Region of
an ARN typed by the caller.
"""

from dataclasses import dataclass

DENIED = (
    "because the resource does not exist in this Region, no resource-based policies allow access, "
    "or a resource-based policy explicitly denies access"
)
USER = "User: arn:aws:iam::111122223333:user/Alice is not authorized to perform:"
PROXY = "The external key store proxy"


@dataclass(frozen=True)
class KmsError:
    code: str
    message: str
    cause: str


def _invalid_state(cause: str, *messages: str) -> tuple[KmsError, ...]:
    return tuple(KmsError("KMSInvalidStateException", message, cause) for message in messages)


ERRORS = (
    KmsError("NotFoundException", "Alias {alias} is not found.", "alias_not_found"),
    KmsError("NotFoundException", "Key '{key}' does not exist", "key_not_found"),
    KmsError("NotFoundException", "Invalid keyId '{id}'", "malformed_identifier"),
    KmsError("NotFoundException", "Invalid keyId {id}", "malformed_identifier"),
    KmsError("NotFoundException", "Invalid arn {arn_region}", "wrong_region"),
    KmsError("DisabledException", "{key} is disabled.", "key_disabled"),
    KmsError(
        "DisabledException",
        "{key} is pending deletion (or pending replica deletion).",
        "key_pending_deletion",
    ),
    *_invalid_state(
        "key_pending_deletion",
        "{key} is pending deletion.",
        "{key} is pending deletion (or pending replica deletion).",
    ),
    *_invalid_state(
        "key_material_missing",
        "{key} is pending import.",
        "{key} is pending import because no key material has ever been imported or one of the imported key materials is "
        "deleted or expired.",
    ),
    *_invalid_state("key_store_disconnected", "{key} is unavailable."),
    *_invalid_state("key_not_ready", "{key} is creating.", "{key} is updating."),
    KmsError(
        "AccessDenied",
        "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not "
        "allowed to access.",
        "missing_or_not_authorized",
    ),
    KmsError(
        "AccessDenied", f"{USER} kms:Decrypt on this resource {DENIED}", "missing_or_not_authorized"
    ),
    KmsError(
        "AccessDeniedException",
        f"{USER} kms:GenerateDataKey on this resource {DENIED}",
        "missing_or_not_authorized",
    ),
    KmsError(
        "AccessDenied",
        f"{USER} kms:Decrypt on the resource associated with this ciphertext {DENIED}",
        "missing_or_not_authorized",
    ),
    *_invalid_state(
        "external_key_not_found",
        f"{PROXY} rejected the request because it could not find the external key.",
        "The external key associated with this KMS key in an external key store was not found in its external key manager.",
    ),
    *_invalid_state(
        "external_key_unusable",
        f"{PROXY} rejected the request because the external key is not enabled in the external key manager.",
        "The external key associated with this KMS key in an external key store is not enabled in the external key manager.",
        f"{PROXY} rejected the request because the external key does not support the requested operation.",
        "The external key associated with this KMS key in an external key store does not support the requested operation.",
    ),
    *_invalid_state(
        "xks_proxy_rejected_credentials",
        f"{PROXY} rejected the request because it could not authenticate AWS KMS. Verify the credentials for your external key "
        "store and update if necessary.",
        f"{PROXY} rejected the request because it could not authenticate AWS KMS. "
        "Verify the XKS proxy authentication credentials.",
    ),
    *_invalid_state(
        "xks_proxy_denied",
        f"{PROXY} denied access to the operation. Verify that the user and the external key are both authorized for this "
        "operation, and try the request again.",
    ),
    *_invalid_state(
        "xks_proxy_misconfigured",
        f"{PROXY} rejected the request because of an invalid URI path. Verify the URI path for your external key store and "
        "update if necessary.",
        f"{PROXY} rejected the request because it does not support the requested cryptographic operation.",
        f"{PROXY} rejected the request because it does not support the requested operation. If you see this error repeatedly, "
        "report it to your external key store proxy administrator.",
        "AWS KMS cannot establish a TLS connection to the external key store proxy. Verify the TLS configuration, including its "
        "certificate.",
        "AWS KMS cannot interpret the response from the external key store proxy. If you see this error repeatedly, consult your "
        "external key store proxy administrator.",
    ),
    *_invalid_state(
        "xks_proxy_unreachable",
        f"{PROXY} did not respond to the request in the time allotted. Retry the request.",
        "AWS KMS rejected the request because the external key store proxy did not respond in time. Retry the request.",
        f"{PROXY} rejected the request because it cannot communicate with the external key manager.",
        "AWS KMS cannot communicate with the external key store proxy. Verify that your external key store proxy is active",
        "AWS KMS cannot communicate with the external key store proxy. This might be a transient network issue.",
    ),
    KmsError(
        "KMSInternalException",
        "AWS KMS rejected the request because the external key store proxy did not respond in time. Retry the request.",
        "xks_proxy_unreachable",
    ),
    *_invalid_state(
        "xks_proxy_unhealthy",
        f"{PROXY} is in an unhealthy state. If you see this message repeatedly, notify your external key store proxy "
        "administrator.",
    ),
    *_invalid_state(
        "key_store_disconnected",
        "This KMS key is in a custom key store that is not connected to its external key store proxy. Connect the external key "
        "store and try the request again.",
    ),
    *_invalid_state("cloudhsm_unavailable", "KMS cannot communicate with your CloudHSM cluster"),
    *_invalid_state("unclassified", "{key} is in a state that nobody has written about yet."),
    KmsError("CustomKeyStoreNotFoundException", "", "key_store_not_found"),
    KmsError("InvalidGrantTokenException", "", "grant_not_found"),
    KmsError("KeyUnavailableException", "", "kms_unavailable"),
    KmsError("DependencyTimeoutException", "", "kms_unavailable"),
)

# Errors of KMS that say nothing about a missing or unusable key.
OUT_OF_SCOPE = (
    (
        "AccessDenied",
        USER
        + " kms:Decrypt on resource: {key} because no identity-based policy allows the kms:Decrypt action",
    ),
    (
        "AccessDenied",
        USER
        + " kms:Decrypt on resource: {key} because no resource-based policy allows the kms:Decrypt action",
    ),
    ("KMSInvalidStateException", "{key} is not pending deletion (or pending replica deletion)."),
    (
        "IncorrectKeyException",
        "The key ID in the request does not identify a CMK that can perform this operation.",
    ),
    ("InvalidCiphertextException", None),
    ("InvalidKeyUsageException", "{key} key usage is SIGN_VERIFY which is not valid for Decrypt."),
    (
        "UnsupportedOperationException",
        "{key} origin is EXTERNAL which is not valid for this operation.",
    ),
    ("ThrottlingException", "Rate exceeded"),
    ("DryRunOperationException", "The request would have succeeded, but the DryRun option is set."),
    ("NotFoundException", "No such policy exists"),
    ("KMSInvalidStateException", PROXY + " rejected the request due to a very high request rate."),
)
