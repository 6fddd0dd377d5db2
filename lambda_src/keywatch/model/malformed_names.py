"""What is wrong with text that looks like a key ARN, an alias or a key id, but is none."""

import re

from keywatch.model.key_names import KEY_ID, UUID, is_well_formed
from keywatch.model.similarity import edit_distance
from keywatch.model.text import code_points

Problem = tuple[str, str | None]  # in words, and what was most likely meant: not yet checked

NAME = re.compile(r"[a-zA-Z0-9/_-]{1,250}")
BRACKETS = "{}()[]"
_HEX = re.compile(r"[0-9a-f]{32}")
_OTHER_ARN = re.compile(r"arn:aws[a-z-]{0,20}:([a-z0-9-]{1,40}):.{0,400}")
_KMS_ARN = re.compile(
    r"arn:(aws[a-z-]{0,20}):kms:([^:]{0,64}):([^:]{0,64}):(.{0,400})", re.IGNORECASE
)
_BAD_UUID = re.compile(
    r"[0-9A-Za-z]{6,10}-[0-9A-Za-z]{3,5}-[0-9A-Za-z]{3,5}-[0-9A-Za-z]{3,5}-[0-9A-Za-z]{8,16}"
)
_NO_KMS_ARN = (
    "its ARN is not arn:<partition>:kms:<Region>:<account>:key/<key id> or ...:alias/<name>"
)


def in_arn(text: str) -> Problem | None:
    """Return what is wrong with an ARN that names no key; ``None`` for text that is no ARN."""
    if kms := _KMS_ARN.fullmatch(text):
        return _wrong_kms_arn(text, *kms.groups())
    if other := _OTHER_ARN.fullmatch(text):
        return f"it is an ARN of another service ({other.group(1)})", None
    if text.lower().startswith("arn:"):
        return _NO_KMS_ARN, None
    return None


def _wrong_kms_arn(text: str, partition: str, region: str, account: str, resource: str) -> Problem:
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
    fixed = f"arn:{partition}:kms:{region}:".lower() + f"{account}:{resource}"
    if text != text.lower() and is_well_formed(fixed):
        return "the beginning of its ARN is written in upper case", fixed
    return _NO_KMS_ARN, None


def in_alias(bare: str) -> Problem | None:
    """Return what is wrong with an alias, or with its prefix; ``None`` for text that is not meant as one."""
    head, slash, name = bare.partition("/")
    if head == "alias":
        return _bad_alias_name(name)
    if slash and head != "key" and edit_distance(head.lower(), "alias", 2) <= 2:  # noqa: PLR2004 - two slips of the finger
        odd = code_points(head)
        written = f"{head}/ ({odd})" if odd else f"{head}/"
        return f"the prefix is written {written} instead of alias/", f"alias/{name}"
    if not slash and (wrong := re.match(r"alias(?:[:_.\\-]|(?=[A-Za-z0-9]))", bare, re.IGNORECASE)):
        return "the slash after alias is missing", f"alias/{bare[wrong.end() :]}"
    if not head and name.startswith("alias/"):
        return "there is a slash before alias/", name
    return None


def _bad_alias_name(name: str) -> Problem:
    if not name:
        return "the name after alias/ is empty", None
    if len(name) > 250:  # noqa: PLR2004 - 256 with the prefix
        return "the alias is longer than 256 characters", None
    wrong = "".join(dict.fromkeys(mark for mark in name if not NAME.fullmatch(mark)))[:8]
    shown = code_points(wrong) or wrong
    return (
        f"the alias name holds what KMS does not allow ({shown}): only letters, digits, / _ - may stand in it",
        None,
    )


def in_key_id(bare: str) -> Problem | None:
    """Return what is wrong with a key id; ``None`` for text that is not meant as one."""
    lower = bare.lower()
    if lower.startswith("key/"):
        return "the prefix key/ belongs to ARNs only", bare[4:]
    if _HEX.fullmatch(lower):
        return "it is a key id without its dashes", _dashed(lower)
    if KEY_ID.fullmatch(lower):
        return "key ids are written in lower case", lower
    if UUID.fullmatch(lower.strip(BRACKETS)):
        return "it has brackets around it", lower.strip(BRACKETS)
    return _bad_multi_region_id(lower) if lower.startswith("mrk") else _near_key_id(bare)


def _near_key_id(bare: str) -> Problem | None:
    if _BAD_UUID.fullmatch(bare):
        return "it looks like a key id, but is not a UUID (8-4-4-4-12 hexadecimal digits)", None
    return None


def _bad_multi_region_id(lower: str) -> Problem | None:
    if _HEX.fullmatch(digits := lower[3:].replace("-", "").replace("_", "")):
        return (
            "a multi-Region key id is mrk- and 32 hexadecimal digits without further dashes",
            f"mrk-{digits}",
        )
    if lower.startswith("mrk-"):
        return "a multi-Region key id is mrk- and 32 hexadecimal digits", None
    return None


def _dashed(digits: str) -> str:
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
