"""Application logs as a second source: CloudTrail does not record every failing KMS call, the application's log may."""

import json

from aws_cdk import ArnFormat, Aws, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra import log_filter, names, values
from infra.settings import Settings

POLICY_NAME = "KeyWatch"
FILTER_NAME = "KeyWatch"


class LogSources(Construct):
    """Subscriptions of ``log_groups``, or one policy for ``all_log_groups``, that deliver to the function."""

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, function: lambda_.Function
    ) -> None:
        super().__init__(scope, construct_id)
        self._function = function
        for group in settings.log_groups:
            if self._here(group):
                self._subscribe(values.log_group_name(group))
        if settings.all_log_groups:
            self._subscribe_all()

    def _here(self, group: str) -> bool:
        """Tell whether a log group belongs to this stack: by name everywhere, by ARN in its own Region."""
        region = values.arn_region(group)
        here = Stack.of(self).region
        return region is None or here in (region, Aws.REGION)

    def _subscribe(self, group: str) -> None:
        subscription = logs.CfnSubscriptionFilter(
            self,
            f"Filter{group}",
            log_group_name=group,
            filter_name=FILTER_NAME,
            filter_pattern=log_filter.PATTERN,
            destination_arn=self._function.function_arn,
        )
        subscription.add_dependency(self._permission(group))

    def _subscribe_all(self) -> None:
        policy = logs.CfnAccountPolicy(
            self,
            "AllLogGroups",
            policy_name=POLICY_NAME,
            policy_type="SUBSCRIPTION_FILTER_POLICY",
            scope="ALL",
            # The one form of criteria that the API knows. Our own log groups quote KMS errors:
            # with them, a loop.
            selection_criteria=f"LogGroupName NOT IN {json.dumps(names.OWN_LOG_GROUPS)}",
            policy_document=Stack.of(self).to_json_string(
                {
                    "DestinationArn": self._function.function_arn,
                    "FilterPattern": log_filter.PATTERN,
                    "Distribution": "Random",
                }
            ),
        )
        policy.add_dependency(self._permission("*"))

    def _permission(self, group: str) -> lambda_.CfnPermission:
        # "All groups" is log-group:*, as AWS's own example for account policies has it; one group
        # ends in :* for its streams.
        resource = group if group == "*" else f"{group}:*"
        return lambda_.CfnPermission(
            self,
            f"Permission{group}",
            action="lambda:InvokeFunction",
            function_name=self._function.function_arn,
            principal="logs.amazonaws.com",
            source_account=Aws.ACCOUNT_ID,
            source_arn=Stack.of(self).format_arn(
                service="logs",
                resource="log-group",
                resource_name=resource,
                arn_format=ArnFormat.COLON_RESOURCE_NAME,
            ),
        )
