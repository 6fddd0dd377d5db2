"""The operations of the KMS API (botocore's service model of KMS)."""

_NAMES = """
CancelKeyDeletion ConnectCustomKeyStore CreateAlias CreateCustomKeyStore CreateGrant CreateKey Decrypt DeleteAlias
DeleteCustomKeyStore DeleteImportedKeyMaterial DeriveSharedSecret DescribeCustomKeyStores DescribeKey DisableKey
DisableKeyRotation DisconnectCustomKeyStore EnableKey EnableKeyRotation Encrypt GenerateDataKey GenerateDataKeyPair
GenerateDataKeyPairWithoutPlaintext GenerateDataKeyWithoutPlaintext GenerateMac GenerateRandom GetKeyLastUsage GetKeyPolicy
GetKeyRotationStatus GetParametersForImport GetPublicKey ImportKeyMaterial ListAliases ListGrants ListKeyPolicies
ListKeyRotations ListKeys ListResourceTags ListRetirableGrants PutKeyPolicy ReEncrypt ReplicateKey RetireGrant RevokeGrant
RotateKeyOnDemand ScheduleKeyDeletion Sign TagResource UntagResource UpdateAlias UpdateCustomKeyStore UpdateKeyDescription
UpdatePrimaryRegion Verify VerifyMac
"""

KMS_OPERATIONS = frozenset(_NAMES.split())

# Other services with a NotFoundException have operations of these names too: they do not prove that
# KMS was called.
SHARED_OPERATIONS = frozenset(
    {"CreateAlias", "DeleteAlias", "ListAliases", "TagResource", "UntagResource", "UpdateAlias"}
)


# Operations whose permission has another name than they have: a ReEncrypt needs this one on its first key, and ReEncryptTo
# on the second (KMS Developer Guide, "AWS KMS permissions").
_PERMISSIONS = {"ReEncrypt": "ReEncryptFrom"}
PERMISSIONS = KMS_OPERATIONS - _PERMISSIONS.keys() | {"ReEncryptFrom", "ReEncryptTo"}


def permission_of(operation: str | None) -> str | None:
    """Return the permission of KMS (without ``kms:``) that an operation needs; ``None`` for what KMS does not have."""
    name = _PERMISSIONS.get(operation or "", operation)
    return name if name in PERMISSIONS else None


def only_of_kms(operation: str | None) -> bool:
    """Tell whether an operation is one that only KMS has."""
    return operation in KMS_OPERATIONS and operation not in SHARED_OPERATIONS
