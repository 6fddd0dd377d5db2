"""Which changes bring a cause about, and which undo them again. Data only.

Source: KMS Developer Guide, "Key states of AWS KMS keys". Naming somebody for a change that was
undone since, or that came after the failure, would blame the wrong person.
"""

from collections.abc import Mapping

ALIAS_CHANGES = frozenset({"CreateAlias", "UpdateAlias", "DeleteAlias"})

# Cause → the changes that bring it about: the newest is named as evidence.
MADE_BY: Mapping[str, tuple[str, ...]] = {
    "key_pending_deletion": ("ScheduleKeyDeletion",),
    "key_disabled": ("DisableKey", "CancelKeyDeletion"),
    "key_material_missing": ("DeleteImportedKeyMaterial", "DeleteExpiredKeyMaterial"),
    "key_store_disconnected": ("DisconnectCustomKeyStore",),
    "key_store_not_found": ("DeleteCustomKeyStore",),
    "xks_proxy_rejected_credentials": ("UpdateCustomKeyStore",),
    "xks_proxy_misconfigured": ("UpdateCustomKeyStore",),
    "xks_proxy_unreachable": ("UpdateCustomKeyStore",),
    "key_deleted": ("ScheduleKeyDeletion",),
}

# Change → the changes that undo it. A key that was deleted comes back only as a replica of a
# multi-Region key (CreateKey is recorded in the replica's Region); cancelling a deletion leaves the
# key disabled.
UNDONE_BY: Mapping[str, tuple[str, ...]] = {
    "ScheduleKeyDeletion": ("CancelKeyDeletion",),
    "CancelKeyDeletion": ("EnableKey", "ScheduleKeyDeletion"),
    "DisableKey": ("EnableKey",),
    "DeleteImportedKeyMaterial": ("ImportKeyMaterial",),
    "DeleteExpiredKeyMaterial": ("ImportKeyMaterial",),
    "DisconnectCustomKeyStore": ("ConnectCustomKeyStore",),
    "DeleteAlias": ("CreateAlias",),
    "DeleteKey": ("CreateKey",),
    "CreateAlias": ("DeleteAlias",),
    "UpdateAlias": ("DeleteAlias",),
    "CreateKey": ("ScheduleKeyDeletion", "DeleteKey"),
    "ReplicateKey": ("ScheduleKeyDeletion", "DeleteKey"),
}

# What explains that something is not there (any more): with one of these at hand nobody else need
# be asked.
EXPLAINS_ABSENCE = ("DeleteKey", "ScheduleKeyDeletion", "DeleteAlias")
