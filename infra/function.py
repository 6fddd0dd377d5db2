"""The function: its role, its code, its log group, and the queue that feeds it."""

from collections.abc import Sequence

from aws_cdk import Aws, Names, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct, RootConstruct

from infra import bundling, hub, intake, lambda_parts, names
from infra.acknowledgements import KEEPS_WHAT_FAILED, NO_STREAM, NO_TRACING, acknowledge
from infra.alerting import Alerting
from infra.incident_table import IncidentTable
from infra.settings import Settings
from infra.statements import statement_of
from keywatch.catalogue.own import ROLE_NAME_PREFIX

BATCH_SIZE = 1000
# Enough for a storm (each batch costs few AWS calls), too little to use up the account's
# concurrency or KMS quota.
MAX_CONCURRENCY = 10

ACCEPTED = {
    "AwsSolutions-IAM5[Resource::*]": "Read-only look-ups of lists, for which IAM knows no narrower resource.",
    "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:kms:*:*:key/*]": (
        "DescribeKey and GetKeyLastUsage, of whatever key an application named: it may lie in another Region or account."
    ),
    "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:kms:*:*:alias/*]": "As above, of whatever alias.",
    "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:iam::<AWS::AccountId>:role/*]": (
        "When a function's role was made tells whether it was made again: any function's, read only."
    ),
    "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:lambda:*:<AWS::AccountId>:function:*]": (
        "As above: when the function whose environment cannot be decrypted was last changed."
    ),
    "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:kms:*:<AWS::AccountId>:key/*]": (
        "The tags of a broken key, whichever of the account's it is, where owner_tags is set; read only."
    ),
    "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:config:<AWS::Region>:<AWS::AccountId>:config-aggregator/*]": (
        "The ARN of an aggregator ends in an id that only AWS knows; read only."
    ),
    "AwsSolutions-IAM5[Action::kms:GenerateDataKey*]": "As SNS asks for it: one key, through SNS only.",
}


