"""The daily sweep: a stretch every minute until all is seen, then one message about what is new.

What was found is kept in the incident table, one item for each finding, so that a stretch can end
anywhere and the next one goes on. A finding is new if the sweep before did not have it, if no
incident about it is open, and if no ignore rule covers it. It is marked as told after the message
was sent: in doubt the message comes twice.
"""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from keywatch.actions.sweep.digest import Record, tell
from keywatch.actions.sweep.findings import Finding, alertable
from keywatch.actions.sweep.run import SweepLimits, run
from keywatch.model.identifiers import parse
from keywatch.model.incident import OPEN
from keywatch.model.signals import Caller, ErrorClassification, KeyFailure, Subject
from keywatch.model.subjects import key_subject, store_subject
from keywatch.services import Services
from keywatch.store.housekeeping import HousekeepingState, HousekeepingStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

FIRST = timedelta(
    hours=1
)  # after the first minute of a deployment: by then people look at something else
EVERY = timedelta(days=1)
LEASE = timedelta(seconds=90)
KEEP = timedelta(days=4)
NEEDED = 30.0  # seconds left in a minute's run for one more group of keys
BEGAN, BEFORE, AFTER, LEASED, DONE = (
    "sweep_began",
    "sweep_before",
    "sweep_after",
    "sweep_leased",
    "sweep_done",
)
SHELF = "keywatch-sweep"


def due(page: HousekeepingState, now: datetime) -> bool:
    """Tell whether a sweep is to begin, or one that has begun is to go on, and nobody is at it."""
    leased = page.time(LEASED)
    if leased and leased > now:
        return False
    if page.time(BEGAN):
        return True
    done, since = page.time(DONE), page.time("since")
    return now - done >= EVERY if done else since is not None and now - since >= FIRST


def go_on(
    services: Services,
    book: HousekeepingStore,
    page: HousekeepingState,
    remaining: Callable[[], float],
    tempo: SweepLimits | None = None,
) -> None:
    """Do one stretch, and tell what is new after the last one."""
    now = services.now()
    if not book.claim(page, LEASED, **{LEASED: now + LEASE, BEGAN: page.time(BEGAN) or now}):
        return
    began = page.time(BEGAN) or now
    shelf = SweepFindingStore(services, began, page.time(BEFORE) or began)
    stretch = run(
        services, page.text(AFTER) or "", lambda: remaining() > NEEDED, tempo or SweepLimits()
    )
    for finding in stretch.findings:
        if alertable(finding):
            shelf.put(finding)
    book.note(**{AFTER: stretch.after, LEASED: now + LEASE if stretch.complete else None})
    if not stretch.complete:
        return
    if _tell_news(services, shelf):
        book.note(**{DONE: services.now(), BEFORE: began, BEGAN: None, AFTER: None, LEASED: None})
        services.counts.add("Sweeps")


def _tell_news(services: Services, shelf: "SweepFindingStore") -> bool:
    """Send what is new; ``False`` where that failed: it is tried again when the lease runs out."""
    found = sorted(shelf.untold(), key=lambda record: record["rank"])
    news = [record for record in found if not _covered(services, record)]
    services.logger.info(
        "sweep: %s things at risk that were not told before, %s to tell", len(found), len(news)
    )
    if news and not tell(services, news, "The daily sweep found this"):
        return False
    shelf.mark_told(found)
    return True


def _covered(services: Services, record: Record) -> bool:
    """Tell whether people know already (an incident is open about it) or do not want to (an ignore rule)."""
    subject = _subject(record, services)
    incident = services.table.read(subject).incident
    if incident and incident.status == OPEN:
        return True
    names = (record["name"], *record["aliases"])
    return any(
        services.ignorer.ignores(_as_failure(name, record, subject, services)) for name in names
    )


def _subject(record: Record, services: Services) -> Subject:
    settings = services.settings
    if subject := key_subject(record["name"]):
        return subject
    return store_subject(record["name"], settings.account, settings.region)


def _as_failure(name: str, record: Record, subject: Subject, services: Services) -> KeyFailure:
    return KeyFailure(
        "sweep",
        "",
        services.now(),
        ErrorClassification(record["cause"]),
        subject,
        Caller("sweep"),
        identifier=parse(name),
    )


class SweepFindingStore:
    """The findings of the sweep that ``began``, beside those of the one ``before``."""

    def __init__(self, services: Services, began: datetime, before: datetime) -> None:
        self._client: DynamoDBClient = services.client("dynamodb", services.settings.region)
        self._table = services.settings.table
        self._began, self._before = f"{began.timestamp():.3f}", f"{before.timestamp():.3f}"
        self._expires = str(int((services.now() + KEEP).timestamp()))

    def put(self, finding: Finding) -> None:
        """Keep a finding; what the sweep before had told stays told, what was gone in between is new."""
        record = json.dumps(
            finding.as_json()
            | {"rank": [*finding.rank[:1], finding.rank[1].isoformat(), finding.id]}
        )
        values = {
            ":seen": {"N": self._began},
            ":finding": {"S": record},
            ":expires": {"N": self._expires},
        }
        request: dict[str, Any] = {
            "TableName": self._table,
            "Key": {"subject": {"S": SHELF}, "item": {"S": finding.id}},
            "UpdateExpression": "SET seen = :seen, finding = :finding, expires_at = :expires",
        }
        try:
            self._client.update_item(
                **request,
                ConditionExpression="seen >= :before",
                ExpressionAttributeValues=values | {":before": {"N": self._before}},
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
                raise
            request["UpdateExpression"] += " REMOVE told"
            self._client.update_item(**request, ExpressionAttributeValues=values)

    def untold(self) -> Iterator[Record]:
        """Yield the findings of this sweep that were not told before."""
        request: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "subject = :shelf",
            "FilterExpression": "seen = :began AND attribute_not_exists(told)",
            "ExpressionAttributeValues": {":shelf": {"S": SHELF}, ":began": {"N": self._began}},
            "ConsistentRead": True,
        }
        while True:
            page = self._client.query(**request)
            for item in page["Items"]:
                yield json.loads(item["finding"]["S"])
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def mark_told(self, records: list[Record]) -> None:
        """Remember that these were told, or were not worth it."""
        for record in records:
            self._client.update_item(
                TableName=self._table,
                Key={"subject": {"S": SHELF}, "item": {"S": f"{record['risk']}#{record['name']}"}},
                UpdateExpression="SET told = :now",
                ExpressionAttributeValues={":now": {"N": self._began}},
            )
