"""Which error code belongs to a sentence in a log: it stands near, mostly before it, often at the end of a class name."""

import re
from collections.abc import Iterator
from itertools import islice

from keywatch.catalogue.code_lookup import can_be_of_kms, short_codes

_CODE_END = re.compile(r"(?:Exception|Fault)(?![A-Za-z])|Exception(?=KMS Message)")
_CODE_CHARACTERS = "".join(chr(c) for c in range(128) if chr(c).isalnum()) + "_.$:#"
_SHORT_CODE = re.compile(rf"(?<![A-Za-z0-9])(?:AccessDenied|{'|'.join(short_codes())})(?![A-Za-z])")
_LONGEST_CODE = 200
_MOST_CODES = 20
# A code mostly stands before its message: one behind it counts as that much farther away.
_FOLLOWS = 40
_NEUTRAL_PACKAGES = frozenset(
    {
        "errorfactory",
        "exceptions",
        "errors",
        "types",
        "exception",
        "model",
        "kms",
        "clienterror",
        "lambda",
    }
)


def nearest_code(before: str, after: str) -> tuple[str | None, bool]:
    """Return the code that belongs to a sentence: the nearest that KMS or a service has for keys, else the nearest at all.

    With it comes whether the package in front of it is some other program's.
    """
    codes = [(len(before) - end, package, code) for end, package, code in _codes_in(before)]
    codes += [
        (end - len(code) + _FOLLOWS, package, code) for end, package, code in _codes_in(after)
    ]
    if not codes:
        return None, False
    _, _, package, code = min(
        (not can_be_of_kms(code), distance, package, code) for distance, package, code in codes
    )
    return code, is_foreign(package)


def _codes_in(window: str) -> Iterator[tuple[int, str, str]]:
    """Yield where each exception name or error code ends, the package in front of it, and the code itself."""
    for match in islice(_CODE_END.finditer(window), _MOST_CODES):
        head = window[max(0, match.end() - _LONGEST_CODE) : match.end()]
        token = head[len(head.rstrip(_CODE_CHARACTERS)) :].lstrip(".$:#")
        begin = 1 + max(token[: -len(match.group(0))].rfind(mark) for mark in ".$:#")
        package, code = token[:begin], token[begin:]
        if package.endswith("KMS."):  # the prefix of S3 and SQS, part of their codes
            package, code = package[:-4], f"KMS.{code}"
        if not code[0].islower():  # half a code, which a line break cut
            yield match.end(), package, code
    for match in islice(_SHORT_CODE.finditer(window), _MOST_CODES):
        yield match.end(), "", match.group(0)


def is_foreign(package: str) -> bool:
    """Tell whether the package in front of an exception's name is some other program's."""
    parts = [part for part in re.split(r"[.:$#]", package.lower()) if part]
    if len(parts) > 1:
        return not any(_is_of_aws(part) for part in parts)
    if not parts or parts[0] in _NEUTRAL_PACKAGES or "kms" in parts[0]:
        return False
    return package.endswith((".", "::"))


def _is_of_aws(part: str) -> bool:
    return "aws" in part or "amazon" in part or "kms" in part or part == "botocore"
