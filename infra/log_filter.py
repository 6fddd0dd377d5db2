"""Which log lines reach the function: one CloudWatch Logs filter pattern of distinctive fragments.

The grammar for unstructured logs (CloudWatch Logs User Guide, "Filter pattern syntax"): terms are
case-sensitive, a term with anything but letters and digits needs double quotes, ``?`` terms are
alternatives and are ignored as soon as a term without ``?`` stands beside them, and 1,024
characters are the limit. So: alternatives only, all quoted. The function judges what comes; the
pattern only has to let no KMS error slip.
"""

from collections.abc import Iterable

MAX_PATTERN_LENGTH = 1024

# Wording that KMS puts into its messages; most SDKs log the message, whatever they do to the code.
# AWS does not say whether a term may match within a word, so every fragment is made of whole words.
MESSAGES = (
    "is not found.",  # Alias … is not found.
    "does not exist",  # Key … does not exist; because the resource does not exist in this Region (also: region)
    "Invalid keyId",
    "Invalid arn",
    "is disabled.",
    "is pending deletion",
    "is pending import",
    "is unavailable.",
    "is creating.",
    "is updating.",
    "external key",  # every message of an external key store
    "External key",
    "custom key store",
    "CloudHSM cluster",
    "Key Aliases are not supported",
    "Alias must start with",
    "unable to generate data key",  # AWS Encryption SDK
    "Unable to decrypt data key",
    "ConnectionErrorCode",  # what DescribeCustomKeyStores says of a store that failed to connect
)
# Codes, for lines without a message. NotFoundException alone belongs to dozens of services; there
# the message tells.
CODES = (
    "KMSInvalidStateException",
    "KmsInvalidStateException",
    "DisabledException",
    "KeyUnavailableException",
    "KMSInternalException",
    "KmsInternalException",
    "DependencyTimeoutException",
    "InvalidArnException",
    "InvalidGrantTokenException",
    "InvalidGrantIdException",
    "CustomKeyStoreNotFoundException",
    "CustomKeyStoreInvalidStateException",
    "KMS.NotFoundException",
    "KMSNotFoundException",
    "KmsNotFound",
    "KMSNotFound",
    "KmsDisabled",
    "KMSDisabled",
    "KmsKeyNotFoundException",
    "KMSKeyNotAccessibleFault",
    "InvalidKMSResourceException",
    "EncryptionKeyNotFoundException",
)


def any_of(fragments: Iterable[str]) -> str:
    """Return the filter pattern that matches a line with any of ``fragments`` in it."""
    return " ".join(f'?"{fragment}"' for fragment in fragments)


PATTERN = any_of((*MESSAGES, *CODES))
