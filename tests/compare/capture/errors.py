"""KMS's error texts as recorded or documented; ``{key}``, ``{alias}`` are ARNs, ``{id}`` a key id."""

from .events import DENIED

_USER = "User: arn:aws:iam::111122223333:user/Alice is not authorized to perform:"
_PROXY = "The external key store proxy"
_STATE = "KMSInvalidStateException"

STATES = {
    "Disabled": ("DisabledException", "{key} is disabled."),
    "PendingDeletion": (_STATE, "{key} is pending deletion (or pending replica deletion)."),
    "PendingReplicaDeletion": (
        "DisabledException",
        "{key} is pending deletion (or pending replica deletion).",
    ),
    "PendingImport": (_STATE, "{key} is pending import."),
    "Unavailable": (_STATE, "{key} is unavailable."),
    "Creating": (_STATE, "{key} is creating."),
    "Updating": (_STATE, "{key} is updating."),
}

TEXTS = (
    ("NotFoundException", "Alias {alias} is not found."),
    ("NotFoundException", "Key '{key}' does not exist"),
    ("NotFoundException", "Invalid keyId '{id}'"),
    ("NotFoundException", "Invalid keyId {id}"),
    ("NotFoundException", "Invalid arn us-east-1"),
    ("NotFoundException", None),
    ("InvalidArnException", "Invalid arn"),
    *STATES.values(),
    (_STATE, "{key} is pending deletion."),
    (
        _STATE,
        (
            "{key} is pending import because no key material has ever been imported or one of the imported key materials is "
            "deleted or expired."
        ),
    ),
    (
        "AccessDenied",
        (
            "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not "
            "allowed to access."
        ),
    ),
    ("AccessDenied", f"{_USER} kms:Decrypt on this resource {DENIED}"),
    ("AccessDeniedException", f"{_USER} kms:GenerateDataKey on this resource {DENIED}"),
    (
        "AccessDenied",
        f"{_USER} kms:Decrypt on the resource associated with this ciphertext {DENIED}",
    ),
    (_STATE, f"{_PROXY} rejected the request because it could not find the external key."),
    (
        _STATE,
        "The external key associated with this KMS key in an external key store was not found in its external key manager.",
    ),
    (
        _STATE,
        f"{_PROXY} rejected the request because the external key is not enabled in the external key manager.",
    ),
    (
        _STATE,
        f"{_PROXY} rejected the request because the external key does not support the requested operation.",
    ),
    (
        _STATE,
        (
            f"{_PROXY} rejected the request because it could not authenticate AWS KMS. Verify "
            f"the credentials for your external key "
            "store and update if necessary."
        ),
    ),
    (
        _STATE,
        (
            f"{_PROXY} denied access to the operation. Verify that the user and the external key are both authorized for this "
            "operation, and try the request again."
        ),
    ),
    (
        _STATE,
        (
            f"{_PROXY} rejected the request because of an invalid URI path. Verify the URI path for your external key store and "
            "update if necessary."
        ),
    ),
    (
        _STATE,
        f"{_PROXY} rejected the request because it does not support the requested cryptographic operation.",
    ),
    (
        _STATE,
        (
            "AWS KMS cannot establish a TLS connection to the external key store proxy. "
            "Verify the TLS configuration, including its "
            "certificate."
        ),
    ),
    (
        _STATE,
        (
            "AWS KMS cannot interpret the response from the external key store proxy. If you "
            "see this error repeatedly, consult your "
            "external key store proxy administrator."
        ),
    ),
    (_STATE, f"{_PROXY} did not respond to the request in the time allotted. Retry the request."),
    (
        _STATE,
        f"{_PROXY} rejected the request because it cannot communicate with the external key manager.",
    ),
    (
        _STATE,
        "AWS KMS cannot communicate with the external key store proxy. This might be a transient network issue.",
    ),
    (
        "KMSInternalException",
        "AWS KMS rejected the request because the external key store proxy did not respond in time. Retry the request.",
    ),
    (
        _STATE,
        (
            f"{_PROXY} is in an unhealthy state. If you see this message repeatedly, notify your external key store proxy "
            "administrator."
        ),
    ),
    (
        _STATE,
        (
            "This KMS key is in a custom key store that is not connected to its external key "
            "store proxy. Connect the external key "
            "store and try the request again."
        ),
    ),
    (_STATE, "KMS cannot communicate with your CloudHSM cluster"),
    (_STATE, "{key} is in a state that nobody has written about yet."),
    ("CustomKeyStoreNotFoundException", ""),
    ("InvalidGrantTokenException", ""),
    ("InvalidGrantIdException", ""),
    ("KeyUnavailableException", ""),
    ("DependencyTimeoutException", ""),
    ("KMSInternalException", ""),
    (
        "AccessDenied",
        _USER
        + " kms:Decrypt on resource: {key} because no identity-based policy allows the kms:Decrypt action",
    ),
    (_STATE, "{key} is not pending deletion (or pending replica deletion)."),
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
)

