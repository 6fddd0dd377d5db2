"""The failures of one subject: counted into the incident that goes on, or the beginning of one that is alerted at once."""

from collections.abc import Callable
from datetime import datetime

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.incidents import grouping, without_table
from keywatch.incidents.announce import announce, follow
from keywatch.incidents.findings import has_begun, is_news
from keywatch.incidents.memory import Memory
from keywatch.model.evidence import ChangeFact
from keywatch.model.incident import BY_ITSELF, ENDED, LIVE, NEW, OPEN, FailureBatch, Incident
from keywatch.services import Services
from keywatch.store.incident_table import StoredSubject

TRIES = 4
_UNREADABLE_NOTE = (
    "What KeyWatch stored about this incident cannot be read: it is damaged, or written by a newer "
    "version. This alert is not grouped or counted, and may come again from another instance."
)


class CountingFailedError(RuntimeError):
    """An incident changed again and again while its failures were being counted; they are delivered again."""


def handle(services: Services, memory: Memory, batch: FailureBatch) -> None:
    """Count a batch, or alert about it, with what could not be counted before; raises what SNS raises."""
    earlier = memory.uncounted.pop(batch.latest_failure.subject.id, None)
    if earlier:
        batch.absorb(earlier)
    try:
        _handle(services, memory, batch)
    except Exception:
        if earlier:
            _count_later(services, memory, earlier)
        raise


def _count_later(services: Services, memory: Memory, batch: FailureBatch) -> None:
    if lost := memory.keep_uncounted(batch):
        services.counts.add("CountsLost", lost)


def count_what_waits(services: Services, memory: Memory, has_time: Callable[[], bool]) -> None:
    """Count what could not be counted when it came, once the table answers again, as long as there is time. Never raises."""
    for batch in list(memory.uncounted.values()):
        if not has_time():
            return  # the next invocation goes on
        try:
            known = services.incidents.read(batch.latest_failure.subject)
        except (ClientError, BotoCoreError):
            services.counts.add("TableUnreachable")
            return  # what waits is kept
        memory.uncounted.pop(batch.latest_failure.subject.id, None)
        try:
            _count_now(services, memory, known, batch)
        except Exception:
            services.counts.add("SubjectsFailed")
            services.logger.exception("failures that could not be counted before still cannot")
            _count_later(services, memory, batch)


def _count_now(
    services: Services, memory: Memory, known: StoredSubject, batch: FailureBatch
) -> None:
    """Count into the incident that lives; else open one, and alert unless this container did without the table."""
    subject, now = batch.latest_failure.subject, services.now()
    lives = known.incident is not None and known.incident.status in LIVE
    if lives or known.is_unreadable or not memory.alerted_ungrouped(subject, now):
        _handle(services, memory, batch)
    elif opened := services.incidents.open(subject, batch, now, known.incident):
        grouping.record_told(services, opened, known.changes, BY_ITSELF)


def _handle(services: Services, memory: Memory, batch: FailureBatch) -> None:
    subject = batch.latest_failure.subject
    remembered = memory.recall(subject, services.now())
    if remembered and _count(services, memory, remembered, batch):
        return
    try:
        known = services.incidents.read(subject)
        if known.is_unreadable:
            if not without_table.alert(services, memory, batch, _UNREADABLE_NOTE):
                services.counts.add("CountsLost", batch.count)
            return
        if member := grouping.open_in_full_group(services, known, batch):
            memory.keep(member, services.now())
            return
        claimed = _claim(services, memory, known.incident, batch)
    except (ClientError, BotoCoreError):
        services.counts.add("TableUnreachable")
        services.logger.exception("the incident table did not answer")
        _count_later(services, memory, batch)
        without_table.alert(services, memory, batch)
        return
    if claimed:
        announce_claimed(services, memory, claimed, known.changes)


def _claim(
    services: Services, memory: Memory, incident: Incident | None, batch: FailureBatch
) -> Incident | None:
    """Take the right to alert about a subject, or count where somebody has it already (``None``)."""
    subject, now = batch.latest_failure.subject, services.now()
    for _ in range(TRIES):
        claimed = None
        if incident is None or incident.status in ENDED:
            if incident and not batch.without(incident.recent_calls).count:
                services.counts.add("Duplicates", batch.count)
                return None
            claimed = services.incidents.open(subject, batch, now, incident)
        elif incident.status == NEW and not incident.leased(now):
            claimed = services.incidents.claim(incident, now, batch)
        elif _count(services, memory, incident, batch):
            return None
        if claimed:
            return claimed
        incident = services.incidents.read(subject).incident
    raise CountingFailedError(subject.id)


def _count(services: Services, memory: Memory, incident: Incident, batch: FailureBatch) -> bool:
    """Add to an incident that somebody alerts or has alerted about; ``False`` when it is none that lives.

    A new kind of failure, the first one after a warning, or one that comes when a reminder is due,
    is for the clock to look at.
    """
    now, interval = services.now(), services.settings.repeat_interval

    def look_at(before: Incident, after: Incident) -> datetime | None:
        return now if is_news(before, after, now, interval) else None

    try:
        counted = services.incidents.count(incident, batch, look_at)
    except (ClientError, BotoCoreError):
        services.counts.add("TableUnreachable")
        services.logger.exception("failures of a known incident could not be counted yet")
        _count_later(services, memory, batch)
        return True
    if counted is None:
        memory.forget(incident.subject)
        return False
    if counted.status == OPEN:
        memory.keep(counted, now)
        if has_begun(counted):
            _tell_beginning(services, memory, counted)
    return True


def _tell_beginning(services: Services, memory: Memory, incident: Incident) -> None:
    """Say at once that calls fail of what was warned of; what goes wrong is left to the clock, for which it is due."""
    try:
        changes = services.incidents.read(incident.subject).changes
        if sent := follow(services, incident, changes):
            memory.keep(sent, services.now())
    except Exception:
        services.counts.add("AlertsFailed")
        services.logger.exception("the beginning of an outage could not be told yet")


def announce_claimed(
    services: Services, memory: Memory, incident: Incident, changes: tuple[ChangeFact, ...]
) -> None:
    """Alert about a claimed incident; if that fails, give the claim back, so that the next delivery tries at once."""
    try:
        if sent := announce(services, incident, changes):
            memory.keep(sent, services.now())
    except Exception:
        services.counts.add("AlertsFailed")
        _give_back(services, incident)
        raise


def _give_back(services: Services, incident: Incident) -> None:
    try:
        services.incidents.record_outcome(incident, services.now())
    except (ClientError, BotoCoreError):
        services.counts.add("ClaimsNotReturned")
        services.logger.exception("a claim could not be given back; its lease runs out by itself")
