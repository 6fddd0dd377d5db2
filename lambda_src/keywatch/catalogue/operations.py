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


def only_of_kms(operation: str | None) -> bool:
    """Tell whether an operation is one that only KMS has."""
    return operation in KMS_OPERATIONS and operation not in SHARED_OPERATIONS
