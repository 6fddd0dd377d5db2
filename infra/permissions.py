"""Every permission of the stack: which call, why, and on what. Roles get their policies from here, and no other.

A test compares these rows with the policies in the template and with the calls in the function's
sources, so that nothing is allowed that is not needed; ``docs/security.md`` prints them. What a call
can be limited to is said in the Service Authorization Reference. Data only.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from keywatch.catalogue.own import CANARY_DENIED_CALL
from keywatch.catalogue.read_calls import READ_CALLS, Reach


class Holder(StrEnum):
    """Whose role has a permission."""

    FUNCTION = "function"
    PAGE = "page"
    CLOCK = "clock"
    WEBHOOKS = "web hooks"
    FORWARDER = "forwarder"
    LOOK_UPS = "look-ups"


class Caller(StrEnum):
    """Who makes the call with the role's permission."""

    KEYWATCH = "KeyWatch"
    LAMBDA = "Lambda"
    SNS = "SNS"
    SCHEDULER = "EventBridge Scheduler"
    EVENTBRIDGE = "EventBridge"


@dataclass(frozen=True, slots=True)
class Grant:
    """One statement of one role: its id, what it is on (in words), and each call with its reason."""

    sid: str
    scope: str
    calls: Mapping[str, str]
    holder: Holder = Holder.FUNCTION
    caller: Caller = Caller.KEYWATCH
    denies: bool = False


def _look_ups(reach: Reach) -> dict[str, str]:
    return {call.permission: call.why for call in READ_CALLS.values() if call.reach is reach}


def _of_spoke() -> Iterator["Grant"]:
    """Yield what the hub's function may do in another account: the look-ups, the canary, and what the doctor looks at."""
    around = {"cloudtrail:DescribeTrails": "The doctor looks for a trail that logs."}
    denied = {f"kms:{CANARY_DENIED_CALL}": "Denied, so that the second call of the canary fails."}
    trails = {
        "cloudtrail:GetEventSelectors": "The doctor looks whether a trail leaves KMS or reads out.",
        "cloudtrail:GetTrailStatus": "The doctor looks whether a trail logs.",
    }
    rules = {
        "events:DescribeRule": "The doctor looks whether the spoke's rules are enabled, and of which version they are.",
        "events:ListTargetsByRule": "The doctor looks whether the rules send to the hub.",
    }
    queue = {"sqs:GetQueueAttributes": "The doctor counts what could not be sent to the hub."}
    for sid, scope, calls in (
        ("SpokeLists", _LISTS, _look_ups(Reach.ANYTHING) | around),
        ("SpokeKeys", "keys and aliases of any account and Region", _look_ups(Reach.KEYS)),
        ("SpokeOwners", "the keys of the account", _look_ups(Reach.OWNED)),
        ("SpokeFunctions", "the Lambda functions of the account", _look_ups(Reach.FUNCTIONS)),
        ("SpokeRoles", "the roles of the account", _look_ups(Reach.ROLES)),
        ("SpokeCanaryIsDenied", "everything", denied),
        ("SpokeTrails", "trails, those of the organisation included", trails),
        ("SpokeRules", "the spoke's rules, in any Region", rules),
        ("SpokeUndelivered", "the spoke's queue of what could not be sent, in any Region", queue),
    ):
        yield Grant(sid, scope, calls, Holder.LOOK_UPS, denies=calls is denied)


_LOG = {
    "logs:CreateLogStream": "Each container of Lambda writes a stream of its own.",
    "logs:PutLogEvents": "The function's log and, within it, its metrics.",
}
_LISTS = "everything: these calls know no narrower resource"

