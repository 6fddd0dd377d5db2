"""The loads: 10,000 EventBridge events each, of the size and shape that CloudTrail gives them."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

ACCOUNT = "123456789012"
REGION = "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/KeyWatch-function-{REGION}"
EVENTS = 10_000
BATCH = 1_000
START = datetime.now(UTC) - timedelta(minutes=5)

Batches = list[dict[str, object]]


def key_id(number: int) -> str:
    return f"{number:08x}-12ab-34cd-56ef-1234567890ab"


def key_arn(number: int) -> str:
    return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{key_id(number)}"


def event(
    serial: int,
    code: str,
    message: str,
    key: int | None,
    role: str = f"arn:aws:iam::{ACCOUNT}:role/app",
    alias: str = "",
) -> str:
    """Return an event of a call for a key, or for an alias that names none."""
    name = role.rpartition("/")[2]
    time = (START + timedelta(milliseconds=serial)).strftime("%Y-%m-%dT%H:%M:%SZ")
    record = {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": f"AROAEXAMPLEEXAMPLE000:i-{serial % 40:017x}",
            "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/i-{serial % 40:017x}",
            "accountId": ACCOUNT,
            "accessKeyId": "ASIAEXAMPLEEXAMPLE00",
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": "AROAEXAMPLEEXAMPLE000",
                    "arn": role,
                    "accountId": ACCOUNT,
                    "userName": name,
                },
                "attributes": {"creationDate": "2026-03-01T02:11:12Z", "mfaAuthenticated": "false"},
                "ec2RoleDelivery": "2.0",
            },
        },
        "eventTime": time,
        "eventSource": "kms.amazonaws.com",
        "eventName": "Decrypt",
        "awsRegion": REGION,
        "sourceIPAddress": f"10.0.{serial % 250}.17",
        "userAgent": "aws-sdk-java/2.31.5 md/io#sync md/http#Apache ua/2.1 os/Linux#6.1 lang/java#21.0.2 exec-env/EC2",
        "errorCode": code,
        "errorMessage": message,
        "requestParameters": {
            "keyId": alias if key is None else key_arn(key),
            "encryptionAlgorithm": "SYMMETRIC_DEFAULT",
            "encryptionContext": {"aws:s3:arn": f"arn:aws:s3:::bucket-{serial % 7}"},
        },
        "responseElements": None,
        "requestID": f"{serial:08x}-cdd5-4dcd-a2ae-0a25d66d0000",
        "eventID": f"{serial:08x}-7d84-4abf-9fc3-5d9bd3c30000",
        "readOnly": True,
        "resources": []
        if key is None
        else [{"accountId": ACCOUNT, "type": "AWS::KMS::Key", "ARN": key_arn(key)}],
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
        "tlsDetails": {
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": f"kms.{REGION}.amazonaws.com",
        },
    }
    envelope = {
        "version": "0",
        "id": f"{serial:08x}-ee84-4abf-9fc3-5d9bd3c30000",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.kms",
        "account": ACCOUNT,
        "time": time,
        "region": REGION,
        "resources": [],
        "detail": record,
    }
    return json.dumps(envelope)


def disabled(serial: int, key: int, **fields: str) -> str:
    return event(serial, "DisabledException", f"{key_arn(key)} is disabled.", key, **fields)


def storm(serial: int) -> str:
    """10,000 failures of three keys."""
    return disabled(serial, serial % 3)


def spread(serial: int) -> str:
    """Every failure of another key."""
    return disabled(serial, serial)


def mixed(serial: int) -> str:
    """Nine in ten out of scope, or KeyWatch's own calls; the rest is a storm."""
    match serial % 10:
        case 0:
            return storm(serial)
        case 1 | 2 | 3:
            return disabled(serial, serial % 3, role=ROLE)
        case _:
            return event(serial, "ThrottlingException", "Rate exceeded", serial % 3)


def wave(serial: int) -> str:
    """Every failure of another missing alias, all of one caller: a deployment with the wrong names."""
    alias = f"alias/gone-{serial}"
    arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:{alias}"
    return event(serial, "NotFoundException", f"Alias {arn} is not found.", None, alias=alias)


LOADS: Mapping[str, Callable[[int], str]] = {
    "storm": storm,
    "mixed": mixed,
    "wave": wave,
    "spread": spread,
}


def batches(bodies: Sequence[str]) -> Batches:
    """Return the invocations that SQS would make of ``bodies``."""
    return [
        {
            "Records": [
                {
                    "messageId": f"{start + number}",
                    "eventSource": "aws:sqs",
                    "body": body,
                    "attributes": {},
                }
                for number, body in enumerate(bodies[start : start + BATCH])
            ]
        }
        for start in range(0, len(bodies), BATCH)
    ]
