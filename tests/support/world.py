"""A small world to run the pipeline in: a table and a topic in memory, a scripted KMS, a clock that tests move.

Every AWS call goes through ``Wire``: it is recorded, and may be made to fail, or the function to
die, before or after it.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from keywatch.incidents import clock
from keywatch.incidents.memory import Memory
from keywatch.incidents.pipeline import Pipeline
from keywatch.model.signals import Signal
from keywatch.services import Services, build
from keywatch.settings import IgnoreRule, Settings
from keywatch.sources import read_event
from keywatch.sources.source import Reception
from tests.support.aws import TableClient, TopicClient
from tests.support.permitted import must_be_permitted

ACCOUNT = "123456789012"
REGION = "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/KeyWatch-function-{REGION}"
ALERT_TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts"
FALLBACK_TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:fallback"
START = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
APP = f"arn:aws:iam::{ACCOUNT}:role/payments-app"
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"


class Killed(BaseException):
    """The function died: nothing may catch this."""


def aws_error(code: str, message: str = "", operation: str = "Any") -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": 400}},
        operation,
    )


def key_arn(key_id: str = KEY_ID, region: str = REGION) -> str:
    return f"arn:aws:kms:{region}:{ACCOUNT}:key/{key_id}"


@dataclass
class ScriptedKms:
    """KMS of one Region: keys, aliases and key stores as a test wants them, errors in AWS's recorded words."""

    region: str = REGION
    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    alias_targets: dict[str, str] = field(default_factory=dict)
    stores: dict[str, dict[str, Any]] = field(default_factory=dict)
    last_usage: dict[str, dict[str, Any]] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)

    def add(self, key_id: str = KEY_ID, state: str = "Enabled", **metadata: Any) -> str:
        arn = key_arn(key_id, self.region)
        created = {
            "CreationDate": datetime(2024, 1, 1, tzinfo=UTC),
            "KeyManager": "CUSTOMER",
            "Origin": "AWS_KMS",
        }
        self.keys[key_id] = (
            {"KeyId": key_id, "Arn": arn, "AWSAccountId": ACCOUNT, "KeyState": state}
            | created
            | metadata
        )
        return arn

    def get_key_rotation_status(self, KeyId: str) -> dict[str, Any]:
        """Refuse, as the function's role forbids it."""
        raise aws_error(
            "AccessDeniedException",
            "User is not authorized to perform: kms:GetKeyRotationStatus with an explicit deny in an identity-based policy",
        )

    def describe_key(self, KeyId: str) -> dict[str, Any]:
        name = KeyId.rpartition(":")[2].removeprefix("key/") if KeyId.startswith("arn:") else KeyId
        if name.startswith("alias/"):
            if name not in self.alias_targets:
                raise aws_error(
                    "NotFoundException",
                    f"Alias arn:aws:kms:{self.region}:{ACCOUNT}:{name} is not found.",
                )
            name = self.alias_targets[name]
        if name not in self.keys:
            raise aws_error(
                "NotFoundException", f"Key '{key_arn(name, self.region)}' does not exist"
            )
        return {"KeyMetadata": self.keys[name]}

    def list_aliases(self, KeyId: str | None = None, Limit: int = 50) -> dict[str, Any]:
        old = datetime(2024, 1, 1, tzinfo=UTC)
        listed = [
            {"AliasName": name, "TargetKeyId": target, "CreationDate": old, "LastUpdatedDate": old}
            for name, target in self.alias_targets.items()
            if KeyId in {None, target}
        ]
        return {"Aliases": listed}

    def describe_custom_key_stores(self, CustomKeyStoreId: str) -> dict[str, Any]:
        if CustomKeyStoreId not in self.stores:
            raise aws_error("CustomKeyStoreNotFoundException")
        return {"CustomKeyStores": [self.stores[CustomKeyStoreId]]}

    def list_resource_tags(self, KeyId: str, Limit: int) -> dict[str, Any]:
        if KeyId.rpartition("/")[2] not in self.keys:
            raise aws_error("NotFoundException", f"Key '{KeyId}' does not exist")
        tags = self.tags.get(KeyId.rpartition("/")[2], {})
        return {"Tags": [{"TagKey": key, "TagValue": value} for key, value in tags.items()]}

    def get_key_last_usage(self, KeyId: str) -> dict[str, Any]:
        return self.last_usage.get(KeyId, {})


