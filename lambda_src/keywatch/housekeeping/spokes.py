"""What a hub does for its spokes as minutes pass: canaries every hour, a look at each look-up role every day.

Each account has its minute of the hour, so that the load is even and one session serves all Regions of
an account. A minute that was missed is made up for. Spokes are known from the events that come, and
from the list of the organisation's accounts where that may be read.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.catalogue.own import SPOKE
from keywatch.housekeeping import canary, daily_sweep
from keywatch.lookups.outcomes import NoSession
from keywatch.lookups.regions import Regions
from keywatch.lookups.trust import look_at_role, version_of_rule
from keywatch.model.signals import CanarySeen, KeyChange, KeyFailure, Signal
from keywatch.services import Services
from keywatch.sources.canary import EVERY
from keywatch.store.housekeeping import CANARY_CALLED, HousekeepingState
from keywatch.store.spokes import (
    BUCKETS,
    CLOSED,
    FIRST_CALLED,
    LISTED,
    LOOKED_AT,
    SEEN,
    TRUST,
    UNHEALTHY,
    VERSION,
    Spoke,
    hour_of,
)

WORKERS = 8
NEEDED = 15.0  # seconds left in a minute's run for one more spoke
NEEDED_FOR_SWEEP = 32.0  # a sweep looks at a group of keys while 30 are left
FAILURE_RULE = f"{SPOKE}-FailureRule"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
EARLY = timedelta(minutes=5)  # the minutes of two hours are a little less than an hour apart
LEASE = timedelta(seconds=90)
DONE, LEASED = "spokes_done", "spokes_leased"
LIST_BEGAN, LIST_TOKEN, LIST_DONE = "accounts_began", "accounts_after", "accounts_done"
PAGES = 10  # of 20 accounts, in a minute
MOST_NOTED = 20_000


@dataclass
class Noted:
    """Which spokes this container has noted in this hour, so that an event does not cost a write."""

    hour: datetime | None = None
    spokes: set[tuple[str, str]] = field(default_factory=set)

    def is_new(self, account: str, region: str, now: datetime) -> bool:
        """Tell whether a spoke is to be noted, and remember it."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        if hour != self.hour or len(self.spokes) >= MOST_NOTED:
            self.hour, self.spokes = hour, set()
        if (account, region) in self.spokes:
            return False
        self.spokes.add((account, region))
        return True


def note_seen(services: Services, noted: Noted, signals: Iterable[Signal]) -> None:
    """Note from which spokes signals came; what cannot be noted now is noted with the next."""
    settings, now = services.settings, services.now()
    is_region = Regions(settings.region, settings.search_regions)
    places = {
        (signal.recorded_in or "", signal.region or "")
        for signal in signals
        if isinstance(signal, (KeyFailure, KeyChange)) and signal.recorded_in
    }
    for account, region in sorted(places - {(settings.account, settings.region)}):
        if not is_region(region) or _is_stranger(services, account):
            continue
        if not noted.is_new(account, region, now):
            continue
        try:
            services.spokes.note(account, region, SEEN, now)
        except (ClientError, BotoCoreError):
            noted.spokes.discard((account, region))
            services.counts.add("TableUnreachable")
            services.logger.exception("a spoke could not be noted")
            return


def _is_stranger(services: Services, account: str) -> bool:
    return services.directory is not None and services.directory.is_stranger(account)


def note_canaries(services: Services, canaries: Iterable[CanarySeen]) -> None:
    """Note the newest canary of each kind that came back from each place."""
    newest: dict[tuple[str, str, str], datetime] = {}
    for seen in canaries:
        place = (seen.call, seen.account, seen.region)
        newest[place] = max(seen.called, newest.get(place, seen.called))
    for (call, account, region), called in newest.items():
        canary.came_back(services, call, called, account, region)


def visit(services: Services, state: HousekeepingState, remaining: Callable[[], float]) -> None:
    """Do the chores of the spokes of this minute, and of those that were missed; count how many spokes are not well."""
    now, housekeeping = services.now(), services.housekeeping
    leased = state.time(LEASED)
    if leased and leased > now:
        return
    if not housekeeping.claim(state, LEASED, **{LEASED: now + LEASE}):
        return
    unwell = None
    for minute in minutes_due(state.time(DONE), now):
        finished, unwell = _visit_minute(services, minute.minute, remaining)
        if not finished:
            services.counts.add("SpokesLate")
            break
        housekeeping.note(**{DONE: minute})
        _sweep_minute(services, minute.minute, remaining)
    daily_sweep.tell_news(services, state)
    services.counts.add("SpokesUnwell", services.spokes.unwell() if unwell is None else unwell)
    housekeeping.note(**{LEASED: None})


def minutes_due(done: datetime | None, now: datetime) -> list[datetime]:
    """Return the minutes whose spokes are due, the oldest first: at most those of an hour."""
    this = now.replace(second=0, microsecond=0)
    first = max(done + MINUTE, this - (BUCKETS - 1) * MINUTE) if done else this
    return [first + n * MINUTE for n in range(int((this - first) / MINUTE) + 1)]


