"""A query in Athena tells the same as the files would: its SQL is run by duckdb on the table of the same records."""

import json
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from cli.__main__ import main
from cli.scan import athena, athena_table, s3
from cli.scan.inputs import NoSuchSource
from cli.scan.query import COLUMNS, record_of
from tests.unit.parsing.kms_errors import ERRORS
from tests.unit.scan.test_agreement import _event
from tests.unit.scan.trails import START, call, change, log_file, success

TABLE = athena_table.Table("logs", "trail", "s3://trail/AWSLogs/", "day")
ERRORS_READ = [_event(n, error)["detail"] | {"eventID": f"e{n}"} for n, error in enumerate(ERRORS)]
CASES = [
    # The table of the guide has no column for whom Identity Center acts.
    *[record for record in ERRORS_READ if "onBehalfOf" not in record["userIdentity"]],
    change(0, "ScheduleKeyDeletion"),
    change(1, "DeleteKey", eventType="AwsServiceEvent", requestParameters=None),
    success(2),
    call(3, ("NoSuchBucket", "The bucket does not exist"), eventSource="s3.amazonaws.com"),
    call(4, ("InvalidKeyId", "nothing known"), eventSource="ssm.amazonaws.com"),
]


def _lower(record):
    """A record as the table's columns have it: names in lower case, some members as JSON text."""
    texts = ("requestparameters", "responseelements", "additionaleventdata", "serviceeventdetails")

    def lowered(value):
        if isinstance(value, dict):
            return {name.lower(): lowered(inner) for name, inner in value.items()}
        return [lowered(inner) for inner in value] if isinstance(value, list) else value

    row = {name.lower(): value for name, value in record.items()}
    return {
        name: (json.dumps(value) if value is not None else None)
        if name in texts
        else lowered(value)
        for name, value in row.items()
    }


EVERYTHING = {
    "useridentity": dict.fromkeys(
        ("type", "principalid", "arn", "accountid", "username", "invokedby"), ""
    )
    | {"sessioncontext": {"sessionissuer": {"arn": ""}}},
    "resources": [{"arn": "", "accountid": "", "type": ""}],
    "day": "2020/01/01",
} | {column: "" for column in COLUMNS.values() if column.isalpha()}


def table_of_records(records):
    """JSON Lines of a table: a row with all columns, which tells nothing, and the records."""
    rows = [EVERYTHING, *[_lower(record) | {"day": "2026/03/01"} for record in records]]
    return "\n".join(map(json.dumps, rows))


def _queried(records, tmp_path, query):
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path / "table.jsonl"
    path.write_text(table_of_records(records))
    base = duckdb.connect()
    base.execute("CREATE SCHEMA logs")
    base.execute(
        f"CREATE TABLE logs.trail AS SELECT * REPLACE (eventtime::VARCHAR AS eventtime) FROM read_json('{path}', "
        "sample_size=-1, maximum_depth=-1, convert_strings_to_integers=false, timestampformat='x', dateformat='x')"
    )
    return base.execute(query).fetchall()


def _told(content, tmp_path, capsys):
    path = tmp_path / "told.json"
    path.write_bytes(content)
    main(["scan", "--json", str(path)])
    *incidents, _ = map(json.loads, capsys.readouterr().out.splitlines())
    kept = (
        "cause",
        "confidence",
        "failures",
        "first_seen",
        "callers",
        "accounts",
        "regions",
        "changes",
        "because",
    )
    return sorted(([i["subject"], *(i[name] for name in kept)] for i in incidents), key=json.dumps)


def test_the_rows_of_the_query_tell_what_the_files_tell(tmp_path, capsys):
    # GIVEN records of every error, of changes, and of calls that say nothing about a key
    rows = _queried(CASES, tmp_path, athena_table.sql(TABLE, None, None))
    # WHEN the SQL is run on the table of them
    records = [record_of(row) for row in rows]
    # THEN what says nothing is not among its rows, and the rest tells what the files tell
    assert len(records) == len(CASES) - 2
    assert _told(log_file(*records), tmp_path, capsys) == _told(log_file(*CASES), tmp_path, capsys)


def test_a_span_bounds_days_and_times(tmp_path):
    # GIVEN a span; WHEN the query is written; THEN it names the folder of its first day
    query = athena_table.sql(TABLE, START, datetime(2026, 3, 1, 12, 30, tzinfo=UTC))
    assert "\"day\" >= '2026/03/01'" in query
    rows = _queried([call(-1), call(1), call(40)], tmp_path, query)
    assert [row[0] for row in rows] == ["2026-03-01T12:01:00Z"]


