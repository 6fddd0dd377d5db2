"""KeyWatch watches itself: alarms on a topic of their own, and what the doctor may look at.

No alarm uses metric math: each is one metric and a limit. Their descriptions say what to do,
because that is what arrives.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import Aws, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra import bundling, names, spoke
from infra.acknowledgements import MAIL_IS_SENT_AGAIN, NO_TOPIC_KEY, acknowledge
from infra.alerting import Alerting
from infra.function import Function
from infra.intake import Intake
from infra.settings import Settings
from infra.statements import statement_of
from keywatch.catalogue.counters import Loss, runbook
from keywatch.catalogue.own import HUB_BUS

NAMESPACE = "KeyWatch"
# As Powertools emits them: the name of the service is a dimension of every metric.
DIMENSIONS = {"service": "keywatch"}
FIVE_MINUTES = Duration.minutes(5)
CANARY_LIMIT = Duration.hours(3)
AGE_LIMIT = Duration.minutes(15)

OVER = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
BREACHING = cloudwatch.TreatMissingData.BREACHING
NOT_BREACHING = cloudwatch.TreatMissingData.NOT_BREACHING

ACCEPTED = {
    "AwsSolutions-IAM5[Resource::*]": "The doctor only reads, and looks for what may be missing.",
    "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:cloudtrail:*:*:trail/*]": (
        "As above: any trail may be the one that records, an organisation's or another Region's included."
    ),
    "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:*]": (
        "As above: which log groups are subscribed, by whom."
    ),
}


_LOSSES = {
    Loss.LOST: "SomethingLost",
    Loss.IMPAIRED: "WorksWithLess",
    Loss.CHANNEL: "ChannelFailed",
    Loss.TOPIC_KEY: "TopicKeyBroken",
}
_LOSS_TEXTS = {
    Loss.LOST: "Something that KeyWatch was told is in no alert, or not in full.",
    Loss.IMPAIRED: "KeyWatch works with less than it should: alerts say less, or come later.",
    Loss.CHANNEL: "An alert did not reach one of its channels.",
    Loss.TOPIC_KEY: "Alerts go out through the fallback topic only.",
}


@dataclass(frozen=True, slots=True)
class _Alarm:
    id: str
    metric: cloudwatch.IMetric
    limit: float
    runbook: str
    of: int = 1
    out_of: int = 1
    missing: cloudwatch.TreatMissingData = NOT_BREACHING


class Health(Construct):
    """The health topic (``topic``), its alarms, and the doctor's permissions."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        incoming: Intake,
        alerting: Alerting,
        watched: Function,
    ) -> None:
        super().__init__(scope, construct_id)
        self.topic = self._topic(settings.alert_emails)
        of_hub = _alarms_of_hub() if settings.hub else ()
        of_hooks = _alarms_of_webhooks(alerting.webhooks.undelivered) if alerting.webhooks else ()
        for alarm in (*_alarms(incoming, watched.function), *of_hub, *of_hooks):
            self._add(alarm)
        self._let_look(watched, incoming, alerting)
        watched.function.add_environment("PARTS", _parts(self, incoming, settings))

    def _topic(self, emails: Sequence[str]) -> sns.Topic:
        topic = sns.Topic(self, "Topic", display_name="KeyWatch health", enforce_ssl=True)
        acknowledge(topic, NO_TOPIC_KEY)
        for email in emails:
            mail = topic.add_subscription(subscriptions.EmailSubscription(email))
            acknowledge(mail, MAIL_IS_SENT_AGAIN)
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsOfThisAccount",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )
        )
        return topic

    def _add(self, alarm: _Alarm) -> None:
        made = cloudwatch.Alarm(
            self,
            alarm.id,
            metric=alarm.metric,
            threshold=alarm.limit,
            comparison_operator=OVER,
            datapoints_to_alarm=alarm.of,
            evaluation_periods=alarm.out_of,
            treat_missing_data=alarm.missing,
            alarm_description=alarm.runbook,
        )
        action = actions.SnsAction(self.topic)
        made.add_alarm_action(action)
        made.add_ok_action(action)

    def _let_look(self, watched: Function, incoming: Intake, alerting: Alerting) -> None:
        """Add a policy of its own, for which the function does not wait: the policy names the function."""
        topics = [topic.topic_arn for topic in (*alerting.topics(), self.topic)]
        queues = (incoming.queue, incoming.dead_letters, incoming.undelivered)
        every_rule = (*incoming.rules, *incoming.hub_rules.values())
        policy = iam.Policy(
            self,
            "Doctor",
            roles=[watched.role],
            statements=[
                statement_of("LookAround", "*"),
                statement_of("LookAtTrails", f"arn:{Aws.PARTITION}:cloudtrail:*:*:trail/*"),
                statement_of(
                    "LookAtLogGroups",
                    f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:log-group:*",
                ),
                statement_of("LookAtRules", *(rule.attr_arn for rule in every_rule)),
                statement_of("LookAtQueues", *(queue.queue_arn for queue in queues)),
                statement_of("LookAtTopics", *topics),
                statement_of("LookAtFunction", watched.function.function_arn),
            ],
        )
        acknowledge(policy, ACCEPTED)


