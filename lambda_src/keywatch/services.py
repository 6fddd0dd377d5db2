"""The container of what does I/O: settings, table, look-ups, publisher, clock and counters. Passed in, never global."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

from keywatch.alerts.publish import Publisher
from keywatch.aws import Clients, Counts, in_region
from keywatch.lookups.accounts import Accounts
from keywatch.lookups.directory import Directory
from keywatch.lookups.guard import PER_MINUTE, Factory, Guard
from keywatch.lookups.kms import Lookups
from keywatch.lookups.regions import Regions
from keywatch.lookups.sessions import Session, Sessions
from keywatch.model.identifiers import partition_of
from keywatch.model.text import one_line
from keywatch.settings import Settings
from keywatch.sources.ignore import Ignorer
from keywatch.store.budgets import MessageBudget
from keywatch.store.groups import GroupTable
from keywatch.store.history import HistoryTable
from keywatch.store.housekeeping import HousekeepingStore
from keywatch.store.incident_table import IncidentTable
from keywatch.store.look_up_room import LookUpRoom
from keywatch.store.pace import Pace
from keywatch.store.silences import SilenceTable
from keywatch.store.spokes import SpokeStore
from keywatch.store.table import Item, Table


class Log(Protocol):
    """Where the pipeline says what went wrong (Powertools' Logger, or the standard library's)."""

    def exception(self, msg: object) -> None:
        """Log ``msg`` with the exception that is being handled."""

    def info(self, msg: object, *args: object) -> None:
        """Log ``msg``, filled in with ``args``, as something good to know."""


utc_now = partial(datetime.now, UTC)


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that does I/O, in one place.

    ``lookups`` are those of the deployment's own account, ``accounts`` has those of every account;
    ``directory`` is there where the accounts of an organisation may be read.
    """

    settings: Settings
    table: Table
    incidents: IncidentTable
    groups: GroupTable
    silences: SilenceTable
    history: HistoryTable
    lookups: Lookups
    accounts: Accounts
    publisher: Publisher
    logger: Log
    ignorer: Ignorer
    now: Callable[[], datetime] = utc_now
    counts: Counts = field(default_factory=Counts)
    client: Callable[[str, str], Any] = field(default_factory=Clients)
    directory: Directory | None = None

    @property
    def housekeeping(self) -> HousekeepingStore:
        """Return what is noted about KeyWatch's own chores."""
        return HousekeepingStore(self.table)

    @property
    def spokes(self) -> SpokeStore:
        """Return what a hub remembers of its spokes."""
        return SpokeStore(self.table)


def _unreadable(counts: Counts, logger: Log, item: Item, error: Exception) -> None:
    """Count an item of the table that cannot be read, and log which one and why."""
    counts.add("ItemsUnreadable")
    key = f"{one_line(item['subject'].get('S'), 300)} {one_line(item['item'].get('S'), 100)}"
    logger.info("a stored item could not be read: %s: %s", key, one_line(str(error), 300))


def _table_failed(counts: Counts, logger: Log, metric: str) -> None:
    """Count what could not be read or written in the table and can be done without, and log why."""
    counts.add(metric)
    # Called where the exception is handled, so that the line holds it.
    logger.exception("the table did not answer, and it goes on without: " + metric)  # noqa: LOG004, G003


def _not_sent(counts: Counts, logger: Log, metric: str) -> None:
    """Count that a topic or channel did not take an alert, and log which one and why."""
    counts.add(metric)
    # Called where the exception is handled, so that the line holds it.
    logger.exception("an alert went out, but not by every way: " + metric)  # noqa: LOG004, G003


def build(
    settings: Settings,
    client: Callable[[str, str], Any],
    logger: Log,
    now: Callable[[], datetime] = utc_now,
    sleep: Callable[[float], None] | None = None,
    sign: Callable[[Mapping[str, Any]], Factory] | None = None,
) -> Services:
    """Return the services of a deployment; no AWS call is made yet.

    Without ``sleep`` no look-up waits for its turn, and what bounds them is this container's alone.
    ``sign`` makes clients of the credentials of an assumed role; only a hub needs it.
    """
    region, counts, hub = settings.region, Counts(), settings.hub
    is_region = Regions(region, settings.search_regions)
    guard = Guard(client, now, is_region)
    table = Table(guard("dynamodb", region), settings.table)

    def look_ups(of: Guard, account: str = "") -> Lookups:
        """Return look-ups that keep within what is meant for one account."""
        if sleep is None:
            return Lookups(of, now)
        of.bound_by(LookUpRoom(table, PER_MINUTE, now, counts.add, account))
        return Lookups(of, now, Pace(table, now, sleep, counts.add, account).wait)

    def look_with(session: Session) -> Lookups:
        return look_ups(Guard(session.client, now, is_region), session.account)

    own = look_ups(guard)
    sessions = None
    if hub:
        sessions = Sessions(
            lambda: guard("sts", region),
            sign or Clients().signed,
            hub.look_up_role,
            partition_of(region),
            now,
        )
    reads = hub is not None and hub.reads_accounts
    unreadable = partial(_unreadable, counts, logger)
    table_failed = partial(_table_failed, counts, logger)
    return Services(
        settings=settings,
        table=table,
        incidents=IncidentTable(table, unreadable, settings.keep_incidents),
        groups=GroupTable(table, unreadable, settings.keep_incidents),
        silences=SilenceTable(table, unreadable, table_failed),
        history=HistoryTable(table, settings.keep_incidents, unreadable, table_failed),
        lookups=own,
        accounts=Accounts(own, settings.account, sessions, look_with),
        publisher=Publisher(
            in_region(client, region),
            settings.topic_arn,
            {**settings.channel_targets, **settings.channel_buses},
            fallback_topic_arn=settings.fallback_topic_arn,
            count=partial(_not_sent, counts, logger),
            runbook_url=settings.runbook_url,
            budget=MessageBudget(table, settings.messages_per_hour, now, counts.add),
        ),
        logger=logger,
        ignorer=Ignorer(settings.ignore),
        now=now,
        counts=counts,
        client=client,
        directory=Directory(lambda: guard("organizations", region), now) if reads else None,
    )
