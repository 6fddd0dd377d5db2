"""The key in the external key manager is gone or cannot be used. Data only."""

from keywatch.catalogue.causes.commands import EXTERNAL_KEY, GUIDE
from keywatch.catalogue.causes.record import KEY_AND_STORE, Cause, Remedy
from keywatch.model.levels import Severity

EXTERNAL_KEYS = (
    Cause(
        id="external_key_not_found",
        title="External key not found",
        severity=Severity.CRITICAL,
        meaning="The external key manager no longer has the key behind this KMS key; AWS cannot see that by itself.",
        remedies=(
            Remedy("See the id of the external key.", EXTERNAL_KEY),
            Remedy(
                "Restore that key in the external key manager under the same id; a KMS key cannot be given another one."
            ),
            Remedy(
                "If it is lost, what only it encrypted is lost: create a KMS key on a new external key for new data."
            ),
        ),
        doc=GUIDE + "xks-troubleshooting.html",
        lookups=KEY_AND_STORE,
    ),
    Cause(
        id="external_key_unusable",
        title="External key unusable",
        severity=Severity.CRITICAL,
        meaning="The key exists in the external key manager, but is disabled there or not allowed or not fit for this operation.",
        remedies=(
            Remedy("See which external key it is.", EXTERNAL_KEY),
            Remedy(
                "In the external key manager, enable it (AES-256, for encryption and decryption)."
            ),
        ),
        doc=GUIDE + "xks-troubleshooting.html",
        lookups=KEY_AND_STORE,
    ),
)
