"""The failures of one subject: counted into the incident that goes on, or the beginning of one that is alerted at once."""

from dataclasses import replace

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.incidents import without_table
from keywatch.incidents.announce import announce
from keywatch.incidents.grouping import wait_for_room
from keywatch.incidents.memory import Memory
from keywatch.model.evidence import ChangeFact
from keywatch.model.incident import ENDED, NEW, OPEN, FailureBatch, Incident
from keywatch.services import Services
from keywatch.store.budgets import Withheld


def handle(services: Services, memory: Memory, batch: FailureBatch) -> None:
    """Count a batch, or alert about it; raises what SNS raises."""
    subject = batch.latest_failure.subject
    remembered = memory.recall(subject, services.now())
    if remembered and _count(services, memory, remembered, batch):
        return
    try:
        known = services.incidents.read(subject)
        claimed = _claim(services, memory, known.incident, batch)
    except (ClientError, BotoCoreError):
        services.counts.add("TableUnreachable")
        services.logger.exception("the incident table did not answer")
        without_table.alert(services, memory, batch)
        return
    if claimed:
        announce_claimed(services, memory, claimed, known.changes)


def _claim(
    services: Services, memory: Memory, incident: Incident | None, batch: FailureBatch
) -> Incident | None:
    """Take the right to alert about a subject, or count where somebody has it already (``None``)."""
    subject, now = batch.latest_failure.subject, services.now()
    claimed = None
    if incident is None or incident.status in ENDED:
        claimed = services.incidents.open(subject, batch, now, incident)
        incident = incident if claimed else services.incidents.read(subject).incident
    elif incident.status == NEW and not incident.leased(now):
        claimed = services.incidents.claim(incident, now, batch)
    if claimed:
        return claimed
    if incident:
        _count(services, memory, incident, batch)
    return None


def _count(services: Services, memory: Memory, incident: Incident, batch: FailureBatch) -> bool:
    """Add to an incident that somebody alerts or has alerted about; ``False`` when it is no longer that incident.

    A new kind of failure, or one that comes when a reminder is due, is for the clock to look at.
    """
    now, cause = services.now(), batch.latest_failure.classification.cause
    news = incident.status == OPEN and (
        cause != incident.latest_cause or _reminder_due(services, incident)
    )
    try:
        counted = services.incidents.count(incident, batch, due_at=now if news else None)
    except (ClientError, BotoCoreError):
        services.counts.add("CountsLost", batch.count)
        services.logger.exception("failures of a known incident could not be counted")
        return True
    if not counted:
        memory.forget(incident.subject)
        return False
    if incident.status == OPEN:
        last_seen = max(incident.last_seen, batch.last_seen)
        memory.keep(replace(incident, latest_cause=cause or "", last_seen=last_seen), now)
    return True


def _reminder_due(services: Services, incident: Incident) -> bool:
    sent_at, interval = incident.sent_at, services.settings.repeat_interval
    return sent_at is not None and services.now() - sent_at >= interval


def announce_claimed(
    services: Services, memory: Memory, incident: Incident, changes: tuple[ChangeFact, ...]
) -> None:
    """Alert about a claimed incident; if that fails, give the claim back, so that the next delivery tries at once."""
    try:
        if sent := announce(services, incident, changes):
            memory.keep(sent, services.now())
    except Withheld as withheld:
        wait_for_room(services, incident, withheld)
    except Exception:
        services.counts.add("AlertsFailed")
        _give_back(services, incident)
        raise


def _give_back(services: Services, incident: Incident) -> None:
    try:
        services.incidents.record_outcome(incident, services.now())
    except (ClientError, BotoCoreError):
        services.counts.add("ClaimsNotReturned")  # its lease runs out by itself
