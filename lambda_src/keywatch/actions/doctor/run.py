"""``doctor``: is this deployment working? One check for each thing that must hold, why it matters, and how to fix it.

All of it is found out by reading. A check that could not be looked at is a warning: it says what was
refused.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.actions.doctor import intake, own, permissions, spokes, subscriptions, trail
from keywatch.actions.doctor.deployment import (
    FAIL,
    PASS,
    WARN,
    Deployment,
    HealthCheck,
    HealthCheckResult,
)
from keywatch.lookups.outcomes import outcome_of
from keywatch.model.text import one_line
from keywatch.services import Services

SCHEMA = "keywatch.doctor/1"
WORKERS = 4
Answer = dict[str, Any]


def doctor(services: Services) -> Answer:
    """Answer ``{"action": "doctor"}``, and say in the log and the metrics what was found."""
    answer = run_checks(services)
    report(answer, services)
    return answer


def run_checks(services: Services) -> Answer:
    """Run every check; the status in all is that of the worst one."""
    deployment = Deployment(services)
    checks = [
        *trail.CHECKS,
        *intake.CHECKS,
        *subscriptions.checks(services.settings),
        *own.CHECKS,
        *permissions.checks(services.settings),
        *spokes.checks(services.settings),
    ]
    with ThreadPoolExecutor(WORKERS) as pool:
        lines = list(pool.map(lambda check: _line(check, deployment), checks))
    counts = {
        status: sum(line["status"] == status for line in lines) for status in (PASS, WARN, FAIL)
    }
    of_spokes = {"spokes": spokes.summary(deployment)} if services.settings.hub else {}
    worst = next((status for status in (FAIL, WARN) if counts[status]), PASS)
    return {
        "schema": SCHEMA,
        "status": worst,
        "region": services.settings.region,
        "counts": counts,
        "lines": lines,
    } | of_spokes


def report(answer: Answer, services: Services) -> None:
    """Put the result into the function's log and metrics (``DoctorFailed``, ``DoctorWarned``)."""
    services.counts.add("DoctorFailed", answer["counts"][FAIL])
    services.counts.add("DoctorWarned", answer["counts"][WARN])
    services.logger.info("doctor: %s, %s", answer["status"], answer["counts"])
    for line in answer["lines"]:
        if line["status"] != PASS:
            services.logger.info("doctor: %s %s: %s", line["status"], line["id"], line["says"])


def _line(check: HealthCheck, deployment: Deployment) -> Answer:
    result = _result(check, deployment)
    return {
        "id": check.id,
        "status": result.status,
        "says": one_line(result.says, 1000),
        "why": check.why,
        "command": (result.command or check.command) if result.status != PASS else None,
    }


def _result(check: HealthCheck, deployment: Deployment) -> HealthCheckResult:
    try:
        return check.find_out(deployment)
    except (ClientError, BotoCoreError) as error:
        outcome, code, message = outcome_of(error)
        says = f"This could not be looked at ({outcome.value}): {code} {message}"
        return HealthCheckResult(WARN, says)
    except Exception as error:
        deployment.services.counts.add("ChecksBroken")
        deployment.services.logger.exception("a line of the doctor failed")
        return HealthCheckResult(WARN, f"This could not be looked at: {type(error).__name__}")
