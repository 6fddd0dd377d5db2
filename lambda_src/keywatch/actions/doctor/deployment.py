"""What the doctor's checks are made of, and the deployment that they look at."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError

from keywatch.model.identifiers import partition_of
from keywatch.services import Services
from keywatch.store.housekeeping import HousekeepingState

PASS, WARN, FAIL = "pass", "warn", "fail"


@dataclass(frozen=True, slots=True)
class HealthCheckResult:
    """What was found: pass, warn or fail, in a sentence; ``command`` where there is a better one than the check's own."""

    status: str
    says: str
    command: str | None = None


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """One thing that must hold: why it matters, how to find out, and the command that fixes it or shows more."""

    id: str
    why: str
    find_out: Callable[["Deployment"], HealthCheckResult]
    command: str | None = None


NOT_TOLD = HealthCheckResult(WARN, "The stack did not tell the function where to look.")


def is_gone(error: ClientError) -> bool:
    """Tell whether AWS says that there is no such thing."""
    return bool(error.response.get("Error", {}).get("Code") == "ResourceNotFoundException")


class Deployment:
    """A deployment: its services, and what several checks need to know, looked up once."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.settings = services.settings
        self.parts = services.settings.parts

    @property
    def queue_arn(self) -> str:
        """Return the ARN of the intake queue; empty where the function was not told of one."""
        url, region, account = self.parts.queue_url, self.settings.region, self.settings.account
        return (
            f"arn:{partition_of(region)}:sqs:{region}:{account}:{url.rpartition('/')[2]}"
            if url
            else ""
        )

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 clients of all services
        """Return the client of a service in the deployment's Region."""
        return self.services.client(service, self.settings.region)

    @cached_property
    def state(self) -> HousekeepingState:
        """Return what is noted about the deployment's chores."""
        return self.services.housekeeping.read()

    @cached_property
    def trails(self) -> list[dict[str, Any]]:
        """Return all trails that record this Region, each with its status and selectors."""
        cloudtrail = self.client("cloudtrail")
        trails = cloudtrail.describe_trails()["trailList"]
        return [
            {
                "name": trail["TrailARN"],
                "logging": cloudtrail.get_trail_status(Name=trail["TrailARN"]).get(
                    "IsLogging", False
                ),
                "selectors": cloudtrail.get_event_selectors(TrailName=trail["TrailARN"]),
            }
            for trail in trails
        ]

    @property
    def recording(self) -> list[dict[str, Any]]:
        """Return the trails that log, or all where none does: then that is what is wrong, and not their selectors."""
        return [trail for trail in self.trails if trail["logging"]] or self.trails
