"""CloudTrail records and EventBridge envelopes of changes and of calls that failed, in the variants that AWS writes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.worlds.attempts import Outcome, Probe
from tests.worlds.clock import Dice
from tests.worlds.kms import Change

# CloudTrail writes the denial's code without its ending; the SDKs print it in full.
_TRAIL_CODES = {"AccessDeniedException": "AccessDenied"}
_TYPE = "AWS::KMS::Key"
Record = dict[str, Any]


def iso(when: datetime) -> str:
    """Return a time as CloudTrail writes it: whole seconds."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def of_change(change: Change) -> Record:
    """Return CloudTrail's record of a management call, or of a deed of KMS itself."""
    resources = [
        {"ARN": arn, "accountId": change.account} | _typed(arn) for arn in change.resources
    ]
    record: Record = {
        "eventVersion": "1.11",
        "userIdentity": change.who.identity(),
        "eventTime": iso(change.when),
        "eventSource": "kms.amazonaws.com",
        "eventName": change.what,
        "awsRegion": change.region,
        "sourceIPAddress": change.who.via or ("AWS Internal" if change.by_aws else "203.0.113.7"),
        "userAgent": change.who.via or ("AWS Internal" if change.by_aws else "aws-cli/2.17"),
        "requestParameters": change.request,
        "responseElements": change.response
        or ({"keyId": change.resources[-1]} if change.resources else None),
        "eventID": change.id,
        "readOnly": False,
        "resources": resources,
        "eventType": "AwsServiceEvent" if change.by_aws else "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": change.account,
        "eventCategory": "Management",
    }
    return record | dict(change.more)


def _typed(arn: str) -> dict[str, str]:
    return {"type": _TYPE if ":key/" in arn else "AWS::KMS::Alias"}


@dataclass(frozen=True, slots=True)
class Failed:
    """A call that failed: its ids, when it was, who called what, and AWS's answer."""

    id: str
    request_id: str
    when: datetime
    probe: Probe
    outcome: Outcome


def of_failure(failed: Failed, recipient: str, dice: Dice) -> Record:
    """Return the record of a call that failed, in the copy that the account ``recipient`` gets."""
    probe, outcome = failed.probe, failed.outcome
    own = recipient == probe.caller.account
    record: Record = {
        "eventVersion": dice.of(("1.08", "1.10", "1.11"), "version", failed.id),
        "userIdentity": probe.caller.as_seen_by(recipient),
        "eventTime": iso(failed.when),
        "eventSource": "kms.amazonaws.com",
        "eventName": probe.operation,
        "awsRegion": probe.region,
        "sourceIPAddress": probe.caller.via or "198.51.100.9",
        "userAgent": probe.caller.via or "Boto3/1.34 md/Botocore#1.34",
        "errorCode": _TRAIL_CODES.get(outcome.code, outcome.code),
        "requestParameters": _parameters(failed, dice),
        "responseElements": None,
        "requestID": failed.request_id,
        "eventID": failed.id if own else f"{failed.id[:-4]}{recipient[-4:]}",
        "readOnly": True,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": recipient,
        "eventCategory": "Management",
    }
    if outcome.message is not None:
        record["errorMessage"] = outcome.message[:1024]
    return record | _touched(failed, dice) | ({} if own else {"sharedEventID": failed.id})


def _touched(failed: Failed, dice: Dice) -> Record:
    outcome = failed.outcome
    owner = outcome.resources[0].split(":")[4] if outcome.resources else ""
    touched: Record = {}
    if outcome.resources:
        touched["resources"] = [
            {"accountId": owner, "type": _TYPE, "ARN": arn} for arn in outcome.resources
        ]
    elif dice.chance(0.3, "null resources", failed.id):
        touched["resources"] = None
    if outcome.store and not dice.chance(0.2, "no additional data", failed.probe.caller.name):
        more = {"customKeyStoreId": outcome.store} | (
            {"xksKeyId": outcome.external} if outcome.external else {}
        )
        touched["additionalEventData"] = more
    return touched


def _parameters(failed: Failed, dice: Dice) -> Record | None:
    probe, outcome = failed.probe, failed.outcome
    if outcome.parameters:
        return dict(outcome.parameters)
    if outcome.code == "AccessDeniedException" and dice.chance(0.35, "no parameters", failed.id):
        return None
    context = {"purpose": "orders"}
    if outcome.function:
        place = f"{probe.region}:{probe.caller.account}"
        context = {"aws:lambda:FunctionArn": f"arn:aws:lambda:{place}:function:{outcome.function}"}
    if probe.unnamed:
        return {"encryptionAlgorithm": "SYMMETRIC_DEFAULT", "encryptionContext": context}
    if probe.operation == "ReEncrypt":
        return {
            "sourceKeyId": probe.typed,
            "destinationKeyId": probe.second,
            "sourceEncryptionContext": context,
        }
    if probe.operation in {"DescribeKey", "GetPublicKey"}:
        return {"keyId": probe.typed}
    return {
        "keyId": probe.typed,
        "encryptionContext": context,
        "encryptionAlgorithm": "SYMMETRIC_DEFAULT",
    }


def event(record: Mapping[str, Any], account: str, event_id: str) -> Record:
    """Return the EventBridge event that carries a record."""
    service = record["eventType"] == "AwsServiceEvent"
    return {
        "version": "0",
        "id": event_id,
        "detail-type": "AWS Service Event via CloudTrail"
        if service
        else "AWS API Call via CloudTrail",
        "source": f"aws.{record['eventSource'].partition('.')[0]}",
        "account": account,
        "time": record["eventTime"],
        "region": record["awsRegion"],
        "resources": [],
        "detail": dict(record),
    }


def native(
    detail_type: str, key_arn: str, when: datetime, account: str, region: str, event_id: str
) -> Record:
    """Return one of KMS's own events (KMS Developer Guide, "Monitoring with EventBridge")."""
    return {
        "version": "0",
        "id": event_id,
        "detail-type": detail_type,
        "source": "aws.kms",
        "account": account,
        "time": iso(when),
        "region": region,
        "resources": [key_arn],
        "detail": {"key-id": key_arn.rpartition("/")[2]},
    }


def decrypt(key_arn: str, when: datetime, number: int) -> Record:
    """Return the record of one successful use of a busy key."""
    account, region = key_arn.split(":")[4], key_arn.split(":")[3]
    role = f"arn:aws:sts::{account}:assumed-role/busy-app/i-{number % 97:04x}"
    return {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "arn": role,
            "accountId": account,
            "accessKeyId": "ASIABUSY",
        },
        "eventTime": iso(when),
        "eventSource": "kms.amazonaws.com",
        "eventName": "Decrypt",
        "awsRegion": region,
        "sourceIPAddress": "198.51.100.9",
        "userAgent": "aws-sdk-java",
        "requestParameters": {"encryptionContext": {"n": str(number)}},
        "responseElements": None,
        "requestID": f"00000000-0000-4000-8000-{number:012x}",
        "eventID": f"b0b0b0b0-0000-4000-8000-{number:012x}",
        "readOnly": True,
        "resources": [{"accountId": account, "type": _TYPE, "ARN": key_arn}],
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": account,
        "eventCategory": "Management",
    }
