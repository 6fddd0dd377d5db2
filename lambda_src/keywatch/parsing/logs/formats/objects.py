"""How an error stands in an object that was printed: JSON, a Python or JavaScript literal, XML."""

import re

from keywatch.parsing.logs.formats.envelope import (
    MAX_MESSAGE,
    Envelope,
    event_source,
    log_format,
)

_COMPANION = re.compile(
    r"[\"'](?:[mM]essage|errorMessage|error_message|\$metadata|[rR]equestId|requestID|[sS]tatusCode|FailureMessage)[\"']"
)
_MESSAGE = re.compile(
    r"[\"'](?:[mM]essage|errorMessage|error_message|FailureMessage|StateReason)[\"'] ?: ?[\"']([^\n\"]{0,600})"
)
_EVENT_SOURCE = re.compile(r"[\"']eventSource[\"'] ?: ?[\"']([a-z0-9.-]{5,60})[\"']")
_XML_MESSAGE = re.compile(r"<[Mm]essage>([^<]{0,600})</[Mm]essage>")


@log_format(
    "",
    r"[\"'](?:[cC]ode|name|__type|errorType|errorCode|error_code|ErrorCode|FailureCode|StateReasonCode"
    r"|LastUpdateStatusReasonCode)[\"'] ?: ?[\"']([A-Za-z0-9.#:_]{3,100})[\"']",
)
def _member(match: re.Match[str], lines: str) -> Envelope | None:
    """Read ``"Code": "..."`` of an object that holds a message, a request id or a status as well."""
    code, begin, end = match.group(1), match.start(), match.end()
    around = lines[max(0, begin - MAX_MESSAGE) : end + MAX_MESSAGE]
    source = _EVENT_SOURCE.search(lines, max(0, begin - 4 * MAX_MESSAGE), end + 4 * MAX_MESSAGE)
    if source is None and not _COMPANION.search(around):
        return None
    message = _MESSAGE.search(lines[end : end + MAX_MESSAGE]) or _MESSAGE.search(around)
    service = source.group(1) if source else event_source("", code)
    return Envelope(begin, end, code, message.group(1) if message else "", service)


@log_format("<Code>", r"<Code>([A-Za-z0-9.]{3,60})</Code>")
def _xml(match: re.Match[str], lines: str) -> Envelope:
    code = match.group(1)
    found = _XML_MESSAGE.search(lines[match.start() : match.end() + 2 * MAX_MESSAGE])
    message = found.group(1) if found else ""
    return Envelope(match.start(), match.end(), code, message, event_source("", code))


FORMATS = (_member, _xml)
