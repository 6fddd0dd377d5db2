"""May the function make the look-ups that a diagnosis needs? A harmless call for each tells."""

from collections.abc import Callable, Sequence
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
from keywatch.settings import Settings

NOBODYS_KEY = "00000000-0000-0000-0000-000000000000"
DEPLOY = "make deploy"
_DESCRIBE_KEY = "kms:DescribeKey"

# Permission → a harmless call; "not found" is an answer.
_CALLS: dict[str, Callable[[Any], object]] = {
    _DESCRIBE_KEY: lambda kms: kms.describe_key(KeyId=NOBODYS_KEY),
    "kms:ListAliases": lambda kms: kms.list_aliases(Limit=1),
    "kms:ListKeys": lambda kms: kms.list_keys(Limit=1),
    "kms:DescribeCustomKeyStores": lambda kms: kms.describe_custom_key_stores(Limit=1),
    "kms:GetKeyLastUsage": lambda kms: kms.get_key_last_usage(KeyId=NOBODYS_KEY),
    "cloudtrail:LookupEvents": lambda trail: trail.lookup_events(MaxResults=1),
}


def checks(settings: Settings) -> Sequence[HealthCheck]:
    """Return one check for each permission and for each other Region that is searched."""
    why = "Without it, diagnoses are less certain."
    permissions = [
        HealthCheck(f"permission {action}", why, _allowed(action), DEPLOY) for action in _CALLS
    ]
    why = "To find a missing key in another Region, look-ups there must be allowed."
    regions = [
        HealthCheck(f"search_region {region}", why, _allowed(_DESCRIBE_KEY, region), DEPLOY)
        for region in settings.search_regions
    ]
    return (*permissions, *regions)


def _allowed(action: str, region: str | None = None) -> Callable[[Deployment], HealthCheckResult]:
    """Return a check that makes the call of a permission, to see whether it is allowed."""
    service, call = action.partition(":")[0], _CALLS[action]

    def check(deployment: Deployment) -> HealthCheckResult:
        try:
            call(deployment.services.client(service, region or deployment.settings.region))
        except AttributeError:
            says = (
                "The function's boto3 does not have this call. Alerts will not contain its result."
            )
            return HealthCheckResult(WARN, says)
        except (ClientError, BotoCoreError) as error:
            return _refused(error)
        return HealthCheckResult(PASS, "Allowed.")

    return check


def _refused(error: Exception) -> HealthCheckResult:
    outcome, code, message = outcome_of(error)
    if outcome is LookupOutcome.DENIED:
        return HealthCheckResult(FAIL, f"Denied: {message or code}")
    if outcome is LookupOutcome.ABSENT:
        return HealthCheckResult(PASS, "Allowed.")
    return HealthCheckResult(WARN, f"No answer: {code} {message}")
