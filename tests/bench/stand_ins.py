"""What the function talks to in a benchmark: AWS in memory, which counts what it is asked for and what it costs itself."""

import contextlib
import io
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from time import thread_time
from typing import Any, ClassVar

from aws_lambda_powertools import Metrics

from keywatch.runtime import Runtime
from keywatch.services import build
from keywatch.settings import Settings
from tests.bench.loads import ACCOUNT, REGION, ROLE, key_arn
from tests.support.aws import TableClient, TopicClient
from tests.support.world import aws_error

SETTINGS = Settings(
    table="incidents",
    topic_arn=f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts",
    own_role_arn=ROLE,
    region=REGION,
    account=ACCOUNT,
)
Factory = Callable[[str, str], Any]
Now = Callable[[], datetime]


class Idle:
    """A client whose every call answers at once, in the shape of an AWS that has nothing to say."""

    _ANSWERS: ClassVar = {
        "query": {"Items": []},
        "update_item": {"Attributes": {}},
        "list_aliases": {"Aliases": []},
        "lookup_events": {"Events": []},
    }

    def __getattr__(self, operation: str) -> Any:
        if operation == "get_paginator":
            return lambda name: Pages(self, name)
        return lambda **_: self._ANSWERS.get(operation, {})

    def describe_key(self, KeyId: str) -> dict[str, Any]:
        """Say of every key that it is disabled, of every alias that there is none."""
        if "alias/" in KeyId:
            raise aws_error("NotFoundException", f"Alias {KeyId} is not found.")
        return {
            "KeyMetadata": {
                "KeyId": KeyId.rpartition("/")[2],
                "Arn": KeyId if KeyId.startswith("arn:") else key_arn(0),
                "KeyState": "Disabled",
            }
        }


class Pages:
    def __init__(self, client: Any, operation: str) -> None:
        self._client, self._operation = client, operation

    def paginate(self, **_: Any) -> Iterator[Any]:
        yield getattr(self._client, self._operation)()


class ForgetfulTable:
    """A table that keeps what is shared and forgets incidents: its own memory must not be measured as the function's."""

    def __init__(self) -> None:
        self._table, self._idle = TableClient(), Idle()

    def __getattr__(self, operation: str) -> Any:
        def call(**request: Any) -> Any:
            item = request.get("Key") or request.get("Item") or {}
            values = request.get("ExpressionAttributeValues", {})
            subject = item.get("subject") or values.get(":subject") or values.get(":queue") or {}
            shared = subject.get("S", "").startswith(("group|", "groups", "keywatch"))
            client = self._table if shared else self._idle
            return getattr(client, operation)(**request)

        return call


class LargeTable:
    """A table whose index of thousands of items is sorted once for a query, and not for each of its pages."""

    def __init__(self) -> None:
        self._table = TableClient()
        self._found: dict[str, list[Any]] = {}

    def __getattr__(self, operation: str) -> Any:
        return getattr(self._table, operation)

    def query(self, *, Limit: int | None = None, **request: Any) -> dict[str, Any]:
        if "IndexName" not in request:
            return self._table.query(**request, **({"Limit": Limit} if Limit else {}))  # type: ignore[no-any-return]
        at = request.pop("ExclusiveStartKey", 0)
        asked = repr(request)
        if not at:
            self._found[asked] = self._table.query(**request)["Items"]
        end = at + (Limit or len(self._found[asked]))
        more = {"LastEvaluatedKey": end} if end < len(self._found[asked]) else {}
        return {"Items": self._found[asked][at:end]} | more


@dataclass
class Aws:
    """A whole AWS. ``calls`` counts by service and operation; ``cpu`` is what the stand-ins themselves used, in seconds.

    ``delay`` is called with (service, operation) before each call: it may wait, or raise.
    """

    table: Any = field(default_factory=TableClient)
    topic: TopicClient = field(default_factory=TopicClient)
    delay: Callable[[str, str], None] = lambda service, operation: None
    calls: Counter[str] = field(default_factory=Counter)
    cpu: float = 0.0
    lock: Lock = field(default_factory=Lock)

    def client(self, service: str, _region: str) -> "Metered":
        known = {"dynamodb": self.table, "sns": self.topic}
        return Metered(self, service, known.get(service) or Idle())

    @property
    def alerts(self) -> int:
        return self.calls["sns.publish"]

    @property
    def look_ups(self) -> int:
        """Return how many calls asked KMS, CloudTrail or other services about what broke."""
        known = ("dynamodb.", "sns.")
        return sum(count for name, count in self.calls.items() if not name.startswith(known))


@dataclass
class Metered:
    """Passes calls on, counts them, and measures what they cost."""

    aws: Aws
    service: str
    behind: Any

    def __getattr__(self, operation: str) -> Any:
        if operation == "get_paginator":
            return lambda name: Pages(self, name)

        def call(**arguments: Any) -> Any:
            with self.aws.lock:
                self.aws.calls[f"{self.service}.{operation}"] += 1
            self.aws.delay(self.service, operation)
            began = thread_time()
            try:
                return getattr(self.behind, operation)(**arguments)
            finally:
                with self.aws.lock:
                    self.aws.cpu += thread_time() - began

        return call


def runtime(
    client: Factory, now: Now = lambda: datetime.now(UTC), settings: Settings = SETTINGS
) -> Runtime:
    """Return a warm container that talks to ``client``; ``now`` is its clock (UTC)."""
    services = build(settings, client, logging.getLogger("keywatch.bench"), now)
    return Runtime(services, Metrics(namespace="KeyWatch", service="keywatch"))


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Keep the metrics that the function prints out of the table."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield
