"""What ``check`` answers about one key, as plain JSON and as an alert."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.alerts.alert import Alert, Impact
from keywatch.alerts.incident_alert import subject_view
from keywatch.diagnosis.diagnose import Diagnosis
from keywatch.diagnosis.reasons import not_seen
from keywatch.model.evidence import ANSWERED, KeyFacts, LookupResult, StoreFacts
from keywatch.model.incident import OPEN, new_id
from keywatch.model.signals import KeyFailure
from keywatch.services import Services

BY_HAND = "This is an on-demand check. No failing call was seen."


@dataclass(frozen=True, slots=True)
class Usage:
    """When a key last did cryptography and since when KMS keeps track; ``known`` if that covers all of the key's life."""

    last_used: datetime | None
    tracking_since: datetime | None
    known: bool


@dataclass(frozen=True, slots=True)
class KeyAnswer:
    """The answer about one key. ``usable`` means for cryptography; ``None`` where that cannot be told."""

    key_id: str
    region: str
    usable: bool | None
    diagnosis: Diagnosis | None = None
    failure: KeyFailure | None = None
    facts: KeyFacts | None = None
    store: StoreFacts | None = None
    aliases: tuple[str, ...] = ()
    usage: Usage | None = None
    notes: tuple[str, ...] = ()
    unknowns: tuple[str, ...] = ()
    notified: bool | None = None

    def unseen(self, look: LookupResult) -> "KeyAnswer":
        """Return this answer with what a look-up without an answer leaves unknown."""
        return (
            self
            if look.outcome in ANSWERED
            else replace(self, unknowns=(*self.unknowns, not_seen(look)))
        )


def publish(answer: KeyAnswer, services: Services) -> KeyAnswer:
    """Send the diagnosis as an alert, within the incident that is open about it, if there is one."""
    diagnosis, failure = answer.diagnosis, answer.failure
    if diagnosis is None or failure is None:
        return answer
    now = services.now()
    open_incident = _open_incident(services, failure)
    alert = Alert(
        status="reminder" if open_incident else "opened",
        incident_id=open_incident or new_id(failure.subject, now),
        subject=subject_view(failure.subject, failure, diagnosis),
        diagnosis=diagnosis,
        impact=Impact(failures=0, first_seen=now, last_seen=now),
        notes=(BY_HAND,),
    )
    try:
        services.publisher.publish(alert)
    except (ClientError, BotoCoreError) as error:
        services.counts.add("AlertsFailed")
        problem = f"The alert could not be published ({type(error).__name__}: {error})."
        return replace(answer, notified=False, unknowns=(*answer.unknowns, problem))
    services.counts.add("AlertsSent")
    return replace(answer, notified=True)


def _open_incident(services: Services, failure: KeyFailure) -> str | None:
    try:
        incident = services.incidents.read(failure.subject).incident
    except (ClientError, BotoCoreError):
        return None
    return incident.id if incident and incident.status == OPEN else None


def render(answer: KeyAnswer) -> dict[str, Any]:
    """Return the answer as plain JSON."""
    diagnosis, facts = answer.diagnosis, answer.facts
    return {
        "key_id": answer.key_id,
        "region": answer.region,
        "usable": answer.usable,
        "diagnosis": _diagnosis(diagnosis) if diagnosis else None,
        "key": _key(facts) if facts else None,
        "key_store": _store(answer.store),
        "aliases": list(answer.aliases),
        "did_you_mean": diagnosis.facts.get("did_you_mean") if diagnosis else None,
        "last_used": iso(answer.usage.last_used) if answer.usage else None,
        "usage": _usage(answer.usage),
        "remedies": [{"text": r.text, "command": r.command} for r in diagnosis.remedies]
        if diagnosis
        else [],
        "notes": list(answer.notes),
        "unknowns": list(dict.fromkeys(answer.unknowns)),
    } | ({} if answer.notified is None else {"notified": answer.notified})


def _diagnosis(diagnosis: Diagnosis) -> dict[str, Any]:
    return {
        "cause": diagnosis.cause,
        "confidence": diagnosis.confidence.value,
        "because": [str(reason) for reason in diagnosis.because],
    }


def _key(facts: KeyFacts) -> dict[str, Any]:
    return {
        "arn": facts.arn,
        "state": facts.state,
        "manager": facts.manager,
        "origin": facts.origin,
        "usage": facts.usage,
        "created": iso(facts.created),
        "deletion_date": iso(facts.deletion_date),
        "valid_to": iso(facts.valid_to),
        "multi_region": {"primary": facts.replicas[0], "regions": list(facts.replicas)}
        if facts.replicas
        else None,
        "key_store": facts.key_store,
        "external_key": facts.external_key,
    }


def _store(store: StoreFacts | None) -> dict[str, Any] | None:
    return (
        {
            "id": store.id,
            "name": store.name,
            "kind": store.kind,
            "state": store.state,
            "error": store.error,
        }
        if store
        else None
    )


def _usage(usage: Usage | None) -> dict[str, Any]:
    """Say in one word whether the key was ever used: KMS knows only what happened since it began to keep track."""
    if usage is None:
        return {"ever_used": "unknown", "tracking_since": None}
    ever = "yes" if usage.last_used else "no" if usage.known else "unknown"
    return {"ever_used": ever, "tracking_since": iso(usage.tracking_since)}


def iso(when: datetime | None) -> str | None:
    """Return a UTC time as ISO 8601, to the second."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ") if when else None
