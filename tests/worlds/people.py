"""Who calls KMS: every variant of CloudTrail's ``userIdentity`` (CloudTrail User Guide, "userIdentity element")."""

from dataclasses import dataclass
from typing import Any

Identity = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Person:
    """A caller. ``name`` occurs in every text that names them, and in no other; ``arn`` is what AWS calls them in errors."""

    kind: str  # user, role, root, federated, identity_center, fas_user, fas_role, service, kms
    name: str
    account: str
    via: str = ""  # the service that calls on their behalf, or is the caller

    @property
    def arn(self) -> str:
        forms = {
            "user": f"arn:aws:iam::{self.account}:user/{self.name}",
            "fas_user": f"arn:aws:iam::{self.account}:user/{self.name}",
            "root": f"arn:aws:iam::{self.account}:root",
            "federated": f"arn:aws:sts::{self.account}:federated-user/{self.name}",
        }
        return forms.get(
            self.kind, f"arn:aws:sts::{self.account}:assumed-role/{self.name}/{self.session}"
        )

    @property
    def session(self) -> str:
        sessions = {
            "role": "i-0abc12345def67890",
            "fas_role": "worker",
            "identity_center": "jo@example.com",
        }
        return sessions.get(self.kind, "session")

    @property
    def tokens(self) -> tuple[str, ...]:
        """Return the texts by which a message may name this person."""
        if self.kind == "root":
            return (f"{self.account}:root",)
        return (
            (self.via,)
            if self.kind == "service"
            else ("AWS Internal", "KMS itself", "AWS KMS")
            if self.kind == "kms"
            else (self.name,)
        )

    def identity(self) -> Identity:
        """Return the ``userIdentity`` of this person's calls."""
        return _SHAPES[self.kind](self)

    def as_seen_by(self, account: str) -> Identity:
        """Return the identity in the copy of a record that another account gets."""
        if account == self.account or self.kind in {"service", "kms"}:
            return self.identity()
        return {
            "type": "AWSAccount",
            "principalId": "AROAFOREIGN12345678:x",
            "accountId": self.account,
        }


def _user(person: Person) -> Identity:
    return {
        "type": "IAMUser",
        "principalId": "AIDAEXAMPLE1234567890",
        "arn": person.arn,
        "accountId": person.account,
        "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
        "userName": person.name,
    }


def _role(person: Person) -> Identity:
    issuer = {
        "type": "Role",
        "principalId": "AROAEXAMPLE1234567890",
        "arn": f"arn:aws:iam::{person.account}:role/{person.name}",
        "accountId": person.account,
        "userName": person.name,
    }
    return {
        "type": "AssumedRole",
        "principalId": f"AROAEXAMPLE1234567890:{person.session}",
        "arn": person.arn,
        "accountId": person.account,
        "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
        "sessionContext": {
            "sessionIssuer": issuer,
            "attributes": {"creationDate": "2026-03-01T00:00:00Z", "mfaAuthenticated": "false"},
        },
    }


def _root(person: Person) -> Identity:
    return {
        "type": "Root",
        "principalId": person.account,
        "arn": person.arn,
        "accountId": person.account,
        "accessKeyId": "",
    }


def _federated(person: Person) -> Identity:
    issuer = {
        "type": "IAMUser",
        "principalId": "AIDAEXAMPLE",
        "arn": f"arn:aws:iam::{person.account}:user/broker",
    }
    return {
        "type": "FederatedUser",
        "principalId": f"{person.account}:{person.name}",
        "arn": person.arn,
        "accountId": person.account,
        "sessionContext": {
            "sessionIssuer": issuer | {"accountId": person.account, "userName": "broker"}
        },
    }


def _fas(shape: Identity, person: Person) -> Identity:
    return shape | {"invokedBy": person.via}


def _identity_center(person: Person) -> Identity:
    behind = {
        "userId": "92f5a4d4-3021-70e4",
        "identityStoreArn": f"arn:aws:identitystore::{person.account}:identitystore/d-9067",
    }
    return _role(person) | {"onBehalfOf": behind}


_SHAPES = {
    "user": _user,
    "role": _role,
    "root": _root,
    "federated": _federated,
    "identity_center": _identity_center,
    "fas_user": lambda person: _fas(_user(person), person),
    "fas_role": lambda person: _fas(_role(person), person),
    "service": lambda person: {"type": "AWSService", "invokedBy": person.via},
    "kms": lambda person: {"accountId": person.account, "invokedBy": "AWS Internal"},
}
