"""The ways to name a KMS key: key id, ``mrk-`` id, key ARN, alias name, alias ARN, and what is wrong with the rest.

A key id is a UUID or ``mrk-`` and 32 hexadecimal digits; an alias name matches
``alias/[a-zA-Z0-9/_-]+`` (256 characters at most) and is case-sensitive. Sources: KMS API model
(``KeyIdType``, ``AliasNameType``) and recorded answers of the service.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from keywatch.model.text import one_line

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
        return _unclean(raw, text)
    if arn := _ARN.fullmatch(text):
        return _from_arn(text, *arn.groups())
    if _KEY_ID.fullmatch(text) or _MRK_ID.fullmatch(text):
        return KeyIdentifier(text, Kind.KEY_ID, key_id=text)
    if _ALIAS.fullmatch(text):
        return KeyIdentifier(text, Kind.ALIAS, alias=text)
    return _malformed(text)


def _from_arn(text: str, partition: str, region: str, account: str, resource: str) -> KeyIdentifier:
    if account.isdigit() and len(account) != _ACCOUNT_DIGITS:
        problem = f"the account in it has {len(account)} digits instead of {_ACCOUNT_DIGITS}"
        return KeyIdentifier(text, Kind.MALFORMED, partition, region, problem=problem)
    if resource.startswith("key/") and (
        _KEY_ID.fullmatch(resource, 4) or _MRK_ID.fullmatch(resource, 4)
    ):
        return KeyIdentifier(text, Kind.KEY_ARN, partition, region, account, key_id=resource[4:])
    if _ALIAS.fullmatch(resource):
        return KeyIdentifier(text, Kind.ALIAS_ARN, partition, region, account, alias=resource)
    problem, meant = _wrong_resource(resource)
    corrected = f"{text[: -len(resource)]}{_as_resource(meant)}" if meant else None
    return KeyIdentifier(
        text, Kind.MALFORMED, partition, region, account, problem=problem, corrected=corrected
    )


_ACCOUNT_DIGITS = 12


def _wrong_resource(resource: str) -> tuple[str, str | None]:
    """Return what is wrong with the last part of a KMS ARN, and the identifier that it most likely meant."""
    if resource.endswith("*"):
        return "it is a pattern (*) and names no single key", None
    head, mark, name = resource.partition(":")
    if mark and head in {"key", "alias"}:
        fixed = name if head == "key" else f"alias/{name}"
        return f"after {head} it has a colon instead of a slash", _valid_or_none(fixed)
    bare = resource.removeprefix("key/")
    if is_well_formed(bare):
        problem = (
            "key/ stands before an alias"
            if bare != resource
            else "key/ is missing before the key id"
        )
        return problem, bare
    problem, meant = _what_is_wrong(bare)
    if problem == _NEITHER:
        problem = "the part of the ARN after the account is neither key/<key id> nor alias/<name>"
        meant = None if resource.startswith("key/") else meant
    return problem, _valid_or_none(meant or "")


def _as_resource(identifier: str) -> str:
    return identifier if identifier.startswith("alias/") else f"key/{identifier}"


def _unclean(raw: str, text: str) -> KeyIdentifier:
    """Say what kind of invisible or overlong text stands around or inside the identifier."""
    if len(raw.strip()) > MAX_IDENTIFIER:
        return KeyIdentifier(
            text, Kind.MALFORMED, problem="it is too long for any key id, alias or ARN"
        )
    if raw.strip() == text:
        side = "before" if raw == raw.rstrip() else "after" if raw == raw.lstrip() else "around"
        what = "a line break" if any(mark in raw for mark in "\r\n") else "blanks"
        problem = (
            f"there are {what} {side} it" if what == "blanks" else f"there is {what} {side} it"
        )
        return KeyIdentifier(
            text,
            Kind.MALFORMED,
            problem=problem if text else "it is empty",
            corrected=_valid_or_none(text),
        )
    visible = "".join(part for part in raw if part.isprintable()).strip()
    problem = "it has control or invisible characters in it"
    return KeyIdentifier(text, Kind.MALFORMED, problem=problem, corrected=_valid_or_none(visible))


_HEX = re.compile(r"[0-9a-f]{32}")
_UNEXPANDED = re.compile(
    r"\$\{?[A-Za-z_(][^ ]{0,80}|%[A-Za-z_]{1,80}%|\{\{?[^{}]{0,80}\}?\}|<[A-Za-z][^<>]{0,80}>|!(?:Ref|Sub|GetAtt)\b"
)
_QUOTES = "\"'`\u2018\u2019\u201c\u201d"
_OTHER_ARN = re.compile(r"arn:aws[a-z-]{0,20}:([a-z0-9-]{1,40}):.{0,400}")
_KMS_ARN = re.compile(
    r"arn:(aws[a-z-]{0,20}):kms:([^:]{0,64}):([^:]{0,64}):(.{0,400})", re.IGNORECASE
)
_BAD_UUID = re.compile(
    r"[0-9A-Za-z]{6,10}-[0-9A-Za-z]{3,5}-[0-9A-Za-z]{3,5}-[0-9A-Za-z]{3,5}-[0-9A-Za-z]{8,16}"
)
_BYTES = re.compile(r"b(['\"])(.{1,400})\1")
_NAME = re.compile(r"[a-zA-Z0-9/_-]{1,250}")
_NEITHER = "it is neither a key id (a UUID, or mrk- and 32 hexadecimal digits), an alias (alias/<name>) nor an ARN of either"
_BRACKETS = "{}()[]"
_EMPTY_VALUES = frozenset(
    {"none", "null", "undefined", "nil", "nan", "true", "false", "[object object]"}
)
# Names of keys in other tools: sigstore, sops, HashiCorp's and Google's libraries.
_SCHEMES = (
    "awskms:///",
    "awskms://",
    "aws-kms://",
    "awskms:",
    "kms://",
    "hashivault://",
    "file://",
)


def _malformed(text: str) -> KeyIdentifier:
    problem, corrected = _what_is_wrong(text)
    return KeyIdentifier(
        text, Kind.MALFORMED, problem=problem, corrected=_valid_or_none(corrected or "")
    )


def _valid_or_none(text: str) -> str | None:
    return text if text and is_well_formed(text) else None


def is_well_formed(text: str) -> bool:
    """Tell whether KMS would accept ``text`` as the name of some key, existing or not."""
    arn = _ARN.fullmatch(text)
    resource = arn.group(4) if arn else text
    if arn and arn.group(3).isdigit() and len(arn.group(3)) != _ACCOUNT_DIGITS:
        return False
    if arn and resource.startswith("key/"):
        resource = resource[4:]
        return any(pattern.fullmatch(resource) for pattern in (_KEY_ID, _MRK_ID))
    if arn and not resource.startswith("alias/"):
        return False
    return any(pattern.fullmatch(resource) for pattern in (_KEY_ID, _MRK_ID, _ALIAS))


def _what_is_wrong(text: str) -> tuple[str, str | None]:
    """Return the most telling problem of a malformed identifier and, where there is one, its corrected form."""
    bare = text.strip(_QUOTES + " ")
    for finding in (
        _not_filled_in(text),
        _wrapped(text, bare),
        _wrong_arn(text),
        _bad_alias(bare),
        _bad_key_id(bare),
    ):
        if finding:
            return finding
    if _NAME.fullmatch(bare):
        return "the prefix alias/ is missing, if it is meant as an alias", f"alias/{bare}"
    return _NEITHER, None


def _not_filled_in(text: str) -> tuple[str, str | None] | None:
    if not text:
        return "it is empty", None
    if _UNEXPANDED.search(text) and not _KEY_ID.fullmatch(text.lower().strip(_BRACKETS)):
        return "a variable or placeholder in it was left unexpanded", None
    if text.lower() in _EMPTY_VALUES:
        return "a program wrote an empty value into it as text", None
    return None


def _wrapped(text: str, bare: str) -> tuple[str, str | None] | None:
    if in_bytes := _BYTES.fullmatch(text):
        return "a program wrote bytes into it as text (b'...')", in_bytes.group(2)
    if bare != text:
        return "it has stray quotes or blanks around it", bare
    if scheme := next((scheme for scheme in _SCHEMES if text.lower().startswith(scheme)), None):
        return f"the prefix {scheme} belongs to another tool", text[len(scheme) :].lstrip("/")
    if "%2f" in text.lower() or "%3a" in text.lower():
        return "it is still URL-encoded", re.sub(
            "%3a", ":", re.sub("%2f", "/", text, flags=re.IGNORECASE), flags=re.IGNORECASE
        )
    return None


def _wrong_arn(text: str) -> tuple[str, str | None] | None:
    if kms := _KMS_ARN.fullmatch(text):
        return _wrong_kms_arn(text, *kms.groups())
    if other := _OTHER_ARN.fullmatch(text):
        return f"it is an ARN of another service ({other.group(1)})", None
    if text.lower().startswith("arn:"):
        return (
            "its ARN is not arn:<partition>:kms:<Region>:<account>:key/<key id> or ...:alias/<name>",
            None,
        )
    return None


def _wrong_kms_arn(
    text: str, partition: str, region: str, account: str, resource: str
) -> tuple[str, str | None]:
    if "*" in region or resource.endswith("*"):
        return "it is a pattern (*) and names no single key", None
    if not region:
        return "the Region in its ARN is empty", None
    if not account:
        return "the account in its ARN is empty", None
    digits = account.replace("-", "")
    if digits != account and digits.isdigit():
        return (
            "the account in its ARN is written with dashes",
            f"arn:{partition}:kms:{region}:{digits}:{resource}",
        )
    if text != text.lower() and is_well_formed(
        fixed := f"arn:{partition}:kms:{region}:".lower() + f"{account}:{resource}"
    ):
        return "the beginning of its ARN is written in upper case", fixed
    return (
        "its ARN is not arn:<partition>:kms:<Region>:<account>:key/<key id> or ...:alias/<name>",
        None,
    )


def _bad_alias(bare: str) -> tuple[str, str | None] | None:
    head, slash, name = bare.partition("/")
    if head == "alias":
        return _bad_alias_name(name)
    if slash and head != "key" and edit_distance(head.lower(), "alias", 2) <= 2:  # noqa: PLR2004 - two slips of the finger
        return f"the prefix is written {head}/ instead of alias/", f"alias/{name}"
    if not slash and (wrong := re.match(r"alias(?:[:_.\\-]|(?=[A-Za-z0-9]))", bare, re.IGNORECASE)):
        return "the slash after alias is missing", f"alias/{bare[wrong.end() :]}"
    if not head and name.startswith("alias/"):
        return "there is a slash before alias/", name
    return None


def _bad_alias_name(name: str) -> tuple[str, str | None]:
    if not name:
        return "the name after alias/ is empty", None
    if len(name) > 250:  # noqa: PLR2004 - 256 with the prefix
        return "the alias is longer than 256 characters", None
    wrong = "".join(dict.fromkeys(mark for mark in name if not _NAME.fullmatch(mark)))[:8]
    return (
        f"the alias name holds what KMS does not allow ({wrong}): only letters, digits, / _ - may stand in it",
        None,
    )


def _bad_key_id(bare: str) -> tuple[str, str | None] | None:
    lower = bare.lower()
    if lower.startswith("key/"):
        return "the prefix key/ belongs to ARNs only", bare[4:]
    if _HEX.fullmatch(lower):
        return "it is a key id without its dashes", _dashed(lower)
    if _KEY_ID.fullmatch(lower) or _MRK_ID.fullmatch(lower):
        return "key ids are written in lower case", lower
    if _KEY_ID.fullmatch(lower.strip(_BRACKETS)):
        return "it has brackets around it", lower.strip(_BRACKETS)
    return _bad_multi_region_id(lower) if lower.startswith("mrk") else _near_key_id(bare)


def _near_key_id(bare: str) -> tuple[str, str | None] | None:
    if _BAD_UUID.fullmatch(bare):
        return "it looks like a key id, but is not a UUID (8-4-4-4-12 hexadecimal digits)", None
    return None


def _bad_multi_region_id(lower: str) -> tuple[str, str | None] | None:
    if _HEX.fullmatch(digits := lower[3:].replace("-", "").replace("_", "")):
        return (
            "a multi-Region key id is mrk- and 32 hexadecimal digits without further dashes",
            f"mrk-{digits}",
        )
    return (
        ("a multi-Region key id is mrk- and 32 hexadecimal digits", None)
        if lower.startswith("mrk-")
        else None
    )


def _dashed(digits: str) -> str:
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


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

    Near means: the same name in another case or with other separators, or at most one slip per five
    characters of the name (three at most). A tie between two equally near aliases gives none: a
    guess is worse than silence.
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
