"""May the function make the look-ups that a diagnosis needs? A harmless call for each tells."""

from collections.abc import Callable, Sequence

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from keywatch.actions.doctor.deployment import (
    FAIL,
    PASS,
    WARN,
    Deployment,
    HealthCheck,
    HealthCheckResult,
)
from keywatch.catalogue.read_calls import READ_CALLS, Reach, ReadCall
from keywatch.lookups.outcomes import outcome_of
from keywatch.model.evidence import LookupOutcome
from keywatch.settings import Settings

DEPLOY = "make deploy"


def _is_allowed(reach: Reach, settings: Settings) -> bool:
    """Tell whether the settings let the function make calls of such a reach."""
    opted_in = {Reach.OWNED: bool(settings.owner_tags), Reach.DEPENDENTS: settings.dependents}
    return opted_in.get(reach, True)


def checks(settings: Settings) -> Sequence[HealthCheck]:
    """Return one check for each call that can be tried, and for each other Region that is searched."""
    why = "Without it, diagnoses are less certain."
    permissions = [
        HealthCheck(f"permission {call.permission}", why, _allowed(call), DEPLOY)
        for call in READ_CALLS.values()
        if call.tried_with is not None and _is_allowed(call.reach, settings)
    ]
    why = "To find a missing key in another Region, look-ups there must be allowed."
    describe = READ_CALLS["DescribeKey"]
    regions = [
        HealthCheck(f"search_region {region}", why, _allowed(describe, region), DEPLOY)
        for region in settings.search_regions
    ]
    return (*permissions, *regions)


def _allowed(
    call: ReadCall, region: str | None = None
) -> Callable[[Deployment], HealthCheckResult]:
    """Return a check that makes a call, to see whether it is allowed."""

    def check(deployment: Deployment) -> HealthCheckResult:
        client = deployment.services.client(call.service, region or deployment.settings.region)
        try:
            getattr(client, xform_name(call.operation))(**call.tried_with or {})
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