@dataclass
class Trail:
    """CloudTrail that remembers what a test tells it to, whatever it is asked for."""

    events: list[dict[str, Any]] = field(default_factory=list)

    def lookup_events(self, **_: Any) -> dict[str, Any]:
        return {"Events": self.events}


@dataclass
class Wire:
    """What stands between the function and AWS. ``before`` and ``after`` are called with (service, operation) and may raise."""

    calls: list[tuple[str, str]] = field(default_factory=list)
    before: Callable[[str, str], None] = lambda service, operation: None
    after: Callable[[str, str], None] = lambda service, operation: None

    def tap(self, service: str, client: Any) -> "Tapped":
        return Tapped(self, service, client)


@dataclass
class Tapped:
    wire: Wire
    service: str
    client: Any

    def __getattr__(self, operation: str) -> Any:
        if operation == "get_paginator":
            return lambda name: _OnePage(self, name)
        method = getattr(self.client, operation)
        must_be_permitted(self.service, operation)

        def call(*args: Any, **kwargs: Any) -> Any:
            self.wire.calls.append((self.service, operation))
            self.wire.before(self.service, operation)
            try:
                return method(*args, **kwargs)
            finally:
                self.wire.after(self.service, operation)

        return call


@dataclass
class _OnePage:
    client: Tapped
    operation: str

    def paginate(self, **_: Any) -> Iterator[Any]:
        yield getattr(self.client, self.operation)()


@dataclass
class World:
    """Everything around the function, and the function."""

    services: Services
    kms: ScriptedKms
    wire: Wire
    inbox: Callable[[], list[dict[str, Any]]]
    table: Any
    moment: list[datetime]
    trail: Trail
    container: Callable[[timedelta], Services]
    sns: TopicClient
    memory: Memory = field(default_factory=Memory)
    workers: int = 1  # one subject after the other: the same calls in the same order every time

    @property
    def now(self) -> datetime:
        return self.moment[0]

    def wait(self, **time: float) -> None:
        self.moment[0] += timedelta(**time)

    def take(
        self,
        *events: dict[str, Any],
        memory: Memory | None = None,
        remaining: Callable[[], float] = lambda: 60.0,
    ) -> set[str]:
        """Run a batch, one message per event; return the ids of failed messages (their index as text)."""
        own = self.services.settings.own_roles
        signals = [
            (str(i), s)
            for i, event in enumerate(events)
            for s in read_event(event, Reception(self.now, own_roles=own))
        ]
        pipeline = Pipeline(self.services, memory or self.memory, self.workers)
        return pipeline.process(signals, remaining)

    def take_signals(self, signals: Iterable[Signal]) -> set[str]:
        """Run a batch of signals that came in one message, as a log delivery does."""
        pipeline = Pipeline(self.services, self.memory, self.workers)
        return pipeline.process([("0", signal) for signal in signals])

    def tick(self) -> int:
        return clock.tick(self.services, workers=self.workers)

    def cold_start(self) -> None:
        """Forget what the container remembers."""
        self.memory = Memory()

    def another(self, skew: timedelta = timedelta()) -> "World":
        """Return the same world as another container sees it, whose clock is wrong by ``skew``."""
        return replace(self, services=self.container(skew), memory=Memory())

    def incidents(self) -> list[dict[str, Any]]:
        items = self.table.scan(TableName="incidents", ConsistentRead=True)["Items"]
        return [item for item in items if item["item"]["S"] == "incident"]

    def counted(self) -> dict[str, int]:
        return self.services.counts.drain()


