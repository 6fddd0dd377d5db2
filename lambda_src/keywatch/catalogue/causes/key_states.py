"""The key exists, and its state does not let it be used. Data only."""

from keywatch.catalogue.causes.commands import DESCRIBE_KEY, GUIDE, HISTORY_OF_KEY
from keywatch.catalogue.causes.record import Cause, Proof, Remedy
from keywatch.model.levels import Severity

KEY_STATES = (
    Cause(
        id="key_pending_deletion",
        title="Key scheduled for deletion",
        severity=Severity.CRITICAL,
        meaning=(
            "The key is scheduled for deletion, cannot be used meanwhile, and will be lost for good when its waiting "
            "period ends."
        ),
        remedies=(
            Remedy(
                "Cancel the deletion while there is time,",
                "aws kms cancel-key-deletion --key-id {key} --region {region}",
            ),
            Remedy(
                "then enable the key, which is disabled after that.",
                "aws kms enable-key --key-id {key} --region {region}",
            ),
            Remedy("See who scheduled the deletion, and when.", HISTORY_OF_KEY),
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
        meaning="Somebody disabled the key; it exists, but encrypts and decrypts nothing until it is enabled.",
        remedies=(
            Remedy("Enable the key.", "aws kms enable-key --key-id {key} --region {region}"),
            Remedy("See who disabled it, and when.", HISTORY_OF_KEY),
        ),
        doc=GUIDE + "enabling-keys.html",
        key_states=("Disabled",),
        proof=Proof.KEY,
    ),
    Cause(
        id="key_material_missing",
        title="Key material missing",
        severity=Severity.CRITICAL,
        meaning="The key waits for imported key material: it was never imported, has expired, or was deleted.",
        remedies=(
            Remedy("See when material expires or expired.", DESCRIBE_KEY),
            Remedy(
                "Get a wrapping key and an import token,",
                "aws kms get-parameters-for-import --key-id {key} --wrapping-algorithm RSAES_OAEP_SHA_256 "
                "--wrapping-key-spec RSA_4096 --region {region}",
            ),
            Remedy(
                "wrap the same key material with it, and import it again.",
                "aws kms import-key-material --key-id {key} --encrypted-key-material fileb://EncryptedKeyMaterial.bin "
                "--import-token fileb://ImportToken.bin --expiration-model KEY_MATERIAL_DOES_NOT_EXPIRE --region {region}",
            ),
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
            Remedy(
                "Wait until its state is Enabled.",
                "aws kms describe-key --key-id {key} --region {region} --query KeyMetadata.KeyState",
            ),
        ),
        doc=GUIDE + "key-state.html",
        key_states=("Creating",),
        proof=Proof.KEY,
    ),
)
