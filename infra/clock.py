"""The clock: once a minute the function looks at what incidents, and it itself, have to do as time passes."""

import json

from aws_cdk import Aws, Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from infra.statements import statement_of

INPUT = {"clock": "minute"}


class Clock(Construct):
    """One schedule that calls the function every minute, always with the same input."""

    def __init__(self, scope: Construct, construct_id: str, *, function: lambda_.Function) -> None:
        super().__init__(scope, construct_id)
        role = iam.Role(
            self,
            "Role",
            description="KeyWatch: lets the schedule call the function",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            ),
        )
        role.add_to_policy(statement_of("CallFunction", function.function_arn))
        scheduler.CfnSchedule(
            self,
            "Minute",
            description="KeyWatch: once a minute",
            schedule_expression="rate(1 minute)",
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=function.function_arn,
                role_arn=role.role_arn,
                input=json.dumps(INPUT),
                # The next minute comes anyway.
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=Duration.minutes(1).to_seconds(),
                    maximum_retry_attempts=0,
                ),
            ),
        )
