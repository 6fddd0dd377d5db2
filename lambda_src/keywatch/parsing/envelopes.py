"""The shapes in which SDKs, tools and services print an error code: needed where the message is missing or unknown.

A bare exception name proves nothing (source code, documentation and type stubs are full of them);
each shape here is one that only a running program prints.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from keywatch.catalogue.codes import KMS_CODES, core_of, only_kms
from keywatch.catalogue.operations import KMS_OPERATIONS, SHARED_OPERATIONS
from keywatch.parsing.classify import KMS

MAX_PLACES = 2000
_MESSAGE = 600


@dataclass(frozen=True, slots=True)
class Envelope:
    """One printed error: where it stands, its code, message and operation, and the event source that answered."""

    start: int
    end: int
    code: str
    message: str
    service: str
    operation: str | None = None


def envelopes(lines: str) -> Iterator[Envelope]:
    """Yield every printed error of ``lines`` (plain text with its line breaks), at most ``MAX_PLACES`` of each shape."""
    for hint, pattern, read in _SHAPES:
        if hint in lines:
            for match in islice(pattern.finditer(lines), MAX_PLACES):
                if envelope := read(match, lines):
                    yield envelope


def _rest_of_line(lines: str, start: int) -> str:
    stop = lines.find("\n", start, start + _MESSAGE)
    return lines[start : stop if stop >= 0 else start + _MESSAGE].strip(" \"'`")


def _source(name: str, code: str, operation: str | None = None) -> str:
    """Return the event source for a service's name as SDKs print it."""
    plain_name = name.lower().replace(" ", "").removeprefix("aws").removeprefix("amazon")
    if plain_name in {"kms", "keymanagementservice", "trentservice"} or only_kms(core_of(code)[0]):
        return KMS
    by_operation = operation in KMS_OPERATIONS and operation not in SHARED_OPERATIONS
    if not name and by_operation and core_of(code)[0] in KMS_CODES:
        return KMS
    return f"{plain_name}.amazonaws.com" if plain_name else "unknown"


def _botocore(match: re.Match[str], lines: str) -> Envelope:
    code, operation = match.groups()
    message = _rest_of_line(lines, match.end())
    return Envelope(
        match.start(), match.end(), code, message, _source("", code, operation), operation
    )


def _go(match: re.Match[str], lines: str) -> Envelope | None:
    service, operation = match.groups()
    rest = lines[match.end() : match.end() + _MESSAGE].replace("\n", " ")
    found = _GO_CODE.search(rest)
    if found is None:
        return None
    return Envelope(
        match.start(),
        match.end() + found.end(),
        found.group(1),
        found.group(2),
        _source(service, ""),
        operation,
    )


def _java_tail(match: re.Match[str], lines: str) -> Envelope:
    service, code = match.groups()
    before = lines[max(0, match.start() - _MESSAGE) : match.start()]
    message = before.rpartition("Exception: ")[2].rpartition("\n\n")[2].replace("\n", " ").strip()
    return Envelope(match.start(), match.end(), code, message, _source(service, code))


def _class(match: re.Match[str], lines: str) -> Envelope | None:
    service, code = match.groups()
    message = _rest_of_line(lines, match.end())
    return (
        Envelope(match.start(), match.end(), code, message, _source(service, code))
        if message
        else None
    )


def _ruby_tail(match: re.Match[str], lines: str) -> Envelope:
    service, code = match.groups()
    line = lines[
        max(0, lines.rfind("\n", 0, match.start()) + 1, match.start() - _MESSAGE) : match.start()
    ]
    return Envelope(
        match.start(), match.end(), code, line.rpartition(": ")[2].strip(), _source(service, code)
    )


def _pair(match: re.Match[str], lines: str) -> Envelope | None:
    """Read ``"Code": "..."`` of a JSON or Python object that holds a message, a request id or a status as well."""
    code = match.group(1)
    around = lines[max(0, match.start() - _MESSAGE) : match.end() + _MESSAGE]
    event_source = _EVENT_SOURCE.search(
        lines, max(0, match.start() - 4 * _MESSAGE), match.end() + 4 * _MESSAGE
    )
    if event_source is None and not _COMPANION.search(around):
        return None
    message = _PAIR_MESSAGE.search(
        lines[match.end() : match.end() + _MESSAGE]
    ) or _PAIR_MESSAGE.search(around)
    service = event_source.group(1) if event_source else _source("", code)
    return Envelope(match.start(), match.end(), code, message.group(1) if message else "", service)


def _php(match: re.Match[str], lines: str) -> Envelope | None:
    operation, host = match.groups()
    found = _PHP_CODE.search(lines, match.end(), match.end() + 4 * _MESSAGE)
    if found is None:
        return None
    service = _source(host.removesuffix("-fips"), found.group(1))
    return Envelope(
        match.start(),
        found.end(),
        found.group(1),
        _rest_of_line(lines, found.end()),
        service,
        operation,
    )


def _beside_arn(match: re.Match[str], _lines: str) -> Envelope:
    """Read ``... <key ARN>: DisabledException``: a program's own words, with the key and the code that KMS gave."""
    return Envelope(match.start(), match.end(), match.group(1), "", KMS)


