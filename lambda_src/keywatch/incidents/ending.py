"""The end of an incident: in its item, and in the history."""

from datetime import datetime

from keywatch.model.incident import HEALED, Incident
from keywatch.services import Services

ENDED_QUIETLY = "ended"


def end(services: Services, incident: Incident, status: str, now: datetime, *, told: bool) -> bool:
    """End an incident, unless failures came meanwhile (``False``); ``told``: people get, or got, a message that says so."""
    if not services.incidents.end(incident, status, now):
        return False
    quietly = HEALED if status == HEALED else ENDED_QUIETLY
    services.history.note(incident, status if told else quietly, now)
    services.history.ended(incident, status, now)
    return True
