"""The messages about groups: one that opens, some at growing intervals while the group grows, one when all is over."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from keywatch.alerts.alert import Alert
from keywatch.alerts.group_alert import ended_note, group_alert
from keywatch.catalogue.causes import cause_of
from keywatch.diagnosis.diagnose import Diagnosis
from keywatch.diagnosis.recovery import Recovery, recovery_of
from keywatch.incidents.assess import assess
from keywatch.incidents.ending import end
from keywatch.incidents.grouping import without_look_ups
from keywatch.incidents.owners import common_owner
from keywatch.incidents.severity import is_higher, severity_together
from keywatch.incidents.silenced import unsilenced
from keywatch.model.evidence import ChangeFact
from keywatch.model.group import WINDOW, Group, interval_after
from keywatch.model.incident import ENDED, HELD, HOLD, NEW, OPEN, QUIET, RESOLVED, Incident
from keywatch.model.signals import Subject
from keywatch.services import Services
from keywatch.store.budgets import Withheld
from keywatch.store.history import HistoryLine

RESERVE = 8.0
LOOK_EVERY = timedelta(minutes=5)
LONGEST_WAIT = timedelta(hours=1)
LONGEST_HOLD = timedelta(minutes=5)
MOST_PROBED, MOST_EXAMPLES = 20, 5


def add_up(services: Services) -> None:
    """Count who joined since the last time, and tell of groups that are due now. Never raises."""
    try:
        for group in services.groups.add_up(services.now()):
            if group.due_at and group.due_at <= services.now():
                _attempt(services, group)
    except Exception:
        services.counts.add("GroupsFailed")
        services.logger.exception("groups could not be counted; it is tried again")


def tick(services: Services, remaining: Callable[[], float] = lambda: 60.0) -> None:
    """Look at the groups that are due, as the minute passes. Never raises."""
    add_up(services)
    try:
        for group in services.groups.due(services.now()):
            if remaining() > RESERVE:
                _attempt(services, group)
    except Exception:
        services.counts.add("GroupsFailed")
        services.logger.exception("groups that are due could not be read")


def _attempt(services: Services, group: Group) -> None:
    try:
        if claimed := services.groups.claim(group, services.now()):
            _attempt_claimed(services, claimed)
    except Exception:
        services.counts.add("GroupsFailed")
        services.logger.exception(
            "a group could not be handled; it is tried again when its lease ends"
        )


def _attempt_claimed(services: Services, group: Group) -> None:
    try:
        _handle(services, group)
    except Withheld as withheld:
        services.groups.postpone(group, withheld.until)


def _handle(services: Services, group: Group) -> None:
    now = services.now()
    members = _members(services, group)
    if not members:
        _end(services, group, now)
    elif group.messages == 0:
        _open(services, group, members, now)
    else:
        heard = group.silenced and len(unsilenced(services, members)) == len(members)
        grown = (heard or group.size > group.told_size) and _interval_is_over(group, now)
        if not (grown and _tell(services, group, members, _leads(services, group))):
            _look(services, group, members, now)


def _members(services: Services, group: Group) -> list[Incident]:
    """Return the incidents of a group that have not ended."""
    found = {one.subject.id: one for one in services.groups.fresh_members(group)}
    found |= {one.subject.id: one for one in services.incidents.members(group.id)}
    return list(found.values())


def _leads(services: Services, group: Group) -> list[Incident]:
    """Return the incidents of those that alerted by themselves: they were looked at."""
    read = (services.incidents.read(Subject.from_id(one)).incident for one in sorted(group.alone))
    return [incident for incident in read if incident is not None]


def _interval_is_over(group: Group, now: datetime) -> bool:
    return group.told_at is None or now - group.told_at >= interval_after(group.messages)


def _open(services: Services, group: Group, members: list[Incident], now: datetime) -> None:
    """Tell of a group for the first time, unless all that was looked at of it seems to pass by itself."""
    leads = _leads(services, group)
    passing = bool(leads) and all(lead.status in {HELD, NEW, *ENDED} for lead in leads)
    if passing and now - group.since < LONGEST_HOLD:
        services.groups.postpone(group, now + HOLD)
    elif not _tell(services, group, members, leads):
        _look(services, group, members, now)


def _tell(
    services: Services, group: Group, members: Sequence[Incident], leads: Sequence[Incident]
) -> bool:
    """Send a message about those of a group that no silence covers, then record that it was sent.

    ``False``: silences cover all, or all that was looked at works again.
    """
    now, known = services.now(), len(members) + len(leads)
    members, leads = unsilenced(services, members), unsilenced(services, leads)
    silent = known - len(members) - len(leads)
    if silent and not group.silenced:
        services.groups.keep_silent(group)
    if not members:
        return False
    explained = _explained(services, members, leads)
    if explained is None:
        return False
    diagnosis, changes = explained
    incidents = [*leads, *members]
    size = max(group.size - silent, len(incidents))
    owner = common_owner(services, incidents) if size == len(incidents) else None
    severity, raised_because = severity_together(incidents, group.severity)
    group = replace(group, size=size, owner=owner, severity=severity.value)
    notes = (raised_because,) if raised_because else ()
    alert = group_alert(
        "group",
        group,
        incidents,
        diagnosis,
        changes,
        notes=notes,
        function_name=services.settings.function_name,
    )
    services.publisher.publish(alert)
    services.counts.add("AlertsSent")
    _note(services, alert, incidents[0].subject, now)
    counted = replace(group, size=size + silent, silenced=silent > 0)
    services.groups.record_sent(counted, now, now + interval_after(group.messages + 1))
    return True


def _note(services: Services, alert: Alert, subject: Subject, now: datetime) -> None:
    """Add a message about a group to its history."""
    size = alert.group.size if alert.group else 0
    services.history.add(
        HistoryLine(
            alert.incident_id,
            subject,
            now,
            alert.status,
            alert.diagnosis.cause,
            alert.severity or "",
            alert.impact.failures,
            f"{size:,} subjects",
        )
    )


def _explained(
    services: Services, members: Sequence[Incident], leads: Sequence[Incident]
) -> tuple[Diagnosis, tuple[ChangeFact, ...]] | None:
    """Look at some again and return the diagnosis of one that is broken, best of the cause that most have.

    ``None`` where a look-up shows that all that were looked at are usable again.
    """
    common = _most_common(one.cause or one.latest_cause for one in (*members, *leads))
    alerted = [lead for lead in leads if lead.status == OPEN]
    candidates = sorted(alerted, key=lambda one: one.cause != common)
    for chosen in (*candidates, *_sample(members, MOST_EXAMPLES)):
        known = (*services.incidents.read(chosen.subject).changes, *chosen.history)
        diagnosis, evidence = assess(services, chosen.latest_failure, known, ask_trail=False)
        if not diagnosis.is_over:
            return diagnosis, evidence.changes
    return None


def _most_common(causes: Iterable[str]) -> str:
    counted: dict[str, int] = {}
    for cause in causes:
        counted[cause] = counted.get(cause, 0) + 1
    return max(counted, key=lambda cause: counted[cause])


def _look(services: Services, group: Group, members: list[Incident], now: datetime) -> None:
    """See whether a group that is quiet works again, once all that alerted by themselves do; else remind, or wait."""
    newest = max(one.last_seen for one in members)
    leads = _leads(services, group)
    news = _goes_on(services, group, newest, now) or _hurts_more(group, [*leads, *members])
    if news and _tell(services, group, members, leads):
        return
    if now - newest < QUIET:
        services.groups.postpone(group, now + LOOK_EVERY)
    elif all(lead.status in ENDED for lead in leads) and (proven := _proven(services, members)):
        services.counts.add("GroupMembersProven", proven)
        _end_all(services, group, members, now)
    else:
        services.groups.postpone(group, now + min(max(LOOK_EVERY, now - newest), LONGEST_WAIT))


def _hurts_more(group: Group, incidents: Sequence[Incident]) -> bool:
    """Tell whether the severity rises above what people were told."""
    severity, _ = severity_together(incidents, group.severity)
    return is_higher(severity, group.severity)


def _goes_on(services: Services, group: Group, newest: datetime, now: datetime) -> bool:
    """Tell whether a reminder is due: calls go on failing long after the last message."""
    told = group.told_at
    long_ago = told is not None and now - told >= services.settings.repeat_interval
    return long_ago and told is not None and newest > told and now - newest < QUIET


def _sample(members: Sequence[Incident], most: int) -> Sequence[Incident]:
    """Return all, or so many of them, evenly spread."""
    return members[:: max(1, len(members) // most)][:most]


def _proven(services: Services, members: Sequence[Incident]) -> int:
    """Return how many are proven usable again, of many by a sample; 0 unless all that were looked at are."""
    sample = _sample(members, MOST_PROBED)
    for one in sample:
        _, evidence = assess(services, one.latest_failure, one.history, ask_trail=False)
        cause = one.cause or one.latest_cause
        if recovery_of(cause, one.subject, evidence) is not Recovery.PROVEN:
            return 0
    return len(sample)


def _end_all(services: Services, group: Group, members: Sequence[Incident], now: datetime) -> None:
    """End the incidents of a group; those for which calls failed meanwhile go on."""
    ended = sum(end(services, one, RESOLVED, now, told=False) for one in members)
    services.counts.add("IncidentsResolved", ended)
    services.groups.postpone(group, now)


def _end(services: Services, group: Group, now: datetime) -> None:
    """Say that a group is over, if people were told of it, then end it; not while one that alerted by itself goes on."""
    leads = _leads(services, group)
    if group.takes(now):
        # Of a group that nobody was told of the index may not show the first members yet.
        again = group.joined_at + WINDOW if group.messages else now + interval_after(0)
        services.groups.postpone(group, again)
        return
    if any(lead.status not in ENDED for lead in leads):
        services.groups.postpone(group, now + LONGEST_WAIT)
        return
    if group.messages and (leads := unsilenced(services, leads)):
        diagnosis, changes = _closing(services, leads)
        closing = replace(diagnosis, remedies=(), unknowns=())
        notes = (ended_note(group, _proven(services, leads)),)
        alert = group_alert("resolved", group, leads, closing, changes, notes=notes)
        services.publisher.publish(alert)
        services.counts.add("AlertsSent")
        _note(services, alert, leads[0].subject, now)
    services.groups.end(group)


def _closing(
    services: Services, leads: Sequence[Incident]
) -> tuple[Diagnosis, tuple[ChangeFact, ...]]:
    lead = leads[0]
    diagnosis = without_look_ups(lead.latest_failure, lead.history, services.now())
    return replace(diagnosis, cause=cause_of(lead.cause or diagnosis.cause).id), lead.history
