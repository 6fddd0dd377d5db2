"""What ``check`` answers about one key."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from keywatch.actions.plain_json import iso, remedies
from keywatch.diagnosis.diagnose import Diagnosis
from keywatch.diagnosis.reasons import not_seen
from keywatch.model.evidence import ANSWERED, KeyFacts, LookupResult, StoreFacts
from keywatch.model.signals import KeyFailure


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

    def unseen(self, result: LookupResult) -> "KeyAnswer":
        """Return this answer with what a look-up without an answer leaves unknown."""
        if result.outcome in ANSWERED:
            return self
        return replace(self, unknowns=(*self.unknowns, not_seen(result)))


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
        "remedies": remedies(diagnosis.remedies if diagnosis else ()),
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
    never = "no" if usage.known else "unknown"
    ever = "yes" if usage.last_used else never
    return {"ever_used": ever, "tracking_since": iso(usage.tracking_since)}
