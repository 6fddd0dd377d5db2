"""How urgent an incident is: what its cause says, and more where many are hurt. Pure; impact raises, it never lowers."""

from keywatch.catalogue.causes import cause_of
from keywatch.model.incident import Incident
from keywatch.model.levels import Severity
from keywatch.model.tally import OTHERS
from keywatch.model.text import counted

MANY_CALLS = 1_000
MANY_CALLERS = 5
LONG_HOURS, LONG_CALLS = 1, 20  # calls failed over so many hours, and not only now and then
ORDER = (Severity.INFO, Severity.WARNING, Severity.HIGH, Severity.CRITICAL)
RAISED = {Severity.WARNING: Severity.HIGH}


def severity_of(cause: str, incident: Incident) -> tuple[Severity, str | None]:
    """Return the severity of an incident of this cause, and why it is higher than the cause's own (``None``: it is not)."""
    own = cause_of(cause).severity
    hurts = hurts_because(incident)
    if own not in RAISED or hurts is None:
        return own, None
    return RAISED[own], f"The severity is {RAISED[own]} and not {own}, because {hurts}."


def hurts_because(incident: Incident) -> str | None:
    """Return in words why many are hurt; ``None`` where they are not."""
    callers = sum(kind == "caller" and name != OTHERS for kind, name in incident.names)
    lasted = incident.last_seen - incident.first_seen
    hours = lasted.total_seconds() / 3600
    if incident.failures >= MANY_CALLS:
        return f"{counted(incident.failures, 'call')} failed"
    if callers >= MANY_CALLERS:
        return f"calls of {callers} callers failed"
    if hours >= LONG_HOURS and incident.failures >= LONG_CALLS:
        return f"calls have failed for {counted(int(hours), 'hour')}"
    return None


def is_higher(one: Severity, other: str | None) -> bool:
    """Tell whether a severity is above another one; above an unknown one none is."""
    known = [level for level in ORDER if level.value == other]
    return bool(known) and ORDER.index(one) > ORDER.index(known[0])