class Function(Construct):
    """The one function (``function``), called by the intake queue and, through others, by the clock, by logs and on demand."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        incoming: intake.Intake,
        incidents: IncidentTable,
        alerting: Alerting,
    ) -> None:
        super().__init__(scope, construct_id)
        self.log_group = lambda_parts.log_group(self, names.LOG_GROUP_NAME)
        self.role = self._role(
            settings,
            [
                statement_of("WriteLog", self.log_group.log_group_arn),
                *_look_ups(settings),
                *_remember(incidents),
                *alerting.permissions(),
                statement_of("KeepUndelivered", incoming.undelivered.queue_arn),
                statement_of("ReadQueue", incoming.queue.queue_arn),
                *(hub.permissions(settings.hub) if settings.hub else ()),
            ],
        )
        self.function = lambda_.Function(
            self,
            "Default",
            description="KeyWatch: says why a KMS key was not found or could not be used, and how to fix it",
            runtime=lambda_parts.RUNTIME,
            architecture=lambda_parts.ARCHITECTURE,
            handler="handler.handler",
            code=bundling.code(),
            memory_size=512,
            timeout=intake.FUNCTION_TIMEOUT,
            role=self.role,
            log_group=self.log_group,
            environment=_environment(settings, incidents, alerting, self.role),
            # Log batches and the clock call asynchronously. A log batch is worth the two retries
            # that Lambda can give; what still fails is kept where an alarm sees it.
            retry_attempts=2,
            max_event_age=intake.MAX_EVENT_AGE,
            reserved_concurrent_executions=settings.reserved_concurrency,
        )
        acknowledge(self.function, {**NO_TRACING, **KEEPS_WHAT_FAILED, **NO_STREAM})
        _keep_undelivered(self.function, incoming.undelivered)
        self._called_by_queue(incoming.queue, _of_queue(settings.reserved_concurrency))

    def _role(self, settings: Settings, statements: Sequence[iam.PolicyStatement]) -> iam.Role:
        role = iam.Role(
            self,
            "Role",
            role_name=f"{ROLE_NAME_PREFIX}{Aws.REGION}",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description="KeyWatch: reads about KMS keys, keeps incidents, publishes alerts",
        )
        for statement in statements:
            role.add_to_policy(statement)
        acknowledge(role, ACCEPTED | (hub.accepted(settings.hub) if settings.hub else {}))
        return role

    def _called_by_queue(self, queue: sqs.Queue, at_once: int) -> None:
        """Let Lambda read the queue. The event source of the CDK would allow more than that, under the id that is kept here."""
        self.function.add_event_source_mapping(
            f"SqsEventSource:{_id_of(queue)}",
            event_source_arn=queue.queue_arn,
            batch_size=BATCH_SIZE,
            max_batching_window=intake.BATCH_WINDOW,
            max_concurrency=at_once,
            report_batch_item_failures=True,
        )


def _id_of(queue: sqs.Queue) -> str:
    """Return what names a queue in the id of its mapping: the name of the stack and the queue's path in it.

    A mapping whose id changes would be made anew beside the old one, which Lambda refuses.
    """
    parent: Construct = RootConstruct()
    for one in (Stack.of(queue).stack_name, *queue.node.path.split("/")[1:]):
        parent = Construct(parent, one)
    return Names.node_unique_id(parent.node)


def _of_queue(reserved: int | None) -> int:
    """Return how many batches may be handled at once: of what is reserved one is left to the clock and the logs."""
    return MAX_CONCURRENCY if reserved is None else min(MAX_CONCURRENCY, reserved - 1)


def _look_ups(settings: Settings) -> list[iam.PolicyStatement]:
    """Return what a diagnosis looks up, all of which reads (``keywatch.catalogue.read_calls``)."""
    arn, account = f"arn:{Aws.PARTITION}", Aws.ACCOUNT_ID
    owned = f"{arn}:kms:*:{account}:key/*"
    opted_in = [statement_of("ReadOwners", owned)] if settings.owner_tags else []
    if settings.dependents:
        opted_in += [statement_of("ReadGrants", owned), statement_of("AskConfig", "*")]
    if settings.dependents and settings.config_aggregator:
        # Its ARN ends in an id that only AWS knows.
        aggregators = f"{arn}:config:{Aws.REGION}:{account}:config-aggregator/*"
        opted_in.append(statement_of("AskAggregator", aggregators))
    return [
        statement_of("LookUpLists", "*"),
        statement_of("LookUpKeys", f"{arn}:kms:*:*:key/*", f"{arn}:kms:*:*:alias/*"),
        statement_of("LookUpFunctions", f"{arn}:lambda:*:{account}:function:*"),
        statement_of("LookUpTheirRoles", f"{arn}:iam::{account}:role/*"),
        statement_of("CanaryIsDenied", "*"),
        *opted_in,
    ]


def _remember(incidents: IncidentTable) -> list[iam.PolicyStatement]:
    return [
        statement_of("KeepIncidents", incidents.table.table_arn),
        statement_of("FindDueIncidents", incidents.due_index_arn),
    ]


def _keep_undelivered(function: lambda_.Function, queue: sqs.Queue) -> None:
    """Let Lambda keep in ``queue`` what failed. The destination of the CDK would allow more than sending."""
    config = function.node.find_child("EventInvokeConfig").node.default_child
    if not isinstance(config, lambda_.CfnEventInvokeConfig):
        raise TypeError("the function has no configuration of asynchronous calls")
    target = lambda_.CfnEventInvokeConfig.OnFailureProperty(destination=queue.queue_arn)
    config.destination_config = lambda_.CfnEventInvokeConfig.DestinationConfigProperty(
        on_failure=target
    )


def _environment(
    settings: Settings, incidents: IncidentTable, alerting: Alerting, role: iam.Role
) -> dict[str, str]:
    environment = {
        "INCIDENT_TABLE": incidents.table.table_name,
        "ALERT_TOPIC_ARN": alerting.topic.topic_arn,
        "OWN_ROLE_ARN": role.role_arn,
        **lambda_parts.POWERTOOLS,
    }
    if alerting.fallback:
        environment["FALLBACK_TOPIC_ARN"] = alerting.fallback.topic_arn
    channels = {
        f"{name.upper()}_TOPIC_ARN": topic.topic_arn for name, topic in alerting.channels.items()
    }
    buses = {f"{name.upper()}_BUS_ARN": arn for name, arn in alerting.buses().items()}
    return environment | channels | buses | settings.environment()
