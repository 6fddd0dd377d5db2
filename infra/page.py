"""The incident page of the dashboard: a function of its own, whose role reads the incident table and nothing else.

Whoever looks at the dashboard calls it with their own right to ``lambda:InvokeFunction``. That right
on the main function would let them forge events and have alerts sent.
"""

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra import bundling, lambda_parts, names
from infra.acknowledgements import ANSWERED_AT_ONCE, NO_TRACING, acknowledge
from infra.incident_table import IncidentTable
from infra.statements import statement_of


class Page(Construct):
    """The page's function (``function``)."""

    def __init__(self, scope: Construct, construct_id: str, *, incidents: IncidentTable) -> None:
        super().__init__(scope, construct_id)
        log_group = lambda_parts.log_group(self, names.PAGE_LOG_GROUP_NAME)
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description="KeyWatch: lets the incident page read the incident table",
        )
        role.add_to_policy(statement_of("WritePageLog", log_group.log_group_arn))
        table = (incidents.table.table_arn, incidents.due_index_arn)
        role.add_to_policy(statement_of("ReadIncidents", *table))
        self.function = lambda_.Function(
            self,
            "Function",
            description="KeyWatch: the incident page of the dashboard",
            runtime=lambda_parts.RUNTIME,
            architecture=lambda_parts.ARCHITECTURE,
            handler="page_handler.handler",
            code=bundling.code(),
            memory_size=512,
            timeout=Duration.seconds(30),
            role=role,
            log_group=log_group,
            environment={
                "INCIDENT_TABLE": incidents.table.table_name,
                **lambda_parts.POWERTOOLS,
            },
        )
        acknowledge(self.function, {**NO_TRACING, **ANSWERED_AT_ONCE})
