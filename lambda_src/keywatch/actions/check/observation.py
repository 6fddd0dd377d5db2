"""Looking at keys, again and again where somebody wants to wait until all can be used."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from keywatch.catalogue.states import USABLE_STATES
from keywatch.model.evidence import KeyFacts, LookupResult
from keywatch.services import Services

WORKERS = 8
FIRST_DELAY, LONGEST_DELAY, GROWTH = 1.0, 20.0, 1.7


@dataclass(frozen=True, slots=True)
class KeyObservation:
    """One DescribeKey: what was asked for, where, and what came back; ``account`` is the one that was looked from."""

    key: str
    region: str
    facts: KeyFacts | None
    result: LookupResult
    account: str = ""


@dataclass(slots=True)
class ObservedKey:
    """One key that is looked at until it can be used: what each try saw, and the newest observation."""

    key: str
    region: str
    account: str
    newest: KeyObservation | None = None
    tries: list[dict[str, object]] = field(default_factory=list)

    @property
    def settled(self) -> bool:
        """Tell whether the key can be used, as far as its own state goes."""
        return bool(self.newest and self.newest.facts and self.newest.facts.state in USABLE_STATES)

    def observe(self, services: Services, started: datetime) -> None:
        """Describe the key once more."""
        facts, result = services.accounts.look_ups(self.account).key(self.key, self.region)
        self.newest = KeyObservation(self.key, self.region, facts, result, self.account)
        after = round((services.now() - started).total_seconds(), 1)
        saw = facts.state if facts else result.error or result.outcome.value
        self.tries.append({"after_seconds": after, "saw": saw})


def observe_all(
    keys: list[ObservedKey],
    services: Services,
    wait_seconds: float,
    sleep: Callable[[float], None],
    jitter: Callable[[], float],
) -> None:
    """Look at every key until all can be used or the time is up; at least once."""
    started = services.now()
    until = started + timedelta(seconds=wait_seconds)
    for pause in _pauses(wait_seconds, jitter):
        if pause:
            sleep(pause)
        _observe([key for key in keys if not key.settled], services, started)
        if all(key.settled for key in keys) or services.now() >= until:
            break


def _observe(pending: list[ObservedKey], services: Services, started: datetime) -> None:
    if len(pending) == 1:  # a pool of one is waste
        pending[0].observe(services, started)
    elif pending:
        with ThreadPoolExecutor(min(WORKERS, len(pending))) as pool:
            list(pool.map(lambda key: key.observe(services, started), pending))


def _pauses(most: float, jitter: Callable[[], float]) -> Iterator[float]:
    """Yield the pauses before each try: none before the first, then growing ones with jitter, ``most`` seconds in all."""
    yield 0
    left, delay = most, FIRST_DELAY
    while left > 0:
        pause = min(left, delay * (0.75 + jitter() / 2))
        left -= pause
        delay = min(delay * GROWTH, LONGEST_DELAY)
        yield pause
