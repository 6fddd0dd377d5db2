"""An organisation to run a hub in: KMS, CloudTrail, IAM, STS and Organizations of many accounts, in memory.

Every call is recorded with the account whose session made it. Accounts without a look-up role deny
to be looked into.
"""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from keywatch.runtime import Runtime
from keywatch.services import Services, build
from keywatch.settings import Hub, IgnoreRule, Settings
from tests.support.aws import TableClient, TopicClient
from tests.support.permitted import must_be_permitted
from tests.support.world import ACCOUNT as HUB_ACCOUNT
from tests.support.world import ALERT_TOPIC, REGION, ROLE, START, ScriptedKms, Trail, aws_error

LOOK_UP_ROLE = "KeyWatchLookUps"
VERSION = "1.0.0"
SESSION = timedelta(hours=1)
PAGE = 20  # accounts


@dataclass(frozen=True)
class Made:
    """One call: whose session made it, and where; for STS and Organizations what it asked for."""

    account: str
    service: str
    operation: str
    region: str
    asked: str = ""


@dataclass
class AccountKms(ScriptedKms):
    """KMS of one account and Region."""

    account: str = HUB_ACCOUNT

    def add(self, key_id: str = "", state: str = "Enabled", **metadata: Any) -> str:
        super().add(key_id, state, **metadata)
        arn = f"arn:aws:kms:{self.region}:{self.account}:key/{key_id}"
        self.keys[key_id] |= {"Arn": arn, "AWSAccountId": self.account}
        return arn

    def list_keys(self, Limit: int = 100, Marker: str = "") -> dict[str, Any]:
        return {"Keys": [{"KeyId": key} for key in self.keys]}

    def describe_custom_key_stores(
        self, CustomKeyStoreId: str | None = None, Limit: int = 10
    ) -> dict[str, Any]:
        if CustomKeyStoreId is None:
            return {"CustomKeyStores": list(self.stores.values())}
        return super().describe_custom_key_stores(CustomKeyStoreId)

    def describe_key(self, KeyId: str) -> dict[str, Any]:
        if KeyId.startswith("arn:") and KeyId.split(":")[4] != self.account:
            raise aws_error("AccessDeniedException", "not authorized to perform: kms:DescribeKey")
        try:
            return super().describe_key(KeyId)
        except ClientError as error:
            said = error.response["Error"]["Message"].replace(HUB_ACCOUNT, self.account)
            raise aws_error(error.response["Error"]["Code"], said) from None


@dataclass
class Organization:
    """Accounts with their names; which of them have a look-up role, and what AWS does on request."""

    names: dict[str, str] = field(default_factory=lambda: {HUB_ACCOUNT: "security"})
    roles: dict[str, dict[str, Any]] = field(default_factory=dict)
    places: dict[tuple[str, str], AccountKms] = field(default_factory=dict)
    trails: dict[tuple[str, str], Trail] = field(default_factory=dict)
    made: list[Made] = field(default_factory=list)
    readable: bool = True
    rules: dict[tuple[str, str], str] = field(default_factory=dict)
    moment: list[datetime] = field(default_factory=lambda: [START])
    before: Callable[[Made], None] = lambda made: None

    def join(self, account: str, name: str = "", *, spoke: bool = True) -> None:
        """Let an account join, with a look-up role that trusts the hub unless it has no spoke."""
        self.names[account] = name or f"account-{account[-3:]}"
        if spoke:
            self.roles[account] = {"trusts": ROLE, "version": VERSION}

    def kms(self, account: str, region: str = REGION) -> AccountKms:
        return self.places.setdefault((account, region), AccountKms(region, account=account))

    def client(self, service: str, region: str, account: str = HUB_ACCOUNT) -> Any:
        """Return a client of a service that acts in ``account``."""
        services: dict[str, Callable[[], Any]] = {
            "kms": lambda: self.kms(account, region),
            "cloudtrail": lambda: self.trails.setdefault((account, region), Trail()),
            "sts": lambda: _Sts(self),
            "organizations": lambda: _Organizations(self),
            "iam": lambda: _Iam(self, account),
            "events": lambda: _Events(self, account, region),
        }
        return _Recorded(self, account, service, region, services[service])

    def sign(self, credentials: dict[str, Any]) -> Callable[[str, str], Any]:
        """Return clients by service and Region that act in the account of the credentials."""
        return lambda service, region: self.client(service, region, credentials["AccessKeyId"])


@dataclass
class _Recorded:
    organization: Organization
    account: str
    service: str
    region: str
    target: Callable[[], Any]

    def __getattr__(self, operation: str) -> Any:
        if operation == "get_paginator":
            return lambda name: _Pages(getattr(self, name))
        method = getattr(self.target(), operation)
        must_be_permitted(self.service, operation)

        def call(*args: Any, **kwargs: Any) -> Any:
            asked = str(kwargs.get("RoleArn") or kwargs.get("AccountId") or kwargs.get("KeyId", ""))
            made = Made(self.account, self.service, operation, self.region, asked)
            self.organization.made.append(made)
            self.organization.before(made)
            return method(*args, **kwargs)

        return call


@dataclass
class _Pages:
    call: Callable[..., Any]

    def paginate(self, **_: Any) -> Iterator[Any]:
        yield self.call()


@dataclass
class _Sts:
    organization: Organization

    def assume_role(self, RoleArn: str, RoleSessionName: str) -> dict[str, Any]:
        account = RoleArn.split(":")[4]
        role = self.organization.roles.get(account)
        if role is None or role["trusts"] != ROLE or not RoleArn.endswith(f":role/{LOOK_UP_ROLE}"):
            raise aws_error("AccessDenied", "is not authorized to perform: sts:AssumeRole")
        return {
            "Credentials": {
                "AccessKeyId": account,
                "SecretAccessKey": "secret",
                "SessionToken": "token",
                "Expiration": self.organization.moment[0] + SESSION,
            },
            "AssumedRoleUser": {
                "Arn": f"arn:aws:sts::{account}:assumed-role/{LOOK_UP_ROLE}/{RoleSessionName}"
            },
        }


