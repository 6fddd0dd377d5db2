"""The changes that make, will make or un-make a key, alias or key store unusable: one row each. Data only.

A change is named as CloudTrail names it: the KMS operation, or the service event where KMS did it by
itself (DeleteKey, DeleteExpiredKeyMaterial). Sources: KMS Developer Guide, "Key states of AWS KMS
keys" and "Logging with CloudTrail"; EventBridge reference, KMS. Naming somebody for a change that was
undone since, or that came after the failure, would blame the wrong person.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class KindOfChange:
    """One kind of change to a ``key``, ``alias`` or ``key_store`` (``about``).

    - ``makes``: the causes that it brings about: the newest such change is named as evidence.
    - ``suspect_for``: how long; what worked for longer after the change did not break by it.
    - ``undone_by``: the later changes after which it explains nothing any more.
    - ``disproved_by``: later changes that KMS refuses while it lasts: that one succeeded proves that
      somebody undid it before, even where the record of that is lost.
    - ``leaves``: the KeyState in which it leaves the key.
    - ``warns_of``: what calls will meet, where it breaks its subject before a call failed.
    - ``announces``: what KMS itself reports by it as having happened.
    - ``native``: the detail-type of the event that KMS sends without a trail.
    - ``makes_visible``: it makes or moves something that KMS may not show everywhere for minutes.
    - ``explains_absence``: with it at hand nobody else need be asked why something is not there.
    - ``takes_aliases_along``: it tells of a key what became of the aliases that pointed to it.
    - ``same``: the detail by which it must agree with the failure: another grant of the key explains nothing.
    - ``only_looked_up``: AWS services do it all day, so no rule lets it in; CloudTrail is asked.
    """

    name: str
    about: str
    makes: tuple[str, ...] = ()
    suspect_for: timedelta | None = None
    undone_by: tuple[str, ...] = ()
    disproved_by: tuple[str, ...] = ()
    leaves: str | None = None
    warns_of: str | None = None
    announces: str | None = None
    native: str | None = None
    makes_visible: bool = False
    explains_absence: bool = False
    takes_aliases_along: bool = False
    same: str | None = None
    only_looked_up: bool = False

    @property
    def ended_by(self) -> tuple[str, ...]:
        """Return the later changes after which it is known to be over."""
        return (*self.undone_by, *self.disproved_by)


# A key that was deleted comes back only as a replica of a multi-Region key (CreateKey is recorded in
# the replica's Region); cancelling a deletion leaves the key disabled.
# A key that waits for its deletion can be neither enabled nor disabled, one without key material
# neither; a replica and a new primary Region need an enabled key (KMS Developer Guide, "Key states").
_NEED_MATERIAL = ("EnableKey", "DisableKey", "ReplicateKey", "UpdatePrimaryRegion")
_ALL = (
    KindOfChange(
        "CreateKey",
        "key",
        undone_by=("ScheduleKeyDeletion", "DeleteKey"),
        makes_visible=True,
        takes_aliases_along=True,
    ),
    KindOfChange(
        "ReplicateKey",
        "key",
        undone_by=("ScheduleKeyDeletion", "DeleteKey"),
        makes_visible=True,
    ),
    KindOfChange("UpdatePrimaryRegion", "key", leaves="Updating"),
    KindOfChange("EnableKey", "key", leaves="Enabled"),
    KindOfChange(
        "DisableKey",
        "key",
        leaves="Disabled",
        makes=("key_disabled",),
        undone_by=("EnableKey",),
        disproved_by=("ReplicateKey", "UpdatePrimaryRegion"),
        warns_of="key_disabled",
    ),
    KindOfChange(
        "ScheduleKeyDeletion",
        "key",
        leaves="PendingDeletion",
        makes=("key_pending_deletion", "key_deleted"),
        undone_by=("CancelKeyDeletion",),
        disproved_by=(
            "EnableKey",
            "DisableKey",
            "ImportKeyMaterial",
            "ReplicateKey",
            "UpdatePrimaryRegion",
        ),
        warns_of="key_pending_deletion",
        explains_absence=True,
        takes_aliases_along=True,
    ),
    KindOfChange(
        "CancelKeyDeletion",
        "key",
        leaves="Disabled",
        makes=("key_disabled",),
        suspect_for=timedelta(hours=1),
        undone_by=("EnableKey", "ScheduleKeyDeletion"),
        disproved_by=("ReplicateKey", "UpdatePrimaryRegion"),
        takes_aliases_along=True,
    ),
    KindOfChange(
        "DeleteKey",
        "key",
        undone_by=("CreateKey",),
        announces="key_deleted",
        native="KMS CMK Deletion",
        explains_absence=True,
        takes_aliases_along=True,
    ),
    KindOfChange("ImportKeyMaterial", "key", leaves="Enabled"),
    KindOfChange(
        "DeleteImportedKeyMaterial",
        "key",
        leaves="PendingImport",
        makes=("key_material_missing",),
        undone_by=("ImportKeyMaterial",),
        disproved_by=_NEED_MATERIAL,
        warns_of="key_material_missing",
    ),
    KindOfChange(
        "DeleteExpiredKeyMaterial",
        "key",
        leaves="PendingImport",
        makes=("key_material_missing",),
        undone_by=("ImportKeyMaterial",),
        disproved_by=_NEED_MATERIAL,
        warns_of="key_material_missing",
        announces="key_material_missing",
        native="KMS Imported Key Material Expiration",
    ),
    KindOfChange("PutKeyPolicy", "key"),
    KindOfChange("CreateGrant", "key", only_looked_up=True),
    KindOfChange(
        "RevokeGrant",
        "key",
        makes=("grant_not_found",),
        suspect_for=timedelta(days=1),
        same="grant",
    ),
    KindOfChange(
        "RetireGrant",
        "key",
        makes=("grant_not_found",),
        suspect_for=timedelta(days=1),
        same="grant",
        only_looked_up=True,
    ),
    KindOfChange("CreateAlias", "alias", undone_by=("DeleteAlias",), makes_visible=True),
    KindOfChange(
        "UpdateAlias",
        "alias",
        undone_by=("DeleteAlias",),
        warns_of="unclassified",
        makes_visible=True,
    ),
    KindOfChange(
        "DeleteAlias",
        "alias",
        undone_by=("CreateAlias",),
        disproved_by=("UpdateAlias",),
        warns_of="alias_not_found",
        explains_absence=True,
    ),
    KindOfChange("CreateCustomKeyStore", "key_store"),
    KindOfChange("ConnectCustomKeyStore", "key_store"),
    KindOfChange(
        "DisconnectCustomKeyStore",
        "key_store",
        makes=("key_store_disconnected",),
        undone_by=("ConnectCustomKeyStore",),
        warns_of="key_store_disconnected",
    ),
    KindOfChange(
        "UpdateCustomKeyStore",
        "key_store",
        makes=(
            "xks_proxy_rejected_credentials",
            "xks_proxy_misconfigured",
            "xks_proxy_unreachable",
        ),
        suspect_for=timedelta(days=7),
    ),
    KindOfChange("DeleteCustomKeyStore", "key_store", makes=("key_store_not_found",)),
)

CHANGES: Mapping[str, KindOfChange] = {change.name: change for change in _ALL}

# Those that the rule lets in.
RULE_CHANGES = tuple(change.name for change in _ALL if not change.only_looked_up)
NATIVE_CHANGES: Mapping[str, str] = {change.native: change.name for change in _ALL if change.native}
MAKE_VISIBLE = tuple(change.name for change in _ALL if change.makes_visible)
EXPLAIN_ABSENCE = tuple(change.name for change in _ALL if change.explains_absence)
# Cause → the changes that bring it about.
MADE_BY: Mapping[str, tuple[str, ...]] = {
    cause: tuple(change.name for change in _ALL if cause in change.makes)
    for cause in dict.fromkeys(cause for change in _ALL for cause in change.makes)
}

# What is kept of a change, where its record tells it: fact → part of the record, field.
DETAILS = (
    ("deletion_date", "responseElements", "deletionDate"),
    ("pending_days", "requestParameters", "pendingWindowInDays"),
    ("key_state", "responseElements", "keyState"),
    ("alias", "requestParameters", "aliasName"),
    ("target_key", "requestParameters", "targetKeyId"),
    ("valid_to", "requestParameters", "validTo"),
    ("key_store", "requestParameters", "customKeyStoreId"),
    ("replica_region", "requestParameters", "replicaRegion"),
    ("grant", "requestParameters", "grantId"),
)

# How CloudTrail and EventBridge name KMS where it acted by itself; nobody called it.
AWS_ITSELF = frozenset({"AWS KMS", "AWS Internal"})
