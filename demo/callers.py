"""Who calls KMS in the demo, as CloudTrail describes callers (CloudTrail User Guide, userIdentity element)."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from demo.emulator import ACCOUNT

DESK = "203.0.113.24"  # an address of the documentation range (RFC 5737)


@dataclass(frozen=True, slots=True)
class Caller:
    """A ``userIdentity`` and where its calls come from. ``direct`` calls arrive over TLS from a client of ours."""

    arn: str
    identity: Mapping[str, Any]
    address: str = DESK
    agent: str = "Boto3/1.43.106 md/Botocore#1.43.106 lang/python#3.14.0"
    direct: bool = True


def user(name: str) -> Caller:
    """Return an IAM user."""
    arn = f"arn:aws:iam::{ACCOUNT}:user/{name}"
    identity = {
        "type": "IAMUser",
        "principalId": _unique("AIDA", name),
        "arn": arn,
        "accountId": ACCOUNT,
        "accessKeyId": _unique("AKIA", name),
        "userName": name,
    }
    return Caller(arn, identity, agent="aws-cli/2.31.0 md/awscrt#0.27.6 ua/2.1 os/linux")


def role(name: str, session: str, invoked_by: str | None = None) -> Caller:
    """Return a session of a role; ``invoked_by`` is the AWS service that makes the call for it (forward access session)."""
    issuer = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{session}"
    unique = _unique("AROA", name)
    identity: dict[str, Any] = {
        "type": "AssumedRole",
        "principalId": f"{unique}:{session}",
        "arn": arn,
        "accountId": ACCOUNT,
        "accessKeyId": _unique("ASIA", session),
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": unique,
                "arn": issuer,
                "accountId": ACCOUNT,
                "userName": name,
            },
            "attributes": {"creationDate": "2026-01-01T00:00:00Z", "mfaAuthenticated": "false"},
        },
    }
    if invoked_by:
        return Caller(
            arn, identity | {"invokedBy": invoked_by}, invoked_by, invoked_by, direct=False
        )
    return Caller(arn, identity)


def service(name: str) -> Caller:
    """Return an AWS service that calls for nobody: no ARN, no account, no session issuer."""
    return Caller(name, {"type": "AWSService", "invokedBy": name}, name, name, direct=False)


KMS_ITSELF = Caller(
    "kms.amazonaws.com",
    {"accountId": ACCOUNT, "invokedBy": "AWS Internal"},
    "AWS Internal",
    "AWS Internal",
    direct=False,
)


def _unique(prefix: str, name: str) -> str:
    """Return an id as IAM makes them: four letters for its kind, then sixteen characters; always the same for a name."""
    return f"{prefix}{zlib.crc32(name.encode()):016d}"
