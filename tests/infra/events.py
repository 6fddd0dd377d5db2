"""Events as EventBridge delivers them, in the shapes that the CloudTrail and KMS guides show."""

import copy

ACCOUNT = "111122223333"
REGION = "eu-west-1"
OWN_ROLE = f"arn:aws:iam::{ACCOUNT}:role/KeyWatch-function-{REGION}"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def assumed_role(issuer: str, session: str = "session", **more: object) -> dict:
    """A caller with the credentials of a role."""
    name = issuer.rsplit("/", 1)[1]
    return {
        "type": "AssumedRole",
        "principalId": f"AROAEXAMPLE:{session}",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{session}",
        "accountId": ACCOUNT,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": "AROAEXAMPLE",
                "arn": issuer,
                "accountId": ACCOUNT,
                "userName": name,
            },
            "attributes": {"creationDate": "2026-11-20T02:00:00Z", "mfaAuthenticated": "false"},
        },
        **more,
    }


IDENTITIES = {
    "IAM user": {
        "type": "IAMUser",
        "principalId": "AIDAEXAMPLE",
        "arn": f"arn:aws:iam::{ACCOUNT}:user/alice",
        "accountId": ACCOUNT,
        "userName": "alice",
    },
    "IAM user with MFA session": {
        "type": "IAMUser",
        "principalId": "AIDAEXAMPLE",
        "arn": f"arn:aws:iam::{ACCOUNT}:user/alice",
        "accountId": ACCOUNT,
        "userName": "alice",
        "sessionContext": {
            "attributes": {"creationDate": "2026-11-20T02:00:00Z", "mfaAuthenticated": "true"}
        },
    },
    "foreign role": assumed_role(f"arn:aws:iam::{ACCOUNT}:role/payments"),
    "role of another account": assumed_role(
        "arn:aws:iam::999988887777:role/KeyWatch-function-eu-west-1"
    ),
    "role whose name only resembles ours": assumed_role(
        f"arn:aws:iam::{ACCOUNT}:role/my-KeyWatch-function-eu-west-1"
    ),
    "role through a service": assumed_role(
        f"arn:aws:iam::{ACCOUNT}:role/payments", invokedBy="secretsmanager.amazonaws.com"
    ),
    "AWS service": {"type": "AWSService", "invokedBy": "workmail.eu-west-1.amazonaws.com"},
    "root": {
        "type": "Root",
        "principalId": ACCOUNT,
        "arn": f"arn:aws:iam::{ACCOUNT}:root",
        "accountId": ACCOUNT,
    },
    "another account": {
        "type": "AWSAccount",
        "principalId": "AROAEXAMPLE:x",
        "accountId": "999988887777",
    },
    "KMS itself": {"accountId": ACCOUNT, "invokedBy": "AWS Internal"},
    "issuer is null": {"type": "AssumedRole", "sessionContext": {"sessionIssuer": {"arn": None}}},
}


def api_call(*, source: str = "aws.kms", identity: dict | None = None, **detail: object) -> dict:
    """A CloudTrail record of one call in its EventBridge envelope; ``detail`` adds to the record, ``None`` removes from it."""
    record = {
        "eventVersion": "1.11",
        "userIdentity": copy.deepcopy(identity or IDENTITIES["foreign role"]),
        "eventTime": "2026-11-20T03:00:00Z",
        "eventSource": "kms.amazonaws.com",
        "eventName": "Decrypt",
        "awsRegion": REGION,
        "sourceIPAddress": "192.0.2.10",
        "userAgent": "aws-sdk-java/2.29.0",
        "requestParameters": {
            "keyId": "alias/payments",
            "encryptionAlgorithm": "SYMMETRIC_DEFAULT",
        },
        "responseElements": None,
        "requestID": "0a25d66d-1111-2222-3333-444455556666",
        "eventID": "0b25d66d-1111-2222-3333-444455556666",
        "readOnly": True,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
        **detail,
    }
    return {
        "source": source,
        "detail-type": "AWS API Call via CloudTrail",
        "region": REGION,
        "detail": record,
    }


def failing(**detail: object) -> dict:
    """A failing KMS call."""
    message = f"Alias arn:aws:kms:{REGION}:{ACCOUNT}:alias/payments is not found."
    return api_call(**{"errorCode": "NotFoundException", "errorMessage": message, **detail})


def service_event(name: str) -> dict:
    """What KMS did by itself, as CloudTrail tells it."""
    record = {
        "eventVersion": "1.11",
        "userIdentity": {"accountId": ACCOUNT, "invokedBy": "AWS Internal"},
        "eventTime": "2026-11-20T03:00:00Z",
        "eventSource": "kms.amazonaws.com",
        "eventName": name,
        "awsRegion": REGION,
        "sourceIPAddress": "AWS Internal",
        "userAgent": "AWS Internal",
        "requestParameters": None,
        "responseElements": None,
        "eventID": "0c25d66d-1111-2222-3333-444455556666",
        "readOnly": False,
        "resources": [{"ARN": KEY, "accountId": ACCOUNT, "type": "AWS::KMS::Key"}],
        "eventType": "AwsServiceEvent",
        "recipientAccountId": ACCOUNT,
        "serviceEventDetails": {"keyId": KEY},
    }
    return {
        "source": "aws.kms",
        "detail-type": "AWS Service Event via CloudTrail",
        "region": REGION,
        "detail": record,
    }


def native(detail_type: str) -> dict:
    """An event of KMS itself, without CloudTrail."""
    return {
        "source": "aws.kms",
        "detail-type": detail_type,
        "resources": [KEY],
        "detail": {"key-id": KEY.rsplit("/", 1)[1]},
    }


def volume(**detail: object) -> dict:
    """An EBS volume notification."""
    return {
        "source": "aws.ec2",
        "detail-type": "EBS Volume Notification",
        "resources": [f"arn:aws:ec2:{REGION}:{ACCOUNT}:volume/vol-0123456789abcdef0"],
        "detail": {
            "event": "attachVolume",
            "result": "failed",
            "cause": f"{KEY} is disabled.",
            "request-id": "",
            **detail,
        },
    }
