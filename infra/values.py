"""Readers of single setting values: each takes what JSON gave and returns the checked value or raises ``Invalid``."""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from infra.setting_types import (
    PATTERNS,
    Chat,
    ExistingTopic,
    Ignore,
    SlackChannel,
    TeamsChannel,
    Webhook,
)

Reader = Callable[[object], Any]


class Invalid(ValueError):
    """A value that a setting does not allow; the message says what is wrong with it."""


_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]{1,63})+"
)
_REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]{2,20}){1,2}-[0-9]{1,2}")
_LOG_GROUP = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}")
_LOG_GROUP_ARN = re.compile(
    r"arn:aws[a-z-]*:logs:[a-z0-9-]+:[0-9]{12}:log-group:([.\-_/#A-Za-z0-9]{1,512})(?::\*)?"
)
_KEY_ARN = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-z0-9-]{36}")
_TOPIC_ARN = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}")
_POLICY_ARN = re.compile(r"arn:aws[a-z-]*:iam::(?:[0-9]{12}|aws):policy/[A-Za-z0-9_+=,.@/-]{1,512}")
# Stack names (AWS CloudFormation User Guide): a letter, then letters, digits and hyphens.
_STACK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,79}(?:\{region\}[A-Za-z0-9-]{0,19})?")
_ROLE_PATH = re.compile(r"/(?:[A-Za-z0-9_+=,.@-]{1,64}/){0,6}")
# EventBridge allows 256 characters; five of these have to fit into a pattern.
_EVENT_SOURCE = re.compile(r"[.\-_/A-Za-z0-9]{1,64}")
_EVENT_BUS_ARN = re.compile(
    r"arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:event-bus/[/.\-_A-Za-z0-9]{1,256}"
)
_SECRET_ARN = re.compile(
    r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]{1,512}"
)
_SECRET_KEY = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_HTTPS = re.compile(
    r"https://[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/%+=@-]{0,1024})?"
)
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
_OWNER = re.compile(r"[^\x00-\x1f\x7f]{1,128}")
_CHAT_ID = re.compile(r"[A-Za-z0-9:@._%-]{1,256}")
# KMS API Reference, Tag, less the letters that only some alphabets have.
# What stands in mails and cards as it is; {cause} becomes the id of a cause.
_WEB_ADDRESS = re.compile(
    r"https://[a-z0-9](?:[a-z0-9.-]{0,200}[a-z0-9])?(?::[0-9]{1,5})?(?:/(?:[A-Za-z0-9/_.~%?=&#+-]|\{cause\}){0,300})?"
)
_AGGREGATOR = re.compile(r"[\w-]{0,256}", re.ASCII)
_TAG_KEY = re.compile(r"[A-Za-z0-9 _.:/=+@-]{1,128}")
_TEXT = re.compile(r"[\x20-\x7e]{1,256}")


def shown(value: object) -> str:
    """Return ``value`` short enough for an error message."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."  # noqa: PLR2004 - a readable length


def boolean(value: object) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise Invalid(f"{shown(value)} is neither true nor false")
    return value


def whole_number(least: int, most: int) -> Reader:
    """Return a reader of whole numbers from ``least`` to ``most``."""

    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Invalid(f"{shown(value)} is not a whole number")
        if not least <= value <= most:
            raise Invalid(f"{value} is out of range")
        return value

    return read


def list_of(item: Reader, most: int | None = None) -> Reader:
    """Return a reader of lists; plain text is read as its parts between commas, and each thing is kept once."""

    def read(value: object) -> tuple[Any, ...]:
        if isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
        if not isinstance(value, list | tuple):
            raise Invalid(f"{shown(value)} is not a list")
        items = tuple(dict.fromkeys(item(entry) for entry in value))
        if most is not None and len(items) > most:
            raise Invalid(f"{len(items)} are too many")
        return items

    return read


def optional(read: Reader) -> Reader:
    """Return a reader that takes null as "not set"."""
    return lambda value: None if value is None else read(value)


def _matching(pattern: re.Pattern[str], what: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise Invalid(f"{shown(value)} is not {what}")
        return value

    return read


email = _matching(_EMAIL, "an e-mail address")
region = _matching(_REGION, "an AWS Region")
key_arn = _matching(_KEY_ARN, "the ARN of a KMS key")
policy_arn = _matching(_POLICY_ARN, "the ARN of a managed policy")
stack_name = _matching(_STACK_NAME, "a name of a stack")
role_path = _matching(_ROLE_PATH, "a path of IAM")
topic_arn = _matching(_TOPIC_ARN, "the ARN of an SNS topic")
_log_group = _matching(_LOG_GROUP, "a log group name or ARN")
_source = _matching(_EVENT_SOURCE, "an EventBridge source of at most 64 characters")
_chat_id = _matching(_CHAT_ID, "an id of Slack or Teams")
web_address = _matching(_WEB_ADDRESS, "a web address that begins with https://")
aggregator = _matching(_AGGREGATOR, "the name of an aggregator")
tag_key = _matching(_TAG_KEY, "the key of a tag")
event_bus_arn = _matching(_EVENT_BUS_ARN, "the ARN of an event bus")
_text = _matching(_TEXT, "a text of 1 to 256 printable ASCII characters")


def event_source(value: object) -> str:
    """Read a private EventBridge source. ``aws.`` belongs to AWS, and is what the rules accept anyway."""
    source = _source(value)
    if source.startswith("aws."):
        raise Invalid(f"{source} begins with aws., which only AWS can send")
    return source


def log_group(value: object) -> str:
    """Read a log group name, or the ARN of a log group (with or without its ``:*``)."""
    if isinstance(value, str) and (arn := _LOG_GROUP_ARN.fullmatch(value)):
        return arn.group().removesuffix(":*")
    return _log_group(value)


def log_group_name(group: str) -> str:
    """Return the name of a log group that is given by name or ARN."""
    arn = _LOG_GROUP_ARN.fullmatch(group)
    return arn.group(1) if arn else group


def arn_region(text: str) -> str | None:
    """Return the Region of an ARN, or ``None`` for anything else, such as a plain name."""
    return text.split(":")[3] if text.startswith("arn:") else None


def chat(value: object) -> Chat:
    """Read where chat alerts go: a topic ARN as text, or the ids of a Slack or Teams channel as an object."""
    if isinstance(value, str):
        return ExistingTopic(topic_arn(value))
    given = _object(value)
    if given.keys() == {"topic_arn", "topic_key_arn"}:
        return ExistingTopic(topic_arn(given["topic_arn"]), key_arn(given["topic_key_arn"]))
    ids = {name: entry for name, entry in given.items() if name != "region"}
    home = region(given["region"]) if "region" in given else None
    for channel in (SlackChannel, TeamsChannel):
        if ids.keys() == {field.name for field in fields(channel)} - {"region"}:
            return channel(**{name: _chat_id(entry) for name, entry in ids.items()}, region=home)
    raise Invalid(f"{shown(value)} names neither a topic nor a channel")


def ignore(value: object) -> Ignore:
    """Read one ignore rule: at least one pattern, and a reason."""
    given = _object(value)
    unknown = [name for name in given if name not in (*PATTERNS, "reason")]
    if unknown:
        raise Invalid(f"{shown(unknown[0])} is no part of a rule")
    if "reason" not in given:
        raise Invalid(f"{shown(value)} has no reason")
    if not any(name in given for name in PATTERNS):
        raise Invalid(f"{shown(value)} would ignore everything")
    return Ignore(**{name: _text(text) for name, text in given.items()})


def webhook(value: object) -> Webhook:
    """Read one web hook: its kind, its secret, and for other receivers than the known ones its address."""
    given = _object(value)
    unknown = [name for name in given if name not in _WEBHOOK]
    if unknown:
        raise Invalid(f"{shown(unknown[0])} is no part of a web hook")
    for name in ("kind", "secret_arn"):
        if name not in given:
            raise Invalid(f"{shown(value)} has no {name}")
    read = {name: _WEBHOOK[name](entry) for name, entry in given.items()}
    made = Webhook(**read)
    if made.kind == "generic" and made.url is None:
        raise Invalid("a generic web hook has no url")
    if made.kind == "slack" and made.url is not None:
        raise Invalid("a slack web hook has a url, which is itself the secret")
    if made.header is not None and made.kind != "generic":
        raise Invalid(f"a {made.kind} web hook has a header of its own")
    return made


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise Invalid(f"{shown(value)} is not an object")
    return {str(name): entry for name, entry in value.items()}


def _one_of(*allowed: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if value not in allowed or not isinstance(value, str):
            raise Invalid(f"{shown(value)} is none of {', '.join(allowed)}")
        return value

    return read


WEBHOOK_KINDS = ("pagerduty", "opsgenie", "slack", "generic")
SEVERITIES = ("critical", "high", "warning", "info")
_WEBHOOK: Mapping[str, Reader] = {
    "kind": _one_of(*WEBHOOK_KINDS),
    "secret_arn": _matching(_SECRET_ARN, "the ARN of a secret"),
    "secret_key": _matching(_SECRET_KEY, "a member of a secret"),
    "url": _matching(_HTTPS, "an address that begins with https:// and has no query"),
    "header": _matching(_HEADER, "the name of a header"),
    "severities": list_of(_one_of(*SEVERITIES)),
    "owners": list_of(_matching(_OWNER, "an owner"), most=20),
}
