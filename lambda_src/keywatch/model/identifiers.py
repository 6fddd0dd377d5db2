"""The ways to name a KMS key: key id, ``mrk-`` id, key ARN, alias name, alias ARN; of anything else what is wrong with it."""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from keywatch.model.key_names import ACCOUNT_DIGITS, ALIAS, ARN, KEY_ID, MAX_IDENTIFIER
from keywatch.model.malformed import Slip, in_resource, in_text, in_unclean_text
from keywatch.model.secrets import redacted
from keywatch.model.text import one_line

_PARTITIONS = (  # Region prefix → partition; AWS General Reference
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-isob-", "aws-iso-b"),
    ("us-isof-", "aws-iso-f"),
    ("us-iso-", "aws-iso"),
    ("eu-isoe-", "aws-iso-e"),
    ("eusc-", "aws-eusc"),
)


def partition_of(region: str | None) -> str:
    """Return the partition that a Region belongs to; ``aws`` where nothing else is known."""
    return next(
        (partition for prefix, partition in _PARTITIONS if region and region.startswith(prefix)),
        "aws",
    )


class Kind(StrEnum):
    """How an identifier names a key."""

    KEY_ID = "key_id"
    KEY_ARN = "key_arn"
    ALIAS = "alias"
    ALIAS_ARN = "alias_arn"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class KeyIdentifier:
    """One identifier as its caller typed it (cleaned), and its parts as far as it names them.

    ``alias`` includes the prefix ``alias/``. ``problem`` and ``corrected`` are set on malformed
    identifiers only; ``corrected`` is a guess at what was meant, or ``None``.
    """

    text: str
    kind: Kind
    partition: str | None = None
    region: str | None = None
    account: str | None = None
    key_id: str | None = None
    alias: str | None = None
    problem: str | None = None
    corrected: str | None = None

    @property
    def multi_region(self) -> bool:
        """Tell whether this names a multi-Region key (its id starts with ``mrk-``)."""
        return self.key_id is not None and self.key_id.startswith("mrk-")


@lru_cache(maxsize=4096)
def parse(raw: str) -> KeyIdentifier:
    """Read ``raw`` as KMS would; never raises. Text that KMS would refuse comes back as ``Kind.MALFORMED``."""
    text = one_line(raw, MAX_IDENTIFIER)
    if text != raw:
        return _malformed(text, in_unclean_text(raw, text))
    if arn := ARN.fullmatch(text):
        return _from_arn(text, *arn.groups())
    if KEY_ID.fullmatch(text):
        return KeyIdentifier(text, Kind.KEY_ID, key_id=text)
    if ALIAS.fullmatch(text):
        return KeyIdentifier(text, Kind.ALIAS, alias=text)
    return _malformed(text, in_text(text))


def _malformed(text: str, slip: Slip) -> KeyIdentifier:
    # What names no key may be anything that somebody put in its place.
    corrected = slip.corrected and redacted(slip.corrected)
    return KeyIdentifier(
        redacted(text), Kind.MALFORMED, problem=redacted(slip.problem), corrected=corrected
    )


def _from_arn(text: str, partition: str, region: str, account: str, resource: str) -> KeyIdentifier:
    if account.isdigit() and len(account) != ACCOUNT_DIGITS:
        problem = f"the account in it has {len(account)} digits instead of {ACCOUNT_DIGITS}"
        return KeyIdentifier(text, Kind.MALFORMED, partition, region, problem=problem)
    if resource.startswith("key/") and KEY_ID.fullmatch(resource, 4):
        return KeyIdentifier(text, Kind.KEY_ARN, partition, region, account, key_id=resource[4:])
    if ALIAS.fullmatch(resource):
        return KeyIdentifier(text, Kind.ALIAS_ARN, partition, region, account, alias=resource)
    slip = in_resource(resource)
    corrected = f"{text[: -len(resource)]}{slip.corrected}" if slip.corrected else None
    return KeyIdentifier(
        text, Kind.MALFORMED, partition, region, account, problem=slip.problem, corrected=corrected
    )
