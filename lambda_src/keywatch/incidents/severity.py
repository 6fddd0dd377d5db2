"""How urgent an incident is, and whether it flaps. Pure.

The severity is what its cause says, and more where many are hurt: impact raises, it never lowers.
From the third time on that an incident of a subject opens within six hours, it stays open until
nothing failed for two hours: what happens in between is counted and told by reminders.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from keywatch.catalogue.causes import cause_of
from keywatch.model.incident import QUIET, Incident
from keywatch.model.levels import Severity
from keywatch.model.tally import OTHERS
from keywatch.model.text import counted

MANY_CALLS = 1_000
MANY_CALLERS = 5
LONG_HOURS, LONG_CALLS = 1, 20  # calls failed over so many hours, and not only now and then
ORDER = (Severity.INFO, Severity.WARNING, Severity.HIGH, Severity.CRITICAL)
FLAPPING_WINDOW = timedelta(hours=6)
FLAPPING_TIMES = 3
FLAPPING_QUIET = timedelta(hours=2)
RAISED = {Severity.WARNING: Severity.HIGH}


def severity_of(cause: str, *incidents: Incident) -> tuple[Severity, str | None]:
    """Return the severity of incidents of this cause, and why it is higher than the cause's own (``None``: it is not)."""
    return _raised(cause_of(cause).severity, incidents)


def severity_together(
    incidents: Sequence[Incident], told: str | None
) -> tuple[Severity, str | None]:
    """Return the severity of what breaks together, and why it is higher than that of each: not below what people were told."""
    known = [
        level for level in ORDER if level.value in {told, *(one.severity for one in incidents)}
    ]
    worst = max(known, key=ORDER.index, default=Severity.WARNING)
    return _raised(worst, incidents)


def _raised(own: Severity, incidents: Sequence[Incident]) -> tuple[Severity, str | None]:
    hurts = hurts_because(*incidents) if own in RAISED and incidents else None
    if hurts is None:
        return own, None
    return RAISED[own], f"The severity is {RAISED[own]} and not {own}, because {hurts}."


def hurts_because(*incidents: Incident) -> str | None:
    """Return in words why many are hurt by incidents that are told of together; ``None`` where they are not."""
    failures = sum(one.failures for one in incidents)
    named = {name for one in incidents for kind, name in one.names if kind == "caller"}
    callers = len(named - {OTHERS})
    lasted = max(one.last_seen for one in incidents) - min(one.first_seen for one in incidents)
    hours = lasted.total_seconds() / 3600
    if failures >= MANY_CALLS:
        return f"{counted(failures, 'call')} failed"
    if callers >= MANY_CALLERS:
        return f"calls of {callers} callers failed"
    if hours >= LONG_HOURS and failures >= LONG_CALLS:
        return f"calls have failed for {counted(int(hours), 'hour')}"
    return None


def is_higher(one: Severity, other: str | None) -> bool:
    """Tell whether a severity is above another one; above an unknown one none is."""
    known = [level for level in ORDER if level.value == other]
    return bool(known) and ORDER.index(one) > ORDER.index(known[0])


def flaps(incident: Incident) -> bool:
    """Tell whether, when the incident was opened, its subject had broken again and again."""
    return len(_openings(incident)) >= FLAPPING_TIMES


def _openings(incident: Incident) -> list[datetime]:
    """Return when incidents of the subject were opened, this one last, in the hours before it was."""
    return [when for when in incident.openings if incident.openings[-1] - when < FLAPPING_WINDOW]


def needed_quiet(incident: Incident) -> timedelta:
    """Return how long nothing must have failed before an incident that is usable again ends."""
    return FLAPPING_QUIET if flaps(incident) else QUIET


def flapping_note(incident: Incident) -> str | None:
    """Return what people are told of a subject that flaps; ``None`` where it does not."""
    if not flaps(incident):
        return None
    times = _openings(incident)
    hours = max(1, -(-int((times[-1] - times[0]).total_seconds()) // 3600))
    return (
        f"It flaps: it was opened {len(times)} times in {counted(hours, 'hour')}. This incident stays "
        "open until no call has failed for 2 hours. Until then KeyWatch sends only reminders."
    )
