"""How incidents and changes lie in DynamoDB: items to facts and back. Pure."""

from datetime import datetime, timedelta
from typing import Any

from keywatch.model.evidence import FROM_LEDGER, ChangeFact
from keywatch.model.incident import KEEP, FailureBatch, Incident, bounded
from keywatch.model.signals import KeyChange, Subject
from keywatch.store.json_forms import dump_failure, load_changes, load_failure
from keywatch.store.table import Attribute, Item, Update, time_of

INCIDENT = "incident"
QUEUE = "due"
KEEP_CHANGES = timedelta(days=400)
# Before each counted (kind, name): one attribute each, so that counts of several writers add up.
NAME = "n:"
# Attributes keep the names of the first version, so that every version reads what another wrote.
STORED_NAMES = {"latest_failure": "sample", "latest_cause": "said", "last_diagnosis": "told"}


def epoch(when: datetime) -> Attribute:
    """Return a time as a number of seconds, exact to the microsecond."""
    return {"N": f"{when.timestamp():.6f}".rstrip("0").rstrip(".")}


def seconds(when: datetime) -> Attribute:
    """Return a time as DynamoDB's time to live wants it: whole seconds."""
    return {"N": str(int(when.timestamp()))}


def item_of_change(change: KeyChange, subject: Subject) -> dict[str, Any]:
    """Return the ledger item of a change to a subject; the same change gives the same key."""
    return {
        "subject": {"S": subject.id},
        "item": {"S": f"change#{change.time.isoformat()}#{change.event_id}"},
        "what": {"S": change.what},
        "who": {"S": change.who.principal},
        "when": epoch(change.time),
        "event_id": {"S": change.event_id},
        "details": {"M": {name: {"S": value} for name, value in change.details.items()}},
        "expires_at": seconds(change.time + KEEP_CHANGES),
    }


def item_of(incident: Incident, now: datetime) -> dict[str, Any]:
    """Return the item of an incident that opens."""
    item = {
        "subject": {"S": incident.subject.id},
        "item": {"S": INCIDENT},
        "incident_id": {"S": incident.id},
        "status": {"S": incident.status},
        "failures": {"N": str(incident.failures)},
        "first_seen": epoch(incident.first_seen),
        "last_seen": epoch(incident.last_seen),
        "said": {"S": incident.latest_cause},
        "sample": {"S": dump_failure(incident.latest_failure)},
        "queue": {"S": QUEUE},
        "due_at": epoch(incident.due_at),
        "expires_at": seconds(now + KEEP),
    }
    return item | {
        f"{NAME}{kind}:{name}": {"N": str(count)} for (kind, name), count in incident.names.items()
    }


def counting(incident: Incident, batch: FailureBatch, **more: Attribute) -> Update:
    """Return the update that counts a batch, whose newest failure becomes that of the incident; ``more`` is set as well."""
    names = bounded(batch.names, incident.names)
    added = {f"{NAME}{kind}:{name}": count for (kind, name), count in names.items()}
    newest = {
        "last_seen": epoch(max(incident.last_seen, batch.last_seen)),
        "sample": {"S": dump_failure(batch.latest_failure)},
        "said": {"S": batch.latest_failure.classification.cause or ""},
    }
    return Update(set=newest | more, add={"failures": batch.count} | added)


def incident_of(item: Item) -> Incident:
    """Return the incident that an item holds."""
    names = {}
    for attribute, value in item.items():
        if attribute.startswith(NAME):
            kind, _, name = attribute.removeprefix(NAME).partition(":")
            names[kind, name] = int(value["N"])
    return Incident(
        id=item["incident_id"]["S"],
        subject=Subject.from_id(item["subject"]["S"]),
        status=item["status"]["S"],
        failures=int(item["failures"]["N"]),
        first_seen=time_of(item["first_seen"]),
        last_seen=time_of(item["last_seen"]),
        due_at=time_of(item["due_at"]),
        latest_cause=item["said"]["S"],
        latest_failure=load_failure(item["sample"]["S"]),
        names=names,
        cause=item["cause"]["S"] if "cause" in item else None,
        severity=item["severity"]["S"] if "severity" in item else None,
        announced=tuple(item["announced"]["S"].split(",")) if "announced" in item else (),
        sent_at=time_of(item["sent_at"]) if "sent_at" in item else None,
        history=load_changes(item["history"]["S"]) if "history" in item else (),
        last_diagnosis=item["told"]["S"] if "told" in item else None,
        group=item["group"]["S"] if "group" in item else None,
    )


def change_of(item: Item) -> ChangeFact:
    """Return the change that a ledger item holds."""
    details = {name: value["S"] for name, value in item.get("details", {}).get("M", {}).items()}
    return ChangeFact(
        item["what"]["S"],
        item["who"]["S"],
        time_of(item["when"]),
        item["event_id"]["S"],
        FROM_LEDGER,
        details,
    )
