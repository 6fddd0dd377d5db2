"""A year of CloudTrail, made: sizes, shapes and rates as real trails have them.

30 % of records are KMS's, 1 in 500 is a failure on a key (each week another key is disabled), 3 % of the others failed
for other reasons. The year has 10 GB; less is its first weeks. Records have
the members and lengths of those in AWS's documentation, about 1.4 kB each; a file has some thousands, packed.
"""

import gzip
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

ACCOUNT, REGION = "111122223333", "eu-west-1"
START = datetime(2026, 1, 1, tzinfo=UTC)
SECONDS = 365 * 86_400
YEAR = 10_000  # MB
IN_FILE = 4_000
KMS_SHARE, FAILING, OTHERS_FAILING = 0.3, 1 / 500, 0.03
_OTHERS = (
    "sts AssumeRole",
    "ec2 DescribeInstances",
    "s3 GetBucketAcl",
    "logs CreateLogStream",
    "ssm GetParameter",
    "iam GetRole",
)
_CODES = (
    "AccessDenied",
    "NoSuchBucketPolicy",
    "Client.UnauthorizedOperation",
    "ResourceNotFoundException",
    "ThrottlingException",
)


def write(folder: Path, megabytes: int, seed: int = 7) -> int:
    """Write about so many MB (unpacked) of log files below ``folder``; return how many bytes they unpack to."""
    chance, written = random.Random(seed), 0
    files = max(1, megabytes * 1_000_000 // (IN_FILE * 1_450))
    span = SECONDS * min(1.0, megabytes / YEAR)
    for number in range(files):
        start = START + timedelta(seconds=span * number / files)
        content = _content(chance, start, span / files)
        day = folder / f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/{start:%Y/%m/%d}"
        day.mkdir(parents=True, exist_ok=True)
        name = f"{ACCOUNT}_CloudTrail_{REGION}_{start:%Y%m%dT%H%MZ}_{number:016d}.json.gz"
        (day / name).write_bytes(gzip.compress(content, 6, mtime=0))
        written += len(content)
    return written


def _content(chance: random.Random, start: datetime, seconds: float) -> bytes:
    times = (start + timedelta(seconds=seconds * n / IN_FILE) for n in range(IN_FILE))
    records = [_record(chance, when) for when in times]
    return json.dumps({"Records": records}, separators=(",", ":")).encode()


def _record(chance: random.Random, when: datetime) -> dict[str, Any]:
    fails = chance.random() < FAILING
    made = (
        _of_kms(chance, when, fails=fails)
        if fails or chance.random() < KMS_SHARE
        else _of_another(chance)
    )
    service, what, error, request, response, resources = made
    return {
        "eventVersion": "1.11",
        "userIdentity": _identity(chance),
        "eventTime": f"{when:%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": f"{service}.amazonaws.com",
        "eventName": what,
        "awsRegion": REGION,
        "sourceIPAddress": f"10.1.{chance.randrange(256)}.{chance.randrange(256)}",
        "userAgent": "aws-sdk-java/2.20.1 Linux/5.10.0 OpenJDK_64-Bit_Server_VM/17.0.9 Java/17 exec-env/AWS_ECS",
        **({"errorCode": error[0], "errorMessage": error[1]} if error else {}),
        "requestParameters": request,
        "responseElements": response,
        "requestID": _id(chance),
        "eventID": _id(chance),
        "readOnly": True,
        **({"resources": resources} if resources else {}),
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
        "tlsDetails": {
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": f"{service}.{REGION}.amazonaws.com",
        },
    }


_Made = tuple[str, str, tuple[str, str] | None, Any, Any, Any]


def _of_kms(chance: random.Random, when: datetime, *, fails: bool) -> _Made:
    number = 100 + (when - START).days // 7 if fails else chance.randrange(30)
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{UUID(int=number)}"
    context = {"aws:s3:arn": f"arn:aws:s3:::bucket-{chance.randrange(50)}/path/{_id(chance)}"}
    request = {
        "keyId": key,
        "encryptionContext": context,
        "encryptionAlgorithm": "SYMMETRIC_DEFAULT",
    }
    error = ("DisabledException", f"{key} is disabled.") if fails else None
    what = chance.choice(("Decrypt", "Decrypt", "GenerateDataKey", "DescribeKey", "Encrypt"))
    return (
        "kms",
        what,
        error,
        request,
        None,
        [{"accountId": ACCOUNT, "type": "AWS::KMS::Key", "ARN": key}],
    )


def _of_another(chance: random.Random) -> _Made:
    service, what = chance.choice(_OTHERS).split()
    request = {
        "name": f"thing-{chance.randrange(10**6)}",
        "filters": [{"name": "tag:x", "values": [_id(chance)]}],
    }
    credentials = {
        "accessKeyId": f"ASIA{chance.randrange(16**16):016X}",
        "sessionToken": f"{chance.getrandbits(1600):0400x}",
    }
    response = {"credentials": credentials} if what == "AssumeRole" else None
    said = f"User: arn:aws:sts::{ACCOUNT}:assumed-role/x/{_id(chance)} is not authorized to perform: {service}:{what}"
    error = (chance.choice(_CODES), said) if chance.random() < OTHERS_FAILING else None
    return service, what, error, request, response, None


def _identity(chance: random.Random) -> dict[str, Any]:
    role = f"app-{chance.randrange(40)}"
    issuer = {
        "type": "Role",
        "principalId": f"AROA{role:>16}".replace(" ", "0"),
        "arn": f"arn:aws:iam::{ACCOUNT}:role/{role}",
        "accountId": ACCOUNT,
        "userName": role,
    }
    session = f"session-{chance.randrange(10**9)}"
    return {
        "type": "AssumedRole",
        "principalId": f"{issuer['principalId']}:{session}",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}",
        "accountId": ACCOUNT,
        "accessKeyId": f"ASIA{chance.randrange(16**16):016X}",
        "sessionContext": {
            "sessionIssuer": issuer,
            "attributes": {"creationDate": "2026-03-01T00:00:00Z", "mfaAuthenticated": "false"},
        },
    }


def _id(chance: random.Random) -> str:
    return str(UUID(int=chance.getrandbits(128)))


def names(folder: Path) -> Iterator[Path]:
    """Yield the files of a trail."""
    yield from sorted(folder.rglob("*.json.gz"))
