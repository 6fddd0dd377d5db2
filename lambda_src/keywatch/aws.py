"""AWS clients made when first needed, and counters that become metrics. Both are passed in, never global."""

from collections import Counter
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

import boto3
from botocore.config import Config

from keywatch.catalogue.read_calls import SERVICES

# Look-ups give up early: an alert with less in it beats a late one.
LOOKUP = Config(
    connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 2}
)
# The table answers in milliseconds or not at all; without it alerts go out one by one.
TABLE = Config(
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=16,
)
VITAL = Config(
    connect_timeout=3,
    read_timeout=8,
    retries={"mode": "standard", "total_max_attempts": 4},
    max_pool_connections=16,
)
_CONFIGS = dict.fromkeys((*SERVICES, "sts", "organizations"), LOOKUP) | {"dynamodb": TABLE}


_OWN: Mapping[str, str] = {}


class Counts:
    """Named counters, safe to use from several threads; drained into metrics once per invocation."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: Counter[str] = Counter()

    def add(self, name: str, count: int = 1) -> None:
        """Count something by the name of its metric."""
        with self._lock:
            self._counts[name] += count

    def drain(self) -> dict[str, int]:
        """Return all counts and start anew."""
        with self._lock:
            counts, self._counts = dict(self._counts), Counter()
        return counts


class Clients:
    """boto3 clients by service and Region, made when first asked for and kept. Safe to use from several threads.

    ``signed_with`` are the credentials of an assumed role, as boto3 names them; without them the
    function's own are used.
    """

    def __init__(self, session: Any = None, signed_with: Mapping[str, str] = _OWN) -> None:  # noqa: ANN401 - boto3's session has no static type
        self._session: Any = session
        self._signed_with = signed_with
        self._lock = Lock()
        self._made: dict[tuple[str, str], Any] = {}

    def __call__(self, service: str, region: str) -> Any:  # noqa: ANN401 - one factory for clients of all types
        """Return the client of ``service`` in ``region``."""
        with self._lock:
            if (service, region) not in self._made:
                if self._session is None:
                    self._session = boto3.session.Session()
                config = _CONFIGS.get(service, VITAL)
                self._made[service, region] = self._session.client(
                    service, region_name=region, config=config, **self._signed_with
                )
            return self._made[service, region]

    def signed(self, credentials: Mapping[str, Any]) -> "Clients":
        """Return clients that sign with ``credentials`` as STS returns them; what botocore has read is read once for all."""
        with self._lock:
            if self._session is None:
                self._session = boto3.session.Session()
        given = {
            "aws_access_key_id": credentials["AccessKeyId"],
            "aws_secret_access_key": credentials["SecretAccessKey"],
            "aws_session_token": credentials["SessionToken"],
        }
        return Clients(self._session, given)


def in_region(client: Callable[[str, str], Any], region: str) -> Callable[[str], Any]:
    """Return ``client`` as it is for one Region: the client of a service."""
    return lambda service: client(service, region)
