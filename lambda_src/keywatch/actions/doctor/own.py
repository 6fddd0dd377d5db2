"""Is the function itself alive? Its table, its clock and its canary."""

from datetime import timedelta

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.actions.doctor import log_subscriptions
from keywatch.actions.doctor.deployment import (
    FAIL,
    PASS,
    WARN,
    Deployment,
    HealthCheck,
    HealthCheckResult,
)
from keywatch.lookups.outcomes import outcome_of
from keywatch.sources.canary import DENIED, LATE, MISSING
from keywatch.store.housekeeping import CALL_RETURNED, CANARY_RETURNED

CLOCK_LATE = timedelta(minutes=5)


def _table(deployment: Deployment) -> HealthCheckResult:
    try:
        list(deployment.services.incidents.due(deployment.services.now(), 1))
        deployment.state  # noqa: B018 - a cached look-up
    except (ClientError, BotoCoreError) as error:
        _, code, message = outcome_of(error)
        return HealthCheckResult(FAIL, f"The incident table did not answer: {code} {message}")
    return HealthCheckResult(PASS, "The incident table answers.")


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
    state, age = deployment.state, deployment.state.canary_age(deployment.services.now())
    returned = state.time(CANARY_RETURNED) is not None
    minutes = f"{age.total_seconds() / 60:.0f} minutes"
    says = "No canary has come back yet."
    if returned:
        says = f"The last canary that came back was sent {minutes} ago."
    if age > LATE:
        return HealthCheckResult(FAIL, f"{says} KeyWatch may not see any failing call.")
    if returned and _only_denials_come_back(deployment):
        return HealthCheckResult(WARN, _ONLY_DENIALS, _WATCH_LOGS)
    return HealthCheckResult(PASS if returned else WARN, says)


_ONLY_DENIALS = (
    "Denied calls come back, and calls of keys that do not exist do not: CloudTrail does not record them here. "
    "KeyWatch is told of a missing key or alias only where a watched log group holds the error, "
    "where AWS answers with a denial, or where another service reports it."
)
_WATCH_LOGS = "make deploy ARGS='-c keywatch:log_groups=GROUP,GROUP'"


def _only_denials_come_back(deployment: Deployment) -> bool:
    """Tell whether the call of a missing alias has not come back for long, although the denied one does."""
    state, now = deployment.state, deployment.services.now()
    denied = state.time(CALL_RETURNED.format(DENIED))
    missing = state.time(CALL_RETURNED.format(MISSING)) or state.time("since") or now
    return denied is not None and now - denied <= LATE and now - missing > LATE


CHECKS = (
    HealthCheck(
        "table",
        "It holds the incidents. Without it, alerts are not grouped.",
        _table,
        "make deploy",
    ),
    log_subscriptions.CHECK,
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
