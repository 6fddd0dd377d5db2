"""How the AWS SDKs print an error: Python, Go, Java, .NET, Ruby and PHP."""

import re

from keywatch.parsing.logs.formats.envelope import (
    MAX_MESSAGE,
    Envelope,
    event_source,
    log_format,
    rest_of_line,
)


@log_format(
    " when calling the",
    r"(?:An|A client|A server) error (?:occurred )?\(([A-Za-z0-9.:_-]{3,80})\) (?:occurred )?when calling the\s"
    r"([A-Za-z0-9]{3,60})\soperation(?: \(reached max retries: [0-9]{1,3}\))?:",
)
def _botocore(match: re.Match[str], lines: str) -> Envelope:
    code, operation = match.groups()
    message = rest_of_line(lines, match.end())
    service = event_source("", code, operation)
    return Envelope(match.start(), match.end(), code, message, service, operation)


_GO_CODE = re.compile(
    r", (?:api error )?(?!RequestID|HostID|StatusCode)([A-Z][A-Za-z0-9.]{3,60}): ([^\n]{0,600})"
)


@log_format("operation error ", r"operation error ([A-Za-z0-9 ]{2,40}): ([A-Za-z0-9]{3,60})(?=,)")
def _go(match: re.Match[str], lines: str) -> Envelope | None:
    service, operation = match.groups()
    rest = lines[match.end() : match.end() + MAX_MESSAGE].replace("\n", " ")
    found = _GO_CODE.search(rest)
    if found is None:
        return None
    code, message = found.groups()
    end = match.end() + found.end()
    return Envelope(match.start(), end, code, message, event_source(service, ""), operation)


@log_format(
    "(Service: ",
    r"\(Service: ([A-Za-z0-9 ]{2,40}); Status Code: [0-9]{3}; Error Code: ([A-Za-z0-9.]{3,60}); Request ID:",
)
def _java_1(match: re.Match[str], lines: str) -> Envelope:
    service, code = match.groups()
    before = lines[max(0, match.start() - MAX_MESSAGE) : match.start()]
    message = before.rpartition("Exception: ")[2].rpartition("\n\n")[2].replace("\n", " ").strip()
    return Envelope(match.start(), match.end(), code, message, event_source(service, code))


def _class_name(match: re.Match[str], lines: str) -> Envelope | None:
    """Read ``<package of the service>.<class>: message``."""
    service, code = match.groups()
    message = rest_of_line(lines, match.end())
    if not message:
        return None
    return Envelope(match.start(), match.end(), code, message, event_source(service, code))


_JAVA = log_format(".model.", r"\bservices\.([a-z0-9]{2,40})\.model\.([A-Z][A-Za-z]{3,60}): ?\n?")(
    _class_name
)
_DOT_NET = log_format(
    ".Model.", r"\bAmazon\.([A-Za-z0-9]{2,40})\.Model\.([A-Z][A-Za-z]{3,60}): ?\n?"
)(_class_name)
_RUBY_INSPECT = log_format(
    "#<Aws::", r"#<Aws::([A-Za-z0-9]{2,40})::Errors::([A-Z][A-Za-z]{3,60}): "
)(_class_name)


@log_format(" (Aws::", r" \(Aws::([A-Za-z0-9]{2,40})::Errors::([A-Z][A-Za-z]{3,60})\)")
def _ruby(match: re.Match[str], lines: str) -> Envelope:
    service, code = match.groups()
    begin = max(0, lines.rfind("\n", 0, match.start()) + 1, match.start() - MAX_MESSAGE)
    message = lines[begin : match.start()].rpartition(": ")[2].strip()
    return Envelope(match.start(), match.end(), code, message, event_source(service, code))


_PHP_CODE = re.compile(r"\b([A-Z][A-Za-z.]{3,60}) \((?:client|server)\): ?")


@log_format(
    "Error executing ",
    r"Error executing \"([A-Za-z0-9]{3,60})\" on \"https?://([a-z0-9-]{2,40})[./]",
)
def _php(match: re.Match[str], lines: str) -> Envelope | None:
    operation, host = match.groups()
    found = _PHP_CODE.search(lines, match.end(), match.end() + 4 * MAX_MESSAGE)
    if found is None:
        return None
    code, message = found.group(1), rest_of_line(lines, found.end())
    service = event_source(host.removesuffix("-fips"), code)
    return Envelope(match.start(), found.end(), code, message, service, operation)


FORMATS = (_botocore, _go, _java_1, _JAVA, _DOT_NET, _RUBY_INSPECT, _ruby, _php)
