"""What stands in a log beside an error stays there: of secrets planted in every log format, none leaves it."""

import base64
import gzip
import json

import pytest

from keywatch.model.secrets import redacted
from keywatch.model.signals import KeyFailure
from keywatch.sources.app_logs import read_delivery
from keywatch.sources.source import Reception
from tests.delivered.formats import FORMATS, SENTENCES
from tests.support.world import ACCOUNT, REGION, failed
from tests.support.world import world as open_world
from tests.unit.parsing.kms_errors import ERRORS
from tests.unit.sources.planted import PLANTED
from tests.unit.sources.records import payload, read

ARN_HEAD = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/"
CODES = [
    ("KMSInternalException", "An internal error occurred"),
    *((c, t[0]) for c, t in SENTENCES.items()),
]
PLACES = {
    "before": "{secret} {line}",
    "after": "{line} {secret}",
    "as a field before": '{{"context": {quoted}, "error": {json}}}',
    "as a field after": '{{"error": {json}, "context": {quoted}}}',
    "around": "user logged in {secret} | {line} | {secret}",
}


def delivery(line):
    payload = {
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT,
        "logGroup": "/app",
        "logStream": "s",
        "logEvents": [{"id": "1", "timestamp": 1_700_000_000_000, "message": line}],
    }
    return {
        "awslogs": {"data": base64.b64encode(gzip.compress(json.dumps(payload).encode())).decode()}
    }


def told(line):
    """What KeyWatch keeps of a log line."""
    return [
        s
        for s in read_delivery(delivery(line), Reception(region=REGION))
        if isinstance(s, KeyFailure)
    ]


def placed(place, line, secret):
    return PLACES[place].format(
        secret=secret, line=line, json=json.dumps(line), quoted=json.dumps(secret)
    )


@pytest.mark.parametrize("what", PLANTED)
@pytest.mark.parametrize("place", PLACES)
def test_no_secret_beside_an_error_leaves_the_log(place, what):
    # GIVEN a secret beside an error, in each format of each SDK
    secret, value = PLANTED[what]
    leaked, found = [], 0
    for number, (name, (written, _)) in enumerate(FORMATS.items()):
        line = written(*CODES[number % len(CODES)])
        # WHEN the line is read
        failures = told(placed(place, line, secret)) if line else []
        found += len(failures)
        # THEN nothing that is kept of it holds the secret
        leaked += [name for failure in failures if value in repr(failure)]
    assert found >= 3
    assert leaked == []


@pytest.mark.parametrize("what", PLANTED)
def test_no_secret_in_the_message_itself_leaves_the_log(what):
    # GIVEN a program that puts a secret into the message of an error, or asks for a key by it
    secret, value = PLANTED[what]
    lines = [
        written(CODES[number % 2][0], f"{CODES[number % 2][1]} {secret}")
        for number, (written, _) in enumerate(FORMATS.values())
    ]
    lines += [f"KMSInvalidStateException: {secret}", f"NotFoundException: Invalid keyId '{secret}'"]
    lines += [
        f"KMSInternalException: {secret} {secret}",
        f"botocore: NotFoundException: Invalid keyId {secret}",
    ]
    # WHEN THEN
    leaked = [line for line in lines if line and value in repr(told(line))]
    assert leaked == []


@pytest.mark.parametrize("what", PLANTED)
def test_no_secret_in_a_record_reaches_the_alert_or_the_table(what):
    # GIVEN a call with a secret where its key should be, which CloudTrail records
    secret, value = PLANTED[what]
    with open_world() as world:
        world.take(failed("NotFoundException", f"Invalid keyId '{secret}'", secret))
        world.take(failed("KMSInternalException", f"Internal error. {secret}", None))
        (*alerts,) = world.inbox()
        kept = world.table.scan(TableName="incidents")["Items"]
    # THEN neither holds it
    assert alerts
    assert value not in json.dumps(alerts, default=str)
    assert value not in repr(kept)


def test_no_secret_in_a_native_event_is_kept():
    # GIVEN events of EBS that quote what stood in the place of a key: each secret once
    volume, kept, leaked = payload("native", "ebs_create_volume"), 0, []
    for what, (secret, value) in PLANTED.items():
        detail = volume["detail"] | {"cause": f"{ARN_HEAD}token={secret} is disabled."}
        # WHEN they are read
        failure = read(volume | {"detail": detail})
        kept += isinstance(failure, KeyFailure)
        leaked += [what] if value in repr(failure) else []
    # THEN most are failures, and nothing that is kept of them holds the secret
    assert kept >= 15
    assert leaked == []


@pytest.mark.parametrize("message", sorted({one.message for one in ERRORS}))
def test_what_aws_says_stays_as_it_is(message):
    assert redacted(message) == message


@pytest.mark.parametrize(
    "text",
    [
        "User: arn:aws:sts::111122223333:assumed-role/app/alice@corp.example is not authorized to perform: kms:Decrypt",
        "User: arn:aws:iam::111122223333:user/alice@corp.example is not authorized",
        "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab is disabled.",
        "Alias arn:aws:kms:eu-west-1:111122223333:alias/password-store/api_key is not found.",
        "Key 'arn:aws:kms:eu-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab' does not exist",
        "The security token included in the request is expired",
        "Request ID: 0a25d66d-3b7c-4f0e-9c55-6d1a2b3c4d5e at 2026-11-25T10:00:00Z, 1700000000000 ms",
        "The operation failed because of an invalid KMS key: Invalid keyId",
        "account 111122223333 of organization o-a1b2c3d4e5",
    ],
)
def test_who_called_and_what_is_broken_stays(text):
    assert redacted(text) == text