def _alarms(incoming: Intake, function: lambda_.Function) -> tuple[_Alarm, ...]:
    return (
        _Alarm(
            "CanaryLost",
            _own("CanaryAge", cloudwatch.Stats.MAXIMUM),
            CANARY_LIMIT.to_seconds(),
            "KeyWatch may be blind: for 3 hours no failing call of its own came back through CloudTrail, or its clock stands "
            "still. Run `make doctor`: it names the trail, rule, queue or permission that is to blame.",
            of=3,
            out_of=3,
            missing=BREACHING,
        ),
        _Alarm(
            "DeadLetters",
            _visible(incoming.dead_letters),
            0,
            "Events could not be handled, and the failures in them were not alerted. Read the function's log "
            f"({names.LOG_GROUP_NAME}), fix the cause, then run `aws sqs "
            f"start-message-move-task` with the ARN of the dead-letter queue.",
        ),
        _Alarm(
            "Undelivered",
            _visible(incoming.undelivered),
            0,
            "Events did not reach the queue, or the function failed too often on one. Look at a message (`aws sqs "
            "receive-message`): its attributes say why. `make doctor` shows rules and policies that changed.",
        ),
        _Alarm(
            "OldestMessage",
            incoming.queue.metric_approximate_age_of_oldest_message(
                period=FIVE_MINUTES, statistic=cloudwatch.Stats.MAXIMUM
            ),
            AGE_LIMIT.to_seconds(),
            "Alerts are late: an event has waited for more than 15 minutes. Look for errors or throttling of the function, and "
            "for SNS or DynamoDB being down; what waits is handled as soon as they are back.",
        ),
        _Alarm(
            "FunctionErrors",
            function.metric_errors(period=FIVE_MINUTES, statistic=cloudwatch.Stats.SUM),
            0,
            f"The function fails again and again. Read its log ({names.LOG_GROUP_NAME}) for the first exception; what it could "
            "not handle is kept and tried again.",
            of=2,
            out_of=3,
        ),
        _Alarm(
            "FunctionThrottles",
            function.metric_throttles(period=FIVE_MINUTES, statistic=cloudwatch.Stats.SUM),
            0,
            "The account has no concurrency left for the function, so alerts are late. See which function uses it up, or ask for "
            "a higher quota (Lambda, concurrent executions).",
            of=2,
            out_of=3,
        ),
        _Alarm(
            "AlertsFailed",
            _own("AlertsFailed", cloudwatch.Stats.SUM),
            0,
            "An alert could not be published. It is tried again; if this goes on, see whether the alert topic exists and its "
            "key, if it has one, is enabled: `make doctor`.",
        ),
        _Alarm(
            "MessagesWithheld",
            _own("MessagesWithheld", cloudwatch.Stats.SUM),
            0,
            "More alerts came in an hour than messages_per_hour allows. Those that were withheld are sent when there is room. "
            "Run `./keywatch incidents`: it lists all that is broken.",
        ),
        *(
            _Alarm(
                _LOSSES[loss],
                _own(loss.value, cloudwatch.Stats.SUM),
                0,
                _runbook(loss),
                *_often(loss),
            )
            for loss in Loss
        ),
        _Alarm(
            "ClockFailed",
            _own("ClockFailed", cloudwatch.Stats.SUM),
            0,
            "Reminders, resolutions and held alerts fail and are tried again every minute. Read the function's log "
            f"({names.LOG_GROUP_NAME}).",
            of=3,
            out_of=3,
        ),
    )


