"""One change: kept in the ledger of everything it touches, and warned of where it breaks something before the first failure."""

from dataclasses import replace
from datetime import timedelta

from keywatch.diagnosis import early_warning
from keywatch.incidents.failures import announce_claimed
from keywatch.incidents.memory import Memory
from keywatch.model.incident import ENDED, FailureBatch
from keywatch.model.signals import KeyChange, KeyFailure
from keywatch.services import Services

STALE = timedelta(hours=1)  # a warning that comes later than its failures is none


def handle(services: Services, memory: Memory, change: KeyChange) -> None:
    """Keep a change, let the clock look at what goes on there, and warn."""
    going_on = set()
    for subject in change.subjects:
        services.incidents.record(change, subject)
        if services.incidents.schedule_now(subject, services.now()):
            going_on.add(subject)
    services.counts.add("Changes")
    warning = early_warning.warned_of(change)
    if warning and warning.subject not in going_on:
        _warn(services, memory, warning)


def _warn(services: Services, memory: Memory, warning: KeyFailure) -> None:
    """Open an incident before the first failure, unless the change is old or somebody is at the subject already."""
    now = services.now()
    if now - warning.time > STALE:
        return
    known = services.incidents.read(warning.subject)
    batch = FailureBatch(replace(warning, time=min(warning.time, now)))
    if known.incident is None or known.incident.status in ENDED:
        claimed = services.incidents.open(warning.subject, batch, now, known.incident)
        if claimed:
            announce_claimed(services, memory, claimed, known.changes)
