"""Error texts, log lines and CloudTrail records with something hostile in them, as ``explain`` gets them."""

from random import Random
from typing import Any

from tests.fuzz_alerts.alerts import GOOD, KEY, right
from tests.fuzz_alerts.texts import spoiled, text

_DENIED = (
    "AccessDeniedException: User: {principal} is not authorized to perform: kms:Decrypt on resource: {key} because the "
    "resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy "
    "explicitly denies access"
)
_SENTENCES = (
    "An error occurred (NotFoundException) when calling the Decrypt operation: Alias {alias} is not found.",
    "An error occurred (NotFoundException) when calling the Decrypt operation: Key '{key}' does not exist",
    "NotFoundException: Invalid keyId '{text}'",
    "DisabledException: {key} is disabled.",
    "KMSInvalidStateException: {key} is pending deletion.",
    "KMSInvalidStateException: {text} is pending import.",
    _DENIED,
    "CustomKeyStoreNotFoundException: {key_store} {text}",
    "XksKeyNotFoundException: {text}",
    "KMSInternalException: {text}",
    "2026-11-23 02:14:00 ERROR {text} NotFoundException: Alias arn:aws:kms:eu-west-1:111122223333:{alias} is not found.",
)


def text_of(random: Random) -> str:
    """Return an error text or a few log lines."""
    sentence = random.choice(_SENTENCES).format_map(_Spoiled(random))
    return f"{text(random)}\n{sentence}\n{text(random)}" if random.random() < 0.3 else sentence


def record_of(random: Random) -> dict[str, Any]:
    """Return a CloudTrail record of a failing call."""
    odd = _Spoiled(random)
    message = random.choice(_SENTENCES[:1]).partition(": ")[2].format_map(odd)
    return {
        "eventVersion": "1.09",
        "eventSource": "kms.amazonaws.com",
        "eventName": random.choice(("Decrypt", "DescribeKey", odd["operation"])),
        "errorCode": random.choice(
            ("NotFoundException", "DisabledException", "AccessDenied", text(random))
        ),
        "errorMessage": random.choice((message, f"{odd['key']} is disabled.", text(random))),
        "awsRegion": odd["key_region"],
        "eventTime": "2026-11-23T02:14:00Z",
        "eventID": random.choice((KEY, text(random))),
        "requestID": KEY,
        "recipientAccountId": odd["account"],
        "userAgent": text(random),
        "sourceIPAddress": text(random),
        "userIdentity": {
            "type": random.choice(("AssumedRole", "IAMUser", "AWSService", text(random))),
            "arn": odd["principal"],
            "accountId": odd["account"],
            "userName": text(random),
            "invokedBy": random.choice(("s3.amazonaws.com", text(random))),
        },
        "requestParameters": {
            "keyId": random.choice((odd["alias"], odd["key"], text(random))),
            "encryptionContext": {text(random): text(random)},
        },
    }


class _Spoiled(dict[str, str]):
    """A good value for every name, or a spoiled or a hostile one."""

    def __init__(self, random: Random) -> None:
        super().__init__()
        self._random = random

    def __missing__(self, name: str) -> str:
        good = right(self._random, name) if name in GOOD else "x"
        chance = self._random.random()
        return (
            good
            if chance < 0.4
            else spoiled(self._random, good)
            if chance < 0.8
            else text(self._random)
        )