CONNECTION_ERRORS = (
    "CLUSTER_NOT_FOUND",
    "FEDERATION_ERROR",
    "INSUFFICIENT_CLOUDHSM_HSMS",
    "INSUFFICIENT_FREE_ADDRESSES_IN_SUBNET",
    "INTERNAL_ERROR",
    "INVALID_CREDENTIALS",
    "NETWORK_ERRORS",
    "SUBNET_NOT_FOUND",
    "USER_LOCKED_OUT",
    "USER_LOGGED_IN",
    "USER_NOT_FOUND",
    "XKS_PROXY_ACCESS_DENIED",
    "XKS_PROXY_INVALID_CONFIGURATION",
    "XKS_PROXY_INVALID_RESPONSE",
    "XKS_PROXY_INVALID_TLS_CONFIGURATION",
    "XKS_PROXY_NOT_REACHABLE",
    "XKS_PROXY_TIMED_OUT",
    "XKS_VPC_ENDPOINT_SERVICE_INVALID_CONFIGURATION",
    "XKS_VPC_ENDPOINT_SERVICE_NOT_FOUND",
    "SOMETHING_NEW",
)

SERVICES = (
    ("s3.amazonaws.com", "PutObject", "KMS.NotFoundException", "Key '{key}' does not exist"),
    ("s3.amazonaws.com", "GetObject", "KMS.DisabledException", "{key} is disabled."),
    ("sns.amazonaws.com", "Publish", "KMSDisabledException", "{key} is disabled."),
    ("sqs.amazonaws.com", "SendMessage", "KmsNotFound", "{key} does not exist"),
    (
        "rds.amazonaws.com",
        "RestoreDBInstanceFromDBSnapshot",
        "KMSKeyNotAccessibleFault",
        "The specified KMS key is not accessible.",
    ),
    (
        "secretsmanager.amazonaws.com",
        "GetSecretValue",
        "DecryptionFailure",
        "Secrets Manager can't decrypt the secret.",
    ),
    (
        "lambda.amazonaws.com",
        "UpdateFunctionConfiguration",
        "KMSAccessDeniedException",
        "Lambda was unable to decrypt.",
    ),
    (
        "lambda.amazonaws.com",
        "Invoke20150331",
        "KMSDisabledException",
        "Lambda was unable to decrypt the environment variables.",
    ),
    (
        "dynamodb.amazonaws.com",
        "PutItem",
        "InaccessibleEncryptionDateTime",
        "KMS key access denied",
    ),
    (
        "ec2.amazonaws.com",
        "CreateVolume",
        "Client.InvalidKmsKey.InvalidState",
        "The key {key} is not enabled",
    ),
    ("ec2.amazonaws.com", "RunInstances", "Client.KMSKeyNotFound", "The key {key} was not found"),
    ("kinesis.amazonaws.com", "PutRecord", "KMSNotFoundException", "Key '{key}' does not exist"),
    ("elasticfilesystem.amazonaws.com", "CreateFileSystem", "KmsKeyNotFound", "{key}"),
    ("ssm.amazonaws.com", "PutParameter", "InvalidKeyId", "Alias {alias} is not found."),
    (
        "logs.amazonaws.com",
        "CreateLogGroup",
        "AccessDeniedException",
        "The specified KMS key does not exist or is not allowed.",
    ),
    ("codecommit.amazonaws.com", "GetBranch", "EncryptionKeyNotFoundException", "{key}"),
    ("redshift.amazonaws.com", "CreateCluster", "InvalidKmsKey", "{key} is disabled"),
)
