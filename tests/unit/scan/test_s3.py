"""Logs in S3: only the days asked for are listed; what AWS refuses is said, a broken key of the bucket by its own diagnosis."""

import json
from datetime import UTC, datetime

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from cli.__main__ import main
from cli.scan import s3
from tests.unit.scan.trails import NAME, call, packed

BUCKET = "trail"
FOLDER = "prefix/AWSLogs/o-abc/111122223333/CloudTrail/us-west-2"


@pytest.fixture
def bucket(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    forget = s3._client.cache_clear
    with mock_aws():
        forget()
        client = boto3.client("s3")
        client.create_bucket(Bucket=BUCKET)
        for day in range(1, 6):
            body = packed(call((day - 1) * 1440))
            client.put_object(Bucket=BUCKET, Key=f"{FOLDER}/2026/03/0{day}/{NAME}", Body=body)
        digest = FOLDER.replace("/CloudTrail/", "/CloudTrail-Digest/")
        client.put_object(Bucket=BUCKET, Key=f"{digest}/2026/03/01/x.json.gz", Body=b"{}")
        yield client
    forget()


def _scan(capsys, *arguments):
    code = main(["scan", "--json", *arguments])
    *incidents, summary = map(json.loads, capsys.readouterr().out.splitlines())
    return incidents, summary, code


@pytest.mark.parametrize("prefix", ["", "prefix/", "prefix/AWSLogs/", FOLDER])
def test_logs_in_a_bucket_are_read_like_local_ones(bucket, capsys, prefix):
    # GIVEN an organisation's trail in a bucket; WHEN it is scanned from any of its folders
    incidents, summary, code = _scan(capsys, f"s3://{BUCKET}/{prefix}")
    # THEN every log is read, and no digest file
    assert (len(incidents), summary["files"], code) == (5, 5, 1)


def test_of_a_span_only_its_days_are_listed(bucket):
    # GIVEN a span of two days; WHEN the bucket is listed
    since, until = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 3, 5, tzinfo=UTC)
    found = s3.stored(f"s3://{BUCKET}/prefix", since, until, s3.Access())
    # THEN their folders are named, and the day after, in which late records lie
    assert [one.key.split("/")[-2] for one in found] == ["02", "03", "04"]


def test_a_scan_of_a_bucket_goes_on_where_it_stopped(bucket, capsys, tmp_path, monkeypatch):
    state = str(tmp_path / "state")
    _scan(capsys, "--state", state, f"s3://{BUCKET}/")
    monkeypatch.setattr(
        s3.StoredLog, "open", lambda one: pytest.fail(f"{one.name} is downloaded again")
    )
    incidents, _, _ = _scan(capsys, "--state", state, f"s3://{BUCKET}/")
    assert len(incidents) == 5


def test_a_bucket_that_is_not_there_is_said(bucket, capsys):
    assert main(["scan", "s3://another-bucket/x"]) == 2
    assert "s3://another-bucket/x cannot be listed: NoSuchBucket" in capsys.readouterr().err


CIPHERTEXT = (
    "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not "
    "allowed to access."
)
KEY = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.mark.parametrize(
    ("code", "message", "said"),
    [
        (
            "KMS.DisabledException",
            f"{KEY} is disabled.",
            "the bucket's own KMS key: Key disabled, key_disabled.",
        ),
        ("KMS.KMSInvalidStateException", f"{KEY} is pending deletion.", "key_pending_deletion."),
        ("KMS.NotFoundException", f"Key '{KEY}' does not exist", "key_not_found."),
        (
            "AccessDenied",
            CIPHERTEXT,
            "the bucket's own KMS key: Key missing, or caller not allowed, missing_or_not_authorized.",
        ),
        ("AccessDenied", "Access Denied", "--requester-pays"),
        ("SlowDown", "Please reduce your request rate.", "SlowDown: Please reduce"),
    ],
)
def test_what_aws_refuses_is_told_by_its_own_diagnosis(
    bucket, capsys, monkeypatch, code, message, said
):
    # GIVEN an object that AWS does not give out
    class Refusing:
        def get_object(self, **_):
            raise ClientError({"Error": {"Code": code, "Message": message}}, "GetObject")

    real = s3._client(None, None)
    refusing = Refusing()
    refusing.get_paginator = real.get_paginator
    monkeypatch.setattr(s3, "_client", lambda *_: refusing)
    # WHEN it is scanned; THEN the summary says what is wrong, and it exits with 2
    _, summary, exit_code = _scan(capsys, f"s3://{BUCKET}/{FOLDER}/2026/03/01/")
    (problem,) = summary["problems"]
    assert said in problem["why"]
    assert exit_code == 2


def test_who_pays_is_said_with_every_request():
    assert s3.Access(requester_pays=True).options() == {"RequestPayer": "requester"}