@dataclass
class _Organizations:
    organization: Organization

    def describe_account(self, AccountId: str) -> dict[str, Any]:
        self._must_be_readable()
        if AccountId not in self.organization.names:
            raise aws_error("AccountNotFoundException", "You specified an account that is not here")
        return {"Account": {"Id": AccountId, "Name": self.organization.names[AccountId]}}

    def list_accounts(self, NextToken: str = "0") -> dict[str, Any]:
        self._must_be_readable()
        names, start = list(self.organization.names.items()), int(NextToken)
        end = start + PAGE
        listed = [{"Id": one, "Name": name, "Status": "ACTIVE"} for one, name in names[start:end]]
        return {"Accounts": listed} | ({"NextToken": str(end)} if end < len(names) else {})

    def _must_be_readable(self) -> None:
        if not self.organization.readable:
            raise aws_error("AccessDeniedException", "You don't have permissions")


@dataclass
class _Iam:
    organization: Organization
    account: str

    def get_role(self, RoleName: str) -> dict[str, Any]:
        role = self.organization.roles[self.account]
        statement = {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{HUB_ACCOUNT}:root"},
            "Action": "sts:AssumeRole",
            "Condition": {"ArnEquals": {"aws:PrincipalArn": role["trusts"]}},
        }
        more = role.get("more", [])
        return {
            "Role": {
                "RoleName": RoleName,
                "AssumeRolePolicyDocument": {"Statement": [statement, *more]},
                "Tags": [{"Key": "KeyWatchVersion", "Value": role["version"]}],
            }
        }


@dataclass
class _Events:
    organization: Organization
    account: str
    region: str

    def describe_rule(self, Name: str) -> dict[str, Any]:
        version = self.organization.rules.get((self.account, self.region))
        if version is None:
            raise aws_error("ResourceNotFoundException", f"Rule {Name} does not exist")
        return {"State": "ENABLED", "Description": f"Failing calls (KeyWatch spoke {version})"}


@dataclass
class HubWorld:
    """A hub, what it is told, and what it tells."""

    organization: Organization
    runtime: Runtime
    topic: TopicClient
    table: TableClient

    @property
    def services(self) -> Services:
        return self.runtime.services

    @property
    def now(self) -> datetime:
        return self.organization.moment[0]

    def wait(self, **time: float) -> None:
        self.organization.moment[0] += timedelta(**time)

    def take(self, *events: object) -> list[dict[str, Any]]:
        """Handle a batch of one message for each event; return the alert documents that were sent."""
        self.deliver(*events)
        return self.topic.receive()

    def deliver(self, *events: object) -> None:
        """Handle a batch of one message for each event."""
        records = [
            {"messageId": str(number), "body": json.dumps(event)}
            for number, event in enumerate(events)
        ]
        answer = self.runtime.batch({"Records": records}, None)
        assert answer == {"batchItemFailures": []}

    def made(self, *services: str) -> list[Made]:
        """Return the calls that were made of some services (or of all) since this was asked last."""
        made, self.organization.made[:] = list(self.organization.made), []
        return [call for call in made if not services or call.service in services]


@dataclass
class _NoMetrics:
    metric_set: dict[str, Any] = field(default_factory=dict)
    counted: dict[str, float] = field(default_factory=dict)

    def add_metric(self, name: str, _unit: object, value: float) -> None:
        self.counted[name] = self.counted.get(name, 0) + value

    def flush_metrics(self) -> None:
        """Send nothing."""


def settings_of(**changes: Any) -> Settings:
    """Return the settings of a hub."""
    hub = changes.pop(
        "hub", Hub("o-example1234", LOOK_UP_ROLE, reads_accounts=True, spoke_version=VERSION)
    )
    given: dict[str, Any] = {
        "table": "incidents",
        "topic_arn": ALERT_TOPIC,
        "own_role_arn": ROLE,
        "region": REGION,
        "account": HUB_ACCOUNT,
        "hub": hub,
    }
    return Settings(**given | changes)


@contextmanager
def hub_world(ignore: tuple[IgnoreRule, ...] = (), **changes: Any) -> Iterator[HubWorld]:
    """Open a fresh organisation with a hub in it; no call leaves the process."""
    organization, topic, table = Organization(), TopicClient(), TableClient()
    own = {"dynamodb": table, "sns": topic}

    def client(service: str, region: str) -> Any:
        return own[service] if service in own else organization.client(service, region)

    services = build(
        settings_of(ignore=ignore, **changes),
        client,
        logging.getLogger("keywatch.tests"),
        now=lambda: organization.moment[0],
        sign=organization.sign,
    )
    metrics: Any = _NoMetrics()
    yield HubWorld(organization, Runtime(services, metrics), topic, table)


def counted(world: HubWorld) -> dict[str, float]:
    """Return the metrics that were sent."""
    metrics: Any = world.runtime.metrics
    return dict(metrics.counted)


def of_account(event: dict[str, Any], account: str, **fields: Any) -> dict[str, Any]:
    """Return an event as the rule of another account forwards it: its own ids everywhere, but for ``fields`` of the record."""
    text = json.dumps(event).replace(HUB_ACCOUNT, account)
    moved: dict[str, Any] = json.loads(text)
    return moved | {"detail": moved["detail"] | fields}
