"""An error code as programs print it, whatever their SDK, logger and language: told by what stands right beside it.

A bare exception name proves nothing: sources, documents and lists are full of them. Beside the codes
that only KMS has, the punctuation of a printed error is enough; words that others use as well need KMS's
company (its endpoint, service name, operation or the ARN of a key).
"""

import re

from keywatch.catalogue.code_lookup import KMS_MEANINGS, core_of, is_common_word, is_token
from keywatch.parsing.classify import KMS
from keywatch.parsing.logs.context import Context, context_of
from keywatch.parsing.logs.formats.envelope import Envelope, event_source, log_format, rest_of_line
from keywatch.parsing.logs.nearest_code import is_foreign
from keywatch.parsing.logs.talk import is_documented, is_talk
from keywatch.parsing.names import names_a_key

_BEFORE, _AFTER = 240, 240
_PATH = re.compile(r"[A-Za-z0-9_$]{1,60}(?:\.|::|#|\\{1,2}|\$)$")
_LOG_PREFIX = r"(?:^|[:>\]}\-!|] |[\"'`]|\b(?:ERROR|WARN|WARNING|FATAL|SEVERE|CRITICAL|ERR|error|warn|fatal) {1,4})"
# What stands before and behind a code in a printed error. Each pair is one way of printing.
_MEMBER = (
    r"(?i:code|name|type|error|exception|err|class|fault|kind|reason)[\"'\]]{0,2} ?[:=]{1,2} ?(?:Some\()?[\"'`]?$",
    r"^(?:[\"'`]?[\s,;})\]]|[\"'`]?$)",
)
_WORDS = (
    r"(?i:\bwith|failed:?|\bby|\bgot:?|\bsaid|\bsays|\banswered|\breturned|\bgave|\bthrew:?|\braised|\bcaught:?|\breceived:?|encountered"
    r"|\berror:?|exception:?|->|=>|\bafter)"
)
_SHAPES = tuple(
    (re.compile(before), re.compile(after))
    for before, after in (
        (
            r"[^\"'`]$|^$|[=:,{\[(] ?[\"'`]$|^[\"'`]$|\n[\"'`]?$",
            r"^:(?=[\s\"'`]|$|\\)",
        ),  # X: message
        (r"(?:[eE]rror|[eE]xception) ?[\"'`]$", r"^[\"'`]: ?"),  # AWSError 'X': message
        _MEMBER,
        (r"(?:^|[\s:])\($", r"^\)"),  # message (X)
        (
            _WORDS + r" (?:(?:HTTP )?[1-5][0-9]{2} )?[\"'`]?$",
            r"^[\"'`]?(?:$|[\s.;!)\]}\"'`(]|,(?! [A-Z]\w{1,60}Exception))",
        ),
        (
            _LOG_PREFIX + "$",
            r"^ (?:raised|thrown|caught|for |on |(?:while|when|during|after) \w{2,30}ing\b)",
        ),
        (
            r"(?:[:}\])] |(?<!\w)- )$",
            r"^[\"'`.})\]]{0,9}(?:$|[\n,;]| - | \(| (?:retry|giving|falling|fell|will|skip)\w{0,4}\b| \w{1,40}=)",
        ),  # kms: X
        (
            r"\b(?:Decrypt|Encrypt|ReEncrypt|GenerateDataKey\w{0,30}|GenerateMac|DescribeKey|GetPublicKey|Sign|Verify) $",
            r"^(?:$|[\n,;:]| arn:| alias/| \(| (?:key|for|on|with|at|after|while|when)\b)",
        ),  # kms Decrypt X
        (r"(?:^|\n|[:>\]] )$", r"^\nat [\w$.@/<>]{3,200}[( ]"),  # X and its stack
        (
            r"(?:source: |Some\(\"|Unhandled\(|error: |[({]|\()$",
            r"^(?:\(| \{ (?:message|meta|code)|\"\))",
        ),
        (r":error, \{\"$", r"^\", \""),
        (r"(?:[:>\]] |- )$", r"^\((?:[\"'`]|$)"),  # X('message')
        (r"(?:^|[\s:])$", r"^ \{ ?[\"']\w"),  # X {"kmsKeyId": …
    )
)
_NO_MESSAGE = re.compile(
    r"(?:null|None|nil|undefined|UnknownError|Exception of type '[\w.]{1,120}' was thrown\.?)?[\s\"'})\]]{0,9}$"
)
_LISTED = re.compile(
    r"(?:Exception|Fault)[\"'`]?, ?[\"'`]?$|^[\"'`]?, ?[\"'`]?[A-Z]\w{1,60}(?:Exception|Fault)\b"
)
_TABLE = re.compile(r": ?[\"'`]")  # a member of a table in a source: X: 'message'
_BULLET = re.compile(r"(?:^|\n) ?[-*\u2022] [\"'`]?$")
_OTHER_KEY = re.compile(
    r"(?:Key|Alias) [\"'`]?([^\s\"'`]{1,300})[\"'`]? (?:does not exist|is not found)"
)
_KMS_ARN = re.compile(r"arn:aws[a-z-]{0,20}:kms:")


