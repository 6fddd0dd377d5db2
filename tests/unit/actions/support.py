"""Clients whose answers a test scripts by operation, held to the service models by botocore's Stubber; and a world around."""

import logging
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import boto3
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from keywatch.actions.dispatch import answer
from keywatch.model.evidence import ChangeFact
from keywatch.services import Services, build
from keywatch.settings import Settings
from keywatch.store.incident_table import StoredSubject
from tests.support.aws import TableClient
from tests.support.permitted import must_be_permitted

ACCOUNT = "123456789012"
REGION = "eu-west-1"
ELSEWHERE = "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/KeyWatch-function-{REGION}"
NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
OLD = datetime(2024, 1, 1, tzinfo=UTC)
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
STORE = "cks-1234567890abcdef0"


def ask(world: Any, action: str, **fields: object) -> Any:
    """Return the answer to an action, as a deployment with the services of ``world`` gives it."""
    container: Any = SimpleNamespace(services=world.services, counted=nullcontext)
    return answer({"action": action, **fields}, None, lambda: container)


def arn(key_id: str = KEY_ID, region: str = REGION, account: str = ACCOUNT) -> str:
    return f"arn:aws:kms:{region}:{account}:key/{key_id}"


@dataclass(frozen=True)
class Fails:
    """An answer that is an error, in AWS's recorded words."""

    code: str
    message: str = ""


NO_KEY = Fails("NotFoundException", f"Key '{arn()}' does not exist")
THROTTLED = Fails("ThrottlingException", "Rate exceeded")


def key(
    state: str = "Enabled",
    key_id: str = KEY_ID,
    region: str = REGION,
    account: str = ACCOUNT,
    **more: Any,
) -> dict[str, Any]:
    """DescribeKey's answer."""
    metadata = {
        "KeyId": key_id,
        "Arn": arn(key_id, region, account),
        "AWSAccountId": account,
        "KeyState": state,
        "CreationDate": OLD,
        "KeyManager": "CUSTOMER",
        "Origin": "AWS_KMS",
        "KeyUsage": "ENCRYPT_DECRYPT",
    }
    return {"KeyMetadata": metadata | more}


def store(
    state: str = "CONNECTED", error: str | None = None, kind: str = "EXTERNAL_KEY_STORE"
) -> dict[str, Any]:
    """DescribeCustomKeyStores' answer."""
    entry = {
        "CustomKeyStoreId": STORE,
        "CustomKeyStoreName": "vault",
        "CustomKeyStoreType": kind,
        "ConnectionState": state,
    }
    return {"CustomKeyStores": [entry | ({"ConnectionErrorCode": error} if error else {})]}


def aliases(**targets: str) -> dict[str, Any]:
    """ListAliases' answer: names without their prefix."""
    entries = [
        {
            "AliasName": f"alias/{name}",
            "TargetKeyId": target,
            "CreationDate": OLD,
            "LastUpdatedDate": OLD,
        }
        for name, target in targets.items()
    ]
    return {"Aliases": entries, "Truncated": False}


def usage(used: datetime | None = None, since: datetime = OLD) -> dict[str, Any]:
    """GetKeyLastUsage's answer."""
    last = {"Operation": "Decrypt", "Timestamp": used} if used else {}
    return {"KeyLastUsage": last, "TrackingStartDate": since, "KeyCreationDate": OLD}


QUIET_KMS: Mapping[str, Any] = {
    "DescribeKey": NO_KEY,
    "ListAliases": aliases(),
    "DescribeCustomKeyStores": Fails("CustomKeyStoreNotFoundException"),
    "GetKeyLastUsage": usage(),
}


class Scripted:
    """A boto3 client whose answers are scripted by operation: one for ever, a list of which the last one stays, or a function
    of the parameters.
    """

    def __init__(self, service: str, region: str, answers: Mapping[str, Any]) -> None:
        credentials = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        self.client = boto3.client(service, region_name=region, **credentials)
        self.answers = {
            operation: list(a) if isinstance(a, list) else [a] for operation, a in answers.items()
        }
        self.calls: list[tuple[str, Mapping[str, Any]]] = []
        self._stubber = Stubber(self.client)
        self.client.meta.events.register_first("before-parameter-build.*.*", self._stub)
        self._stubber.activate()

    def _stub(self, model: Any, params: Mapping[str, Any], **_: Any) -> None:
        queue = self.answers[model.name]
        answer = queue.pop(0) if len(queue) > 1 else queue[0]
        if callable(answer):
            answer = answer(params)
        self.calls.append((model.name, params))
        method = xform_name(model.name)
        must_be_permitted(model.service_model.service_name, method)
        if isinstance(answer, Fails):
            self._stubber.add_client_error(method, answer.code, answer.message)
        else:
            self._stubber.add_response(method, answer)

    def asked(self, operation: str) -> int:
        return sum(name == operation for name, _ in self.calls)


@dataclass
class Ledger:
    """The incident table as the checks use it."""

    changes: tuple[ChangeFact, ...] = ()
    down: bool = False

    def read(self, _subject: Any) -> StoredSubject:
        if self.down:
            raise ClientError(
                {"Error": {"Code": "InternalServerError", "Message": "down"}}, "Query"
            )
        return StoredSubject(None, self.changes)


@dataclass
class Outbox:
    """The publisher."""

    sent: list[Any] = field(default_factory=list)
    broken: bool = False

    def publish(self, alert: Any) -> None:
        if self.broken:
            raise ClientError(
                {"Error": {"Code": "InternalError", "Message": "SNS is down"}}, "Publish"
            )
        self.sent.append(alert)


@dataclass
class Desk:
    """Everything around a check: scripted KMS in several Regions, a ledger, an outbox, and a clock that sleeping moves."""

    services: Services
    kms: dict[str, Scripted]
    ledger: Ledger
    outbox: Outbox
    moment: list[datetime]
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.moment[0] += timedelta(seconds=seconds)


def desk(
    here: Mapping[str, Any],
    elsewhere: Mapping[str, Any] | None = None,
    ledger: Ledger | None = None,
) -> Desk:
    """Return a desk where KMS answers as scripted, and knows nothing where nothing is scripted."""
    kms = {
        REGION: Scripted("kms", REGION, {**QUIET_KMS, **here}),
        ELSEWHERE: Scripted("kms", ELSEWHERE, {**QUIET_KMS, **(elsewhere or {})}),
    }
    trail = Scripted("cloudtrail", REGION, {"LookupEvents": {"Events": []}})
    ledger, outbox, moment, table = ledger or Ledger(), Outbox(), [NOW], TableClient()

    def client(service: str, region: str) -> Any:
        if service == "kms":
            return kms[region].client
        return {"cloudtrail": trail.client, "dynamodb": table}.get(service)

    settings = Settings(
        table="incidents",
        topic_arn="topic",
        own_role_arn=ROLE,
        region=REGION,
        account=ACCOUNT,
        search_regions=(ELSEWHERE,),
    )
    services = build(settings, client, logging.getLogger("keywatch.tests"), now=lambda: moment[0])
    return Desk(replace(services, incidents=ledger, publisher=outbox), kms, ledger, outbox, moment)
