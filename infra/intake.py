"""How events come in: rules on the default bus, one queue before the function, and a place for what got stuck."""

from dataclasses import dataclass

from aws_cdk import Duration, Fn, RemovalPolicy
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra import event_patterns
from infra.acknowledgements import acknowledge
from infra.event_patterns import Pattern
from infra.settings import Settings
from keywatch.catalogue.own import CANARY_ALIAS, CANARY_DENIED_CALL, ROLE_NAME_PREFIX

# A check may wait five minutes for a key to become usable. Batches limit themselves to a fraction
# of that (keywatch.runtime.BATCH_SECONDS), so a failed message is tried again after the visibility
# time-out below, not six of these.
FUNCTION_TIMEOUT = Duration.seconds(330)
# The least that a batch of more than ten messages must wait for (Lambda API Reference,
# MaximumBatchingWindowInSeconds). What it costs is in docs/costs.md.
BATCH_WINDOW = Duration.seconds(1)

# An alert about something hours old misleads more than it helps; what is older goes where an alarm
# sees it.
MAX_EVENT_AGE = Duration.hours(4)
MAX_DELIVERY_ATTEMPTS = 185
MAX_RECEIVES = 5

ENABLED = "ENABLED"
# A plain rule never sees read-only calls, and Decrypt, Encrypt, GenerateDataKey, Sign and
# DescribeKey all are read-only. Source: EventBridge User Guide, "Receiving read-only management
# events from AWS services".
ENABLED_FOR_READS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


@dataclass(frozen=True, slots=True)
class _Rule:
    id: str
    description: str
    state: str
    pattern: Pattern


class Intake(Construct):
    """The rules, the intake queue (``queue``), its dead letters, and what could not even be delivered (``undelivered``)."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = self._dead_letter_queue("DeadLetters")
        self.undelivered = self._dead_letter_queue("Undelivered")
        acknowledge(
            self.undelivered,
            {
                "AwsSolutions-SQS3": "It is itself the dead-letter queue of the rules and of the function."
            },
        )
        for queue in (self.dead_letters, self.undelivered):
            acknowledge(
                queue,
                {
                    "Serverless-SQSRedrivePolicy": "It is itself where dead letters go, with an alarm."
                },
            )
        self.queue = sqs.Queue(
            self,
            "Queue",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            # Lambda wants at least the function's time-out; six times what a batch may take, and
            # the batching window.
            visibility_timeout=Duration.seconds(360),
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=self.dead_letters, max_receive_count=MAX_RECEIVES
            ),
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.rules = [self._rule(rule) for rule in _rules(settings)]
        for queue in (self.queue, self.undelivered):
            queue.add_to_resource_policy(_only_from(self.rules, queue))

    def _dead_letter_queue(self, construct_id: str) -> sqs.Queue:
        return sqs.Queue(
            self,
            construct_id,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
            removal_policy=RemovalPolicy.DESTROY,
        )

    def _rule(self, rule: _Rule) -> events.CfnRule:
        # The higher-level Rule cannot say ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS.
        return events.CfnRule(
            self,
            rule.id,
            description=rule.description,
            state=rule.state,
            event_pattern=rule.pattern,
            targets=[
                events.CfnRule.TargetProperty(
                    id="Intake",
                    arn=self.queue.queue_arn,
                    dead_letter_config=events.CfnRule.DeadLetterConfigProperty(
                        arn=self.undelivered.queue_arn
                    ),
                    retry_policy=events.CfnRule.RetryPolicyProperty(
                        maximum_event_age_in_seconds=MAX_EVENT_AGE.to_seconds(),
                        maximum_retry_attempts=MAX_DELIVERY_ATTEMPTS,
                    ),
                )
            ],
        )


def _own_role(path: str) -> str:
    """Return the ARN of the function's role, as the template writes it."""
    name = f"{path}{ROLE_NAME_PREFIX}${{AWS::Region}}"
    return Fn.sub(f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role{name}")


def _rules(settings: Settings) -> tuple[_Rule, ...]:
    extra = settings.extra_event_sources
    own_role = [_own_role(settings.role_path)]
    canary = event_patterns.Canary(
        CANARY_ALIAS,
        Fn.sub(
            f"Alias arn:${{AWS::Partition}}:kms:${{AWS::Region}}:${{AWS::AccountId}}:{CANARY_ALIAS} "
        ),
        CANARY_DENIED_CALL,
    )
    return (
        _Rule(
            "FailureRule",
            "Failing KMS calls",
            ENABLED_FOR_READS,
            event_patterns.failures(own_role, canary, extra),
        ),
        _Rule(
            "ServiceRule",
            "Failing calls of other services that blame a KMS key",
            ENABLED_FOR_READS,
            event_patterns.services(own_role, extra),
        ),
        _Rule(
            "ChangeRule",
            "Changes to keys, aliases and key stores",
            ENABLED,
            event_patterns.changes(extra),
        ),
        _Rule(
            "ServiceTextRule",
            "Failing calls of other services whose message names a KMS key",
            ENABLED_FOR_READS,
            event_patterns.service_texts(own_role, extra),
        ),
        _Rule(
            "NoticeRule",
            "Notices of services that lost a KMS key",
            ENABLED,
            event_patterns.notices(extra),
        ),
        _Rule("NativeRule", "Events of KMS itself", ENABLED, event_patterns.native(extra)),
        _Rule(
            "VolumeRule",
            "EBS volumes that failed for want of a key",
            ENABLED,
            event_patterns.volumes(extra),
        ),
    )


def _only_from(rules: list[events.CfnRule], queue: sqs.Queue) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid="EventsFromOurRules",
        principals=[iam.ServicePrincipal("events.amazonaws.com")],
        actions=["sqs:SendMessage"],
        resources=[queue.queue_arn],
        conditions={"ArnEquals": {"aws:SourceArn": [rule.attr_arn for rule in rules]}},
    )
