"""What the function talks to in a benchmark: clients that do nothing, and counters of what it asked for."""

import contextlib
import io
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from threading import Lock
from typing import Any, ClassVar

from aws_lambda_powertools import Metrics

from keywatch.runtime import Runtime
from keywatch.services import build
from keywatch.settings import Settings
from tests.bench.loads import ACCOUNT, REGION, ROLE, key_arn

SETTINGS = Settings(
    table="incidents",
    topic_arn=f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts",
    own_role_arn=ROLE,
    region=REGION,
    account=ACCOUNT,
)
Factory = Callable[[str, str], Any]


class Idle:
    """A client whose every call answers at once, in the shape of an AWS that has nothing to say."""

    _ANSWERS: ClassVar = {
        "query": {"Items": []},
        "update_item": {"Attributes": {}},
        "describe_key": {
            "KeyMetadata": {"KeyId": "0" * 36, "Arn": key_arn(0), "KeyState": "Disabled"}
        },
        "list_aliases": {"Aliases": []},
        "lookup_events": {"Events": []},
    }

    def __getattr__(self, operation: str) -> Any:
        if operation == "get_paginator":
            return lambda name: Pages(self, name)
        return lambda **_: self._ANSWERS.get(operation, {})


class Pages:
    def __init__(self, client: Any, operation: str) -> None:
        self._client, self._operation = client, operation

    def paginate(self, **_: Any) -> Iterator[Any]:
        yield getattr(self._client, self._operation)()


_ONE_AT_A_TIME = Lock()  # moto is not made for threads


class Counting:
    """Passes calls on, and counts them by service and operation."""

    def __init__(self, service: str, client: Any, calls: Counter[str]) -> None:
        self._service, self._client, self._calls = service, client, calls

    def __getattr__(self, operation: str) -> Any:
        if operation == "get_paginator":
            return lambda name: Pages(self, name)

        def call(**arguments: Any) -> Any:
            with _ONE_AT_A_TIME:
                self._calls[f"{self._service}.{operation}"] += 1
                return getattr(self._client, operation)(**arguments)

        return call


def runtime(client: Factory) -> Runtime:
    """Return a warm container that talks to ``client``."""
    services = build(SETTINGS, client, logging.getLogger("keywatch.bench"))
    return Runtime(services, Metrics(namespace="KeyWatch", service="keywatch"))


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Keep the metrics that the function prints out of the table."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield
