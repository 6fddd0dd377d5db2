"""The deployment settings: the context under ``"keywatch"`` in cdk.json, and what a deployment makes of it.

``from_context`` takes the whole CDK context and gives frozen ``Settings`` or raises ``SettingsError``, which names every bad
setting and what is allowed there. ``-c keywatch:<setting>=<JSON or plain text>`` on the command line overrides one setting.
"""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra import names
from infra import values as v
from infra.values import Chat, Ignore, Invalid

CONTEXT_KEY = "keywatch"
OVERRIDE_PREFIX = f"{CONTEXT_KEY}:"
MAX_LOG_GROUPS = 50
MAX_IGNORE_CHARACTERS = 2048


class SettingsError(Exception):
    """The settings cannot be deployed. The message has one line for each problem: the setting, what is wrong, what is allowed."""


def _setting(default: object, read: v.Reader, allowed: str, meaning: str) -> Any:  # noqa: ANN401 - as dataclasses.field
    return dataclasses.field(default=default, metadata={"read": read, "allowed": allowed, "meaning": meaning})


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set. Each field says in its metadata how it is read, what is allowed (``allowed``) and what it does."""

    alert_emails: tuple[str, ...] = _setting(
        (), v.list_of(v.email), 'a list of e-mail addresses, such as ["oncall@example.com"]', "who gets the alerts by e-mail"
    )
    chat: Chat | None = _setting(
        None,
        v.chat,
        'an SNS topic ARN, {"slack_workspace_id": "T…", "slack_channel_id": "C…"} or '
        '{"teams_tenant_id": "…", "teams_team_id": "…", "teams_channel_id": "…"}',
        "a Slack or Teams channel through Amazon Q Developer in chat applications, or the topic that such a channel listens to",
    )
    log_groups: tuple[str, ...] = _setting(
        (),
        v.list_of(v.log_group),
        f"a list of at most {MAX_LOG_GROUPS} log group names (subscribed in each Region) or log group ARNs (in their own Region)",
        "application logs to watch for KMS errors",
    )
    all_log_groups: bool = _setting(False, v.boolean, "true or false", "watch all log groups of the account and Region")  # noqa: FBT003 - a default
    regions: tuple[str, ...] = _setting(
        (), v.list_of(v.region), 'a list of Regions, such as ["eu-west-1"]', "one stack for each; none: the Region of your credentials"
    )
    search_regions: tuple[str, ...] = _setting(
        (), v.list_of(v.region), 'a list of Regions, such as ["us-east-1"]', "where else to look for a key that was not found"
    )
    create_trail: bool = _setting(False, v.boolean, "true or false", "create a CloudTrail trail, for accounts that have none")  # noqa: FBT003 - a default
    ignore: tuple[Ignore, ...] = _setting(
        (),
        v.list_of(v.ignore),
        'a list of {"reason": "…"} with one or more of "principal", "service", "key" and "cause", each a text in which * stands for '
        f"anything; {MAX_IGNORE_CHARACTERS} characters of JSON in all",
        "failures to count and not to alert",
    )
    alert_topic_key_arn: str | None = _setting(
        None, v.optional(v.key_arn), "the ARN of a KMS key (no alias)", "a customer managed key that encrypts the alert topic"
    )
    repeat_interval_minutes: int = _setting(
        240, v.whole_number(5, 10_080), "a whole number from 5 to 10080", "minutes between reminders while failures go on"
    )
    extra_event_sources: tuple[str, ...] = _setting(
        (),
        v.list_of(v.event_source, most=5),
        "a list of at most 5 event sources that do not begin with aws.",
        "private EventBridge sources that the rules accept too, to replay events",
    )

    def problems(self) -> dict[str, str]:
        """Return what is wrong between settings that are right each by itself: setting to problem."""
        found = {}
        if self.all_log_groups and self.log_groups:
            found["log_groups"] = "all_log_groups already covers every log group; set one of the two"
        elif len(self.log_groups) > MAX_LOG_GROUPS:
            found["log_groups"] = f"{len(self.log_groups)} log groups do not fit; use all_log_groups"
        elif any(v.log_group_name(group) == names.LOG_GROUP_NAME for group in self.log_groups):
            found["log_groups"] = f"{names.LOG_GROUP_NAME} is KeyWatch's own log group; watching it would be a loop"
        if self.alert_topic_key_arn and any(v.arn_region(self.alert_topic_key_arn) != region for region in self.regions):
            found["alert_topic_key_arn"] = "the key must be in the Region of the topic; with this key, regions can only name its Region"
        if len(json.dumps([rule.as_dict() for rule in self.ignore])) > MAX_IGNORE_CHARACTERS:
            found["ignore"] = "the rules are too long for the function's environment; use shorter patterns and reasons"
        return found


FIELDS = {field.name: field for field in dataclasses.fields(Settings)}


def from_context(context: Mapping[str, object]) -> Settings:
    """Read the settings out of the CDK context. Raises ``SettingsError``."""
    given, problems = _given(context)
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in FIELDS:
            problems[name] = f"there is no such setting. Settings: {', '.join(FIELDS)}"
            continue
        try:
            values[name] = FIELDS[name].metadata["read"](value)
        except Invalid as invalid:
            problems[name] = f"{invalid}. Allowed: {FIELDS[name].metadata['allowed']}"
    settings = Settings(**values)
    problems = {**settings.problems(), **problems}
    if problems:
        raise SettingsError("\n".join(f"KeyWatch setting {name}: {problem}" for name, problem in problems.items()))
    return settings


def _given(context: Mapping[str, object]) -> tuple[dict[str, object], dict[str, str]]:
    given: dict[str, object] = {}
    problems: dict[str, str] = {}
    base = _json_or_text(context.get(CONTEXT_KEY, {}))
    if isinstance(base, Mapping):
        given.update({str(name): value for name, value in base.items()})
    else:
        problems[f'"{CONTEXT_KEY}"'] = f"it is {v.shown(base)}. Allowed: an object of settings: {', '.join(FIELDS)}"
    for key, value in context.items():
        if key.startswith(OVERRIDE_PREFIX):
            given[key.removeprefix(OVERRIDE_PREFIX)] = _json_or_text(value)
    return given, problems


def _json_or_text(value: object) -> object:
    """Read what came from the command line: JSON where it is JSON, else the text itself."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
