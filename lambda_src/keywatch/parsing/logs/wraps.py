"""Undo what stands between a program and CloudWatch Logs: lines cut in parts by a container runtime, names broken at a column.

A broken ARN is put together only where the pieces make the whole ARN of a key or alias; what does not fit
stays as it is, so that no name is made up.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from keywatch.model.identifiers import partition_of

_CRI = re.compile(r"(?:\d{4}-\d\d-\d\dT[\d:.]{8,20}(?:Z|[+-]\d\d:\d\d) )(?:stderr|stdout) ([PF]) ")
_SYSLOG = re.compile(r"<\d{1,3}>1 \d{4}-\S{4,40} \S{1,255} \S{1,48} \S{1,128} \S{1,32} - ?")
_ROUTED = re.compile(r"\{ ?\"(?:log|stream|container_name|container_id|source)\" ?:")
# What container runtimes and log routers put beside the line of a program.
_ROUTER_WORDS = re.compile(
    r"log|logtag|stream|time|date|source|tag|host|kubernetes|docker|(?:container|ecs|ec2|partial)_\w{1,40}|_p|@timestamp"
)
_ID = r"(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
_HEAD = r"arn:aws[a-z-]{0,20}:kms:[a-z]{2,4}-[a-z-]{2,24}-[0-9]{1,2}:[0-9]{12}:"
_WHOLE_KEY = re.compile(rf"{_HEAD}key/{_ID}(?![0-9a-f-])")
_WHOLE_ALIAS = re.compile(rf"{_HEAD}alias/[A-Za-z0-9/_-]{{1,250}}")
_REGION = r"[a-z]{2,4}-[a-z-]{2,24}-[0-9]{1,2}"
_HEADLESS = re.compile(
    rf"^([\"'` ]{{0,80}})(?!arn:aws)[a-z-]{{0,12}}(:kms:({_REGION}):[0-9]{{12}}:(?:key/{_ID}|alias/))",
    re.MULTILINE,
)
_TAIL = re.compile(r"(?<![A-Za-z0-9])(?:arn:[^\s\"']{0,300}|arn|ar|a)$")
_WORD = re.compile(r"[^\s\"'`]{1,300}")
_GOES_ON = (" is ", " does not", "' does not")
_MOST_BREAKS = 2000
_MOST_PIECES = 3


@dataclass(frozen=True, slots=True)
class Part:
    """What a program wrote into one event, without what a runtime or router wrapped around it.

    ``goes_on``: the line goes on in the next event; ``of`` is the message that this is a part of,
    where the router says so.
    """

    text: str
    goes_on: bool = False
    of: str = ""


def whole_lines(messages: Sequence[str]) -> str:
    """Return the messages of one stream as the program wrote them, their parts put together, a line each."""
    parts = map(part_of, messages)
    return "".join(part.text if part.goes_on else part.text + "\n" for part in parts)


def part_of(message: str) -> Part:
    """Return what the program wrote into the event ``message``."""
    if cri := _CRI.match(message):
        return Part(message[cri.end() :], cri.group(1) == "P")
    if _ROUTED.match(message):
        return _json_part(message)
    syslog = _SYSLOG.match(message)
    return Part(message[syslog.end() :] if syslog else message)


def _json_part(message: str) -> Part:
    """Read a line as Docker's json-file (no line break at the end of a part) or a router (``partial_message``) writes it."""
    try:
        value = json.loads(message)
    except (ValueError, RecursionError):
        return Part(message)
    text = value.get("log") if isinstance(value, dict) else None
    if not isinstance(text, str) or not all(_ROUTER_WORDS.fullmatch(name) for name in value):
        return Part(message)
    if value.get("partial_message") == "true":
        return Part(text, value.get("partial_last") != "true", str(value.get("partial_id", "")))
    is_part = "stream" in value and "kubernetes" not in value and not text.endswith("\n")
    return Part(text.rstrip("\n"), is_part)


def unbroken(lines: str) -> str:
    """Return ``lines`` with the ARNs of KMS that a line break cuts put together."""
    if "\n" not in lines or not (":key" in lines or "alia" in lines or "kms" in lines):
        return lines
    pieces, begin, position = [], 0, 0
    for _ in range(_MOST_BREAKS):
        position = lines.find("\n", position)
        if position < 0:
            break
        tail = _TAIL.search(lines, max(begin, position - 320), position)
        stop = _end_of_arn(lines, position, tail.group(0)) if tail else 0
        if tail and stop:
            pieces.append(
                lines[begin : tail.start()] + lines[tail.start() : stop].replace("\n", "")
            )
            begin = position = stop
        else:
            position += 1
    return "".join((*pieces, lines[begin:]))


def with_heads(lines: str) -> str:
    """Return ``lines`` with the ARNs whole of which a line break cut away no more than ``arn`` and the partition.

    The Region says which partition that was.
    """
    return _HEADLESS.sub(_with_head, lines) if ":kms:" in lines else lines


def _with_head(match: re.Match[str]) -> str:
    lead, rest, region = match.groups()
    return f"{lead}arn:{partition_of(region)}{rest}"


def _end_of_arn(lines: str, position: int, tail: str) -> int:
    """Return where the ARN that ``tail`` begins ends behind the line break at ``position``; 0 where it is none."""
    if _WHOLE_KEY.fullmatch(tail):
        return 0
    for _ in range(_MOST_PIECES):
        word = _WORD.match(lines, position + 1)
        if word is None:
            return 0
        tail += word.group(0)
        if _WHOLE_KEY.match(tail):
            return word.end()
        if (
            _WHOLE_ALIAS.fullmatch(tail)
            and lines[word.end() : word.end() + 12].replace("\n", " ").startswith(_GOES_ON)
            and word.group(0) != "is"
        ):
            return word.end()
        position = word.end()
        if lines[position : position + 1] != "\n":
            return 0
    return 0