@pytest.mark.parametrize("name", ["", "x", "a.b.c", "a.b; drop", 'a."b"', "a.b'"])
def test_a_name_that_is_none_never_gets_into_sql(name):
    with pytest.raises(NoSuchSource):
        athena_table.parse_name(name)


def test_what_it_costs_is_said_and_bounded():
    assert "$0.05" in athena.allowed(10_000_000_000, 20)
    with pytest.raises(athena.TooMuch, match="--max-gb allows 1"):
        athena.allowed(10_000_000_000, 1)


class _Client:
    """Athena that answers after a while, in two pages, and remembers what it was asked."""

    def __init__(self, state, rows):
        self.states, self.rows, self.asked = [*("QUEUED", "RUNNING"), state], rows, []

    def start_query_execution(self, **request):
        self.asked.append(request)
        return {"QueryExecutionId": "q-1"}

    def get_query_execution(self, QueryExecutionId):
        status = {"State": self.states.pop(0), "StateChangeReason": "TABLE_NOT_FOUND"}
        return {"QueryExecution": {"Status": status, "Statistics": {"DataScannedInBytes": 5}}}

    def get_paginator(self, _):
        return self

    def paginate(self, QueryExecutionId):
        head = [f"c{n}" for n in range(len(COLUMNS))]
        for part in ([head, *self.rows[:1]], self.rows[1:]):
            cells = [[{"VarCharValue": v} if v is not None else {} for v in row] for row in part]
            yield {"ResultSet": {"Rows": [{"Data": cell} for cell in cells]}}


def _row(**members):
    return [members.get(path[0]) if len(path) == 1 else None for path in COLUMNS]


def test_all_pages_of_the_result_become_records(tmp_path):
    # GIVEN a query that succeeds after a while, with two pages
    client = _Client("SUCCEEDED", [_row(eventName="Decrypt"), _row(eventName="Encrypt")])
    said = []
    asked = athena.Athena(lambda _: client, said.append, lambda _: None)
    # WHEN it is fetched
    file = asked.fetch("SELECT 1", "s3://out/", tmp_path)
    # THEN each row is a record, without the row of names
    lines = Path(file.name).read_text().splitlines()
    names = [json.loads(line)["eventName"] for line in lines]
    assert names == ["Decrypt", "Encrypt"]
    assert client.asked[0]["ResultConfiguration"] == {"OutputLocation": "s3://out/"}


def test_a_query_that_fails_says_why(tmp_path):
    asked = athena.Athena(lambda _: _Client("FAILED", []), lambda _: None, lambda _: None)
    with pytest.raises(NoSuchSource, match="TABLE_NOT_FOUND"):
        asked.fetch("SELECT 1", None, tmp_path)


def test_what_is_too_large_is_refused_before_anything_is_read(monkeypatch, capsys):
    # GIVEN a table in a bucket that is larger than allowed
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    asked = []

    class Session:
        def __init__(self, profile_name, region_name):
            assert (profile_name, region_name) == (None, None)

        def client(self, service):
            asked.append(service)
            return self

        def get_table(self, **_):
            return {"Table": {"StorageDescriptor": {"Location": "s3://trail/AWSLogs/"}}}

    s3._client.cache_clear()
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="trail")
        client.put_object(Bucket="trail", Key="AWSLogs/x.json.gz", Body=b"x" * 5000)
        s3._client(None, None)
        monkeypatch.setattr(boto3.session, "Session", Session)
        # WHEN it is to be scanned; THEN it is refused, and Athena is not asked
        assert main(["scan", "--athena", "logs.trail", "--max-gb", "0.000001"]) == 2
    s3._client.cache_clear()
    assert "The query would read up to 0.00 GB" in capsys.readouterr().err
    assert asked == ["glue"]


def test_the_column_and_format_of_projected_days_are_known():
    # GIVEN what Glue says of a table with partition projection
    described = {
        "Table": {
            "StorageDescriptor": {"Location": "s3://trail/"},
            "PartitionKeys": [{"Name": "account"}, {"Name": "day"}],
            "Parameters": {
                "projection.enabled": "true",
                "projection.day.type": "date",
                "projection.day.format": "yyyy-MM-dd",
            },
        }
    }
    # WHEN it is read; THEN the query names the first day in that format
    table = athena_table.table_of("logs", "trail", described)
    assert (table.day_column, table.day_format) == ("day", "yyyy-MM-dd")
    assert "\"day\" >= '2026-03-01'" in athena_table.sql(table, START, None)
    # AND of one without it, what would help is at hand
    bare = {"Table": {"StorageDescriptor": {"Location": "s3://trail/"}}}
    assert athena_table.table_of("logs", "trail", bare).day_column is None
    assert "projection.enabled" in athena_table.NO_PROJECTION
