"""Uses of a key, from CloudTrail records: who did what with it, and the encryption context, without what may be secret.

An encryption context is chosen by the caller and stands in CloudTrail in plain text (KMS Developer
Guide, "Encryption context"). What AWS's services put there names the thing that is protected and is
shown; of all other members only the name is, for anything may stand in them.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from keywatch.model.secrets import redacted
from keywatch.model.signals import Caller
from keywatch.model.text import one_line
from keywatch.parsing.classify import KMS
from keywatch.sources.callers import is_own, read_caller
from keywatch.sources.fields import inner, mapping, moment, parsed, text
from keywatch.sources.source import EPOCH

# Operations that do cryptography with a key (KMS Developer Guide, "Cryptographic operations").
CRYPTOGRAPHIC = frozenset(
    {
        "Decrypt", "DeriveSharedSecret", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext", "GenerateDataKeyWithoutPlaintext", "GenerateMac", "ReEncrypt", "Sign", "Verify",
        "VerifyMac",
    }
)  # fmt: skip
MOST_MEMBERS = 4  # of an encryption context
NOT_SHOWN = "(not shown)"
# Members that AWS's services set, by how they are called, and values that name things of AWS.
_OF_AWS = re.compile(
    r"aws:[A-Za-z0-9:_-]{1,60}|SecretARN|SecretVersionId|PARAMETER_ARN|kms:EncryptionContext"
)
_NAMES_A_THING = re.compile(
    r"arn:aws[a-z-]{0,20}:[a-z0-9-]{1,40}:[a-z0-9-]{0,32}:\d{0,12}:[\w+=,.@:/*-]{1,300}|[a-z]{1,8}-[0-9a-f]{8,17}"
)


@dataclass(frozen=True, slots=True)
class KeyUse:
    """One call that did cryptography with a key. ``context`` is its encryption context in words, empty where it has none."""

    caller: Caller
    operation: str
    when: datetime
    context: str
    failed: bool


def uses_in(records: Iterable[str | None], own_roles: Collection[str]) -> Iterator[KeyUse]:
    """Yield the uses among CloudTrail records (JSON text). Untrusted: whatever is no use is left out."""
    for fields in map(mapping, parsed(records)):
        operation = fields.get("eventName")
        if fields.get("eventSource") != KMS or operation not in CRYPTOGRAPHIC:
            continue
        if is_own(fields.get("userIdentity"), own_roles):
            continue
        yield KeyUse(
            read_caller(fields.get("userIdentity")),
            str(operation),
            moment(fields.get("eventTime"), EPOCH),
            _context(inner(fields, "requestParameters", "encryptionContext")),
            failed=bool(text(fields.get("errorCode"))),
        )


def _context(members: Mapping[str, object]) -> str:
    """Return an encryption context in one line: names, and the values of those that name things of AWS."""
    shown = [_member(name, value) for name, value in sorted(members.items())[:MOST_MEMBERS]]
    more = len(members) - len(shown)
    return ", ".join(shown) + (f", and {more} more" if more else "")


def _member(name: str, value: object) -> str:
    clean = redacted(one_line(name, 100))
    of_aws = _OF_AWS.fullmatch(name) and isinstance(value, str) and _NAMES_A_THING.fullmatch(value)
    return f"{clean}={one_line(str(value), 300)}" if of_aws else f"{clean}={NOT_SHOWN}"
