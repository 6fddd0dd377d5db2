"""Can the function itself do its work? Its table, its permissions, its log subscriptions, its clock and its canary."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.actions.doctor.deployment import (
    FAIL,
    PASS,
    WARN,
    Deployment,
    HealthCheck,
    HealthCheckResult,
)
from keywatch.lookups.outcomes import outcome_of
from keywatch.model.evidence import LookupOutcome
from keywatch.model.text import counted
from keywatch.services import Services
from keywatch.sources.canary import LATE
from keywatch.store.housekeeping import CANARY_RETURNED

NOBODYS_KEY = "00000000-0000-0000-0000-000000000000"
CLOCK_LATE = timedelta(minutes=5)
MOST_PROBLEMS = 5
Call = Callable[[Any], object]


def _table(deployment: Deployment) -> HealthCheckResult:
    try:
        list(deployment.services.incidents.due(deployment.services.now(), 1))
        deployment.state  # noqa: B018 - a cached look-up
    except (ClientError, BotoCoreError) as error:
        _, code, message = outcome_of(error)
        return HealthCheckResult(FAIL, f"The incident table did not answer: {code} {message}")
    return HealthCheckResult(PASS, "The incident table answers.")


def _permission(
    service: str, call: Call, region: str | None = None
) -> Callable[[Deployment], HealthCheckResult]:
    """Return a check that makes a harmless call, to see whether it is allowed."""

    def check(deployment: Deployment) -> HealthCheckResult:
        try:
            call(deployment.services.client(service, region or deployment.settings.region))
        except AttributeError:
            return HealthCheckResult(
                WARN,
                "The function's boto3 does not have this call. Alerts will not contain its result.",
            )
        except (ClientError, BotoCoreError) as error:
            outcome, code, message = outcome_of(error)
            if outcome is LookupOutcome.DENIED:
                return HealthCheckResult(FAIL, f"Denied: {message or code}")
            if outcome is not LookupOutcome.ABSENT:
                return HealthCheckResult(WARN, f"No answer: {code} {message}")
        return HealthCheckResult(PASS, "Allowed.")

    return check


# Permission → service and a harmless call; "not found" is an answer.
_PERMISSIONS: tuple[tuple[str, str, Call], ...] = (
    ("kms:DescribeKey", "kms", lambda kms: kms.describe_key(KeyId=NOBODYS_KEY)),
    ("kms:ListAliases", "kms", lambda kms: kms.list_aliases(Limit=1)),
    ("kms:ListKeys", "kms", lambda kms: kms.list_keys(Limit=1)),
    ("kms:DescribeCustomKeyStores", "kms", lambda kms: kms.describe_custom_key_stores(Limit=1)),
    ("kms:GetKeyLastUsage", "kms", lambda kms: kms.get_key_last_usage(KeyId=NOBODYS_KEY)),
    ("cloudtrail:LookupEvents", "cloudtrail", lambda trail: trail.lookup_events(MaxResults=1)),
)


def _log_subscriptions(deployment: Deployment) -> HealthCheckResult:
    watched = list(_watched(deployment))
    if not watched:
        return HealthCheckResult(PASS, "No log groups are watched.")
    problems = [
        problem for group in watched if (problem := _subscription_problem(deployment, group))
    ]
    if problems:
        more = (
            f" And {len(problems) - MOST_PROBLEMS} more." if len(problems) > MOST_PROBLEMS else ""
        )
        return HealthCheckResult(FAIL, " ".join(problems[:MOST_PROBLEMS]) + more)
    return HealthCheckResult(
        PASS,
        "All log groups are subscribed."
        if watched == ["*"]
        else f"Subscribed: {counted(len(watched), 'log group')}.",
    )


def _watched(deployment: Deployment) -> Iterator[str]:
    """Yield the log groups that may call the function: they are those that the stack subscribes."""
    try:
        policy = deployment.client("lambda").get_policy(
            FunctionName=deployment.settings.function_name
        )["Policy"]
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") == "ResourceNotFoundException":
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
        if error.response.get("Error", {}).get("Code") != "ResourceNotFoundException":
            raise
        return f"Log group {group} does not exist."
    return (
        None
        if any(f.get("destinationArn", "").endswith(ours) for f in filters)
        else f"{group} is not subscribed."
    )


def _clock(deployment: Deployment) -> HealthCheckResult:
    last = deployment.state.time("clock_at")
    if last is None:
        return HealthCheckResult(WARN, "The clock has not run yet.")
    late = deployment.services.now() - last
    return HealthCheckResult(
        FAIL if late > CLOCK_LATE else PASS,
        f"The clock last ran {late.total_seconds():.0f} seconds ago.",
    )


def _canary(deployment: Deployment) -> HealthCheckResult:
    state, now = deployment.state, deployment.services.now()
    age = state.canary_age(now)
    back = state.time(CANARY_RETURNED)
    says = (
        f"The last canary that came back was sent {_minutes(age)} ago."
        if back
        else "No canary has come back yet."
    )
    if age > LATE:
        return HealthCheckResult(FAIL, f"{says} KeyWatch may not see any failing call.")
    return HealthCheckResult(PASS if back else WARN, says)


def _minutes(age: timedelta) -> str:
    return f"{age.total_seconds() / 60:.0f} minutes"


_FIXED = (
    HealthCheck(
        "table",
        "It holds the incidents. Without it, alerts are not grouped.",
        _table,
        "make deploy",
    ),
    HealthCheck(
        "log_subscriptions",
        "A log group that lost its subscription is no longer watched.",
        _log_subscriptions,
        "make deploy",
    ),
    HealthCheck(
        "clock",
        "Held alerts, reminders and resolutions depend on the clock, which runs every minute.",
        _clock,
        "aws scheduler list-schedules --query \"Schedules[?contains(Name, 'KeyWatch')]\"",
    ),
    HealthCheck(
        "canary",
        "It proves that a failing call still reaches the function.",
        _canary,
        "Fix the checks that fail above, then wait for the next hourly canary.",
    ),
)


def checks(services: Services) -> Sequence[HealthCheck]:
    """Return the checks of the function itself, one for each permission and each Region that it searches."""
    deploy = "make deploy"
    permissions = [
        HealthCheck(
            f"permission {action}",
            "Without it, diagnoses are less certain.",
            _permission(service, call),
            deploy,
        )
        for action, service, call in _PERMISSIONS
    ]
    regions = [
        HealthCheck(
            f"search_region {region}",
            "To find a missing key in another Region, look-ups there must be allowed.",
            _permission("kms", _PERMISSIONS[0][2], region),
            deploy,
        )
        for region in services.settings.search_regions
    ]
    return (*_FIXED, *permissions, *regions)
