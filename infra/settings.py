"""The deployment settings: the context under ``"keywatch"`` in cdk.json, and what a deployment makes of it.

``from_context`` takes the whole CDK context and gives frozen ``Settings`` or raises
``SettingsError``, which names every bad setting and what is allowed there. ``-c
keywatch:<setting>=<JSON or plain text>`` on the command line overrides one setting.
"""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from infra import names
from infra import values as v
from infra.values import Chat, Ignore, Invalid

CONTEXT_KEY = "keywatch"
OVERRIDE_PREFIX = f"{CONTEXT_KEY}:"
# The function's resource policy (20 KB) needs a statement for each subscribed log group.
MAX_LOG_GROUPS = 50
# The function's environment (4 KB) carries the rules, beside everything else that it is told.
MAX_IGNORE_CHARACTERS = 1536


class SettingsError(Exception):
    """The settings cannot be deployed. The message has one line for each problem: the setting, what is wrong, what is allowed."""


def _read_by(read: v.Reader, allowed: str, meaning: str) -> Mapping[str, Any]:
    return {"read": read, "allowed": allowed, "meaning": meaning}


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set. The metadata of each field holds its reader, what is ``allowed``, and what it means (``meaning``)."""

    alert_emails: tuple[str, ...] = field(
        default=(),
        metadata=_read_by(
            v.list_of(v.email),
            'a list of e-mail addresses, such as ["oncall@example.com"]',
            "who gets the alerts by e-mail",
        ),
    )
    chat: Chat | None = field(
        default=None,
        metadata=_read_by(
            v.optional(v.chat),
            'the ARN of an SNS topic, {"slack_workspace_id": "T…", "slack_channel_id": "C…"} or '
            '{"teams_tenant_id": "…", "teams_team_id": "…", "teams_channel_id": "…"}',
            "a Slack or Teams channel (through Amazon Q Developer in chat applications), or the topic that one listens to",
        ),
    )
    log_groups: tuple[str, ...] = field(
        default=(),
        metadata=_read_by(
            v.list_of(v.log_group),
            f"a list of at most {MAX_LOG_GROUPS} log groups, by name (subscribed in each Region) or by ARN (in its own Region)",
            "application logs to watch for KMS errors",
        ),
    )
    all_log_groups: bool = field(
        default=False,
        metadata=_read_by(
            v.boolean,
            "true or false",
            "watch all log groups of the account and Region for KMS errors",
        ),
    )
    regions: tuple[str, ...] = field(
        default=(),
        metadata=_read_by(
            v.list_of(v.region),
            'a list of Regions, such as ["eu-west-1"]',
            "where to deploy, one stack for each Region; none means the Region of your credentials",
        ),
    )
    search_regions: tuple[str, ...] = field(
        default=(),
        metadata=_read_by(
            v.list_of(v.region),
            'a list of Regions, such as ["us-east-1"]',
            "where else to look for a key that was not found",
        ),
    )
    create_trail: bool = field(
        default=False,
        metadata=_read_by(
            v.boolean, "true or false", "create a CloudTrail trail, for accounts that have none"
        ),
    )
    dashboard: bool = field(
        default=True,
        metadata=_read_by(
            v.boolean,
            "true or false",
            "a CloudWatch dashboard with the incident page, failures, alerts and health",
        ),
    )
    ignore: tuple[Ignore, ...] = field(
        default=(),
        metadata=_read_by(
            v.list_of(v.ignore),
            'a list of objects with a "reason" and one or more of "principal", "service", "operation", "key" and "cause", each '
            f"a text in which * stands for anything; {MAX_IGNORE_CHARACTERS} characters of JSON in all",
            "failures to count and not to alert",
        ),
    )
    alert_topic_key_arn: str | None = field(
        default=None,
        metadata=_read_by(
            v.optional(v.key_arn),
            "the ARN of a KMS key (not of an alias)",
            "a customer managed key that encrypts the alert topic; a topic without a key then stands by for the day it breaks",
        ),
    )
    repeat_interval_minutes: int = field(
        default=240,
        metadata=_read_by(
            v.whole_number(5, 10_080),
            "a whole number from 5 to 10080",
            "minutes between reminders while failures go on",
        ),
    )
    extra_event_sources: tuple[str, ...] = field(
        default=(),
        metadata=_read_by(
            v.list_of(v.event_source, most=5),
            "a list of at most 5 event sources that do not begin with aws.",
            "private EventBridge sources that the rules accept too, to replay events",
        ),
    )

    def problems(self) -> dict[str, str]:
        """Return what is wrong between settings that are right each by itself: setting to problem."""
        problems = {
            "log_groups": self._log_group_problem(),
            "alert_topic_key_arn": self._topic_key_problem(),
            "ignore": self._ignore_problem(),
        }
        return {name: problem for name, problem in problems.items() if problem}

    def _log_group_problem(self) -> str | None:
        if self.all_log_groups and self.log_groups:
            return "all_log_groups already covers every log group. Allowed: one of the two"
        if len(self.log_groups) > MAX_LOG_GROUPS:
            return f"{len(self.log_groups)} log groups are too many. Allowed: {MAX_LOG_GROUPS}; or set all_log_groups instead"
        if any(v.log_group_name(group) == names.LOG_GROUP_NAME for group in self.log_groups):
            return f"{names.LOG_GROUP_NAME} is KeyWatch's own, and watching it would be a loop. Allowed: any other log group"
        return None

    def _topic_key_problem(self) -> str | None:
        if self.alert_topic_key_arn is None:
            return None
        region = v.arn_region(self.alert_topic_key_arn)
        if any(other != region for other in self.regions):
            return (
                f"a key cannot serve topics of other Regions than {region}. "
                "Allowed: with this key, only that Region in regions"
            )
        return None

    def _ignore_problem(self) -> str | None:
        length = len(json.dumps([rule.as_dict() for rule in self.ignore]))
        if length > MAX_IGNORE_CHARACTERS:
            return f"the rules take {length} characters of JSON. Allowed: {MAX_IGNORE_CHARACTERS}; shorten patterns and reasons"
        return None


FIELDS = {setting.name: setting for setting in dataclasses.fields(Settings)}


def from_context(context: Mapping[str, object]) -> Settings:
    """Read the settings out of the CDK context. Raises ``SettingsError``."""
    given, problems = _given(context)
    values: dict[str, Any] = {}
    for name, value in given.items():
        try:
            values[name] = _read(name, value)
        except Invalid as invalid:
            problems[name] = str(invalid)
    settings = Settings(**values)
    problems = {**settings.problems(), **problems}
    if problems:
        raise SettingsError(
            "\n".join(
                f"KeyWatch setting {v.shown(name)}: {problem}" for name, problem in problems.items()
            )
        )
    return settings


def _read(name: str, value: object) -> object:
    if name not in FIELDS:
        raise Invalid(f"there is no such setting. Allowed: {', '.join(FIELDS)}")
    metadata = FIELDS[name].metadata
    try:
        return metadata["read"](value)
    except Invalid as invalid:
        raise Invalid(f"{invalid}. Allowed: {metadata['allowed']}") from None


def _given(context: Mapping[str, object]) -> tuple[dict[str, object], dict[str, str]]:
    base = _json_or_text(context.get(CONTEXT_KEY, {}))
    if isinstance(base, Mapping):
        given = {str(name): value for name, value in base.items()}
        problems = {}
    else:
        given = {}
        problems = {
            CONTEXT_KEY: f"{v.shown(base)} is not an object. Allowed: an object of {', '.join(FIELDS)}"
        }
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