GRANTS: Mapping[str, Grant] = {
    grant.sid: grant
    for grant in (
        Grant("WriteLog", "the function's own log group", _LOG, caller=Caller.LAMBDA),
        Grant(
            "ReadQueue",
            "the intake queue",
            {
                "sqs:ReceiveMessage": "Events wait there until the function has handled them.",
                "sqs:DeleteMessage": "What was handled leaves the queue.",
                "sqs:GetQueueAttributes": "Lambda scales its reading by the length of the queue.",
            },
            caller=Caller.LAMBDA,
        ),
        Grant(
            "KeepUndelivered",
            "the queue of what could not be delivered",
            {
                "sqs:SendMessage": "What the function failed on too often is kept where an alarm sees it."
            },
            caller=Caller.LAMBDA,
        ),
        Grant("LookUpLists", _LISTS, _look_ups(Reach.ANYTHING)),
        Grant(
            "LookUpKeys",
            "keys and aliases of any account and Region: an application may have named any",
            _look_ups(Reach.KEYS),
        ),
        Grant(
            "ReadOwners",
            "the keys of the account, where the setting owner_tags names tags",
            _look_ups(Reach.OWNED),
        ),
        Grant(
            "ReadGrants",
            "the keys of the account, where the setting dependents is on",
            _look_ups(Reach.DEPENDENTS),
        ),
        Grant("AskConfig", _LISTS, _look_ups(Reach.CONFIGURATION)),
        Grant(
            "AskAggregator",
            "the aggregator that the setting config_aggregator names",
            _look_ups(Reach.AGGREGATOR),
        ),
        Grant("LookUpFunctions", "the Lambda functions of the account", _look_ups(Reach.FUNCTIONS)),
        Grant("LookUpTheirRoles", "the roles of the account", _look_ups(Reach.ROLES)),
        Grant(
            "CanaryIsDenied",
            "everything",
            {
                f"kms:{CANARY_DENIED_CALL}": "Denied, so that the canary's second call fails whatever other policies allow."
            },
            denies=True,
        ),
        Grant(
            "LookIntoAccounts",
            "the look-up role of every account of the organisation (setting hub)",
            {"sts:AssumeRole": "What failed in another account is looked at there."},
        ),
        Grant(
            "NameAccounts",
            "the accounts of the organisation (setting hub, accounts)",
            {
                "organizations:DescribeAccount": "Alerts name the account; events of strangers are dropped."
            },
        ),
        Grant(
            "ListAccounts",
            _LISTS,
            {"organizations:ListAccounts": "An account without a spoke is noticed."},
        ),
        Grant(
            "KeepIncidents",
            "the incident table",
            {
                "dynamodb:GetItem": "An incident is read before a failure is counted into it.",
                "dynamodb:PutItem": "A change, a silence or a new incident is written whole, where there is none yet.",
                "dynamodb:Query": "An incident is read with its changes.",
                "dynamodb:UpdateItem": "Failures are counted, and the right to send is claimed, on conditions.",
            },
        ),
        Grant(
            "FindDueIncidents",
            "the index of the incident table",
            {
                "dynamodb:Query": "The clock asks which incidents are due, and the actions which are open."
            },
        ),
        Grant(
            "PublishAlerts",
            "the topics that alerts go to",
            {"sns:Publish": "Alerts, and nothing else, are sent."},
        ),
        Grant(
            "PutEvents",
            "the event bus of the setting event_bus",
            {"events:PutEvents": "Every alert is an event there, where the setting names a bus."},
        ),
        Grant(
            "PutWebhooks",
            "the stack's own bus for web hooks",
            {"events:PutEvents": "Rules send alerts on from there (setting webhooks)."},
        ),
        Grant(
            "CallWebhooks",
            "the API destinations of the setting webhooks",
            {"events:InvokeApiDestination": "Rules send alerts to the web hooks."},
            Holder.WEBHOOKS,
            Caller.EVENTBRIDGE,
        ),
        Grant(
            "EncryptAlerts",
            "the keys of these topics, where the settings name some, and through SNS only",
            {
                "kms:GenerateDataKey*": "SNS encrypts a message with the rights of who publishes it.",
                "kms:Decrypt": "SNS opens the data key that it keeps for a while, with the same rights.",
            },
            caller=Caller.SNS,
        ),
        Grant(
            "LookAround",
            _LISTS,
            {
                "cloudtrail:DescribeTrails": "The doctor looks for a trail that logs.",
                "cloudwatch:GetMetricStatistics": "The doctor asks how long messages have waited.",
                "lambda:ListEventSourceMappings": "The doctor looks whether the function reads its queue.",
                "logs:DescribeAccountPolicies": "The doctor looks for the subscription of all log groups.",
            },
        ),
        Grant(
            "LookAtTrails",
            "trails, those of the organisation included",
            {
                "cloudtrail:GetEventSelectors": "The doctor looks whether a trail leaves KMS or reads out.",
                "cloudtrail:GetTrailStatus": "The doctor looks whether a trail logs.",
            },
        ),
        Grant(
            "LookAtLogGroups",
            "the log groups of the account and Region",
            {
                "logs:DescribeSubscriptionFilters": "The doctor looks whether log groups are still subscribed."
            },
        ),
        Grant(
            "LookAtRules",
            "the stack's rules",
            {
                "events:DescribeRule": "The doctor looks whether the rules are enabled, for read-only calls, too.",
                "events:ListTargetsByRule": "The doctor looks whether the rules send to the queue.",
            },
        ),
        Grant(
            "LookAtQueues",
            "the stack's queues",
            {"sqs:GetQueueAttributes": "The doctor counts what waits, and dead letters."},
        ),
        Grant(
            "LookAtTopics",
            "the alert topics and the health topic",
            {
                "sns:GetTopicAttributes": "The doctor looks whether a topic depends on a key.",
                "sns:ListSubscriptionsByTopic": "The doctor looks whether anybody gets the alerts.",
            },
        ),
        Grant(
            "LookAtFunction",
            "the function itself",
            {"lambda:GetPolicy": "The doctor learns which log groups the stack subscribes."},
        ),
        Grant("WritePageLog", "the page's own log group", _LOG, Holder.PAGE, Caller.LAMBDA),
        Grant(
            "ReadIncidents",
            "the incident table and its index",
            {"dynamodb:Query": "The page shows what is broken, and reads nothing else."},
            Holder.PAGE,
        ),
        Grant(
            "CallFunction",
            "the function",
            {"lambda:InvokeFunction": "The clock calls the function every minute."},
            Holder.CLOCK,
            Caller.SCHEDULER,
        ),
        Grant(
            "SendToHub",
            "the hub's bus",
            {"events:PutEvents": "What a spoke's rules let in is sent to the hub."},
            Holder.FORWARDER,
            Caller.EVENTBRIDGE,
        ),
        *_of_spoke(),
    )
}


