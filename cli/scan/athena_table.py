"""A table of CloudTrail's logs in Athena: where it lies, how its folders tell days, and the DDL of one that tells them.

It is that of the Athena User Guide, "Query AWS CloudTrail logs": one column a member of the record, names in
lower case, ``requestparameters`` and the like as JSON text. With partition projection only the folders
of the days are read.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .inputs import NoSuchSource
from .query import select

_NAME = re.compile(r"[A-Za-z0-9_]{1,255}")


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
    """Return the query for a span (UTC).

    What was changed before the span is not read: every day costs.
    """
    return select(table.full_name, _span(table, since, until), lambda _, column: column)


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