def _visit_minute(
    services: Services, bucket: int, remaining: Callable[[], float]
) -> tuple[bool, int]:
    """Visit the spokes of one minute; return whether all were, and how many of all that are known are not well."""
    version = services.settings.hub.spoke_version if services.settings.hub else ""

    def attempt(spoke: Spoke) -> tuple[bool, bool]:
        if remaining() < NEEDED:
            return False, False
        try:
            state = _visit(services, spoke)
        except Exception:
            services.counts.add("SpokesFailed")
            services.logger.exception("the chores of a spoke failed; they are done in an hour")
            state = spoke.state
        health = Spoke(spoke.account, spoke.region, state).health(services.now(), version)
        return True, health in UNHEALTHY

    spokes = list(services.spokes.of_minute(bucket))
    if not spokes:
        return True, services.spokes.count_unwell(bucket, 0)
    with ThreadPoolExecutor(min(WORKERS, len(spokes))) as pool:
        results = list(pool.map(attempt, spokes))
    if not all(done for done, _ in results):
        return False, services.spokes.unwell()
    return True, services.spokes.count_unwell(bucket, sum(unwell for _, unwell in results))


def _sweep_minute(services: Services, bucket: int, remaining: Callable[[], float]) -> None:
    """Sweep the spokes of one minute whose day is over, one after the other, while there is time: others are swept in an hour."""
    for spoke in services.spokes.of_minute(bucket):
        if remaining() < NEEDED_FOR_SWEEP:
            return
        first = daily_sweep.FIRST + timedelta(hours=hour_of(spoke.account, spoke.region))
        closed = spoke.state.text(CLOSED) or spoke.state.time(FIRST_CALLED) is None
        if closed or not daily_sweep.due(spoke.state, services.now(), first):
            continue
        try:
            place = daily_sweep.SweepPlace.of(services, spoke)
            daily_sweep.go_on(services, spoke.state, remaining, place=place)
        except Exception:
            services.counts.add("SpokesFailed")
            services.logger.exception("the sweep of a spoke failed; it goes on in an hour")


def _visit(services: Services, spoke: Spoke) -> HousekeepingState:
    """Send the canary of a spoke, and look at its role, where they are due; return what is noted of it then."""
    now, chores, state = services.now(), services.spokes.chores(spoke), spoke.state
    called = state.time(CANARY_CALLED)
    if called and now - called < EVERY - EARLY:
        return state
    first = state.time(FIRST_CALLED) or now
    if not chores.claim(state, CANARY_CALLED, **{CANARY_CALLED: now, FIRST_CALLED: first}):
        return state
    closed = canary.send_in(services, spoke.account, spoke.region)
    if closed != (state.text(CLOSED) or ""):
        chores.note(**{CLOSED: closed or None})
    is_own = spoke.account == services.settings.account  # which needs no look-up role
    if not closed and not is_own and _is_due(state.time(LOOKED_AT), now):
        _look_at_role(services, spoke)
    return chores.read()


def _is_due(last: datetime | None, now: datetime) -> bool:
    return last is None or now - last >= DAY - HOUR


def _look_at_role(services: Services, spoke: Spoke) -> None:
    """Note whom the look-up role of a spoke trusts, and the version of the spoke in its Region."""
    settings = services.settings
    try:
        client = services.accounts.client(spoke.account) or services.client
    except NoSession:
        return
    role = settings.hub.look_up_role if settings.hub else ""
    found = look_at_role(
        client("iam", settings.region), role, settings.account, settings.own_role_arn
    )
    version = found.version
    try:
        version = version_of_rule(client("events", spoke.region), FAILURE_RULE) or version
    except (ClientError, BotoCoreError):
        services.counts.add("SpokeRulesUnseen")  # the canary tells whether the rule works
    chores, now = services.spokes.chores(spoke), services.now()
    if found.unseen:
        chores.note(**{LOOKED_AT: now, TRUST: None, VERSION: None})
    else:
        chores.note(**{LOOKED_AT: now, TRUST: found.problem or None, VERSION: version or "none"})


def list_accounts(
    services: Services, state: HousekeepingState, remaining: Callable[[], float]
) -> None:
    """Once a day, some pages a minute: note every account of the organisation in every Region where a spoke is expected."""
    settings, housekeeping, now = services.settings, services.housekeeping, services.now()
    began, done = state.time(LIST_BEGAN), state.time(LIST_DONE)
    if services.directory is None or settings.hub is None:
        return
    if (not began and done and now - done < DAY) or remaining() < NEEDED:
        return
    if not housekeeping.claim(state, LIST_BEGAN, **{LIST_BEGAN: now}):
        return
    token, regions = state.text(LIST_TOKEN) or "", settings.hub.regions or (settings.region,)
    for _ in range(PAGES):
        try:
            accounts, token = services.directory.page(token)
        except (ClientError, BotoCoreError):
            services.counts.add("AccountsUnread")
            services.logger.exception("the accounts of the organisation could not be listed")
            token = ""
            break
        _expect(services, accounts, regions)
        if not token or remaining() < NEEDED:
            break
    ended = {LIST_TOKEN: None, LIST_DONE: services.now(), LIST_BEGAN: None}
    housekeeping.note(**{LIST_TOKEN: token} if token else ended)


def _expect(services: Services, accounts: Iterable[str], regions: Iterable[str]) -> None:
    own = (services.settings.account, services.settings.region)
    places = [(account, region) for account in accounts for region in regions]
    now = services.now()
    with ThreadPoolExecutor(WORKERS) as pool:
        noted = [
            pool.submit(services.spokes.note, account, region, LISTED, now)
            for account, region in places
            if (account, region) != own
        ]
    for one in noted:
        one.result()
