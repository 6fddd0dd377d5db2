"""How events come in: rules on the default bus, one queue before the function, and a place for what got stuck."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra import rules
from infra.acknowledgements import acknowledge
from infra.settings import Settings
from keywatch.catalogue.own import ROLE_NAME_PREFIX

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


class Intake(Construct):
    """The rules, the intake queue (``queue``), its dead letters, and what could not even be delivered (``undelivered``).

    ``hub_rules`` are those on a hub's ``bus``, by their names there. They leave nobody out: the spokes
    did, and the function does.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        bus: events.CfnEventBus | None = None,
    ) -> None:
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
        own_role = _own_role(settings.role_path)
        self.rules = [
            self._rule(rule) for rule in rules.rules([own_role], settings.extra_event_sources)
        ]
        of_spokes = rules.rules([], settings.extra_event_sources) if bus else ()
        self.hub_rules = {rule.id: self._rule(rule, bus) for rule in of_spokes}
        for queue in (self.queue, self.undelivered):
            queue.add_to_resource_policy(_only_from([*self.rules, *self.hub_rules.values()], queue))

    def _dead_letter_queue(self, construct_id: str) -> sqs.Queue:
        return sqs.Queue(
            self,
            construct_id,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
            removal_policy=RemovalPolicy.DESTROY,
        )

    def _rule(self, rule: rules.Rule, bus: events.CfnEventBus | None = None) -> events.CfnRule:
        # The higher-level Rule cannot say ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS, which a bus
        # needs for every event that a rule in the long state sent to it.
        return events.CfnRule(
            self,
            f"Hub{rule.id}" if bus else rule.id,
            event_bus_name=bus.ref if bus else None,
            name=rule.id if bus else None,
            description=rule.description,
            state=rules.ENABLED_FOR_READS if bus else rule.state,
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


def _own_role(path: str) -> dict[str, str]:
    """Return the ARN of the function's role, as the template writes it."""
    name = f"{path}{ROLE_NAME_PREFIX}${{AWS::Region}}"
    return rules.sub(f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role{name}")


def _only_from(allowed: list[events.CfnRule], queue: sqs.Queue) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid="EventsFromOurRules",
        principals=[iam.ServicePrincipal("events.amazonaws.com")],
        actions=["sqs:SendMessage"],
        resources=[queue.queue_arn],
        conditions={"ArnEquals": {"aws:SourceArn": [rule.attr_arn for rule in allowed]}},
    )
