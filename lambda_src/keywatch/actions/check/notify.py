"""Send what a check found as an alert: one for each key, or one for all where there are many; the same only once."""

from collections.abc import Sequence
from dataclasses import replace

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.actions.check.answer import KeyAnswer
from keywatch.alerts.alert import Alert, GroupView, Impact, SubjectView
from keywatch.alerts.incident_alert import subject_view
from keywatch.diagnosis.reasons import stamp
from keywatch.incidents.owners import owner_of
from keywatch.model.group import ALONE
from keywatch.model.incident import OPEN, new_id
from keywatch.model.levels import Confidence
from keywatch.model.signals import KeyFailure, Subject
from keywatch.services import Services
from keywatch.store.budgets import Withheld
from keywatch.store.sent_checks import SentChecks

ON_DEMAND = "This is an on-demand check. No failing call was seen."


def publish(answers: Sequence[KeyAnswer], services: Services) -> list[KeyAnswer]:
    """Send what is broken; return the answers, those of broken keys with whether they were sent."""
    broken = [answer for answer in answers if answer.diagnosis and answer.failure]
    if len(broken) <= ALONE:
        return [_send([answer], services)[0] if answer in broken else answer for answer in answers]
    sent = iter(_send(broken, services))
    return [next(sent) if answer.diagnosis and answer.failure else answer for answer in answers]


def _send(broken: Sequence[KeyAnswer], services: Services) -> list[KeyAnswer]:
    """Send one message about all of these, unless people were told just this lately."""
    if told := _told_lately(broken, services):
        return [_not_sent(answer, told) for answer in broken]
    try:
        services.publisher.publish(_alert(broken, services))
    except (ClientError, BotoCoreError, Withheld) as error:
        services.counts.add("AlertsFailed")
        problem = f"The alert could not be published ({type(error).__name__}: {error})."
        return [_not_sent(answer, problem) for answer in broken]
    services.counts.add("AlertsSent")
    _remember(broken, services)
    return [replace(answer, notified=True) for answer in broken]


def _not_sent(answer: KeyAnswer, why: str) -> KeyAnswer:
    return replace(answer, notified=False, unknowns=(*answer.unknowns, why))


def _found(broken: Sequence[KeyAnswer]) -> list[tuple[str, str, str]]:
    return [
        (one.key_id, one.region, one.diagnosis.cause if one.diagnosis else "") for one in broken
    ]


def _told_lately(broken: Sequence[KeyAnswer], services: Services) -> str:
    """Return in words when people were told just this; empty where they were not, or nobody knows."""
    interval = services.settings.repeat_interval
    try:
        sent_at = SentChecks(services.table).sent_at(_found(broken))
    except (ClientError, BotoCoreError):
        services.counts.add("TableUnreachable")
        return ""
    if sent_at is None or services.now() - sent_at >= interval:
        return ""
    return f"No alert was sent: the same was sent at {stamp(sent_at)}."


def _remember(broken: Sequence[KeyAnswer], services: Services) -> None:
    now = services.now()
    try:
        SentChecks(services.table).record(
            _found(broken), now, now + services.settings.repeat_interval
        )
    except (ClientError, BotoCoreError):
        services.counts.add("TableUnreachable")


def _alert(broken: Sequence[KeyAnswer], services: Services) -> Alert:
    first, now = broken[0], services.now()
    diagnosis, failure = first.diagnosis, first.failure
    if diagnosis is None or failure is None:  # pragma: no cover - only broken ones come here
        raise AssertionError(first.key_id)
    impact = Impact(failures=0, first_seen=now, last_seen=now)
    if len(broken) == 1:
        incident = _open_incident(services, failure)
        return Alert(
            status="reminder" if incident else "opened",
            incident_id=incident or new_id(failure.subject, now),
            subject=subject_view(failure.subject, failure, diagnosis),
            diagnosis=diagnosis,
            impact=impact,
            notes=(ON_DEMAND,),
            owner=_owner(first, services),
        )
    settings = services.settings
    check = Subject("check", settings.account, first.region, ",".join(a.key_id for a in broken))
    example = f"What follows is about {first.key_id}."
    return Alert(
        status="group",
        incident_id=new_id(check, now),
        subject=SubjectView(None, None, None, None, settings.account, first.region),
        diagnosis=replace(diagnosis, confidence=_of_all(diagnosis.confidence)),
        impact=impact,
        notes=(ON_DEMAND, example),
        group=GroupView(
            new_id(check, now),
            len(broken),
            "a check on demand asked for all of them",
            tuple(
                f"{one.key_id} ({cause})"
                for one, (_, _, cause) in zip(broken, _found(broken), strict=True)
            ),
        ),
    )


def _owner(answer: KeyAnswer, services: Services) -> str | None:
    if not services.settings.owner_tags or answer.facts is None:
        return None
    return owner_of(services, (answer.facts.arn,), None)


def _of_all(confidence: Confidence) -> Confidence:
    """Return how sure it is of all what is that sure of one."""
    return Confidence.LIKELY if confidence is Confidence.CERTAIN else confidence


def _open_incident(services: Services, failure: KeyFailure) -> str | None:
    try:
        incident = services.incidents.read(failure.subject).incident
    except (ClientError, BotoCoreError):
        services.counts.add("TableUnreachable")
        return None
    return incident.id if incident and incident.status == OPEN else None
