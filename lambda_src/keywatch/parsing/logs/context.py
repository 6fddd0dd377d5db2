"""What stands around a sentence in a log: which code, operation and service belong to it."""

import re
from dataclasses import dataclass

from keywatch.catalogue.code_lookup import names_kms
from keywatch.catalogue.operations import KMS_OPERATIONS, only_of_kms
from keywatch.parsing.logs.nearest_code import nearest_code
from keywatch.parsing.logs.surroundings import nearest, windows

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
_PASS_ON = frozenset({"s3"})  # S3 hands on what KMS answered; its SDKs drop the code
_OPERATIONS = tuple(
    re.compile(pattern)
    for pattern in (
        r"when calling the ([A-Za-z0-9]{3,60}) operation",
        r"operation error [A-Za-z0-9 ]{2,40}: ([A-Za-z0-9]{3,60})",
        r"Error executing \"([A-Za-z0-9]{3,60})\"",
        r"[\"']eventName[\"'] ?: ?[\"']([A-Za-z0-9]{3,60})[\"']",
        r"TrentService\.([A-Za-z0-9]{3,60})",
        r"perform: kms:([A-Za-z0-9]{3,60})",
        # Not in "… when calling the Decrypt operation: This KMS key …".
        r"(?<![A-Za-z0-9] )[\"']?(?:operation|operationName|Operation)[\"']? ?[:=] ?[\"']?([A-Z][A-Za-z0-9]{3,60})\b",
    )
)
_JAVA_CALL = re.compile(
    r"\b(?:AWSKMSClient\.execute|DefaultKms(?:Async)?Client\.)([A-Za-z]{3,40})\("
)
_CLI_CALL = re.compile(r"\baws kms ([a-z-]{3,40})\b")
_BY_LOWER_CASE = {name.lower(): name for name in KMS_OPERATIONS}
_KMS_WORD = re.compile(r"(?<![A-Za-z0-9])(?:KMS|Kms|kms|AWSKMS|awskms)(?![a-z0-9])")
_ERROR_WORD = re.compile(
    r"error|exception|fail|fatal|denied|cannot|could not|unable|panic|caused by|status ?code: [45]\d\d",
    re.IGNORECASE,
)
_OTHER_CLOUD = re.compile(
    r"googleapi|cryptokey|cloud kms\b|key ?vault|hashicorp|cloudflare|hadoop kms|drm\b|slmgr|software licensing"
    r"|cloudkms|google\.(?:api|cloud)|vault\.azure|azure|aliyun|alibaba|tencent|huaweicloud|yandex|oraclecloud|hadoop\.crypto",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Context:
    """The words around one sentence.

    ``kms``: KMS (or a code about its keys) spoke; ``other``: something else named itself;
    ``passes_on``: a service did that answers in KMS's own words.
    """

    code: str | None
    operation: str | None
    kms: bool
    other: bool
    passes_on: bool
    kms_word: bool
    error_word: bool


def context_of(text: str, start: int, end: int) -> Context:
    """Read what stands around ``text[start:end]``; ``text`` is one line (see ``normalise.flat``)."""
    before, after = windows(text, start, end)
    around = before[-300:] + text[start:end] + after[:200]
    code, foreign_class = nearest_code(before, after)
    services = _services(before, after)
    operation = nearest(_OPERATIONS, before, after)
    kms = only_of_kms(operation) or bool(services & _KMS_NAMES) or names_kms(code or "")
    foreign_operation = operation is not None and operation not in KMS_OPERATIONS
    named = bool(services) or foreign_class or foreign_operation
    return Context(
        code=code,
        operation=operation or _spoken_operation(before, after),
        kms=kms,
        other=not kms and (named or bool(_OTHER_CLOUD.search(around))),
        passes_on=bool(services) and services <= _PASS_ON,
        kms_word=bool(_KMS_WORD.search(around)),
        error_word=bool(_ERROR_WORD.search(before[-200:]) or _ERROR_WORD.search(after[:200])),
    )


def _services(before: str, after: str) -> set[str]:
    """Return the services that name themselves, as ``_KMS_NAMES`` writes them."""
    near = before[-400:] + "\n" + after
    return {
        name.lower().removeprefix("amazon").replace(" ", "").replace("-", "")
        for pattern in _SERVICES
        for name in pattern.findall(near)
    }


def _spoken_operation(before: str, after: str) -> str | None:
    """Return the operation that a Java stack frame or a shell command shows."""
    if call := _JAVA_CALL.search(after):
        return _BY_LOWER_CASE.get(call.group(1).lower())
    if commands := _CLI_CALL.findall(before):
        return _BY_LOWER_CASE.get(str(commands[-1]).replace("-", ""))
    return None


def names_another_product(text: str) -> bool:
    """Tell whether ``text`` names another product with keys of its own."""
    return _OTHER_CLOUD.search(text) is not None


def names_kms_itself(text: str) -> bool:
    """Tell whether ``text`` names KMS, by its name or by the ARN of something in it."""
    return _KMS_WORD.search(text) is not None
