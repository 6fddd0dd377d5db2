"""What breaks and heals again and again: told with ever fewer messages, and said. Pure.

From the third time on that an incident of a subject opens within six hours, it stays open until
nothing failed for two hours: what happens in between is counted and told by reminders.
"""

from datetime import datetime, timedelta

from keywatch.model.incident import QUIET, Incident
from keywatch.model.text import counted

WINDOW = timedelta(hours=6)
TIMES = 3
FLAPPING_QUIET = timedelta(hours=2)


def flaps(incident: Incident) -> bool:
    """Tell whether, when the incident was opened, its subject had broken again and again."""
    return len(_openings(incident)) >= TIMES


def _openings(incident: Incident) -> list[datetime]:
    """Return when incidents of the subject were opened, this one last, in the hours before it was."""
    return [when for when in incident.openings if incident.openings[-1] - when < WINDOW]


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
