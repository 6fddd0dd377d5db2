"""``keywatch scan`` over what AWS stores: a bucket with logs, and a table that Athena queries, in the emulator for real."""

import json
from collections.abc import Iterator

import pytest

from cli.__main__ import main
from cli.scan import s3
from demo.emulator import REGION, Emulator
from tests.unit.scan.test_athena import CASES, table_of_records
from tests.unit.scan.trails import NAME, call, change, packed, success

pytestmark = pytest.mark.emulator

BUCKET = "trail-of-the-organisation"
FOLDER = f"AWSLogs/o-abc/111122223333/CloudTrail/{REGION}"
ROWS, RESULTS = "rows-of-the-trail", "s3://results-of-athena/"


@pytest.fixture
def configured(aws: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """The environment of a person whose AWS is the emulator."""
    for name, value in aws.environment().items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    s3._client.cache_clear()
    yield aws
    s3._client.cache_clear()


def scanned(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[list[dict], dict, int]:
    code = main(["scan", "--json", *arguments])
    said = capsys.readouterr()
    assert said.out, said.err
    *incidents, summary = map(json.loads, said.out.splitlines())
    return incidents, summary, code


def test_a_bucket_is_listed_by_day_downloaded_and_told(configured, capsys):
    # GIVEN a bucket with the logs of three days, a digest file, and one that is no log
    client = configured.client("s3", "us-east-1")
    client.create_bucket(Bucket=BUCKET)
    day = 24 * 60
    logs = [[change(0, "DisableKey"), success(1)], [call(day), call(day + 1)], [call(2 * day)]]
    for number, records in enumerate(logs, start=1):
        client.put_object(
            Bucket=BUCKET, Key=f"{FOLDER}/2026/03/0{number}/{NAME}", Body=packed(*records)
        )
    client.put_object(
        Bucket=BUCKET, Key=f"{FOLDER}/2026/03/02/cut-{NAME}", Body=packed(call(9))[:-20]
    )
    # WHEN all of it is scanned
    incidents, summary, code = scanned(capsys, f"s3://{BUCKET}")
    # THEN the failures are told, with who disabled the key, and what cannot be read is named
    assert [incident["failures"] for incident in incidents] == [2, 1]
    assert incidents[0]["changes"][0]["what"] == "DisableKey"
    assert [problem["why"] for problem in summary["problems"]] == ["the gzip file is cut off"]
    assert code == 2
    # AND of a span only its days are read
    (incident,), summary, _ = scanned(capsys, "--since", "2026-03-03", f"s3://{BUCKET}")
    assert (incident["failures"], summary["files"]) == (1, 1)


def test_a_table_is_queried_and_tells_what_the_files_tell(configured, capsys, tmp_path):
    # GIVEN the same records as a table that Athena reads (where it has duckdb to run SQL), and as a file
    pytest.importorskip("duckdb")
    client, glue = configured.client("s3", "us-east-1"), configured.client("glue")
    for bucket in (ROWS, RESULTS.removeprefix("s3://").strip("/")):
        client.create_bucket(Bucket=bucket)
    client.put_object(Bucket=ROWS, Key="part-1.json", Body=table_of_records(CASES).encode())
    glue.create_database(DatabaseInput={"Name": "logs"})
    storage = {"Location": f"s3://{ROWS}/", "Columns": [{"Name": "eventname", "Type": "string"}]}
    table = {
        "Name": "trail",
        "StorageDescriptor": storage,
        "Parameters": {"classification": "json"},
    }
    glue.create_table(DatabaseName="logs", TableInput=table)
    log = tmp_path / "log.json.gz"
    log.write_bytes(packed(*CASES))
    # WHEN one is scanned by a query, and the other is read
    arguments = ("--athena", "logs.trail", "--athena-output", RESULTS)
    queried, _, code = scanned(capsys, *arguments)
    read, _, _ = scanned(capsys, str(log))
    # THEN both tell the same
    told = [
        sorted(
            (one["subject"]["name"], one["cause"], one["confidence"], one["failures"])
            for one in some
        )
        for some in (queried, read)
    ]
    assert told[0] == told[1]
    assert (bool(queried), code) == (True, 1)
