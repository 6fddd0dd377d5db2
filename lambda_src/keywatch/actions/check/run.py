"""``check``: can this key be used for cryptography, and if not, why? The same look-ups and diagnosis as an alert's."""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from keywatch.actions.check.answer import KeyAnswer, publish, render
from keywatch.actions.check.judgement import KeyObservation, judge, last_usage
from keywatch.actions.rate_limiter import RateLimiter
from keywatch.actions.requests import is_region
from keywatch.catalogue.states import USABLE_STATES
from keywatch.model.identifiers import Kind, parse
from keywatch.services import Services

SCHEMA = "keywatch.check/1"
MAX_TRIES_TOLD = 60
WORKERS = 8
FIRST_DELAY, LONGEST_DELAY, GROWTH = 1.0, 20.0, 1.7
RESERVE = 25.0  # seconds of the function's time that are kept for the diagnosis after waiting
LAST_USAGE_PER_SECOND = 4  # 5 are allowed (KMS Developer Guide, "Request quotas")


@dataclass(frozen=True, slots=True)
class Request:
    """A valid check request: identifiers as typed, the Region to look in (if any), seconds to wait, whether to publish."""

    keys: tuple[str, ...]
    region: str | None
    wait_seconds: float
    notify: bool

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> "Request":
        """Return the request that validated fields make."""
        keys = fields["key_id"] if isinstance(fields["key_id"], list) else [fields["key_id"]]
        wait, notify = fields.get("wait_seconds", 0), fields.get("notify", False)
        return cls(tuple(dict.fromkeys(keys)), fields.get("region"), float(wait), notify)


@dataclass(slots=True)
class _Watch:
    """One key that is looked at again and again until it can be used: what was seen at each try, and the newest glance."""

    key: str
    region: str
    glance: KeyObservation | None = None
    tries: list[dict[str, object]] = field(default_factory=list)

    @property
    def settled(self) -> bool:
        return bool(self.glance and self.glance.facts and self.glance.facts.state in USABLE_STATES)

    def look(self, services: Services, started: datetime) -> None:
        facts, look = services.lookups.key(self.key, self.region)
        self.glance = KeyObservation(self.key, self.region, facts, look)
        after = round((services.now() - started).total_seconds(), 1)
        self.tries.append(
            {
                "after_seconds": after,
                "saw": facts.state if facts else look.error or look.outcome.value,
            }
        )


def check(
    fields: Mapping[str, Any],
    services: Services,
    context: object = None,
    *,
    sleep: Callable[[float], None] = time.sleep,
    jitter: Callable[[], float] = random.random,
) -> dict[str, Any]:
    """Answer ``{"action": "check"}``."""
    asked = Request.of(fields)
    own = services.settings.region
    watches = [_Watch(key, asked.region or _region_of(key) or own) for key in asked.keys]
    _observe(watches, services, _time_to_wait(asked, context), sleep, jitter)
    pace = RateLimiter(LAST_USAGE_PER_SECOND, sleep=sleep)
    answers = [_conclude(watch, asked, services, pace) for watch in watches]
    tries = (watch.tries[-MAX_TRIES_TOLD:] for watch in watches)
    results = [
        render(a) | ({"tries": t} if asked.wait_seconds else {})
        for a, t in zip(answers, tries, strict=True)
    ]
    return {"schema": SCHEMA, "usable": _all_usable(answers), "results": results}


def _region_of(key: str) -> str | None:
    """Return the Region that an ARN names: where no other was asked for, that is where its key has to be called."""
    identifier = parse(key)
    return (
        identifier.region
        if identifier.kind is not Kind.MALFORMED and is_region(identifier.region)
        else None
    )


def _time_to_wait(asked: Request, context: object) -> float:
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    left = remaining() / 1000 - RESERVE if callable(remaining) else asked.wait_seconds
    return max(0.0, min(asked.wait_seconds, left))


def _observe(
    watches: list[_Watch],
    services: Services,
    wait: float,
    sleep: Callable[[float], None],
    jitter: Callable[[], float],
) -> None:
    """Look at every key until all can be used or the time is up."""
    started = services.now()
    for pause in _pauses(wait, jitter):
        if pause:
            sleep(pause)
        pending = [watch for watch in watches if not watch.settled]
        if len(pending) > 1:
            with ThreadPoolExecutor(min(WORKERS, len(pending))) as pool:
                list(pool.map(lambda watch: watch.look(services, started), pending))
        elif pending:
            pending[0].look(services, started)
        if all(watch.settled for watch in watches) or services.now() - started >= timedelta(
            seconds=wait
        ):
            break


def _pauses(most: float, jitter: Callable[[], float]) -> Iterator[float]:
    """Yield the pauses before each try: none before the first, then growing ones with jitter, ``most`` seconds in all."""
    yield 0
    left, delay = most, FIRST_DELAY
    while left > 0:
        pause = min(left, delay * (0.75 + jitter() / 2))
        left -= pause
        delay = min(delay * GROWTH, LONGEST_DELAY)
        yield pause


def _conclude(watch: _Watch, asked: Request, services: Services, pace: RateLimiter) -> KeyAnswer:
    """Say what the newest glance means, and add what else is to be known about the key."""
    glance = watch.glance
    if glance is None:  # pragma: no cover - the first look has no condition
        raise AssertionError(watch.key)
    answer = judge(glance, services)
    facts = answer.facts
    if facts and facts.account == services.scope.account:
        answer = last_usage(answer, services, pace)
        listed, look = services.lookups.aliases(watch.region)
        names = tuple(alias.name for alias in listed if alias.target == facts.key_id)
        answer = replace(answer, aliases=names).unseen(look)
    return publish(answer, services) if asked.notify and answer.diagnosis else answer


def _all_usable(answers: list[KeyAnswer]) -> bool | None:
    """Return whether all keys can be used: no as soon as one cannot, ``None`` as long as of one that cannot be told."""
    verdicts = {answer.usable for answer in answers}
    return False if False in verdicts else None if None in verdicts else True
