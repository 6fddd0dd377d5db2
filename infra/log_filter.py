"""Which log lines reach the function: one CloudWatch Logs filter pattern of distinctive fragments.

The grammar for unstructured logs (CloudWatch Logs User Guide, "Filter pattern syntax"): terms are case-sensitive, a term with
anything but letters and digits needs double quotes, ``?`` terms are alternatives and are ignored as soon as a term without ``?``
stands beside them, and 1,024 characters are the limit. So: alternatives only, all quoted. The function judges what comes; the
pattern only has to let no KMS error slip.
"""

from collections.abc import Iterable

MAX_PATTERN_LENGTH = 1024

# Wording that KMS puts into its messages. Most SDKs log the message, whatever they do to the code.
MESSAGES = (
    "is not found.",  # Alias … is not found.
    "does not exist",  # Key … does not exist; the resource does not exist in this Region (and region)
    "Invalid keyId",
    "Invalid arn",
    "is disabled.",
    "is pending deletion",
    "is pending import",
    "is unavailable.",
    "is creating.",
    "is updating.",
    "xternal key",  # external key, External key store: every message of an external key store
    "key store",  # custom key store
    "CloudHSM",
    "Key Aliases are not supported",
    "Alias must start with",
)
# Codes, for lines that carry no message. NotFoundException alone belongs to dozens of services; the message tells them apart.
CODES = (
    "KMSInvalidState",
    "KmsInvalidState",
    "DisabledException",
    "KeyUnavailable",
    "KMSInternal",
    "KmsInternal",
    "DependencyTimeout",
    "InvalidArnException",
    "InvalidAliasName",
    "InvalidGrant",
    "CustomKeyStore",
    "XksKey",
    "XksProxy",
    "KMS.NotFound",
    "KMSNotFound",
    "KmsNotFound",
    "KMSDisabled",
    "KmsDisabled",
    "KMSKeyNotFound",
    "KmsKeyNotFound",
    "KmsKeyDisabled",
    "KMSKeyNotAccessible",
    "InvalidKMS",
    "InvalidKmsKey",
    "EncryptionKeyNotFound",
    "EncryptionKeyDisabled",
    "EncryptionKeyUnavailable",
)


def any_of(fragments: Iterable[str]) -> str:
    """Return the filter pattern that matches a line with any of ``fragments`` in it."""
    return " ".join(f'?"{fragment}"' for fragment in fragments)


PATTERN = any_of((*MESSAGES, *CODES))
