"""Incidents and the change ledger in DynamoDB: one partition per subject, one item for its incident, one per change.

Every write that decides something is conditional, and stands alone: nothing relies on two items
changing together.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from keywatch.model.evidence import ChangeFact
from keywatch.model.incident import (
    HELD,
    KEEP,
    LEASE,
    MUTED,
    OPEN,
    FailureBatch,
    Incident,
    bounded,
    provisional,
)
from keywatch.model.signals import KeyChange, Subject
from keywatch.store import failure_json
from keywatch.store.incident_items import (
    INCIDENT,
    NAME,
    QUEUE,
    STORED_NAMES,
    Item,
    change_of,
    epoch,
    incident_of,
    item_of,
    item_of_change,
    seconds,
)
from keywatch.store.update import Update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DUE_INDEX = "due"
MAX_CHANGES = 25


@dataclass(frozen=True, slots=True)
class StoredSubject:
    """What the table holds about a subject: its incident, if any, and its newest changes."""

    incident: Incident | None
    changes: tuple[ChangeFact, ...]


class IncidentTable:
    """The table. All methods raise botocore's errors when DynamoDB does not answer; lost races are answers."""

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self._client = client
        self._name = name

    def read(self, subject: Subject) -> StoredSubject:
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
                incident = incident_of(item)
            else:
                changes.append(change_of(item))
        return StoredSubject(incident, tuple(changes))

    def open(
        self, subject: Subject, gathering: FailureBatch, now: datetime, ended: Incident | None
    ) -> Incident | None:
        """Claim a new incident, in place of one that ``ended``; ``None`` when somebody else was first."""
        incident = provisional(subject, gathering, now)
        condition, values = "attribute_not_exists(subject)", {}
        if ended:
            condition, values = (
                "incident_id = :ended AND due_at = :due",
                {":ended": {"S": ended.id}, ":due": epoch(ended.due_at)},
            )
        return incident if self._put(item_of(incident, now), condition, values) else None

    def _put(self, item: dict[str, Any], condition: str, values: dict[str, Any]) -> bool:
        extra: dict[str, Any] = {"ExpressionAttributeValues": values} if values else {}
        try:
            self._client.put_item(
                TableName=self._name, Item=item, ConditionExpression=condition, **extra
            )
        except ClientError as error:
            if _lost(error):
                return False
            raise
        return True

    def count(
        self, incident: Incident, gathering: FailureBatch, *, due_at: datetime | None = None
    ) -> bool:
        """Add failures to an incident; ``due_at`` asks the clock to look at it. ``False`` when it is no longer that incident."""
        update = Update()
        _add(update, incident, gathering)
        if due_at:
            update.set("due_at", epoch(due_at))
        return self._update(incident.subject, update.when("incident_id", {"S": incident.id}))

    def claim(
        self, incident: Incident, now: datetime, gathering: FailureBatch | None = None
    ) -> Incident | None:
        """Take a due incident for the time of a lease, counting what came with it; ``None`` when somebody else was first."""
        update = Update()
        if gathering:
            _add(update, incident, gathering)
        until = now + LEASE
        update.set("due_at", epoch(until))
        update.when("incident_id", {"S": incident.id}).when("due_at", epoch(incident.due_at))
        item = self._update_item(incident.subject, update)
        return incident_of(item) if item else None

    def record_outcome(
        self, incident: Incident, due_at: datetime, **changed: str | datetime | None
    ) -> None:
        """Record what was done with a claimed incident, after it was done, and when it is due again.

        ``due_at`` is left alone where somebody asked for an earlier look meanwhile.
        """
        update = Update()
        for name, value in changed.items():
            if value is not None:
                written = epoch(value) if isinstance(value, datetime) else {"S": value}
                update.set(STORED_NAMES.get(name, name), written)
        update.set("expires_at", seconds(max(incident.last_seen, due_at) + KEEP))
        update.when("incident_id", {"S": incident.id})
        timed = update.copy().set("due_at", epoch(due_at)).when("due_at", epoch(incident.due_at))
        if not self._update(incident.subject, timed):
            self._update(incident.subject, update)

    def end(self, incident: Incident, status: str, now: datetime) -> bool:
        """End an incident, unless failures came meanwhile; it leaves the clock's queue."""
        update = Update().set("status", {"S": status}).set("expires_at", seconds(now + KEEP))
        update.set("due_at", epoch(now)).remove("queue")
        update.when("incident_id", {"S": incident.id}).when(
            "failures", {"N": str(incident.failures)}
        )
        return self._update(incident.subject, update)

    def schedule_now(self, subject: Subject, now: datetime) -> bool:
        """Ask the clock to look at the incident of a subject soon; ``False`` when there is none that goes on."""
        update = Update().set("due_at", epoch(now))
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
            ExpressionAttributeValues={":queue": {"S": QUEUE}, ":now": epoch(now)},
            Limit=most,
        )
        for item in answer["Items"]:
            yield incident_of(item)

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
            yield from map(incident_of, answer["Items"])
            most -= len(answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def record(self, change: KeyChange, subject: Subject) -> None:
        """Keep a change of a subject in the ledger; the same change twice is kept once."""
        self._client.put_item(TableName=self._name, Item=item_of_change(change, subject))

    def _update(self, subject: Subject, update: Update) -> bool:
        return self._update_item(subject, update) is not None

    def _update_item(self, subject: Subject, update: Update) -> Item | None:
        key = {"subject": {"S": subject.id}, "item": {"S": INCIDENT}}
        try:
            answer = self._client.update_item(
                TableName=self._name, Key=key, ReturnValues="ALL_NEW", **update.arguments()
            )
        except ClientError as error:
            if _lost(error):
                return None
            raise
        return answer["Attributes"]


def _add(update: Update, incident: Incident, gathering: FailureBatch) -> None:
    """Count a gathering; its newest failure becomes the sample."""
    update.add("failures", gathering.count)
    for (kind, name), count in bounded(gathering.names, incident.names).items():
        update.add(f"{NAME}{kind}:{name}", count)
    update.set("last_seen", epoch(max(incident.last_seen, gathering.last_seen)))
    update.set("sample", {"S": failure_json.dump(gathering.latest_failure)})
    update.set("said", {"S": gathering.latest_failure.classification.cause or ""})


def _lost(error: ClientError) -> bool:
    return error.response.get("Error", {}).get("Code") == "ConditionalCheckFailedException"
