"""The key exists, and its state does not let it be used. Data only."""

from keywatch.catalogue.causes.commands import (
    GUIDE,
    find_who,
    look,
)
from keywatch.catalogue.causes.record import Cause, Proof, Remedy
from keywatch.model.levels import Severity

_PENDING = ("key_state", ("PendingDeletion", "PendingReplicaDeletion"))
_PENDING_IMPORT = ("key_state", ("PendingImport",))

KEY_STATES = (
    Cause(
        id="key_pending_deletion",
        title="Key scheduled for deletion",
        severity=Severity.CRITICAL,
        meaning=(
            "The key is scheduled for deletion. It cannot be used, and it will be deleted permanently when its "
            "waiting period ends."
        ),
        remedies=(
            Remedy(
                "Cancel the deletion.",
                "aws kms cancel-key-deletion --key-id {key} --region {region}",
                only_where=_PENDING,
            ),
            Remedy(
                "Enable the key (cancelling leaves it disabled).",
                "aws kms enable-key --key-id {key} --region {region}",
                only_where=_PENDING,
            ),
            find_who("Find who scheduled the deletion, and when.", "ScheduleKeyDeletion"),
        ),
        doc=GUIDE + "deleting-keys.html",
        key_states=("PendingDeletion", "PendingReplicaDeletion"),
        proof=Proof.KEY,
        mutes_aliases=True,
    ),
    Cause(
        id="key_disabled",
        title="Key disabled",
        severity=Severity.HIGH,
        meaning="The key is disabled. It exists, but cannot encrypt or decrypt until it is enabled.",
        remedies=(
            Remedy(
                "Enable the key.",
                "aws kms enable-key --key-id {key} --region {region}",
                only_where=("key_state", ("Disabled",)),
            ),
            find_who("Find who disabled the key, and when.", "DisableKey"),
        ),
        doc=GUIDE + "enabling-keys.html",
        key_states=("Disabled",),
        proof=Proof.KEY,
    ),
    Cause(
        id="key_material_missing",
        title="Key material missing",
        severity=Severity.CRITICAL,
        meaning="The key has no key material: it was never imported, has expired, or was deleted.",
        remedies=(
            Remedy(
                "Get a wrapping key and an import token.",
                "aws kms get-parameters-for-import --key-id {key} --wrapping-algorithm RSAES_OAEP_SHA_256 "
                "--wrapping-key-spec RSA_4096 --region {region}",
                only_where=_PENDING_IMPORT,
            ),
            Remedy(
                "Encrypt the same key material with the wrapping key, and import it again.",
                "aws kms import-key-material --key-id {key} --encrypted-key-material fileb://EncryptedKeyMaterial.bin "
                "--import-token fileb://ImportToken.bin --expiration-model KEY_MATERIAL_DOES_NOT_EXPIRE --region {region}",
                only_where=_PENDING_IMPORT,
            ),
            look("Check when the key material expires or expired."),
        ),
        doc=GUIDE + "importing-keys.html",
        key_states=("PendingImport",),
        proof=Proof.KEY,
    ),
    Cause(
        id="key_not_ready",
        title="Key not ready yet",
        severity=Severity.WARNING,
        meaning="The multi-Region key is still being created as a replica, or its primary Region is being changed.",
        remedies=(
            look(
                "Wait until the state of the key is Enabled.",
                "aws kms describe-key --key-id {key} --region {region} --query KeyMetadata.KeyState",
            ),
        ),
        doc=GUIDE + "key-state.html",
        key_states=("Creating",),
        proof=Proof.KEY,
    ),
)
