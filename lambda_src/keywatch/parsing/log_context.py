"""What stands around a sentence in a log: which code, operation, service, Region and account belong to it.

Formats differ without end; what they share is that these words stand near the message, mostly
before it. Patterns are bounded, and only a window around the sentence is read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from keywatch.catalogue.codes import KMS_CODES, core_of, only_kms, service_code
from keywatch.catalogue.operations import KMS_OPERATIONS, SHARED_OPERATIONS

BEFORE, AFTER = 700, 1000

_CODE_END = re.compile(r"(?:Exception|Fault)(?![A-Za-z])|Exception(?=KMS Message)")
_CODE_CHARACTERS = "".join(chr(c) for c in range(128) if chr(c).isalnum()) + "_.$:#"
_SHORT_CODE = re.compile(
    r"(?<![A-Za-z0-9])(?:K(?:MS|ms)(?:NotFound|Disabled|InvalidState|AccessDenied|Throttl(?:ed|ing)|OptInRequired)"
    r"|DecryptionFailure|EncryptionFailure|InvalidKeyId|AccessDenied)(?![A-Za-z])"
)
_SERVICES = tuple(
    re.compile(pattern)
    for pattern in (
        r"operation error ([A-Za-z0-9 ]{2,40}):",
        r"\(Service: ?([A-Za-z0-9 ]{2,40})[,;]",
        r"\bAws::([A-Za-z0-9]{2,40})::(?:Errors|Client)",
        r"\bservices\.([a-z0-9]{2,40})\.model\.",
        r"\bAmazon\.([A-Za-z0-9]{2,40})\.Model\.",
        r"\bclient-([a-z0-9-]{2,40})[/\"'@]",
        r"://([a-z0-9-]{2,40}?)(?:-fips)?\.[a-z0-9-]{2,24}\.(?:amazonaws|api\.aws)",
        r"[\"']?eventSource[\"']? ?[:=] ?[\"']?([a-z0-9-]{2,40})\.amazonaws",
        r"\bcom\.amazonaws\.([a-z0-9]{2,40})#",
        r"\baws_?sdk_?([a-z0-9]{2,40})::",
        r"X-Amz-Target[\"']?: ?[\"']?([A-Za-z]{2,40})[._]",
    )
)
_KMS_NAMES = frozenset(
    {"kms", "awskms", "keymanagementservice", "awskeymanagementservice", "trentservice", "trent"}
)
_OPERATIONS = tuple(
    re.compile(pattern)
    for pattern in (
        r"when calling the ([A-Za-z0-9]{3,60}) operation",
        r"operation error [A-Za-z0-9 ]{2,40}: ([A-Za-z0-9]{3,60})",
        r"Error executing \"([A-Za-z0-9]{3,60})\"",
        r"[\"']eventName[\"'] ?: ?[\"']([A-Za-z0-9]{3,60})[\"']",
        r"TrentService\.([A-Za-z0-9]{3,60})",
        r"perform: kms:([A-Za-z0-9]{3,60})",
        r"[\"']?(?:operation|operationName|Operation)[\"']? ?[:=] ?[\"']?([A-Z][A-Za-z0-9]{3,60})\b",
    )
)
_JAVA_CALL = re.compile(
    r"\b(?:AWSKMSClient\.execute|DefaultKms(?:Async)?Client\.)([A-Za-z]{3,40})\("
)
_CLI_CALL = re.compile(r"\baws kms ([a-z-]{3,40})\b")
_REGIONS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\bkms(?:-fips)?[.-]([a-z]{2,4}-[a-z-]{2,24}-[0-9]{1,2})\.(?:amazonaws|api\.aws)",
        r"[\"']?(?:awsRegion|aws_region|AWS_REGION|region|Region)[\"']? ?[:=] ?[\"']?([a-z]{2,4}-[a-z-]{2,24}-[0-9]{1,2})\b",
        r"--region[ =]([a-z]{2,4}-[a-z-]{2,24}-[0-9]{1,2})\b",
    )
)
_ACCOUNT = re.compile(
    r"arn:aws[a-z-]{0,20}:(?:iam|sts)::([0-9]{12}):|[\"'](?:accountId|account_id|recipientAccountId)[\"'] ?: ?[\"']([0-9]{12})"
)
_ARN = re.compile(
    r"arn:aws[a-z-]{0,20}:kms:[a-z0-9-]{2,32}:[A-Za-z0-9*_-]{0,32}:(?:key|alias)/[A-Za-z0-9/_-]{1,256}"
)
_TYPED = re.compile(
    r"(?:[kK]ey_?[iI]d|[kK]ms_?[kK]ey_?(?:[iI]d|[aA]rn)|KMSKeyId|SSEKMSKeyId|MasterKeyId|--key-id|KMS (?:Key|Alias)|Master Key)"
    r"[\"']?(?: ?[:=] ?| ?\(| )[\"']?([A-Za-z0-9:/_*.-]{3,300}[A-Za-z0-9_*])"
)
_STORE = re.compile(r"\bcks-[0-9a-f]{17,20}\b")
_KMS_WORD = re.compile(r"(?<![A-Za-z0-9])(?:KMS|Kms|kms|AWSKMS|awskms)(?![a-z0-9])")
_ERROR_WORD = re.compile(
    r"error|exception|fail|fatal|denied|cannot|could not|unable|panic|caused by", re.IGNORECASE
)
_OTHER_CLOUD = re.compile(
    r"googleapis|cloudkms|google\.(?:api|cloud)|vault\.azure|azure|aliyun|alibaba|tencent|huaweicloud|yandex|oraclecloud|hadoop\.crypto",
    re.IGNORECASE,
)
_NEUTRAL_PREFIXES = frozenset(
    {"errorfactory", "exceptions", "errors", "types", "exception", "model", "kms", "clienterror"}
)


@dataclass(frozen=True, slots=True)
class Context:
    """The words around one sentence. ``kms``: KMS (or a code about its keys) spoke; ``other``: something else named itself."""

    code: str | None
    operation: str | None
    kms: bool
    other: bool
    kms_word: bool
    error_word: bool


def context_of(text: str, start: int, end: int) -> Context:
    """Read what stands around ``text[start:end]``; ``text`` is one line (see ``plain_text.flat``)."""
    before, after = text[max(0, start - BEFORE) : start], text[end : end + AFTER]
    code, foreign_class = _nearest_code(before, after)
    services = {
        name.lower().removeprefix("amazon").replace(" ", "").replace("-", "")
        for name in _services(before, after)
    }
    operation = _nearest(_OPERATIONS, before, after)
    by_operation = operation in KMS_OPERATIONS and operation not in SHARED_OPERATIONS
    by_service = bool(services & _KMS_NAMES) or "awskeymanagementservice" in {
        f"aws{name}" for name in services
    }
    kms = by_operation or by_service or _only_about_keys(code or "")
    around = before[-300:] + text[start:end] + after[:200]
    named = (
        bool(services)
        or foreign_class
        or (operation is not None and operation not in KMS_OPERATIONS)
    )
    other = not kms and (named or bool(_OTHER_CLOUD.search(around)))
    return Context(
        code=code,
        operation=operation or _spoken_operation(before, after),
        kms=kms,
        other=other,
        kms_word=bool(_KMS_WORD.search(around)),
        error_word=bool(_ERROR_WORD.search(before[-200:]) or _ERROR_WORD.search(after[:200])),
    )


def _only_about_keys(code: str) -> bool:
    """Tell whether a code by itself says that a KMS key is meant; NotFoundException, for one, does not."""
    core, says_kms = core_of(code)
    return (
        says_kms or only_kms(core) or service_code(core, "") is not None or core == "invalidkeyid"
    )


def _services(before: str, after: str) -> list[str]:
    near = before[-400:] + "\n" + after
    return [name for pattern in _SERVICES for name in pattern.findall(near)]


def _nearest_code(before: str, after: str) -> tuple[str | None, bool]:
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
        (not _about_keys(code), distance, package, code) for distance, package, code in codes
    )
    return code, _is_foreign(package)


def _codes_in(window: str) -> Iterator[tuple[int, str, str]]:
    """Yield where each exception name or error code ends, the package in front of it, and the code itself."""
    for match in islice(_CODE_END.finditer(window), _MOST_CODES):
        head = window[max(0, match.end() - _LONGEST_CODE) : match.end()]
        token = head[len(head.rstrip(_CODE_CHARACTERS)) :].lstrip(".$:#")
        begin = 1 + max(token[: -len(match.group(0))].rfind(mark) for mark in ".$:#")
        package, code = token[:begin], token[begin:]
        if package.endswith("KMS."):  # the prefix of S3 and SQS, part of their codes
            package, code = package[:-4], f"KMS.{code}"
        yield match.end(), package, code
    for match in islice(_SHORT_CODE.finditer(window), _MOST_CODES):
        yield match.end(), "", match.group(0)


_LONGEST_CODE = 200
_FOLLOWS = (
    40  # a code mostly stands before its message: one behind it counts as that much farther away
)
_MOST_CODES = 20


def _about_keys(code: str) -> bool:
    core, says_kms = core_of(code)
    return (
        says_kms
        or core in KMS_CODES
        or service_code(core, "") is not None
        or core == "invalidkeyid"
    )


def _is_foreign(prefix: str) -> bool:
    """Tell whether the package in front of an exception's name is some other program's."""
    parts = [part for part in re.split(r"[.:$#]", prefix.lower()) if part]
    if len(parts) <= 1:
        return (
            bool(parts)
            and parts[0] not in _NEUTRAL_PREFIXES
            and "kms" not in parts[0]
            and prefix.endswith((".", "::"))
        )
    return not any(
        "aws" in part or "amazon" in part or "kms" in part or part == "botocore" for part in parts
    )


def _nearest(patterns: tuple[re.Pattern[str], ...], before: str, after: str) -> str | None:
    """Return what the patterns capture nearest to the sentence: last before it, else first behind it."""
    best = max(
        (m for p in patterns for m in p.finditer(before)), key=lambda m: m.end(), default=None
    )
    if best is None:
        best = min(
            (m for p in patterns if (m := p.search(after))), key=lambda m: m.start(), default=None
        )
    return str(best.group(1)) if best else None


def _spoken_operation(before: str, after: str) -> str | None:
    """Return the operation that a Java stack frame or a shell command shows."""
    if call := _JAVA_CALL.search(after):
        return _CAMEL.get(call.group(1).lower())
    if commands := _CLI_CALL.findall(before):
        return _CAMEL.get(str(commands[-1]).replace("-", ""))
    return None


_CAMEL = {name.lower(): name for name in KMS_OPERATIONS}


def region_near(text: str, start: int, end: int) -> str | None:
    """Return the Region of the endpoint or setting that stands nearest to a sentence."""
    return _nearest(_REGIONS, text[max(0, start - BEFORE) : start], text[start : end + AFTER])


def account_near(text: str, start: int, end: int) -> str | None:
    """Return the account of the caller that a sentence or its surroundings name, if it is only one."""
    found = {a or b for a, b in _ACCOUNT.findall(text[max(0, start - BEFORE) : end + AFTER])}
    return found.pop() if len(found) == 1 else None


def key_store_near(text: str, start: int, end: int) -> str | None:
    """Return the custom key store id near a sentence."""
    found = set(_STORE.findall(text[max(0, start - BEFORE) : end + AFTER]))
    return found.pop() if len(found) == 1 else None


def key_near(text: str, start: int, end: int, region: str | None = None) -> str | None:
    """Return the one key that stands near a sentence which names none: its ARN, or what a key id field holds."""
    window = text[max(0, start - BEFORE) : end + AFTER]
    arns: set[str] = {arn for arn in _ARN.findall(window) if region is None or f":{region}:" in arn}
    if len(arns) == 1:
        return arns.pop()
    typed: set[str] = set() if arns else set(_TYPED.findall(window))
    return typed.pop() if len(typed) == 1 else None
