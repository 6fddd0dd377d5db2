"""What AWS records for a failure that the emulator words differently.

The emulator refuses what AWS refuses, and has AWS's own texts for key states; "not found" it puts
into words of its own. AWS's texts: answers of the real service as recorded in public snapshots; KMS
Developer Guide, "Logging with CloudTrail".
"""

import re

from demo.emulator import ACCOUNT

KEY_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32}")


def as_recorded(
    code: str, message: str, asked: str | None, region: str, caller_arn: str, operation: str
) -> tuple[str, str]:
    """Return the ``errorCode`` and ``errorMessage`` of CloudTrail for a call that the emulator refused with these words.

    ``asked`` is the key as the caller named it; ``None`` for a Decrypt that leaves it to the
    ciphertext to name its key.
    """
    if code == "NotFoundException" and asked is not None:
        return code, not_found(asked, region)
    if code == "InvalidCiphertextException" and asked is None:
        return "AccessDenied", denied_or_missing(caller_arn, operation)
    return code, message


def not_found(asked: str, region: str) -> str:
    """Return AWS's text for a key or alias that does not exist where it was asked for."""
    home = f"arn:aws:kms:{region}:{ACCOUNT}"
    if asked.startswith("arn:"):
        if (named := asked.split(":")[3]) != region:
            return f"Invalid arn {named}"
        return _missing(asked, asked.split(":", 5)[5])
    if asked.startswith("alias/"):
        return _missing(f"{home}:{asked}", asked)
    return (
        _missing(f"{home}:key/{asked}", f"key/{asked}")
        if KEY_ID.fullmatch(asked)
        else f"Invalid keyId '{asked}'"
    )


def _missing(arn: str, resource: str) -> str:
    return (
        f"Alias {arn} is not found."
        if resource.startswith("alias/")
        else f"Key '{arn}' does not exist"
    )


def denied_or_missing(caller_arn: str, operation: str) -> str:
    """Return AWS's one answer for a missing key, a wrong Region and a denial, where the ciphertext names the key."""
    return (
        f"User: {caller_arn} is not authorized to perform: kms:{operation} on the resource associated with this ciphertext "
        "because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy "
        "explicitly denies access"
    )


def denied(caller_arn: str, operation: str, key_arn: str) -> str:
    """Return AWS's text for a plain denial, which names an existing key."""
    return (
        f"User: {caller_arn} is not authorized to perform: kms:{operation} on resource: {key_arn} because no identity-based "
        f"policy allows the kms:{operation} action"
    )
