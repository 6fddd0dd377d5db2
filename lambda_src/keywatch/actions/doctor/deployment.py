"""What the doctor's checks are made of, and the deployment that they look at."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.lookups.outcomes import outcome_of
from keywatch.model.identifiers import partition_of
from keywatch.services import Services
from keywatch.store.housekeeping import HousekeepingState
from keywatch.store.spokes import Health, Spoke

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


@dataclass(frozen=True, slots=True)
class Trail:
    """One trail that records this Region.

    ``logs`` and ``selectors`` are ``None`` where they could not be seen (``hidden`` says why).
    ``is_own`` tells that the trail belongs to this account, which can then change it.
    """

    name: str
    is_own: bool
    logs: bool | None = None
    selectors: Mapping[str, Any] | None = None
    hidden: str = ""


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
    def spokes(self) -> Mapping[Health, list[Spoke]]:
        """Return every spoke that a hub knows, by how it is."""
        hub, now = self.settings.hub, self.services.now()
        groups: dict[Health, list[Spoke]] = {health: [] for health in Health}
        for spoke in self.services.spokes.all():
            groups[spoke.health(now, hub.spoke_version if hub else "")].append(spoke)
        return groups

    @cached_property
    def trails(self) -> list[Trail]:
        """Return all trails that record this Region, each with as much as may be seen of it."""
        found = self.client("cloudtrail").describe_trails()["trailList"]
        return [self._trail(trail) for trail in found]

    def _trail(self, described: Mapping[str, Any]) -> Trail:
        """Look at one trail; an organisation's may be shown to this account, and its state not."""
        name, cloudtrail = described["TrailARN"], self.client("cloudtrail")
        is_own = name.split(":")[4] == self.settings.account
        try:
            status = cloudtrail.get_trail_status(Name=name)
            logs = bool(status.get("IsLogging", False))
        except (ClientError, BotoCoreError) as error:
            return Trail(name, is_own, hidden=_said(error))
        try:
            return Trail(name, is_own, logs, cloudtrail.get_event_selectors(TrailName=name))
        except (ClientError, BotoCoreError) as error:
            return Trail(name, is_own, logs, hidden=_said(error))

    @property
    def recording(self) -> list[Trail]:
        """Return the trails that log, or may; or all where none does: then that is what is wrong, and not their selectors."""
        return [trail for trail in self.trails if trail.logs is not False] or self.trails


def _said(error: Exception) -> str:
    outcome, code, _ = outcome_of(error)
    return f"{outcome.value}: {code}"