def _alarms_of_hub() -> tuple[_Alarm, ...]:
    return (
        _Alarm(
            "SpokesUnwell",
            _own("SpokesUnwell", cloudwatch.Stats.MAXIMUM),
            0,
            "Accounts or Regions of the organisation are not watched, or cannot be looked into: a spoke never answered, went "
            "blind, or runs another version. Run `make doctor`: its line on spokes lists them.",
            of=3,
            out_of=3,
        ),
    )


def _alarms_of_webhooks(undelivered: sqs.Queue) -> tuple[_Alarm, ...]:
    return (
        _Alarm(
            "WebhooksUndelivered",
            _visible(undelivered),
            0,
            "Alerts did not reach a web hook within 4 hours, or it refused them. Look at a message of the queue (`aws sqs "
            "receive-message`): its attributes say which rule and why. See whether the secret and the address are still good. "
            "The alerts are in the e-mail. Then run `make deploy`, if the secret changed, and `./keywatch test_alert`.",
        ),
    )


def _runbook(loss: Loss) -> str:
    return f"{_LOSS_TEXTS[loss]} What to do, by the metric that is not 0: {runbook(loss)}"


def _often(loss: Loss) -> tuple[int, int]:
    """Return how many of how many periods of five minutes: what works with less for a moment wakes nobody."""
    return (2, 3) if loss is Loss.IMPAIRED else (1, 1)


def _own(name: str, statistic: str) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map=DIMENSIONS,
        period=FIVE_MINUTES,
        statistic=statistic,
    )


def _visible(queue: sqs.Queue) -> cloudwatch.Metric:
    return queue.metric_approximate_number_of_messages_visible(
        period=FIVE_MINUTES, statistic=cloudwatch.Stats.MAXIMUM
    )


def _parts(health: Health, incoming: Intake, settings: Settings) -> str:
    """Return what the function is told about the rest of the stack (``keywatch.settings.StackParts``)."""
    hub = {
        "bus": HUB_BUS,
        "rules": [[name, rule.state] for name, rule in incoming.hub_rules.items()],
        "spoke_version": spoke.spoke_version(),
    }
    return Stack.of(health).to_json_string(
        ({"hub": hub} if settings.hub else {})
        | {
            "rules": [[rule.ref, rule.state] for rule in incoming.rules],
            "queue_url": incoming.queue.queue_url,
            "dead_letter_urls": [incoming.dead_letters.queue_url, incoming.undelivered.queue_url],
            "health_topic_arn": health.topic.topic_arn,
            "deployment": deployment(settings),
        }
    )


def deployment(settings: Settings) -> str:
    """Return a fingerprint of everything that decides what is deployed: settings, the function's sources, the stack's own.

    The function's clock sees it change and sends for the doctor. A custom resource would do so too,
    and could fail a deployment.
    """
    parts = (
        repr(settings),
        bundling.fingerprint(bundling.SOURCES),
        bundling.fingerprint(Path(__file__).parent),
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
