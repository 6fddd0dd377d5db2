"""Does a hub hear of every account? Which spokes never answered, went blind, cannot be looked into or are another version."""

from collections.abc import Callable, Sequence
from typing import Any

from botocore.exceptions import ClientError

from keywatch.actions.doctor.deployment import (
    FAIL,
    NOT_TOLD,
    PASS,
    WARN,
    Deployment,
    HealthCheck,
    HealthCheckResult,
    is_gone,
)
from keywatch.alerts.names import named
from keywatch.model.text import counted
from keywatch.settings import Settings
from keywatch.store.spokes import CLOSED, LOOKED_AT, TRUST, UNHEALTHY, VERSION, Health, Spoke

SHOWN = 12
MOST_LISTED = 500
DEPLOY = "make spoke"


def checks(settings: Settings) -> Sequence[HealthCheck]:
    """Return the checks of a hub; none for one account."""
    if settings.hub is None:
        return ()
    return (
        HealthCheck(
            "hub_rules",
            "The rules of the hub's bus bring in what the spokes send.",
            _rules,
            "make deploy",
        ),
        HealthCheck(
            "spokes_look_ups",
            "Of an account that cannot be looked into, alerts say less, and no canary can be sent there.",
            _of(Health.CLOSED, FAIL, "cannot be looked into", _closed),
            DEPLOY,
        ),
        HealthCheck(
            "spokes_answered",
            "A spoke whose canary never came back sends nothing: its rule, its trail or the way to the hub is missing.",
            _of(Health.NEVER_ANSWERED, FAIL, "never answered", _place),
            DEPLOY,
        ),
        HealthCheck(
            "spokes_see",
            "A spoke whose canary comes back no more may not tell of any failing call.",
            _of(Health.BLIND, FAIL, "went blind", _place),
            DEPLOY,
        ),
        HealthCheck(
            "spokes_trust",
            "Nobody but the hub's function should be able to look into an account by this role.",
            _trust,
            DEPLOY,
        ),
        HealthCheck(
            "spokes_version",
            "A spoke of another version may leave out events that this version knows.",
            _of(Health.OUTDATED, WARN, "run another version", _version),
            DEPLOY,
        ),
    )


def summary(deployment: Deployment) -> dict[str, Any]:
    """Return how many spokes there are, and a list of those that are not well."""
    groups = deployment.spokes
    unwell = [
        (spoke, health) for health in Health if health in UNHEALTHY for spoke in groups[health]
    ]
    return {
        "known": sum(map(len, groups.values())),
        "new": len(groups[Health.NEW]),
        "well": len(groups[Health.WELL]),
        "unwell": [
            {"account": spoke.account, "region": spoke.region, "health": health.value}
            for spoke, health in unwell[:MOST_LISTED]
        ],
        "left_out": max(0, len(unwell) - MOST_LISTED),
    }


def _of(
    health: Health, status: str, what: str, shown: Callable[[Spoke], str]
) -> Callable[[Deployment], HealthCheckResult]:
    """Return the check that no spoke is so, which names those that are."""

    def check(deployment: Deployment) -> HealthCheckResult:
        groups = deployment.spokes
        known = sum(map(len, groups.values()))
        if not known:
            return HealthCheckResult(WARN, "No spoke is known yet.")
        found = groups[health]
        if not found:
            new = f", of which {len(groups[Health.NEW])} are new" if groups[Health.NEW] else ""
            return HealthCheckResult(PASS, f"None of {counted(known, 'spoke')}{new}.")
        names = _listed(deployment, found, shown)
        return HealthCheckResult(status, f"{len(found)} of {known} spokes {what}: {names}.")

    return check


def _listed(deployment: Deployment, spokes: Sequence[Spoke], shown: Callable[[Spoke], str]) -> str:
    first = [_named(deployment, spoke, shown) for spoke in spokes[:SHOWN]]
    more = len(spokes) - SHOWN
    return "; ".join([*first, f"and {more} more"] if more > 0 else first)


def _named(deployment: Deployment, spoke: Spoke, shown: Callable[[Spoke], str]) -> str:
    directory = deployment.services.directory
    name = directory.name(spoke.account) if directory else ""
    return f"{named(spoke.account, name)} {shown(spoke)}"


def _place(spoke: Spoke) -> str:
    return spoke.region


def _closed(spoke: Spoke) -> str:
    said = spoke.state.text(CLOSED) or ""
    code = said.partition("(")[2].partition(")")[0]
    return f"{spoke.region} ({code})" if code else spoke.region


def _version(spoke: Spoke) -> str:
    return f"{spoke.region} (version {spoke.state.text(VERSION)})"


def _trust(deployment: Deployment) -> HealthCheckResult:
    groups = deployment.spokes
    bad = groups[Health.MISTRUSTED]
    unseen = [
        spoke
        for spoke in (*groups[Health.WELL], *groups[Health.OUTDATED])
        if spoke.account != deployment.settings.account
        and (spoke.state.time(LOOKED_AT) is None or spoke.state.text(VERSION) is None)
    ]
    if bad:
        names = _listed(deployment, bad, lambda spoke: spoke.state.text(TRUST) or "")
        return HealthCheckResult(FAIL, f"Look-up roles trust somebody else: {names}")
    if unseen:
        names = _listed(deployment, unseen, _place)
        return HealthCheckResult(WARN, f"Not looked at, or not allowed to (iam:GetRole): {names}.")
    return HealthCheckResult(PASS, "Every look-up role trusts the hub's function only.")


def _rules(deployment: Deployment) -> HealthCheckResult:
    hub = deployment.parts.hub
    if not hub.get("rules"):
        return NOT_TOLD
    events, problems = deployment.client("events"), []
    for name, state in dict(hub["rules"]).items():
        place = {"EventBusName": str(hub.get("bus", ""))}
        try:
            found = events.describe_rule(Name=name, **place).get("State")
            targets = events.list_targets_by_rule(Rule=name, **place)["Targets"]
        except ClientError as error:
            if not is_gone(error):
                raise
            problems.append(f"Rule {name} does not exist.")
            continue
        if found != state:
            problems.append(f"Rule {name} is {found} and must be {state}.")
        if deployment.queue_arn not in {target.get("Arn") for target in targets}:
            problems.append(f"Rule {name} does not send its events to the queue.")
    if problems:
        return HealthCheckResult(FAIL, " ".join(problems))
    return HealthCheckResult(PASS, f"All {len(hub['rules'])} rules on the hub's bus are enabled.")
