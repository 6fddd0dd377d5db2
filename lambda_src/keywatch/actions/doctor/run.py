"""``doctor``: can this deployment see and speak? One line for each thing that must hold, why it matters, and what mends it.

All of it is found out by reading. A line that could not be looked at is a warning: it says what was
refused.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.actions.doctor import delivery, own, trail
from keywatch.actions.doctor.deployment import (
    FAIL,
    PASS,
    WARN,
    Deployment,
    HealthCheck,
    HealthCheckResult,
)
from keywatch.actions.requests import InvalidRequest, unknown_fields
from keywatch.lookups.kms import sight_of
from keywatch.model.text import one_line
from keywatch.services import Services

SCHEMA = "keywatch.doctor/1"
WORKERS = 4
Answer = dict[str, Any]


def doctor(request: Mapping[str, Any], services: Services) -> Answer:
    """Answer ``{"action": "doctor"}``; raises ``InvalidRequest``."""
    if wrong := unknown_fields(request):
        raise InvalidRequest.of(wrong)
    answer = examine(services)
    report(answer, services)
    return answer


def examine(services: Services) -> Answer:
    """Look at every line; the status in all is that of the worst one."""
    patient = Deployment(services)
    lines = [*trail.LINES, *delivery.LINES, *own.lines(services)]
    with ThreadPoolExecutor(WORKERS) as pool:
        told = list(pool.map(lambda line: _told(line, patient), lines))
    counts = {
        status: sum(line["status"] == status for line in told) for status in (PASS, WARN, FAIL)
    }
    worst = FAIL if counts[FAIL] else WARN if counts[WARN] else PASS
    return {
        "schema": SCHEMA,
        "status": worst,
        "region": services.settings.region,
        "counts": counts,
        "lines": told,
    }


def report(answer: Answer, services: Services) -> None:
    """Put the result into the function's log and metrics (``DoctorFailed``, ``DoctorWarned``)."""
    services.counts.add("DoctorFailed", answer["counts"][FAIL])
    services.counts.add("DoctorWarned", answer["counts"][WARN])
    services.logger.info("doctor: %s, %s", answer["status"], answer["counts"])
    for line in answer["lines"]:
        if line["status"] != PASS:
            services.logger.info("doctor: %s %s: %s", line["status"], line["id"], line["says"])


def _told(line: HealthCheck, patient: Deployment) -> Answer:
    verdict = _verdict(line, patient)
    bad = verdict.status != PASS
    return {
        "id": line.id,
        "status": verdict.status,
        "says": one_line(verdict.says, 1000),
        "why": line.why,
        "command": (verdict.command or line.command) if bad else None,
    }


def _verdict(line: HealthCheck, patient: Deployment) -> HealthCheckResult:
    try:
        return line.look(patient)
    except (ClientError, BotoCoreError) as error:
        outcome, code, message = sight_of(error)
        return HealthCheckResult(
            WARN, f"This could not be looked at ({outcome.value}): {code} {message}"
        )
    except Exception as error:
        patient.services.logger.exception("a line of the doctor failed")
        return HealthCheckResult(WARN, f"This could not be looked at: {type(error).__name__}")
