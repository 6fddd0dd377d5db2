"""A query in CloudTrail Lake tells the same as the files would: its SQL is run by duckdb on a table of Lake's types."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.__main__ import main
from cli.scan import lake
from cli.scan.inputs import NoSuchSource
from cli.scan.query import COLUMNS, record_of
from tests.unit.scan.test_athena import CASES, _told
from tests.unit.scan.trails import START, call, log_file

ID = "ee54f254-e4f2-4c2a-8f0a-0123456789ab"
ARN = f"arn:aws:cloudtrail:eu-west-1:111122223333:eventdatastore/{ID}"
STORE = lake.EventDataStore(ID)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
MAPS = ("requestParameters", "responseElements", "additionalEventData", "serviceEventDetails")
PLAIN = [path[0] for path in COLUMNS if len(path) == 1 and path[0] not in {*MAPS, "eventTime"}]
IDENTITY = ("type", "principalid", "arn", "accountid", "username", "invokedby")


def _text(value):
    return "NULL" if value is None else "'{}'".format(str(value).replace("'", "''"))


def _map(value):
    """A JSON object as Lake keeps it: what is nested in it is one text."""
    if not isinstance(value, dict):
        return "NULL"
    texts = ((k, v if isinstance(v, str) else json.dumps(v)) for k, v in value.items())
    return "MAP {{{}}}".format(", ".join(f"{_text(k)}: {_text(v)}" for k, v in texts))


def _struct(record):
    who = {name.lower(): value for name, value in record["userIdentity"].items()}
    issuer = (who.get("sessioncontext") or {}).get("sessionIssuer") or {}
    parts = [f"{name} := {_text(who.get(name))}" for name in IDENTITY]
    inner = f"struct_pack(sessionissuer := struct_pack(arn := {_text(issuer.get('arn'))}))"
    return f"struct_pack({', '.join(parts)}, sessioncontext := {inner})"


def _resources(record):
    arns = [_text(one.get("ARN")) for one in record.get("resources") or ()]
    return (
        "[{}]".format(", ".join(f"struct_pack(arn := {arn})" for arn in arns)) if arns else "NULL"
    )


def _row(record):
    return ", ".join(
        [
            f"timestamp '{record['eventTime'][:19].replace('T', ' ')}' AS eventtime",
            *[f"{_text(record.get(name))} AS {name.lower()}" for name in PLAIN],
            *[f"{_map(record.get(name))} AS {name.lower()}" for name in MAPS],
            f"{_struct(record)} AS useridentity",
            f"{_resources(record)} AS resources",
        ]
    )


def _queried(records, query):
    duckdb = pytest.importorskip("duckdb")
    base = duckdb.connect()
    types = ", ".join(f"{name.lower()} MAP(VARCHAR, VARCHAR)" for name in MAPS)
    texts = ", ".join(f"{name.lower()} VARCHAR" for name in PLAIN)
    who = ", ".join(f"{name} VARCHAR" for name in IDENTITY)
    base.execute(
        f'CREATE TABLE "{ID}" (eventtime TIMESTAMP, {texts}, {types}, useridentity STRUCT({who}, '
        "sessioncontext STRUCT(sessionissuer STRUCT(arn VARCHAR))), resources STRUCT(arn VARCHAR)[])"
    )
    for record in records:
        base.execute(f'INSERT INTO "{ID}" BY NAME SELECT {_row(record)}')
    # What Trino's functions are called in duckdb.
    base.execute("CREATE MACRO json_format(value) AS CAST(value AS VARCHAR)")
    base.execute(
        "CREATE MACRO date_format(moment, how) AS strftime(moment, replace(replace(how, '%i', '%M'), '%s', '%S'))"
    )
    return base.execute(query.replace(ID, f'"{ID}"')).fetchall()


def test_the_rows_of_the_query_tell_what_the_files_tell(tmp_path, capsys):
    # GIVEN records of every error, of changes, and of calls that say nothing about a key, as Lake keeps them
    rows = _queried(CASES, lake.sql(STORE, LONG_AGO, None))
    # WHEN the SQL is run on them
    records = [record_of(row) for row in rows]
    # THEN what says nothing is not among its rows, and the rest tells what the files tell
    assert len(records) == len(CASES) - 2
    assert _told(log_file(*records), tmp_path, capsys) == _told(log_file(*CASES), tmp_path, capsys)


def test_a_span_bounds_what_is_scanned():
    query = lake.sql(STORE, START, datetime(2026, 3, 1, 12, 30, tzinfo=UTC))
    rows = _queried([call(-1), call(1), call(40)], query)
    assert [row[0] for row in rows] == ["2026-03-01T12:01:00Z"]


def test_the_query_is_no_longer_than_lake_takes():
    assert len(lake.sql(STORE, START, START)) < 10_000


@pytest.mark.parametrize(
    "name", ["", "x", f"{ID}; drop", f"{ID}x", ARN.replace("cloudtrail", "s3")]
)
def test_what_is_no_event_data_store_never_gets_into_sql(name):
    with pytest.raises(NoSuchSource):
        lake.parse_store(name)


def test_an_arn_says_the_region():
    assert lake.parse_store(ARN) == lake.EventDataStore(ID, "eu-west-1")


class _Client:
    """CloudTrail that answers after a while, in two pages; ``interrupted`` is what the person does meanwhile."""

    def __init__(self, state="FINISHED", names=()):
        self.states, self.names, self.asked = [*("QUEUED", "RUNNING"), state], names, []

    def start_query(self, QueryStatement):
        self.asked.append(QueryStatement)
        return {"QueryId": "q-1"}

    def describe_query(self, QueryId):
        more = {"ErrorMessage": "no such column"} if len(self.states) == 1 else {}
        scanned = {"BytesScanned": 3_000_000_000}
        return {"QueryStatus": self.states.pop(0), "QueryStatistics": scanned} | more

    def get_query_results(self, QueryId, MaxQueryResults, NextToken=None):
        at = list(COLUMNS).index(("eventName",))
        names = self.names[1:] if NextToken else self.names[:1]
        rows = [[{f"c{n}": name if n == at else ""} for n in range(len(COLUMNS))] for name in names]
        return {"QueryResultRows": rows} | ({} if NextToken else {"NextToken": "2"})

    def cancel_query(self, QueryId):
        self.asked.append(f"cancel {QueryId}")


def test_all_pages_of_the_result_become_records_and_what_it_cost_is_said(tmp_path):
    # GIVEN a query that ends after a while, with two pages
    client, said = _Client(names=["Decrypt", "Encrypt", "Sign"]), []
    # WHEN it is fetched
    file = lake.Lake(client, said.append, lambda _: None).fetch("SELECT 1", tmp_path)
    # THEN each row is a record
    lines = Path(file.name).read_text().splitlines()
    assert [json.loads(line)["eventName"] for line in lines] == ["Decrypt", "Encrypt", "Sign"]
    assert said == ["Lake scanned 3.00 GB, about $0.01 (list price of us-east-1).\n"]


@pytest.mark.parametrize("state", ["FAILED", "CANCELLED", "TIMED_OUT"])
def test_a_query_that_fails_says_why(tmp_path, state):
    asked = lake.Lake(_Client(state), lambda _: None, lambda _: None)
    with pytest.raises(NoSuchSource, match=f"{state}: no such column"):
        asked.fetch("SELECT 1", tmp_path)


def test_who_interrupts_the_waiting_ends_the_query_that_costs(tmp_path):
    def interrupted(_):
        raise KeyboardInterrupt

    client = _Client()
    with pytest.raises(KeyboardInterrupt):
        lake.Lake(client, lambda _: None, interrupted).fetch("SELECT 1", tmp_path)
    assert client.asked == ["SELECT 1", "cancel q-1"]


def test_without_a_span_nothing_is_asked(capsys):
    assert main(["scan", "--lake", ID]) == 2
    assert "--lake needs --since" in capsys.readouterr().err


def test_a_dry_run_shows_the_query_and_runs_nothing(capsys):
    assert main(["scan", "--lake", ARN, "--since", "90d", "--dry-run"]) == 0
    said = capsys.readouterr()
    assert "all events of 90.0 days are scanned" in said.err
    assert f"FROM {ID}" in said.err
    assert said.out == ""


def test_a_lake_is_scanned_in_the_region_of_its_arn(monkeypatch, capsys):
    # GIVEN an event data store with two failures
    rows = _queried([call(1), call(2)], lake.sql(STORE, START, None))
    asked = []

    class Answering(_Client):
        def get_query_results(self, **_):
            names = [[{f"c{n}": v} for n, v in enumerate(row)] for row in rows]
            return {"QueryResultRows": names}

    class Session:
        def client(self, service):
            return Answering()

    monkeypatch.setattr(lake, "opened", lambda *args: asked.append(args) or Session())
    monkeypatch.setattr(lake.Lake.__init__, "__defaults__", (lambda _: None, lambda _: None))
    # WHEN it is scanned by its ARN
    assert main(["scan", "--json", "--lake", ARN, "--since", "2026-03-01"]) == 1
    # THEN they are told as an incident
    incident = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (incident["cause"], incident["failures"]) == ("key_disabled", 2)
    assert asked == [(None, "eu-west-1")]
