"""What the passing minute does to incidents.

It finishes what a crash left, looks again at what was held, tells when the nature of an incident
changed, reminds of those that go on, and ends those that are over. Semantics follow Prometheus
Alertmanager: a reminder every ``repeat_interval`` while failures go on, ``resolved`` only for what
was announced, state written after the send.
"""

from collections.abc import Callable

from keywatch.catalogue.causes import cause_of
from keywatch.catalogue.states import is_usable
from keywatch.diagnosis.case import PROPAGATION
from keywatch.incidents import digests, grouping
from keywatch.incidents.announce import announce, announce_as_seen, must_wait
from keywatch.incidents.assess import assess
from keywatch.incidents.follow import follow
from keywatch.model.evidence import ChangeFact
from keywatch.model.incident import HEALED, HELD, HOLD, MUTED, NEW, Incident
from keywatch.services import Services
from keywatch.store.budgets import Withheld

SLICE = 100
RESERVE = 8.0  # seconds of the function's time that are not begun with


def tick(services: Services, remaining: Callable[[], float] = lambda: 60.0) -> int:
    """Handle incidents that are due, slice by slice, until none is left or time is short; return how many were handled."""
    digests.tick(services, remaining)
    handled = 0
    while remaining() > RESERVE:
        due = list(services.incidents.due(services.now(), SLICE))
        done = [_attempt(services, incident) for incident in due if remaining() > RESERVE]
        handled += sum(done)
        if len(due) < SLICE or not any(done):
            break
    return handled


def _attempt(services: Services, incident: Incident) -> bool:
    """Handle one incident; what fails is due again when its lease ends."""
    try:
        claimed = services.incidents.claim(incident, services.now())
        if claimed:
            _attempt_claimed(services, claimed)
    except Exception:
        services.counts.add("ClockFailed")
        services.logger.exception("the clock could not handle an incident; it will be tried again")
        return False
    return claimed is not None


def _attempt_claimed(services: Services, incident: Incident) -> None:
    try:
        _handle(services, incident)
    except Withheld as withheld:
        grouping.wait_for_room(services, incident, withheld)


def _handle(services: Services, incident: Incident) -> None:
    changes = (*services.incidents.read(incident.subject).changes, *incident.history)
    if incident.status in {NEW, MUTED}:
        if incident.status == NEW:
            services.counts.add("AlertsRecovered")
        announce(services, incident, changes)
    elif incident.status == HELD:
        _look_again(services, incident, changes)
    elif grouping.is_member(incident):
        grouping.follow_member(services, incident)
    else:
        follow(services, incident, changes)


def _look_again(services: Services, incident: Incident, changes: tuple[ChangeFact, ...]) -> None:
    """End a held incident that healed; alert about one that turned out to be something else, or that lasts too long."""
    lasts = services.now() - incident.first_seen >= PROPAGATION
    diagnosis, evidence = assess(services, incident.latest_failure, changes, ask_trail=lasts)
    now = services.now()
    quiet = now - incident.last_seen >= HOLD
    usable = evidence.key is not None and is_usable(evidence.key.state)
    healed = quiet and (diagnosis.is_over or (cause_of(diagnosis.cause).transient and usable))
    if healed and services.incidents.end(incident, HEALED, now):
        services.counts.add("IncidentsHealed")
    elif must_wait(incident, diagnosis, now):
        services.incidents.record_outcome(incident, now + HOLD)
    else:
        announce_as_seen(services, incident, diagnosis, evidence)
