"""Words with which services, tools and people say that "the KMS key" is missing or unusable. Data only.

AWS's own sentences are rows of ``texts``. What is read here is nobody's fixed wording, so it never proves a cause:
a sentence that names its key makes it likely, any other makes it possible.
"""

from keywatch.catalogue.codes import MISSING_PHRASES

MISSING, UNUSABLE = "missing", "unusable"
# What is said of the key (a cause, or one of the two above), by phrases in lower case.
SAID: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "key_pending_deletion",
        (
            "pending deletion",
            "pendingdeletion",
            "pending_deletion",
            "scheduled for deletion",
            "marked for deletion",
        ),
    ),
    (
        "key_material_missing",
        (
            "pending import",
            "pendingimport",
            "pending_import",
            "no key material",
            "material has expired",
        ),
    ),
    (
        "key_disabled",
        (
            *("is disabled", "isn't enabled", "not enabled", "was disabled", "been disabled"),
            *("disabled state", "state: disabled", "state disabled", "state is disabled"),
            *("currently disabled", "because it is disabled", "key disabled", "disabled kms key"),
        ),
    ),
    (
        "key_deleted",
        ("was deleted", "been deleted", "is deleted", "no longer exist", "deleted kms key"),
    ),
    (
        MISSING,
        (
            *MISSING_PHRASES,
            *(
                "n't exist",
                "n't found",
                "n't be found",
                "non existent",
                "non-existent",
                "nonexistent",
            ),
            *("unknown kms key", "did not find", "didn't find", "can't find", "no kms key"),
        ),
    ),
    (
        "missing_or_not_authorized",
        (
            *("inaccessible", "not accessible", "isn't accessible", "be accessed", "no access to"),
            *(
                "unable to access",
                "failed to access",
                "cannot access",
                "can't access",
                "could not access",
                "couldn't access",
            ),
        ),
    ),
    (
        UNUSABLE,
        (
            *(
                "invalid state",
                "incorrect state",
                "wrong state",
                "not in a valid state",
                "not in valid state",
            ),
            *(
                "is unavailable",
                "not available",
                "unusable",
                "not usable",
                "not be used",
                "cannot be used",
            ),
            *("can't be used", "invalid kms key", "kms key is invalid", "kms key is not valid"),
        ),
    ),
)
# Beside what is missing: AWS does not tell a missing key from one that the caller may not see.
NOT_ALLOWED = ("permission", "authorized", "allowed", "access")
