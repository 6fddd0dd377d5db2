"""What the passing minute does to incidents: finish what a crash left, look again at what was held."""

from collections.abc import Callable

from keywatch.alerting import announce, examine, send
from keywatch.evidence import ChangeFact
from keywatch.hypotheses.case import PROPAGATION
from keywatch.incidents import HEALED, HELD, HOLD, NEW, Incident
from keywatch.services import Services

SLICE = 100
RESERVE = 8.0  # seconds of the function's time that are not begun with


def tick(services: Services, remaining: Callable[[], float] = lambda: 60.0) -> int:
    """Handle incidents that are due, slice by slice, until none is left or time is short; return how many were handled."""
    handled = 0
    while remaining() > RESERVE:
        due = list(services.table.due(services.now(), SLICE))
        for incident in due:
            if remaining() <= RESERVE:
                break
            handled += _attempt(services, incident)
        if len(due) < SLICE:
            break
    return handled


def _attempt(services: Services, incident: Incident) -> int:
    """Handle one incident; what fails is due again when its lease ends."""
    try:
        claimed = services.table.claim(incident, services.now())
        if claimed is None:
            return 0
        _handle(services, claimed)
    except Exception:
        services.counts.add("ClockFailed")
        services.logger.exception("the clock could not handle an incident; it will be tried again")
        return 0
    return 1


def _handle(services: Services, incident: Incident) -> None:
    changes = services.table.read(incident.subject).changes
    if incident.status == NEW:
        services.counts.add("AlertsRecovered")
        announce(services, incident, changes)
    elif incident.status == HELD:
        _look_again(services, incident, changes)


def _look_again(services: Services, incident: Incident, changes: tuple[ChangeFact, ...]) -> None:
    """End a held incident that healed; alert about one that turned out to be something else, or that lasts too long."""
    diagnosis, evidence = examine(services, incident.sample, changes)
    now = services.now()
    if diagnosis.cause != "not_yet_visible":
        send(services, "opened", incident, diagnosis, evidence.changes)
        return
    quiet = now - incident.last_seen >= HOLD
    if evidence.key and evidence.key.usable and quiet and services.table.end(incident, HEALED, now):
        services.counts.add("IncidentsHealed")
    elif now - incident.first_seen >= PROPAGATION:
        send(services, "opened", incident, diagnosis, evidence.changes)
    else:
        services.table.settle(incident, now + HOLD)
