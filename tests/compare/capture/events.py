"""What AWS sends: CloudTrail records in EventBridge envelopes, log deliveries. Serial numbers are the scenario's own."""

import base64
import gzip
import json
from collections.abc import Sequence
from datetime import datetime
from itertools import count
from typing import Any

from .aws import ACCOUNT, REGION
from .kms import KEY_ID, key_arn
from .moment import MOMENT

APP = f"arn:aws:iam::{ACCOUNT}:role/payments-app"
DENIED = (
    "because the resource does not exist in this Region, no resource-based policies allow access, "
    "or a resource-based policy explicitly denies access"
)
_SERIAL = count()
Event = dict[str, Any]


def restart() -> None:
    global _SERIAL  # noqa: PLW0603 - one counter for each scenario
    _SERIAL = count()


def envelope(detail: Event, at: datetime | None = None, **fields: Any) -> Event:
    when = (at or MOMENT.now).strftime("%Y-%m-%dT%H:%M:%SZ")
    record = {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/payments-app/i-0abc",
            "accountId": ACCOUNT,
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "arn": APP,
                    "accountId": ACCOUNT,
                    "userName": "payments-app",
                }
            },
        },
        "eventTime": when,
        "eventSource": "kms.amazonaws.com",
        "awsRegion": REGION,
        "sourceIPAddress": "192.0.2.7",
        "userAgent": "aws-sdk-java/2.29.0",
        "eventID": f"event-{next(_SERIAL)}",
        "requestID": f"request-{next(_SERIAL)}",
        "eventType": "AwsApiCall",
        "recipientAccountId": ACCOUNT,
    } | detail
    around = {
        "version": "0",
        "id": f"envelope-{next(_SERIAL)}",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.kms",
        "account": ACCOUNT,
        "time": when,
        "region": REGION,
        "resources": [],
        "detail": record,
    }
    return around | fields


def failed(
    code: str,
    message: str | None,
    key_id: str | None = None,
    *,
    at: datetime | None = None,
    **fields: Any,
) -> Event:
    request = {"keyId": key_id} if key_id else None
    detail = {
        "errorCode": code,
        "errorMessage": message,
        "eventName": "Decrypt",
        "requestParameters": request,
    }
    return envelope(detail | fields, at)


def changed(what: str, key: str | None = KEY_ID, alias: str | None = None, **fields: Any) -> Event:
    resources = (
        [{"ARN": key_arn(key), "accountId": ACCOUNT, "type": "AWS::KMS::Key"}] if key else []
    )
    if alias:
        resources.append({"ARN": f"arn:aws:kms:{REGION}:{ACCOUNT}:{alias}", "accountId": ACCOUNT})
    request = {"keyId": key} | ({"aliasName": alias, "targetKeyId": key} if alias else {})
    admin = {
        "type": "IAMUser",
        "arn": f"arn:aws:iam::{ACCOUNT}:user/alice",
        "accountId": ACCOUNT,
        "userName": "alice",
    }
    detail = {
        "eventName": what,
        "requestParameters": request,
        "resources": resources,
        "userIdentity": admin,
    }
    return envelope(detail | fields)


def disabled(key_id: str = KEY_ID, **fields: Any) -> Event:
    return failed("DisabledException", f"{key_arn(key_id)} is disabled.", key_id, **fields)


def pending(key_id: str = KEY_ID, **fields: Any) -> Event:
    return failed(
        "KMSInvalidStateException", f"{key_arn(key_id)} is pending deletion.", key_id, **fields
    )


def alias_missing(alias: str, **fields: Any) -> Event:
    return failed(
        "NotFoundException",
        f"Alias arn:aws:kms:{REGION}:{ACCOUNT}:{alias} is not found.",
        alias,
        **fields,
    )


def key_missing(key_id: str = KEY_ID, **fields: Any) -> Event:
    return failed("NotFoundException", f"Key '{key_arn(key_id)}' does not exist", key_id, **fields)


def denied(
    key_id: str | None = None, user: str = f"arn:aws:iam::{ACCOUNT}:user/bob", **fields: Any
) -> Event:
    return failed(
        "AccessDenied",
        f"User: {user} is not authorized to perform: kms:Decrypt on this resource {DENIED}",
        key_id,
        **fields,
    )


def delivery(
    messages: Sequence[str],
    group: str = "/ecs/payments",
    kind: str = "DATA_MESSAGE",
    owner: str = ACCOUNT,
) -> Event:
    at = int(MOMENT.now.timestamp() * 1000)
    lines = [
        {"id": f"line-{next(_SERIAL)}", "timestamp": at, "message": message} for message in messages
    ]
    body = {
        "messageType": kind,
        "owner": owner,
        "logGroup": group,
        "logStream": "app/1",
        "logEvents": lines,
    }
    packed = gzip.compress(json.dumps(body).encode(), mtime=0)
    return {"awslogs": {"data": base64.b64encode(packed).decode()}}
