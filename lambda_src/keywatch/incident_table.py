"""Incidents and the change ledger in DynamoDB: one partition per subject, one item for its incident, one per change.

Every write that decides something is conditional, and stands alone: nothing relies on two items changing together.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from keywatch import changes_json, failure_json
from keywatch.evidence import ChangeFact
from keywatch.incidents import HELD, KEEP, LEASE, MUTED, OPEN, Gathering, Incident, bounded, provisional
from keywatch.signals import KeyChange, Subject

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

INCIDENT = "incident"
QUEUE = "due"
DUE_INDEX = "due"
KEEP_CHANGES = timedelta(days=400)
MAX_CHANGES = 25
_NAME = "n:"

Item = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Known:
    """What the table holds about a subject: its incident, if any, and its newest changes."""

    incident: Incident | None
    changes: tuple[ChangeFact, ...]


class IncidentTable:
    """The table. All methods raise botocore's errors when DynamoDB does not answer; lost races are answers."""

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self._client = client
        self._name = name

    def read(self, subject: Subject) -> Known:
        """Return the incident of a subject and its newest changes: one query."""
        answer = self._client.query(
            TableName=self._name,
            KeyConditionExpression="subject = :subject",
            ExpressionAttributeValues={":subject": {"S": subject.id}},
            ScanIndexForward=False,  # "incident" sorts after "change#…": it comes first, then the newest changes
            Limit=MAX_CHANGES + 1,
            ConsistentRead=True,
        )
        incident, changes = None, []
        for item in answer["Items"]:
            if item["item"]["S"] == INCIDENT:
                incident = _incident(item)
            else:
                changes.append(_change_fact(item))
        return Known(incident, tuple(changes))

    def open(self, subject: Subject, gathering: Gathering, now: datetime, ended: Incident | None) -> Incident | None:
        """Claim a new incident, in place of one that ``ended``; ``None`` when somebody else was first."""
        incident = provisional(subject, gathering, now)
        condition, values = "attribute_not_exists(subject)", {}
        if ended:
            condition, values = (
                "incident_id = :ended AND due_at = :due",
                {":ended": {"S": ended.id}, ":due": _epoch(ended.due_at)},
            )
        return incident if self._put(_item(incident, now), condition, values) else None

    def _put(self, item: dict[str, Any], condition: str, values: dict[str, Any]) -> bool:
        extra: dict[str, Any] = {"ExpressionAttributeValues": values} if values else {}
        try:
            self._client.put_item(TableName=self._name, Item=item, ConditionExpression=condition, **extra)
        except ClientError as error:
            if _lost(error):
                return False
            raise
        return True

    def count(self, incident: Incident, gathering: Gathering, *, due_at: datetime | None = None) -> bool:
        """Add failures to an incident; ``due_at`` asks the clock to look at it. ``False`` when it is no longer that incident."""
        update = _Update()
        _add(update, incident, gathering)
        if due_at:
            update.set("due_at", _epoch(due_at))
        return self._update(incident.subject, update.when("incident_id", {"S": incident.id}))

    def claim(self, incident: Incident, now: datetime, gathering: Gathering | None = None) -> Incident | None:
        """Take a due incident for the time of a lease, counting what came with it; ``None`` when somebody else was first."""
        update = _Update()
        if gathering:
            _add(update, incident, gathering)
        until = now + LEASE
        update.set("due_at", _epoch(until))
        update.when("incident_id", {"S": incident.id}).when("due_at", _epoch(incident.due_at))
        item = self._update_item(incident.subject, update)
        return _incident(item) if item else None

    def settle(self, incident: Incident, due_at: datetime, **changed: str | datetime | None) -> None:
        """Record what was done with a claimed incident, after it was done, and when it is due again.

        ``due_at`` is left alone where somebody asked for an earlier look meanwhile.
        """
        update = _Update()
        for name, value in changed.items():
            if value is not None:
                update.set(name, _epoch(value) if isinstance(value, datetime) else {"S": value})
        update.set("expires_at", _seconds(max(incident.last_seen, due_at) + KEEP))
        update.when("incident_id", {"S": incident.id})
        timed = update.copy().set("due_at", _epoch(due_at)).when("due_at", _epoch(incident.due_at))
        if not self._update(incident.subject, timed):
            self._update(incident.subject, update)

    def end(self, incident: Incident, status: str, now: datetime) -> bool:
        """End an incident, unless failures came meanwhile; it leaves the clock's queue."""
        update = _Update().set("status", {"S": status}).set("expires_at", _seconds(now + KEEP))
        update.set("due_at", _epoch(now)).remove("queue")
        update.when("incident_id", {"S": incident.id}).when("failures", {"N": str(incident.failures)})
        return self._update(incident.subject, update)

    def nudge(self, subject: Subject, now: datetime) -> bool:
        """Ask the clock to look at the incident of a subject soon; ``False`` when there is none that goes on."""
        update = _Update().set("due_at", _epoch(now))
        condition = f"#status IN (:{OPEN}, :{HELD}, :{MUTED})"
        update.names["#status"] = "status"
        update.values |= {f":{status}": {"S": status} for status in (OPEN, HELD, MUTED)}
        update.conditions.append(condition)
        return self._update(subject, update)

    def due(self, now: datetime, most: int) -> Iterator[Incident]:
        """Yield up to ``most`` incidents that are due, the longest waiting first."""
        answer = self._client.query(
            TableName=self._name,
            IndexName=DUE_INDEX,
            KeyConditionExpression="queue = :queue AND due_at <= :now",
            ExpressionAttributeValues={":queue": {"S": QUEUE}, ":now": _epoch(now)},
            Limit=most,
        )
        for item in answer["Items"]:
            yield _incident(item)

    def going_on(self, most: int) -> Iterator[Incident]:
        """Yield up to ``most`` incidents that have not ended, those that the clock looks at last first: the newest failures."""
        start: dict[str, Any] = {}
        while most > 0:
            answer = self._client.query(
                TableName=self._name,
                IndexName=DUE_INDEX,
                KeyConditionExpression="queue = :queue",
                ExpressionAttributeValues={":queue": {"S": QUEUE}},
                ScanIndexForward=False,
                Limit=most,
                **start,
            )
            yield from map(_incident, answer["Items"])
            most -= len(answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def record(self, change: KeyChange, subject: Subject) -> None:
        """Keep a change of a subject in the ledger; the same change twice is kept once."""
        item: dict[str, Any] = {
            "subject": {"S": subject.id},
            "item": {"S": f"change#{change.time.isoformat()}#{change.event_id}"},
            "what": {"S": change.what},
            "who": {"S": change.who.principal},
            "when": _epoch(change.time),
            "event_id": {"S": change.event_id},
            "details": {"M": {name: {"S": value} for name, value in change.details.items()}},
            "expires_at": _seconds(change.time + KEEP_CHANGES),
        }
        self._client.put_item(TableName=self._name, Item=item)

    def _update(self, subject: Subject, update: "_Update") -> bool:
        return self._update_item(subject, update) is not None

    def _update_item(self, subject: Subject, update: "_Update") -> Item | None:
        key = {"subject": {"S": subject.id}, "item": {"S": INCIDENT}}
        try:
            answer = self._client.update_item(TableName=self._name, Key=key, ReturnValues="ALL_NEW", **update.arguments())
        except ClientError as error:
            if _lost(error):
                return None
            raise
        return answer["Attributes"]


class _Update:
    """The expressions of one UpdateItem, put together."""

    def __init__(self) -> None:
        self.sets: list[str] = []
        self.adds: list[str] = []
        self.removes: list[str] = []
        self.conditions: list[str] = []
        self.names: dict[str, str] = {}
        self.values: dict[str, Any] = {}

    def copy(self) -> "_Update":
        twin = _Update()
        twin.sets, twin.adds, twin.removes = [*self.sets], [*self.adds], [*self.removes]
        twin.conditions, twin.names, twin.values = [*self.conditions], {**self.names}, {**self.values}
        return twin

    def _bind(self, name: str, value: Mapping[str, Any]) -> tuple[str, str]:
        number = len(self.values)
        self.names[f"#a{number}"] = name
        self.values[f":v{number}"] = value
        return f"#a{number}", f":v{number}"

    def set(self, name: str, value: Mapping[str, Any]) -> "_Update":
        attribute, bound = self._bind(name, value)
        self.sets.append(f"{attribute} = {bound}")
        return self

    def add(self, name: str, number: int) -> "_Update":
        attribute, bound = self._bind(name, {"N": str(number)})
        self.adds.append(f"{attribute} {bound}")
        return self

    def remove(self, name: str) -> "_Update":
        self.names[f"#r{len(self.removes)}"] = name
        self.removes.append(f"#r{len(self.removes)}")
        return self

    def when(self, name: str, value: Mapping[str, Any]) -> "_Update":
        attribute, bound = self._bind(name, value)
        self.conditions.append(f"{attribute} = {bound}")
        return self

    def arguments(self) -> dict[str, Any]:
        clauses = (("SET", self.sets), ("ADD", self.adds), ("REMOVE", self.removes))
        return {
            "UpdateExpression": " ".join(f"{verb} {', '.join(parts)}" for verb, parts in clauses if parts),
            "ConditionExpression": " AND ".join(self.conditions),
            "ExpressionAttributeNames": self.names,
            "ExpressionAttributeValues": self.values,
        }


def _add(update: _Update, incident: Incident, gathering: Gathering) -> None:
    """Count a gathering; its newest failure becomes the sample."""
    update.add("failures", gathering.count)
    for (kind, name), count in bounded(gathering.names, incident.names).items():
        update.add(f"{_NAME}{kind}:{name}", count)
    update.set("last_seen", _epoch(max(incident.last_seen, gathering.last_seen)))
    update.set("sample", {"S": failure_json.dump(gathering.sample)})
    update.set("said", {"S": gathering.sample.reading.cause or ""})


def _lost(error: ClientError) -> bool:
    return error.response.get("Error", {}).get("Code") == "ConditionalCheckFailedException"


def _epoch(when: datetime) -> dict[str, str]:
    return {"N": f"{when.timestamp():.6f}".rstrip("0").rstrip(".")}


def _seconds(when: datetime) -> dict[str, str]:
    """Return a time as DynamoDB's time to live wants it: whole seconds."""
    return {"N": str(int(when.timestamp()))}


def _when(attribute: Mapping[str, Any]) -> datetime:
    return datetime.fromtimestamp(float(attribute["N"]), UTC)


def _item(incident: Incident, now: datetime) -> dict[str, Any]:
    item = {
        "subject": {"S": incident.subject.id},
        "item": {"S": INCIDENT},
        "incident_id": {"S": incident.id},
        "status": {"S": incident.status},
        "failures": {"N": str(incident.failures)},
        "first_seen": _epoch(incident.first_seen),
        "last_seen": _epoch(incident.last_seen),
        "said": {"S": incident.said},
        "sample": {"S": failure_json.dump(incident.sample)},
        "queue": {"S": QUEUE},
        "due_at": _epoch(incident.due_at),
        "expires_at": _seconds(now + KEEP),
    }
    return item | {f"{_NAME}{kind}:{name}": {"N": str(count)} for (kind, name), count in incident.names.items()}


def _incident(item: Item) -> Incident:
    names = {}
    for attribute, value in item.items():
        if attribute.startswith(_NAME):
            kind, _, name = attribute.removeprefix(_NAME).partition(":")
            names[kind, name] = int(value["N"])
    return Incident(
        id=item["incident_id"]["S"],
        subject=Subject.from_id(item["subject"]["S"]),
        status=item["status"]["S"],
        failures=int(item["failures"]["N"]),
        first_seen=_when(item["first_seen"]),
        last_seen=_when(item["last_seen"]),
        due_at=_when(item["due_at"]),
        said=item["said"]["S"],
        sample=failure_json.load(item["sample"]["S"]),
        names=names,
        cause=item["cause"]["S"] if "cause" in item else None,
        severity=item["severity"]["S"] if "severity" in item else None,
        announced=tuple(item["announced"]["S"].split(",")) if "announced" in item else (),
        sent_at=_when(item["sent_at"]) if "sent_at" in item else None,
        history=changes_json.load(item["history"]["S"]) if "history" in item else (),
        told=item["told"]["S"] if "told" in item else None,
    )


def _change_fact(item: Item) -> ChangeFact:
    details = {name: value["S"] for name, value in item.get("details", {}).get("M", {}).items()}
    return ChangeFact(item["what"]["S"], item["who"]["S"], _when(item["when"]), item["event_id"]["S"], "change ledger", details)
