"""CloudTrail tables in Athena: the filter runs as SQL where the data is, and its rows are records for the same readers.

The table is that of the Athena User Guide, "Query AWS CloudTrail logs": one column a member of the record, names in lower
case, ``requestparameters`` and the like as JSON text. With partition projection only the folders of the days are read.
"""

import json
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from keywatch.catalogue.code_lookup import of_another_service
from keywatch.catalogue.codes import CODES

from ..session import opened
from .inputs import LocalFile, NoSuchSource
from .relevant import KEPT_CHANGES, KMS, WORDS
from .s3 import Access, stored, why

DOLLARS_A_TB = 5.0  # list price of us-east-1, 2025; https://aws.amazon.com/athena/pricing/
SMALLEST = 10_000_000  # bytes that a query is charged for at least
WAIT = 2.0  # seconds between two looks at a query that runs
_NAME = re.compile(r"[A-Za-z0-9_]{1,255}")
_ENDED = {"SUCCEEDED", "FAILED", "CANCELLED"}

# Member of the record → the SQL that tells it.
COLUMNS: Mapping[tuple[str, ...], str] = {
    ("eventTime",): "eventtime",
    ("eventSource",): "eventsource",
    ("eventName",): "eventname",
    ("awsRegion",): "awsregion",
    ("errorCode",): "errorcode",
    ("errorMessage",): "errormessage",
    ("requestID",): "requestid",
    ("eventID",): "eventid",
    ("sharedEventID",): "sharedeventid",
    ("recipientAccountId",): "recipientaccountid",
    ("eventType",): "eventtype",
    ("userIdentity", "type"): "useridentity.type",
    ("userIdentity", "principalId"): "useridentity.principalid",
    ("userIdentity", "arn"): "useridentity.arn",
    ("userIdentity", "accountId"): "useridentity.accountid",
    ("userIdentity", "userName"): "useridentity.username",
    ("userIdentity", "invokedBy"): "useridentity.invokedby",
    (
        "userIdentity",
        "sessionContext",
        "sessionIssuer",
        "arn",
    ): "useridentity.sessioncontext.sessionissuer.arn",
    ("requestParameters",): "requestparameters",
    ("responseElements",): "responseelements",
    ("additionalEventData",): "additionaleventdata",
    ("serviceEventDetails",): "serviceeventdetails",
    ("resources", "0"): "element_at(resources, 1).arn",
    ("resources", "1"): "element_at(resources, 2).arn",
}
_JSON = {"requestParameters", "responseElements", "additionalEventData", "serviceEventDetails"}


class TooMuch(Exception):
    """The query would read more than it may. The message says how much, and what it would cost."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of CloudTrail logs: where it lies, and the column and format by which its folders tell days, if they do."""

    database: str
    name: str
    location: str
    day_column: str | None = None
    day_format: str = "yyyy/MM/dd"

    @property
    def full_name(self) -> str:
        """Return its name in SQL."""
        return f'"{self.database}"."{self.name}"'


def parse_name(text: str) -> tuple[str, str]:
    """Read ``DATABASE.TABLE``. Raises ``NoSuchSource`` on anything that is no such name."""
    database, dot, name = text.partition(".")
    if not (dot and _NAME.fullmatch(database) and _NAME.fullmatch(name)):
        raise NoSuchSource(
            f"--athena wants DATABASE.TABLE (letters, digits, underscores), and not {text!r}."
        )
    return database, name


def table_of(database: str, name: str, described: Mapping[str, Any]) -> Table:
    """Return what Glue's description (GetTable) says of a table."""
    found, parameters = described["Table"], described["Table"].get("Parameters", {})
    projected = str(parameters.get("projection.enabled", "")).lower() == "true"
    keys = [key["Name"] for key in found.get("PartitionKeys", ())]
    dates = [key for key in keys if parameters.get(f"projection.{key}.type") == "date"]
    location = found.get("StorageDescriptor", {}).get("Location", "")
    if not (projected and dates):
        return Table(database, name, location)
    return Table(
        database,
        name,
        location,
        dates[0],
        parameters.get(f"projection.{dates[0]}.format", "yyyy/MM/dd"),
    )


