"""What the pipeline works with: AWS clients made when first needed, the clock, the counters. Passed in, never global."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Any, Protocol

import boto3
from botocore.config import Config

from keywatch.alerts.publish import Publisher
from keywatch.lookups.kms import Lookups
from keywatch.lookups.scope import Scope
from keywatch.settings import Settings
from keywatch.sources.ignore import Ignorer
from keywatch.store.incident_table import IncidentTable

# Look-ups give up early: an alert with less in it beats a late one.
_LOOKUP = Config(
    connect_timeout=2, read_timeout=4, retries={"mode": "standard", "total_max_attempts": 2}
)
_VITAL = Config(
    connect_timeout=3,
    read_timeout=8,
    retries={"mode": "standard", "total_max_attempts": 4},
    max_pool_connections=16,
)


class Log(Protocol):
    """Where the pipeline says what went wrong (Powertools' Logger, or the standard library's)."""

    def exception(self, msg: object) -> None:
        """Log ``msg`` with the exception that is being handled."""

    def info(self, msg: object, *args: object) -> None:
        """Log ``msg``, filled in with ``args``, as something good to know."""


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
    """boto3 clients by service and Region, made when first asked for and kept. Safe to use from several threads."""

    def __init__(self, session: Any = None) -> None:  # noqa: ANN401 - boto3's session has no static type
        self._session: Any = session
        self._lock = Lock()
        self._made: dict[tuple[str, str], Any] = {}

    def __call__(self, service: str, region: str) -> Any:  # noqa: ANN401 - one factory for clients of all types
        """Return the client of ``service`` in ``region``."""
        with self._lock:
            if (service, region) not in self._made:
                if self._session is None:
                    self._session = boto3.session.Session()
                config = _LOOKUP if service in {"kms", "cloudtrail"} else _VITAL
                self._made[service, region] = self._session.client(
                    service, region_name=region, config=config
                )
            return self._made[service, region]


def utc_now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that does I/O, in one place."""

    settings: Settings
    table: IncidentTable
    lookups: Lookups
    publisher: Publisher
    logger: Log
    ignorer: Ignorer
    now: Callable[[], datetime] = utc_now
    counts: Counts = field(default_factory=Counts)
    client: Callable[[str, str], Any] = field(default_factory=Clients)

    @property
    def scope(self) -> Scope:
        """Return where look-ups may look."""
        return Scope(self.settings.account, self.settings.region, self.settings.search_regions)


def build(
    settings: Settings,
    client: Callable[[str, str], Any],
    logger: Log,
    now: Callable[[], datetime] = utc_now,
) -> Services:
    """Return the services of a deployment; no AWS call is made yet."""
    region, counts = settings.region, Counts()
    return Services(
        settings=settings,
        table=IncidentTable(client("dynamodb", region), settings.table),
        lookups=Lookups(client, now),
        publisher=Publisher(
            lambda service: client(service, region),
            settings.topic_arn,
            settings.channel_targets,
            fallback_topic_arn=settings.fallback_topic_arn,
            count=counts.add,
        ),
        logger=logger,
        ignorer=Ignorer(settings.ignore),
        now=now,
        counts=counts,
        client=client,
    )
