"""The deployment settings: one field each, with how it is read, what is allowed and what it means.

To add a setting, add a field here and use it where it acts; ``context`` reads it, ``docs/settings.md``
lists it. pydantic would make this no shorter: every value has a complaint in words of its own, so
each field would keep its reader, and the errors would have to be translated back.
"""

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any

from infra import hub_values, names
from infra import values as v
from infra.setting_types import Chat, Hub, Ignore, Webhook
from keywatch.catalogue.own import LOOK_UP_ROLE

# The function's resource policy (20 KB) needs a statement for each subscribed log group.
MAX_LOG_GROUPS = 50
# The function's environment (4 KB) carries the rules, beside everything else that it is told.
MAX_IGNORE_CHARACTERS = 1536


def _setting(
    read: v.Reader,
    allowed: str,
    meaning: str,
    *,
    default: object,
    variable: str = "",
    channel: str = "",
) -> Any:  # noqa: ANN401 - as field() is typed
    metadata = {"read": read, "allowed": allowed, "meaning": meaning}
    return field(default=default, metadata=metadata | {"variable": variable, "channel": channel})


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set. The metadata of each field holds its reader, what is ``allowed``, and what it means (``meaning``).

    With a ``variable``, the function is told the value in the environment variable of that name;
    with a ``channel``, the value is the ARN of the topic of that channel of alerts.
    """

    alert_emails: tuple[str, ...] = _setting(
        v.list_of(v.email),
        'a list of e-mail addresses, such as ["oncall@example.com"]',
        "who gets the alerts by e-mail",
        default=(),
    )
    chat: Chat | None = _setting(  # noqa: RUF009 - it is a field()
        v.optional(v.chat),
        'the ARN of an SNS topic, {"topic_arn": "…", "topic_key_arn": "…"} for one with a customer managed key, '
        '{"slack_workspace_id": "T…", "slack_channel_id": "C…"} or '
        '{"teams_tenant_id": "…", "teams_team_id": "…", "teams_channel_id": "…"}, either with "region"',
        "a Slack or Teams channel (through Amazon Q Developer in chat applications), or the topic that one listens to",
        default=None,
    )
    event_bus: str | None = _setting(
        v.optional(v.event_bus_arn),
        "the ARN of an event bus, such as arn:aws:events:eu-west-1:111122223333:event-bus/alerts",
        "an event bus that gets every alert document as an event, for automation",
        default=None,
    )
    webhooks: tuple[Webhook, ...] = _setting(
        v.list_of(v.webhook, most=10),
        'a list of at most 10 objects with "kind" (pagerduty, opsgenie, slack or generic), "secret_arn", and, as wanted, '
        '"secret_key" (a member of the secret\'s JSON), "url" (not for slack; a generic one needs it), "header" (generic), '
        '"severities" and "owners"',
        "PagerDuty, Opsgenie, Slack or any other address that gets alerts through API destinations of EventBridge",
        default=(),
    )
    log_groups: tuple[str, ...] = _setting(
        v.list_of(v.log_group),
        f"a list of at most {MAX_LOG_GROUPS} log groups, by name (subscribed in each Region) or by ARN (in its own Region)",
        "application logs to watch for KMS errors",
        default=(),
    )
    all_log_groups: bool = _setting(
        v.boolean,
        "true or false",
        "watch all log groups of the account and Region for KMS errors",
        default=False,
    )
    regions: tuple[str, ...] = _setting(
        v.list_of(v.region),
        'a list of Regions, such as ["eu-west-1"]',
        "where to deploy, one stack for each Region; none means the Region of your credentials",
        default=(),
    )
    stack_name: str = _setting(
        v.stack_name,
        "a name of a stack, in which {region} stands for the Region",
        "what the stack of each Region is called; the same name everywhere, unless it holds {region}",
        default=names.STACK_NAME,
    )
    hub: Hub | None = _setting(  # noqa: RUF009 - it is a field()
        v.optional(hub_values.hub),
        '{"organization_id": "o-…"}, with "accounts": true where AWS Organizations may be read, "regions": […] of the '
        'spokes, or "stack_set": {"organizational_units": ["ou-…"], "regions": […]} to deploy them ("call_as": "SELF" in '
        "the management account)",
        "the organisation whose other accounts and Regions report here (see docs/organization.md)",
        default=None,
    )
    search_regions: tuple[str, ...] = _setting(
        v.list_of(v.region),
        'a list of Regions, such as ["us-east-1"]',
        "where else to look for a key that was not found",
        default=(),
        variable="SEARCH_REGIONS",
    )
    create_trail: bool = _setting(
        v.boolean,
        "true or false",
        "create a CloudTrail trail, for accounts that have none",
        default=False,
    )
    dashboard: bool = _setting(
        v.boolean,
        "true or false",
        "a CloudWatch dashboard with the incident page, failures, alerts and health",
        default=True,
    )
    ignore: tuple[Ignore, ...] = _setting(
        v.list_of(v.ignore),
        'a list of objects with a "reason" and one or more of "principal", "service", "operation", "key", "cause" and '
        '"account" (the one that called), each '
        f"a text in which * stands for anything; {MAX_IGNORE_CHARACTERS} characters of JSON in all",
        "failures to count and not to alert",
        default=(),
        variable="IGNORE_RULES",
    )
    owner_tags: tuple[str, ...] = _setting(
        v.list_of(v.tag_key, most=5),
        'a list of at most 5 keys of tags, such as ["team", "owner"]',
        "tags of a key that say whose it is, the best first: the owner stands in alerts, and subscriptions can filter by it",
        default=(),
        variable="OWNER_TAGS",
    )
    runbook_url: str | None = _setting(
        v.optional(v.web_address),
        "a web address that begins with https://, such as https://wiki.example.com/kms/{cause}",
        "your own runbook: every alert links to it; {cause} in it becomes the cause's id",
        default=None,
        variable="RUNBOOK_URL",
    )
    dependents: bool = _setting(
        v.boolean,
        "true or false",
        "let `uses` read the grants of keys, and ask AWS Config which resources are encrypted with one",
        default=False,
        variable="DEPENDENTS",
    )
    config_aggregator: str = _setting(
        v.aggregator,
        "the name of an aggregator of AWS Config",
        "ask this aggregator, in the Region of the stack, and so all its accounts (with dependents)",
        default="",
        variable="CONFIG_AGGREGATOR",
    )
    alert_topic_key_arn: str | None = _setting(
        v.optional(v.key_arn),
        "the ARN of a KMS key (not of an alias)",
        "a customer managed key that encrypts the alert topic; a topic without a key then stands by for the day it breaks",
        default=None,
    )
    permissions_boundary_arn: str | None = _setting(
        v.optional(v.policy_arn),
        "the ARN of a managed policy of IAM",
        "a permissions boundary for every role of the stack",
        default=None,
    )
    role_path: str = _setting(
        v.role_path,
        "a path that begins and ends with /, such as /platform/",
        "the path of every role of the stack",
        default="/",
    )
    repeat_interval_minutes: int = _setting(
        v.whole_number(5, 10_080),
        "a whole number from 5 to 10080",
        "minutes between reminders while failures go on",
        default=240,
        variable="REPEAT_INTERVAL_MINUTES",
    )
    keep_incidents_days: int = _setting(
        v.whole_number(7, 400),
        "a whole number from 7 to 400",
        "days for which incidents and their history are kept after they ended",
        default=90,
        variable="KEEP_INCIDENTS_DAYS",
    )
    messages_per_hour: int = _setting(
        v.whole_number(5, 1_000),
        "a whole number from 5 to 1000",
        "the most messages in an hour, a fifth of them for critical ones only; what has to wait is counted, told of, sent later",
        default=60,
        variable="MESSAGES_PER_HOUR",
    )
    reserved_concurrency: int | None = _setting(
        v.optional(v.whole_number(3, 1_000)),
        "a whole number from 3 to 1000",
        "how many of the account's concurrent executions are kept for KeyWatch alone, and the most that it takes; without it, "
        "it shares those of the account",
        default=None,
    )
    extra_event_sources: tuple[str, ...] = _setting(
        v.list_of(v.event_source, most=5),
        "a list of at most 5 event sources that do not begin with aws.",
        "private EventBridge sources that the rules accept too, to replay events",
        default=(),
    )

    def environment(self) -> dict[str, str]:
        """Return what the function is told, by environment variable: text as it is, all else as JSON."""
        return {
            variable: _as_text(value)
            for name, setting in FIELDS.items()
            if (variable := setting.metadata["variable"])
            and (value := getattr(self, name)) is not None
        } | (_told_of_hub(self.hub) if self.hub else {})

    def of_one_region(self) -> "Settings":
        """Return what is left of the settings where one Region must not depend on which others there are."""
        return dataclasses.replace(self, regions=())

    def channel_topics(self) -> dict[str, str]:
        """Return the ARNs of topics that somebody else keeps for channels of alerts, by channel."""
        return {
            channel: arn
            for name, setting in FIELDS.items()
            if (channel := setting.metadata["channel"]) and (arn := getattr(self, name))
        }

    def problems(self) -> dict[str, str]:
        """Return what is wrong between settings that are right each by itself: setting to problem."""
        problems = {
            "log_groups": self._log_group_problem(),
            "stack_name": self._stack_name_problem(),
            "hub": self._hub_problem(),
            "ignore": self._ignore_problem(),
        }
        return {name: problem for name, problem in problems.items() if problem}

    def _log_group_problem(self) -> str | None:
        if self.all_log_groups and self.log_groups:
            return "all_log_groups already covers every log group. Allowed: one of the two"
        if len(self.log_groups) > MAX_LOG_GROUPS:
            return f"{len(self.log_groups)} log groups are too many. Allowed: {MAX_LOG_GROUPS}; or set all_log_groups instead"
        own = [v.log_group_name(group) for group in self.log_groups]
        if watched := next((name for name in own if name in names.OWN_LOG_GROUPS), None):
            return f"{watched} is KeyWatch's own, and watching it would be a loop. Allowed: any other log group"
        return None

    def _stack_name_problem(self) -> str | None:
        if "{region}" in self.stack_name and not self.regions:
            return f"{self.stack_name} holds the Region, and no Region is set. Allowed: with it, regions"
        return None

    def _hub_problem(self) -> str | None:
        if self.hub and len(self.regions) > 1:
            return f"a hub is in one Region, and regions names {len(self.regions)}. Allowed: one there; the others get spokes"
        return None

    def _ignore_problem(self) -> str | None:
        length = len(json.dumps([rule.as_dict() for rule in self.ignore]))
        if length > MAX_IGNORE_CHARACTERS:
            return f"the rules take {length} characters of JSON. Allowed: {MAX_IGNORE_CHARACTERS}; shorten patterns and reasons"
        return None


def _told_of_hub(hub: Hub) -> dict[str, str]:
    """Return what the function of a hub is told besides."""
    regions = hub.regions or (hub.stack_set.regions if hub.stack_set else ())
    return {
        "HUB_ORGANIZATION": hub.organization_id,
        "LOOK_UP_ROLE": LOOK_UP_ROLE,
        "HUB_REGIONS": json.dumps(regions),
        "HUB_ACCOUNTS": json.dumps(hub.accounts),
    }


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=Ignore.as_dict)


FIELDS = {setting.name: setting for setting in dataclasses.fields(Settings)}
