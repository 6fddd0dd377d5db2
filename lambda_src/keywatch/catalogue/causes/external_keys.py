"""The key in the external key manager is gone or cannot be used. Data only."""

from keywatch.catalogue.causes.commands import EXTERNAL_KEY, GUIDE, look
from keywatch.catalogue.causes.record import KEY_AND_STORE, Cause, Remedy
from keywatch.model.levels import Severity

EXTERNAL_KEYS = (
    Cause(
        id="external_key_not_found",
        title="External key not found",
        severity=Severity.CRITICAL,
        meaning="The external key manager no longer has the external key of this KMS key. AWS cannot see that by itself.",
        remedies=(
            look(
                "Restore the external key in the external key manager under the same id: a KMS key cannot be given another one. "
                "To find that id:",
                EXTERNAL_KEY,
            ),
            Remedy(
                "If the external key is lost, data encrypted only under it is unrecoverable. "
                "Create a KMS key with a new external key for new data."
            ),
        ),
        doc=GUIDE + "xks-troubleshooting.html",
        lookups=KEY_AND_STORE,
    ),
    Cause(
        id="external_key_unusable",
        title="External key unusable",
        severity=Severity.CRITICAL,
        meaning=(
            "The external key exists, but it is disabled in the external key manager, or it cannot "
            "be used for this operation."
        ),
        remedies=(
            look(
                "Enable the external key in the external key manager. It must be AES-256, for encryption and decryption. "
                "To find its id:",
                EXTERNAL_KEY,
            ),
        ),
        doc=GUIDE + "xks-troubleshooting.html",
        lookups=KEY_AND_STORE,
    ),
)
