"""CloudTrail records of KMS calls in the shape that AWS emits, and the EventBridge entries that carry them.

Sources: CloudTrail User Guide ("Record contents"); KMS Developer Guide ("Logging with CloudTrail",
with its examples of failed Decrypt calls, DeleteKey and external key stores); EventBridge User
Guide ("Events delivered via CloudTrail").
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from demo.callers import Caller
from demo.emulator import ACCOUNT, REGION

API_CALL = "AWS API Call via CloudTrail"
SERVICE_EVENT = "AWS Service Event via CloudTrail"
WRITES = (
    "Create",
    "Schedule",
    "Cancel",
    "Disable",
    "Enable",
    "Delete",
    "Update",
    "Import",
    "Connect",
    "Disconnect",
    "Replicate",
    "Put",
)

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One API call as CloudTrail saw it. ``keys`` are the ARNs of the keys that AWS resolved it to, ``extra`` further fields."""

    operation: str
    caller: Caller
    when: datetime
    request: Mapping[str, Any] | None = None
    error: tuple[str, str] | None = None
    keys: Sequence[str] = ()
    response: Mapping[str, Any] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    service: str = "kms.amazonaws.com"
    region: str = REGION


def record(call: Call) -> Record:
    """Return the record of an API call. A call that found no key has no ``resources``."""
    written: Record = {
        "eventVersion": "1.11",
        "userIdentity": dict(call.caller.identity),
        "eventTime": _stamp(call.when),
        "eventSource": call.service,
        "eventName": call.operation,
        "awsRegion": call.region,
        "sourceIPAddress": call.caller.address,
        "userAgent": call.caller.agent,
        **({"errorCode": call.error[0], "errorMessage": call.error[1]} if call.error else {}),
        "requestParameters": dict(call.request) if call.request is not None else None,
        "responseElements": dict(call.response) if call.response is not None else None,
        **call.extra,
        "requestID": str(uuid4()),
        "eventID": str(uuid4()),
        "readOnly": not call.operation.startswith(WRITES),
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    }
    if call.keys:
        written["resources"] = _resources(call.keys)
    if call.caller.direct:
        host = f"kms.{call.region}.amazonaws.com"
        written["tlsDetails"] = {
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": host,
        }
    return written


def service_event(name: str, key_arn: str, caller: Caller, when: datetime) -> Record:
    """Return the record of something that KMS did by itself, such as ``DeleteKey`` at the end of a waiting period."""
    return {
        "eventVersion": "1.11",
        "userIdentity": dict(caller.identity),
        "eventTime": _stamp(when),
        "eventSource": "kms.amazonaws.com",
        "eventName": name,
        "awsRegion": key_arn.split(":")[3],
        "sourceIPAddress": caller.address,
        "userAgent": caller.agent,
        "requestParameters": None,
        "responseElements": None,
        "eventID": str(uuid4()),
        "readOnly": False,
        "resources": _resources([key_arn]),
        "eventType": "AwsServiceEvent",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "serviceEventDetails": {"keyId": key_arn.rpartition("/")[2]},
        "eventCategory": "Management",
    }


def entry(written: Record, source: str) -> dict[str, Any]:
    """Return the PutEvents entry of a record. AWS lets nobody send its own sources, so ``source`` is a private one."""
    kind = SERVICE_EVENT if written["eventType"] == "AwsServiceEvent" else API_CALL
    return {
        "Source": source,
        "DetailType": kind,
        "Detail": json.dumps(written),
        "EventBusName": "default",
    }


def event(written: Record, source: str = "aws.kms") -> dict[str, Any]:
    """Return the event as EventBridge delivers it."""
    made = entry(written, source)
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": made["DetailType"],
        "source": source,
        "account": ACCOUNT,
        "time": written["eventTime"],
        "region": written["awsRegion"],
        "resources": [],
        "detail": written,
    }


def deletion_date(when: datetime) -> str:
    """Return a date as CloudTrail writes it in the response of ScheduleKeyDeletion."""
    return f"{when:%b} {when.day}, {when:%Y} {when.hour % 12 or 12}:{when:%M:%S %p}"


def _stamp(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"


def _resources(keys: Sequence[str]) -> list[dict[str, str]]:
    return [{"accountId": arn.split(":")[4], "type": "AWS::KMS::Key", "ARN": arn} for arn in keys]