def _xml(match: re.Match[str], lines: str) -> Envelope:
    message = _XML_MESSAGE.search(lines[match.start() : match.end() + 2 * _MESSAGE])
    return Envelope(
        match.start(),
        match.end(),
        match.group(1),
        message.group(1) if message else "",
        _source("", match.group(1)),
    )


def _bare(match: re.Match[str], lines: str) -> Envelope | None:
    """Read ``KMSInvalidStateException: words`` at the head of a line or behind a log prefix, but no list of names or types."""
    code, message = match.group(1), _rest_of_line(lines, match.end())
    quoted = lines[match.end() : match.end() + 1] in {"'", '"', "`"}
    prose = message.startswith(
        ("No such file", "The request was rejected because", "This exception", "Type[", "typing.")
    )
    if (
        quoted
        or prose
        or message.endswith((",", ";", "{", "(", "=>"))
        or (" " not in message and message != "UnknownError")
    ):
        return None
    return Envelope(match.start(), match.end(), code, message, _source("", code))


_GO_CODE = re.compile(
    r", (?:api error )?(?!RequestID|HostID|StatusCode)([A-Z][A-Za-z0-9.]{3,60}): ([^\n]{0,600})"
)
_PHP_CODE = re.compile(r"\b([A-Z][A-Za-z.]{3,60}) \((?:client|server)\): ?")
_COMPANION = re.compile(
    r"[\"'](?:[mM]essage|errorMessage|error_message|\$metadata|[rR]equestId|requestID|[sS]tatusCode|FailureMessage)[\"']"
)
_PAIR_MESSAGE = re.compile(
    r"[\"'](?:[mM]essage|errorMessage|error_message|FailureMessage|StateReason)[\"'] ?: ?[\"']([^\n\"]{0,600})"
)
_EVENT_SOURCE = re.compile(r"[\"']eventSource[\"'] ?: ?[\"']([a-z0-9.-]{5,60})[\"']")
_XML_MESSAGE = re.compile(r"<[Mm]essage>([^<]{0,600})</[Mm]essage>")

_Reader = Callable[[re.Match[str], str], Envelope | None]
_SHAPES: tuple[tuple[str, re.Pattern[str], _Reader], ...] = (
    (
        " when calling the",
        re.compile(
            r"(?:An|A client|A server) error (?:occurred )?\(([A-Za-z0-9.:_-]{3,80})\) (?:occurred )?when calling the\s"
            r"([A-Za-z0-9]{3,60})\soperation(?: \(reached max retries: [0-9]{1,3}\))?:"
        ),
        _botocore,
    ),
    (
        "operation error ",
        re.compile(r"operation error ([A-Za-z0-9 ]{2,40}): ([A-Za-z0-9]{3,60})(?=,)"),
        _go,
    ),
    (
        "(Service: ",
        re.compile(
            r"\(Service: ([A-Za-z0-9 ]{2,40}); Status Code: [0-9]{3}; Error Code: ([A-Za-z0-9.]{3,60}); Request ID:"
        ),
        _java_tail,
    ),
    (
        ".model.",
        re.compile(r"\bservices\.([a-z0-9]{2,40})\.model\.([A-Z][A-Za-z]{3,60}): ?\n?"),
        _class,
    ),
    (
        ".Model.",
        re.compile(r"\bAmazon\.([A-Za-z0-9]{2,40})\.Model\.([A-Z][A-Za-z]{3,60}): ?\n?"),
        _class,
    ),
    ("#<Aws::", re.compile(r"#<Aws::([A-Za-z0-9]{2,40})::Errors::([A-Z][A-Za-z]{3,60}): "), _class),
    (
        " (Aws::",
        re.compile(r" \(Aws::([A-Za-z0-9]{2,40})::Errors::([A-Z][A-Za-z]{3,60})\)"),
        _ruby_tail,
    ),
    (
        "",
        re.compile(
            r"[\"'](?:[cC]ode|name|__type|errorType|errorCode|error_code|ErrorCode|FailureCode|StateReasonCode"
            r"|LastUpdateStatusReasonCode)[\"'] ?: ?[\"']([A-Za-z0-9.#:_]{3,100})[\"']"
        ),
        _pair,
    ),
    (
        "Error executing ",
        re.compile(r"Error executing \"([A-Za-z0-9]{3,60})\" on \"https?://([a-z0-9-]{2,40})[./]"),
        _php,
    ),
    (
        ":kms:",
        re.compile(
            r"\barn:aws[a-z-]{0,20}:kms:[^\s\"']{10,300}?['\")\]]{0,2}(?: [a-z]{1,20})?: ?"
            r"((?:NotFound|Disabled|KMSInvalidState|KeyUnavailable)Exception)(?=$|[\s\"',)])",
            re.MULTILINE,
        ),
        _beside_arn,
    ),
    ("<Code>", re.compile(r"<Code>([A-Za-z0-9.]{3,60})</Code>"), _xml),
    (
        "K",
        re.compile(
            r"(?:^|(?<=[\])>:] ))((?:KMS\.[A-Z]|KMS|Kms)(?:[A-Z][A-Za-z]{2,40}(?:Exception|Fault)|NotFound|Disabled|InvalidState)"
            r"|(?:CustomKeyStore|XksKey|XksProxy|CloudHsmCluster|KeyUnavailable)[A-Za-z]{0,60}Exception): ",
            re.MULTILINE,
        ),
        _bare,
    ),
)
