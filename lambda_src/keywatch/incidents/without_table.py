"""Alerts while the incident table does not answer: each subject once per container and hour, and many of one caller together."""

from collections import defaultdict
from collections.abc import Sequence

from keywatch.alerts.group_alert import group_alert
from keywatch.alerts.incident_alert import alert_of
from keywatch.incidents import silenced
from keywatch.incidents.assess import assess
from keywatch.incidents.grouping import without_look_ups
from keywatch.incidents.memory import Memory
from keywatch.incidents.owners import with_owner
from keywatch.model.group import CALLER, Group, GroupKey, group_id
from keywatch.model.incident import FailureBatch, provisional
from keywatch.model.signals import UNKNOWN
from keywatch.services import Services

MOST_NAMES = 400  # in one message: nothing else will list them, so all must fit
_NOTE = (
    "KeyWatch could not reach its incident table: this alert is not grouped or counted, "
    "and may come again from another instance."
)


def alert(services: Services, memory: Memory, batch: FailureBatch, note: str = _NOTE) -> bool:
    """Alert about a subject, and say why with ``note``; ``False`` where this container did within the hour.

    Where many broke for a caller, the rest is left for the end of the batch. Raises what SNS raises.
    """
    now, subject = services.now(), batch.latest_failure.subject
    if memory.alerted_ungrouped(subject, now):
        return False
    if not memory.may_alert_alone(batch.latest_failure.caller.principal, now):
        memory.waiting.append(batch)
        return True
    incident = provisional(subject, batch, now)
    if silenced.by_words(services, incident):
        return False
    diagnosis, evidence = assess(services, batch.latest_failure, ())
    incident = with_owner(services, incident, evidence)
    services.publisher.publish(alert_of("opened", incident, diagnosis, evidence.changes, (note,)))
    services.counts.add("AlertsSent")
    memory.keep_ungrouped(subject, now)
    return True


def tell_rest(services: Services, memory: Memory) -> set[str]:
    """Tell of what was left, in as few messages as hold all names; return the queue's messages of what could not be told."""
    waiting, memory.waiting = memory.waiting, []
    by_caller: defaultdict[tuple[str, str], list[FailureBatch]] = defaultdict(list)
    for batch in waiting:
        failure = batch.latest_failure
        by_caller[failure.caller.principal, failure.subject.replayed].append(batch)
    failed: set[str] = set()
    together = [
        (caller, batches[first : first + MOST_NAMES])
        for (caller, _), batches in by_caller.items()
        for first in range(0, len(batches), MOST_NAMES)
    ]
    for caller, batches in together:
        try:
            _tell(services, memory, caller, batches)
        except Exception:
            services.counts.add("AlertsFailed")
            services.logger.exception(
                "what broke together could not be told; it stays in the queue"
            )
            failed |= {message for batch in batches for message in batch.messages}
    return failed


def _tell(services: Services, memory: Memory, caller: str, batches: Sequence[FailureBatch]) -> None:
    now = services.now()
    incidents = [provisional(batch.latest_failure.subject, batch, now) for batch in batches]
    first = incidents[0].subject
    key = GroupKey(CALLER, first.account, UNKNOWN, caller, first.replayed)
    group = Group(group_id(key, now), key, len(incidents), frozenset(), now, now)
    diagnosis = without_look_ups(batches[0].latest_failure, (), now)
    services.publisher.publish(
        group_alert(
            "group",
            group,
            incidents,
            diagnosis,
            notes=(_NOTE,),
            function_name=services.settings.function_name,
        )
    )
    services.counts.add("AlertsSent")
    for incident in incidents:
        memory.keep_ungrouped(incident.subject, now)
