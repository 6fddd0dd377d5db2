"""Whether the log groups that the stack watches are still subscribed to the function."""

import json
from collections.abc import Iterator

from botocore.exceptions import ClientError

from keywatch.actions.doctor.deployment import (
    FAIL,
    PASS,
    Deployment,
    HealthCheck,
    HealthCheckResult,
    is_gone,
)
from keywatch.model.text import counted

MOST_PROBLEMS = 5


def _log_subscriptions(deployment: Deployment) -> HealthCheckResult:
    watched = list(_watched(deployment))
    if not watched:
        return HealthCheckResult(PASS, "No log groups are watched.")
    problems = [
        problem for group in watched if (problem := _subscription_problem(deployment, group))
    ]
    if problems:
        more = len(problems) - MOST_PROBLEMS
        shown = problems[:MOST_PROBLEMS] + ([f"And {more} more."] if more > 0 else [])
        return HealthCheckResult(FAIL, " ".join(shown))
    if watched == ["*"]:
        return HealthCheckResult(PASS, "All log groups are subscribed.")
    return HealthCheckResult(PASS, f"Subscribed: {counted(len(watched), 'log group')}.")


def _watched(deployment: Deployment) -> Iterator[str]:
    """Yield the log groups that may call the function: they are those that the stack subscribes."""
    name = deployment.settings.function_name
    try:
        policy = deployment.client("lambda").get_policy(FunctionName=name)["Policy"]
    except ClientError as error:
        if is_gone(error):
            return
        raise
    for statement in json.loads(policy).get("Statement", []):
        principal = statement.get("Principal")
        if isinstance(principal, dict) and str(principal.get("Service", "")).startswith("logs."):
            conditions = statement.get("Condition", {}).get("ArnLike", {})
            source = str(conditions.get("AWS:SourceArn") or conditions.get("aws:SourceArn") or "")
            group = source.partition(":log-group:")[2]
            if group:
                yield group if group == "*" else group.removesuffix(":*")


def _subscription_problem(deployment: Deployment, group: str) -> str | None:
    logs, ours = deployment.client("logs"), f":function:{deployment.settings.function_name}"
    if group == "*":
        policies = logs.describe_account_policies(policyType="SUBSCRIPTION_FILTER_POLICY")[
            "accountPolicies"
        ]
        found = any(ours in policy.get("policyDocument", "") for policy in policies)
        return None if found else "The account's subscription policy does not exist."
    try:
        filters = logs.describe_subscription_filters(logGroupName=group)["subscriptionFilters"]
    except ClientError as error:
        if not is_gone(error):
            raise
        return f"Log group {group} does not exist."
    subscribed = any(one.get("destinationArn", "").endswith(ours) for one in filters)
    return None if subscribed else f"{group} is not subscribed."


CHECK = HealthCheck(
    "log_subscriptions",
    "A log group that lost its subscription is no longer watched.",
    _log_subscriptions,
    "make deploy",
)