def sql(table: Table, since: datetime | None, until: datetime | None) -> str:
    """Return the query for the failures on keys and the changes of keys of a span (UTC).

    What was changed before the span is not read: every day costs.
    """
    columns = ",\n  ".join(
        f"{column} AS c{number}" for number, column in enumerate(COLUMNS.values())
    )
    codes = sorted(
        {row.code.lower() for row in CODES if row.means.cause and of_another_service(row)}
    )
    failed = (
        "(coalesce(errorcode, '') <> '' OR coalesce(errormessage, '') <> '') AND ("
        f"eventsource = '{KMS}' OR lower(errorcode) LIKE '%kms%' OR lower(errorcode) IN ({_texts(codes)})"
        f" OR regexp_like(lower(errormessage), '{'|'.join(WORDS)}'))"
    )
    changed = f"eventsource = '{KMS}' AND eventname IN ({_texts(sorted(KEPT_CHANGES))}) AND coalesce(errorcode, '') = ''"
    span = "".join(f"\n  AND {part}" for part in _span(table, since, until))
    return (
        f"SELECT\n  {columns}\nFROM {table.full_name}\nWHERE (({failed})\n  OR ({changed})){span}"
    )


def _texts(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _span(table: Table, since: datetime | None, until: datetime | None) -> Iterator[str]:
    for when, sign in ((since, ">="), (until, "<=")):
        if when is None:
            continue
        utc = when.astimezone(UTC)
        yield f"eventtime {sign} '{utc:%Y-%m-%dT%H:%M:%SZ}'"
        # What happened before midnight may lie in the next day's folder.
        if table.day_column and sign == ">=":
            yield f"\"{table.day_column}\" >= '{_in_format(utc, table.day_format)}'"


def _in_format(when: datetime, layout: str) -> str:
    for java, python in (("yyyy", "%Y"), ("MM", "%m"), ("dd", "%d"), ("HH", "%H")):
        layout = layout.replace(java, python)
    return when.strftime(layout)


def record_of(row: Iterable[str | None]) -> dict[str, Any]:
    """Return the record that a row of the query tells, as CloudTrail would have written it."""
    record: dict[str, Any] = {"eventVersion": "1.08"}
    for path, value in zip(COLUMNS, row, strict=True):
        if not value:
            continue
        if path[0] == "resources":
            record.setdefault("resources", []).append({"ARN": value})
        elif path[0] in _JSON:
            with suppress(ValueError, RecursionError):
                record[path[0]] = json.loads(value)
        else:
            inner = record
            for name in path[:-1]:
                inner = inner.setdefault(name, {})
            inner[path[-1]] = value
    return record


def allowed(size: int, most_gb: float) -> str:
    """Return what a query that reads so many bytes costs, in words. Raises ``TooMuch`` beyond ``most_gb``."""
    dollars = max(size, SMALLEST) / 1e12 * DOLLARS_A_TB
    said = f"up to {size / 1e9:,.2f} GB to read, about ${dollars:,.2f} (list price of us-east-1)"
    if size > most_gb * 1e9:
        raise TooMuch(
            f"The query would read {said}; --max-gb allows {most_gb:g}. Narrow it by --since and --until, or allow more."
        )
    return said


DDL = """\
CREATE EXTERNAL TABLE cloudtrail_logs (
  eventversion STRING,
  useridentity STRUCT<type: STRING, principalid: STRING, arn: STRING, accountid: STRING, invokedby: STRING,
    accesskeyid: STRING, username: STRING, sessioncontext: STRUCT<attributes: STRUCT<mfaauthenticated: STRING,
    creationdate: STRING>, sessionissuer: STRUCT<type: STRING, principalid: STRING, arn: STRING, accountid: STRING,
    username: STRING>>>,
  eventtime STRING, eventsource STRING, eventname STRING, awsregion STRING, sourceipaddress STRING, useragent STRING,
  errorcode STRING, errormessage STRING, requestparameters STRING, responseelements STRING, additionaleventdata STRING,
  requestid STRING, eventid STRING, resources ARRAY<STRUCT<arn: STRING, accountid: STRING, type: STRING>>,
  eventtype STRING, apiversion STRING, readonly STRING, recipientaccountid STRING, serviceeventdetails STRING,
  sharedeventid STRING, vpcendpointid STRING)
PARTITIONED BY (account STRING, region STRING, day STRING)
ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe'
STORED AS INPUTFORMAT 'com.amazon.emr.cloudtrail.CloudTrailInputFormat'
OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION 's3://BUCKET/AWSLogs/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.account.type' = 'enum', 'projection.account.values' = '111122223333',
  'projection.region.type' = 'enum', 'projection.region.values' = 'eu-west-1,us-east-1',
  'projection.day.type' = 'date', 'projection.day.format' = 'yyyy/MM/dd', 'projection.day.range' = '2020/01/01,NOW',
  'storage.location.template' = 's3://BUCKET/AWSLogs/${account}/CloudTrail/${region}/${day}')
"""
NO_PROJECTION = (
    "The table has no partition projection by day: Athena reads all of it, whatever the span. A table like this one reads only "
    f"the days asked for; put in your bucket, accounts and Regions:\n\n{DDL}"
)


class Athena:
    """Runs the query. ``client`` makes an AWS client by its service's name; ``tell`` shows a line to a person."""

    def __init__(
        self,
        client: Callable[[str], Any],
        tell: Callable[[str], object] = sys.stderr.write,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client, self._tell, self._sleep = client, tell, sleep

    def fetch(
        self,
        table: Table,
        span: tuple[datetime | None, datetime | None],
        output: str | None,
        folder: Path,
    ) -> LocalFile:
        """Run the query, and write its rows as records into a file below ``folder``. Raises ``NoSuchSource``."""
        athena = self._client("athena")
        where = {"ResultConfiguration": {"OutputLocation": output}} if output else {}
        started = athena.start_query_execution(QueryString=sql(table, *span), **where)
        query = started["QueryExecutionId"]
        done = self._waited(athena, query)
        read = done.get("Statistics", {}).get("DataScannedInBytes", 0)
        self._tell(f"Athena read {read / 1e9:,.2f} GB.\n")
        path = folder / "athena.jsonl"
        with path.open("w", encoding="utf-8") as out:
            out.writelines(json.dumps(record_of(row)) + "\n" for row in _rows(athena, query))
        return LocalFile(str(path), path.stat().st_size, query)

    def _waited(self, athena: Any, query: str) -> Mapping[str, Any]:  # noqa: ANN401 - boto3's clients have no static type here
        while True:
            execution: Mapping[str, Any] = athena.get_query_execution(QueryExecutionId=query)[
                "QueryExecution"
            ]
            status = execution["Status"]
            if status["State"] not in _ENDED:
                self._sleep(WAIT)
                continue
            if status["State"] != "SUCCEEDED":
                raise NoSuchSource(
                    f"Athena's query {query} {status['State']}: {status.get('StateChangeReason', 'no reason')}"
                )
            return execution


def _rows(athena: Any, query: str) -> Iterator[list[str | None]]:  # noqa: ANN401 - as above
    first = True
    for page in athena.get_paginator("get_query_results").paginate(QueryExecutionId=query):
        rows = page["ResultSet"]["Rows"]
        for row in rows[1:] if first else rows:  # the first row of all holds the names
            yield [cell.get("VarCharValue") for cell in row["Data"]]
        first = False


def fetched(
    name: str,
    span: tuple[datetime | None, datetime | None],
    most_gb: float,
    output: str | None,
    access: Access,
    folder: Path,
) -> Iterator[LocalFile]:
    """Yield the file of records that the query on ``DATABASE.TABLE`` tells, once it is known what it costs.

    Raises ``NoSuchSource`` where that cannot be run or would read more than ``most_gb``.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    database, table_name = parse_name(name)
    client: Callable[..., Any] = opened(access.profile, access.region).client
    try:
        described = client("glue").get_table(DatabaseName=database, Name=table_name)
        table = table_of(database, table_name, described)
        listed = span if table.day_column else (None, None)
        size = sum(one.size for one in stored(table.location, *listed, access))
        sys.stderr.write(f"{table.full_name}: {allowed(size, most_gb)}.\n")
        if table.day_column is None:
            sys.stderr.write(NO_PROJECTION)
        yield Athena(client).fetch(table, span, output, folder)
    except TooMuch as problem:
        raise NoSuchSource(str(problem)) from problem
    except (ClientError, BotoCoreError) as error:
        raise NoSuchSource(
            f"Athena cannot be asked: {why(error, 'StartQueryExecution')}"
        ) from error