def rows() -> Iterator[tuple[Grant, str, str]]:
    """Yield each permission: its statement, the call, and why."""
    for grant in GRANTS.values():
        for call, why in grant.calls.items():
            yield grant, call, why


@dataclass(frozen=True, slots=True)
class LetIn:
    """What an AWS service may do here: by which call, to what, for whom only, and why.

    ``keys`` are the condition keys that keep other accounts' resources out.
    """

    service: str
    call: str
    to: str
    keys: Sequence[str]
    only: str
    why: str


_ACCOUNT = ("aws:SourceAccount",)
LET_IN: Sequence[LetIn] = (
    LetIn(
        "events.amazonaws.com",
        "sqs:SendMessage",
        "the intake queue, and the queues of what could not be delivered",
        ("aws:SourceArn",),
        "the stack's rules",
        "Events come in, and what cannot be delivered is kept.",
    ),
    LetIn(
        "cloudwatch.amazonaws.com",
        "sns:Publish",
        "the health topic",
        _ACCOUNT,
        "alarms of this account",
        "Alarms about KeyWatch itself are told.",
    ),
    LetIn(
        "logs.amazonaws.com",
        "lambda:InvokeFunction",
        "the function",
        ("aws:SourceArn", "aws:SourceAccount"),
        "the watched log groups of this account",
        "Log lines about failing calls come in.",
    ),
    LetIn(
        "events.amazonaws.com",
        "sts:AssumeRole",
        "the role of a spoke's rules, which may send to the hub's bus, and that of the web hooks' rules",
        _ACCOUNT,
        "rules of this account",
        "What a spoke's rules let in is sent to the hub, and alerts to web hooks.",
    ),
    LetIn(
        "scheduler.amazonaws.com",
        "sts:AssumeRole",
        "the role of the clock",
        _ACCOUNT,
        "schedules of this account",
        "The clock ticks every minute.",
    ),
    LetIn(
        "chatbot.amazonaws.com",
        "sts:AssumeRole",
        "the role of the chat channel, which may do nothing",
        _ACCOUNT,
        "chat configurations of this account",
        "A chat channel must have a role.",
    ),
    LetIn(
        "cloudtrail.amazonaws.com",
        "s3:GetBucketAcl",
        "the bucket of the trail",
        _ACCOUNT,
        "trails of this account",
        "CloudTrail looks whose bucket it is (setting create_trail).",
    ),
    LetIn(
        "cloudtrail.amazonaws.com",
        "s3:PutObject",
        "the bucket of the trail",
        _ACCOUNT,
        "trails of this account",
        "CloudTrail delivers its log files (setting create_trail).",
    ),
    LetIn(
        "lambda.amazonaws.com",
        "sts:AssumeRole",
        "the roles of the two functions",
        (),
        "whoever may pass these roles to a function (iam:PassRole)",
        "Lambda runs the functions. It documents no source condition for the trust policy of an execution role.",
    ),
)
