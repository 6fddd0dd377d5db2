"""Send what a check found as an alert, within the incident that is open about it, if there is one."""

from dataclasses import replace

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.actions.check.answer import KeyAnswer
from keywatch.alerts.alert import Alert, Impact
from keywatch.alerts.incident_alert import subject_view
from keywatch.model.incident import OPEN, new_id
from keywatch.model.signals import KeyFailure
from keywatch.services import Services
from keywatch.store.budgets import Withheld

ON_DEMAND = "This is an on-demand check. No failing call was seen."


def publish(answer: KeyAnswer, services: Services) -> KeyAnswer:
    """Send the diagnosis; return the answer with whether it was sent."""
    diagnosis, failure = answer.diagnosis, answer.failure
    if diagnosis is None or failure is None:
        return answer
    now = services.now()
    open_incident = _open_incident(services, failure)
    alert = Alert(
        status="reminder" if open_incident else "opened",
        incident_id=open_incident or new_id(failure.subject, now),
        subject=subject_view(failure.subject, failure, diagnosis),
        diagnosis=diagnosis,
        impact=Impact(failures=0, first_seen=now, last_seen=now),
        notes=(ON_DEMAND,),
    )
    try:
        services.publisher.publish(alert)
    except (ClientError, BotoCoreError, Withheld) as error:
        services.counts.add("AlertsFailed")
        problem = f"The alert could not be published ({type(error).__name__}: {error})."
        return replace(answer, notified=False, unknowns=(*answer.unknowns, problem))
    services.counts.add("AlertsSent")
    return replace(answer, notified=True)


def _open_incident(services: Services, failure: KeyFailure) -> str | None:
    try:
        incident = services.incidents.read(failure.subject).incident
    except (ClientError, BotoCoreError):
        return None
    return incident.id if incident and incident.status == OPEN else None
