"""The stack: one for each Region that is watched."""

import os
from typing import Any

from aws_cdk import Annotations, CfnOutput, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra import silence
from infra.alerting import Alerting
from infra.chat import ChatPlace
from infra.clock import Clock
from infra.dashboard import Dashboard
from infra.function import Function
from infra.health import Health
from infra.hub import HubBus, deploy_spokes
from infra.incident_table import IncidentTable
from infra.intake import Intake
from infra.log_sources import LogSources
from infra.page import Page
from infra.settings import Settings
from infra.trail import Trail


class KeyWatchStack(Stack):
    """Intake, incident table, alert topics, function and its health of one Region, wired together.

    ``settings`` name no other Region of the deployment; ``chat`` says where the one chat
    configuration of the account is.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        chat: ChatPlace,
        **stack_options: Any,  # noqa: ANN401 - as Stack takes them
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description="KeyWatch: says why an AWS KMS key was not found or could not be used, and how to fix it",
            **stack_options,
        )
        self.chat = chat
        if settings.create_trail:
            Trail(self, "Trail")
        bus = HubBus(self, "Hub", hub=settings.hub).bus if settings.hub else None
        intake = Intake(self, "Intake", settings=settings, bus=bus)
        incidents = IncidentTable(self, "Incidents")
        alerting = Alerting(self, "Alerting", settings=settings, chat_place=chat)
        watched = Function(
            self,
            "Function",
            settings=settings,
            incoming=intake,
            incidents=incidents,
            alerting=alerting,
        )
        function = watched.function
        Clock(self, "Clock", function=function)
        health = Health(
            self, "Health", settings=settings, incoming=intake, alerting=alerting, watched=watched
        )
        if settings.dashboard:
            page = Page(self, "Page", incidents=incidents).function
            Dashboard(self, "Dashboard", page=page, function=function, incoming=intake)
            self._outputs(PageFunctionName=page.function_name)
        if settings.hub and bus:
            deploy_spokes(self, settings.hub, bus, watched.role)
            self._outputs(HubBusArn=bus.attr_arn, HubFunctionRoleArn=watched.role.role_arn)
        LogSources(self, "LogSources", settings=settings, function=function)
        self._warn(settings)
        _as_the_account_wants_roles(self, settings)
        self._outputs(
            AlertTopicArn=alerting.topic.topic_arn,
            HealthTopicArn=health.topic.topic_arn,
            FunctionName=function.function_name,
            IntakeQueueUrl=intake.queue.queue_url,
            DeadLetterQueueUrl=intake.dead_letters.queue_url,
            IncidentTableName=incidents.table.table_name,
        )

    def _warn(self, settings: Settings) -> None:
        account = os.environ.get("CDK_DEFAULT_ACCOUNT")
        for name, text in silence.warnings(settings, account):
            Annotations.of(self).add_warning_v2(f"KeyWatch:{name}", text)

    def _outputs(self, **values: str) -> None:
        for name, value in values.items():
            CfnOutput(self, name, value=value)


def _as_the_account_wants_roles(stack: Stack, settings: Settings) -> None:
    """Give every role the path and the permissions boundary that are set."""
    if settings.permissions_boundary_arn:
        boundary = iam.ManagedPolicy.from_managed_policy_arn(
            stack, "Boundary", settings.permissions_boundary_arn
        )
        iam.PermissionsBoundary.of(stack).apply(boundary)
    if settings.role_path != "/":
        for construct in stack.node.find_all():
            if isinstance(construct, iam.CfnRole):
                construct.path = settings.role_path
