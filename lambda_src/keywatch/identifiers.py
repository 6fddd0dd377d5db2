"""The ways to name a KMS key: key id, ``mrk-`` id, key ARN, alias name, alias ARN, and what is wrong with the rest.

A key id is a UUID or ``mrk-`` and 32 hexadecimal digits; an alias name matches ``alias/[a-zA-Z0-9/_-]+`` (256 characters at
most) and is case-sensitive. Sources: KMS API model (``KeyIdType``, ``AliasNameType``) and recorded answers of the service.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from keywatch.text import one_line

MAX_IDENTIFIER = 512
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_KEY_ID = re.compile(_UUID)
_MRK_ID = re.compile(r"mrk-[0-9a-f]{32}")
_ALIAS = re.compile(r"alias/[a-zA-Z0-9/_-]{1,250}")
_ARN = re.compile(r"arn:(aws[a-z-]{0,20}):kms:([a-z0-9-]{1,32}):([0-9*]{3,12}):(.{1,400})")


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
    return next((partition for prefix, partition in _PARTITIONS if region and region.startswith(prefix)), "aws")


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

    ``alias`` includes the prefix ``alias/``. ``problem`` and ``corrected`` are set on malformed identifiers only;
    ``corrected`` is a guess at what was meant, or ``None``.
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
        return KeyIdentifier(text, Kind.MALFORMED, problem=_BLANKS, corrected=_valid_or_none(text))
    if arn := _ARN.fullmatch(text):
        return _from_arn(text, *arn.groups())
    if _KEY_ID.fullmatch(text) or _MRK_ID.fullmatch(text):
        return KeyIdentifier(text, Kind.KEY_ID, key_id=text)
    if _ALIAS.fullmatch(text):
        return KeyIdentifier(text, Kind.ALIAS, alias=text)
    return _malformed(text)


def _from_arn(text: str, partition: str, region: str, account: str, resource: str) -> KeyIdentifier:
    if resource.startswith("key/") and (_KEY_ID.fullmatch(resource, 4) or _MRK_ID.fullmatch(resource, 4)):
        return KeyIdentifier(text, Kind.KEY_ARN, partition, region, account, key_id=resource[4:])
    if _ALIAS.fullmatch(resource):
        return KeyIdentifier(text, Kind.ALIAS_ARN, partition, region, account, alias=resource)
    problem = "the part of the ARN after the account is neither key/<key id> nor alias/<name>"
    inner = _malformed(resource.removeprefix("key/"))
    corrected = f"{text[: -len(resource)]}{_as_resource(inner.corrected)}" if inner.corrected else None
    return KeyIdentifier(text, Kind.MALFORMED, partition, region, account, problem=problem, corrected=corrected)


def _as_resource(identifier: str) -> str:
    return identifier if identifier.startswith("alias/") else f"key/{identifier}"


_BLANKS = "it has blanks, control or invisible characters around or inside it, or is too long"
_HEX = re.compile(r"[0-9a-f]{32}")
_UNEXPANDED = re.compile(r"\$\{?[A-Za-z_(][^ ]{0,80}|%[A-Za-z_]{1,80}%|\{\{[^{}]{0,80}\}\}|<[A-Za-z][^<>]{0,80}>")
_QUOTES = "\"'`\u2018\u2019\u201c\u201d"
_OTHER_ARN = re.compile(r"arn:aws[a-z-]{0,20}:([a-z0-9-]{1,40}):.{0,400}")
_BAD_UUID = re.compile(r"[0-9A-Za-z]{6,10}-[0-9A-Za-z]{3,5}-[0-9A-Za-z]{3,5}-[0-9A-Za-z]{3,5}-[0-9A-Za-z]{8,16}")


def _malformed(text: str) -> KeyIdentifier:
    problem, corrected = _what_is_wrong(text)
    return KeyIdentifier(text, Kind.MALFORMED, problem=problem, corrected=_valid_or_none(corrected or ""))


def _valid_or_none(text: str) -> str | None:
    return text if text and is_well_formed(text) else None


def is_well_formed(text: str) -> bool:
    """Tell whether KMS would accept ``text`` as the name of some key, existing or not."""
    arn = _ARN.fullmatch(text)
    resource = arn.group(4) if arn else text
    if arn and resource.startswith("key/"):
        resource = resource[4:]
    elif arn and not resource.startswith("alias/"):
        return False
    return any(pattern.fullmatch(resource) for pattern in (_KEY_ID, _MRK_ID, _ALIAS))


def _what_is_wrong(text: str) -> tuple[str, str | None]:
    """Return the most telling problem of a malformed identifier and, where there is one, its corrected form."""
    bare = text.strip(_QUOTES + " ")
    for finding in (_not_filled_in(text), _wrapped(text, bare), _wrong_arn(text), _bad_alias(bare), _bad_key_id(bare)):
        if finding:
            return finding
    return "it is neither a key id (a UUID, or mrk- and 32 hexadecimal digits), an alias (alias/<name>) nor an ARN of either", (
        f"alias/{bare}"
    )


def _not_filled_in(text: str) -> tuple[str, str | None] | None:
    if not text:
        return "it is empty", None
    if _UNEXPANDED.search(text):
        return "a variable or placeholder in it was left unexpanded", None
    if text.lower() in {"none", "null", "undefined", "nil", "nan", "true", "false"}:
        return "a program wrote an empty value into it as text", None
    return None


def _wrapped(text: str, bare: str) -> tuple[str, str | None] | None:
    if bare != text:
        return "it has stray quotes or blanks around it", bare
    return None


def _wrong_arn(text: str) -> tuple[str, str | None] | None:
    if other := _OTHER_ARN.fullmatch(text):
        if other.group(1) != "kms":
            return f"it is an ARN of another service ({other.group(1)})", None
        return "its ARN is not arn:<partition>:kms:<Region>:<account>:key/<key id> or …:alias/<name>", None
    return None


def _bad_alias(bare: str) -> tuple[str, str | None] | None:
    head, slash, name = bare.partition("/")
    if head == "alias":
        return "the alias name holds characters that KMS does not allow (letters, digits, / _ - only)", None
    if slash and head != "key" and edit_distance(head.lower(), "alias", 2) <= 2:  # noqa: PLR2004 - two slips of the finger
        return f"the prefix is written {head}/ instead of alias/", f"alias/{name}"
    if head.lower().startswith("alias") and not slash:
        return "the slash after alias is missing", f"alias/{bare[5:].lstrip(':_-.')}"
    return None


def _bad_key_id(bare: str) -> tuple[str, str | None] | None:
    lower = bare.lower()
    if lower.startswith("key/"):
        return "the prefix key/ belongs to ARNs only", bare[4:]
    if _HEX.fullmatch(lower):
        return "it is a key id without its dashes", "-".join((lower[:8], lower[8:12], lower[12:16], lower[16:20], lower[20:]))
    if _KEY_ID.fullmatch(lower) or _MRK_ID.fullmatch(lower):
        return "key ids are written in lower case", lower
    if lower.startswith("mrk-"):
        return "a multi-Region key id is mrk- and 32 hexadecimal digits", None
    if _BAD_UUID.fullmatch(bare):
        return "it looks like a key id, but is not a UUID (8-4-4-4-12 hexadecimal digits)", None
    return None


def edit_distance(left: str, right: str, most: int) -> int:
    """Return how many insertions, deletions, replacements and swaps of neighbours turn ``left`` into ``right``.

    Stops early: any result above ``most`` only means "more than that".
    """
    if abs(len(left) - len(right)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(right, 1):
            cost = min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]


def nearest_alias(wanted: str, existing: Iterable[str]) -> str | None:
    """Return the existing alias that ``wanted`` most likely meant, or ``None`` when none is near.

    Near means: the same name in another case or with other separators, or at most one slip per five characters of the
    name (three at most). A tie between two equally near aliases gives none: a guess is worse than silence.
    """
    name = wanted.removeprefix("alias/")
    most = min(3, max(1, len(name) // 5))
    best, best_cost, tie = None, most + 1, False
    for alias in existing:
        if alias == wanted:
            return alias
        cost = _alias_distance(name, alias.removeprefix("alias/"), min(best_cost, most))
        if cost < best_cost:
            best, best_cost, tie = alias, cost, False
        elif cost == best_cost and cost <= most:
            tie = True
    return None if tie else best


_SEPARATORS = str.maketrans("", "", "-_/")


def _alias_distance(name: str, other: str, most: int) -> int:
    if name.lower().translate(_SEPARATORS) == other.lower().translate(_SEPARATORS):
        return 0
    return edit_distance(name, other, most)