def _is_code(match: re.Match[str]) -> bool:
    return is_token(match.group(1))


@log_format(
    "",
    r"(?<![A-Za-z0-9_/-])((?:KMS\.|Client\.(?=InvalidK))?[A-Z][A-Za-z]{5,70}(?:\.InvalidState)?)(?![A-Za-z0-9_])",
    _is_code,
)
def _token(match: re.Match[str], lines: str) -> Envelope | None:
    """Read a code that stands as a printed error does, and not in a line about errors."""
    code = match.group(1)
    start, end = match.span()
    before, after = lines[max(0, start - _BEFORE) : start], lines[end : end + _AFTER]
    before, path = _without_path(before)
    if code.lower() == "kmsexception" and "kms" in path.lower():
        return None  # the class of all errors in the SDKs for PHP and Java, no code
    if not _is_printed(before, after, path) or is_talk(lines, start, end):
        return None
    message = _message(lines, end, after)
    if not before.rpartition("\n")[2].strip() and _TABLE.match(after):
        return None
    if message and _BULLET.search(before) and not _KMS_ARN.search(message):
        return None  # a list of what may happen
    context = context_of(lines, start, end)
    if (
        is_documented(message)
        or is_foreign(path)
        or not _is_of_kms(code, lines, match, context, message)
    ):
        return None
    service = KMS if core_of(code)[0] in KMS_MEANINGS else event_source("", code)
    return Envelope(start, end, code, message, service, context.operation)


FORMATS = (_token,)


def _without_path(before: str) -> tuple[str, str]:
    """Return what stands before a code without its package or namespace, and that."""
    rest = before
    for _ in range(12):
        found = _PATH.search(rest[-64:])
        if found is None:
            break
        rest = rest[: len(rest) - len(found.group(0))]
    return rest, before[len(rest) :]


def _is_printed(before: str, after: str, path: str) -> bool:
    if _LISTED.search(before) or _LISTED.search(after):
        return False
    if path.startswith("Aws::KMS::") and after[:1] in {" ", ":", ">", ")"}:
        return True
    return any(b.search(before) and a.search(after) for b, a in _SHAPES)


def _is_of_kms(code: str, lines: str, match: re.Match[str], context: Context, message: str) -> bool:
    """Tell whether KMS said a code: its own ones need no company, common words do."""
    named = _OTHER_KEY.match(message)
    if named and not names_a_key(named.group(1)) and "alias" not in named.group(1):
        return False
    kms, other, word = context.kms, context.other, context.kms_word
    if not is_common_word(code):
        return not other
    begin = lines.rfind("\n", 0, match.start()) + 1
    near = lines[max(begin, match.start() - 400) : match.end() + 400]
    return kms or (not other and (word or _KMS_ARN.search(near) is not None))


def _message(lines: str, end: int, after: str) -> str:
    """Return the words behind a code, empty for what stands there in place of a message."""
    lead = re.match(
        r"[\"'`)]{0,2}(?: when calling the \w{3,60} operation)?(?: \(reached max retries: \d{1,3}\))?(?:: ?| - | \()",
        after,
    )
    if lead is None:
        return ""
    message = rest_of_line(lines, end + lead.end())
    return "" if _NO_MESSAGE.match(message) else message