@contextmanager
def world(
    *,
    ignore: tuple[IgnoreRule, ...] = (),
    search_regions: tuple[str, ...] = (),
    table: Any = None,
    fallback: bool = False,
    **more: Any,
) -> Iterator[World]:
    """Open a fresh world; no call leaves the process.

    ``table`` is another DynamoDB client, ``fallback`` adds a second topic, ``more`` are further settings of the function.
    """
    table, topic = table or TableClient(), TopicClient()
    wire, kms, trail, moment = Wire(), ScriptedKms(), Trail(), [START]
    regional = {REGION: kms}
    others = {"dynamodb": table, "sns": topic, "cloudtrail": trail}

    def client(service: str, region: str) -> Any:
        if service == "kms":
            return wire.tap("kms", regional.setdefault(region, ScriptedKms(region)))
        return wire.tap(service, others[service])

    settings = Settings(
        table="incidents",
        topic_arn=ALERT_TOPIC,
        own_role_arn=ROLE,
        region=REGION,
        account=ACCOUNT,
        search_regions=search_regions,
        ignore=ignore,
        fallback_topic_arn=FALLBACK_TOPIC if fallback else None,
        **more,
    )

    def container(skew: timedelta = timedelta()) -> Services:
        logger = logging.getLogger("keywatch.tests")
        return build(settings, client, logger, now=lambda: moment[0] + skew)

    yield World(container(), kms, wire, topic.receive, table, moment, trail, container, topic)


def create_table(dynamodb: Any, name: str = "incidents") -> None:
    """Make the incident table as the stack does, in an emulator."""
    attributes = {"subject": "S", "item": "S", "queue": "S", "due_at": "N"}
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "subject", "KeyType": "HASH"},
            {"AttributeName": "item", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": a, "AttributeType": t} for a, t in attributes.items()
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "due",
                "KeySchema": [
                    {"AttributeName": "queue", "KeyType": "HASH"},
                    {"AttributeName": "due_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )


_SERIAL = iter(range(10**9))


def failed(
    code: str,
    message: str | None,
    key_id: str | None = None,
    *,
    at: datetime = START,
    **fields: Any,
) -> dict[str, Any]:
    """Return an EventBridge event of a failed KMS call by the application's role."""
    return wrapped(
        {
            "errorCode": code,
            "errorMessage": message,
            "eventName": "Decrypt",
            "requestParameters": {"keyId": key_id} if key_id else None,
            **fields,
        },
        at,
    )


def changed(
    what: str,
    *,
    at: datetime = START,
    key: str | None = KEY_ID,
    alias: str | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """Return an EventBridge event of a successful KMS write by an administrator."""
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
    return wrapped(
        {
            "eventName": what,
            "requestParameters": request,
            "resources": resources,
            "userIdentity": admin,
            **fields,
        },
        at,
    )


def wrapped(detail: dict[str, Any], at: datetime) -> dict[str, Any]:
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
        "eventTime": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": "kms.amazonaws.com",
        "awsRegion": REGION,
        "eventID": f"event-{next(_SERIAL)}",
        "eventType": "AwsApiCall",
        "recipientAccountId": ACCOUNT,
    } | detail
    return {
        "version": "0",
        "id": f"envelope-{next(_SERIAL)}",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.kms",
        "account": ACCOUNT,
        "time": record["eventTime"],
        "region": REGION,
        "resources": [],
        "detail": record,
    }


def disabled(key_id: str = KEY_ID, **fields: Any) -> dict[str, Any]:
    return failed("DisabledException", f"{key_arn(key_id)} is disabled.", key_id, **fields)


def alias_missing(alias: str, **fields: Any) -> dict[str, Any]:
    return failed(
        "NotFoundException",
        f"Alias arn:aws:kms:{REGION}:{ACCOUNT}:{alias} is not found.",
        alias,
        **fields,
    )


def key_missing(key_id: str = KEY_ID, **fields: Any) -> dict[str, Any]:
    return failed("NotFoundException", f"Key '{key_arn(key_id)}' does not exist", key_id, **fields)


def ambiguous_denial(user: str, operation: str = "Decrypt") -> str:
    """Return AWS's one text for a missing key, a wrong Region and a denial."""
    return (
        f"User: {user} is not authorized to perform: kms:{operation} on this resource because the resource does not exist in "
        "this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access"
    )
