"""``scan --lake``: the filter runs in CloudTrail Lake, on an event data store.

Types of columns: CloudTrail User Guide, "Supported SQL schemas for event data stores": times are timestamps,
``requestparameters`` and the like maps of texts. Lake takes Trino's SQL, at most 10,000 characters of
it (CloudTrail API Reference, StartQuery). It charges for what it scans and cannot tell before how
much that is: only a span bounds it.
"""

import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..session import opened
from .inputs import LocalFile, NoSuchSource
from .query import COLUMNS, JSON, awaited, select, written
from .s3 import Access, why

DOLLARS_A_GB = 0.005  # list price of us-east-1, 2025; https://aws.amazon.com/cloudtrail/pricing/
MOST_ROWS = 1000  # in an answer
_ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_STORE = re.compile(
    rf"(?:arn:aws[a-z-]*:cloudtrail:(?P<region>[a-z0-9-]+):\d{{12}}:eventdatastore/)?(?P<id>{_ID})"
)


@dataclass(frozen=True, slots=True)
class EventDataStore:
    """An event data store by its id; the Region where its ARN says it."""

    id: str
    region: str | None = None


def parse_store(text: str) -> EventDataStore:
    """Read the id or the ARN of an event data store. Raises ``NoSuchSource`` on anything else."""
    found = _STORE.fullmatch(text)
    if not found:
        raise NoSuchSource(
            f"--lake wants the id or the ARN of an event data store (aws cloudtrail list-event-data-stores), and not {text!r}."
        )
    return EventDataStore(found["id"], found["region"])


def sql(store: EventDataStore, since: datetime, until: datetime | None) -> str:
    """Return the query for a span (UTC)."""
    ends = [(">=", since), *([("<", until)] if until else [])]
    span = [f"eventtime {sign} timestamp '{_moment(when)}'" for sign, when in ends]
    return select(store.id, span, _selected)


def _moment(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _selected(path: tuple[str, ...], column: str) -> str:
    """Return how a member is selected as text; the empty text where it is missing, for whatever that would be called."""
    if path == ("eventTime",):
        column = f"date_format({column}, '%Y-%m-%dT%H:%i:%sZ')"
    elif path[0] in JSON:
        column = f"json_format(CAST({column} AS JSON))"
    return f"coalesce({column}, '')"


class Lake:
    """Runs the query. ``client`` is a boto3 client of CloudTrail; ``tell`` shows a line to a person."""

    def __init__(
        self,
        client: Any,  # noqa: ANN401 - boto3's clients have no static type here
        tell: Callable[[str], object] = sys.stderr.write,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client, self._tell, self._sleep = client, tell, sleep

    def fetch(self, query: str, folder: Path) -> LocalFile:
        """Run the query, and write its rows as records into a file below ``folder``. Raises ``NoSuchSource``."""
        started = self._client.start_query(QueryStatement=query)["QueryId"]
        done = awaited(
            lambda: self._state(started),
            lambda: self._client.cancel_query(QueryId=started),
            self._sleep,
        )
        gigabytes = done.get("QueryStatistics", {}).get("BytesScanned", 0) / 1e9
        cost = f"about ${gigabytes * DOLLARS_A_GB:,.2f} (list price of us-east-1)"
        self._tell(f"Lake scanned {gigabytes:,.2f} GB, {cost}.\n")
        return written(self._rows(started), folder, started)

    def _state(self, query: str) -> tuple[str, str, Mapping[str, Any]]:
        answer = self._client.describe_query(QueryId=query)
        return answer["QueryStatus"], answer.get("ErrorMessage", ""), answer

    def _rows(self, query: str) -> Iterator[list[str | None]]:
        more: dict[str, Any] = {}
        while True:
            page = self._client.get_query_results(QueryId=query, MaxQueryResults=MOST_ROWS, **more)
            for row in page.get("QueryResultRows", ()):
                cells = {name: value for cell in row for name, value in cell.items()}
                yield [cells.get(f"c{number}") for number in range(len(COLUMNS))]
            if not page.get("NextToken"):
                return
            more = {"NextToken": page["NextToken"]}


def fetched(
    name: str,
    span: tuple[datetime | None, datetime | None],
    access: Access,
    folder: Path,
    *,
    dry: bool,
) -> Iterator[LocalFile]:
    """Yield the file of records that the query on an event data store tells; ``dry``: only show the query.

    Raises ``NoSuchSource`` where it cannot be run, and where nothing says how far back.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    store, (since, until) = parse_store(name), span
    if since is None:
        raise NoSuchSource(
            "--lake needs --since: CloudTrail Lake charges for what a query scans and cannot tell before how much that is; "
            "only a span bounds it."
        )
    query = sql(store, since, until)
    days = ((until or datetime.now(UTC)) - since).total_seconds() / 86_400
    sys.stderr.write(
        f"Event data store {store.id}: all events of {days:,.1f} days are scanned, for ${DOLLARS_A_GB} a GB (list price of "
        "us-east-1). How many GB these are, Lake tells only afterwards.\n"
    )
    if dry:
        sys.stderr.write(f"{query}\n")
        return
    session = opened(access.profile, access.region or store.region)
    try:
        yield Lake(session.client("cloudtrail")).fetch(query, folder)
    except (ClientError, BotoCoreError) as error:
        raise NoSuchSource(
            f"CloudTrail Lake cannot be asked: {why(error, 'StartQuery')}"
        ) from error
