"""What the passing minute does to incidents.

It finishes what a crash left, looks again at what was held, tells when the nature of an incident
changed, reminds of those that go on, and ends those that are over: the table of
``keywatch.incidents.lifecycle``. Semantics follow Prometheus Alertmanager: a reminder every
``repeat_interval`` while failures go on, ``resolved`` only for what was announced, state written
after the send.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice

from keywatch.incidents import digests
from keywatch.incidents.announce import announce, follow
from keywatch.model.incident import ENDED, NEW, Incident
from keywatch.services import Services

SLICE = 100
WORKERS = 8
RESERVE = 8.0  # seconds of the function's time that are not begun with


def tick(
    services: Services, remaining: Callable[[], float] = lambda: 60.0, workers: int = WORKERS
) -> int:
    """Handle incidents that are due, slice by slice, until none is left or time is short; return how many were handled.

    So many ``workers`` handle incidents at once; one worker makes its calls in the same order every time.
    """
    services.silences.refresh()
    digests.tick(services, remaining)
    if remaining() <= RESERVE:
        return 0
    handled, due = 0, services.incidents.due(services.now())
    attempt = partial(_attempt, services, remaining)
    with ThreadPoolExecutor(workers) as pool:
        while remaining() > RESERVE and (some := list(islice(due, SLICE))):
            handled += sum(pool.map(attempt, some) if workers > 1 else map(attempt, some))
    return handled


def _attempt(services: Services, remaining: Callable[[], float], incident: Incident) -> bool:
    """Handle one incident; what fails stays due."""
    if remaining() <= RESERVE:
        return False
    try:
        return _handle(services, incident)
    except Exception:
        services.counts.add("ClockFailed")
        services.logger.exception("the clock could not handle an incident; it will be tried again")
        return False


def _handle(services: Services, due: Incident) -> bool:
    """Look at an incident as it is now; ``False`` where somebody else has been at it."""
    stored = services.incidents.read(due.subject)
    incident = stored.incident
    if incident is None or incident.status in ENDED or incident.due_at > services.now():
        return False
    if incident.status != NEW:
        follow(services, incident, stored.changes)
        return True
    claimed = services.incidents.claim(incident, services.now())
    if claimed is None:
        return False
    services.counts.add("AlertsRecovered")
    announce(services, claimed, stored.changes)
    return True
