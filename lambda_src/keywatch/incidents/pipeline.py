"""The one way: signals in, alerts out.

Changes go to the ledger first, so that the failures of the same batch can name them. Failures are
grouped by subject: a batch costs each subject at most two writes and, for a new incident only, one
set of look-ups. Whatever fails for one subject fails only the messages of that subject; they stay
in the queue.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Lock
from typing import TypeVar, cast

from keywatch.incidents import changes, digests, failures, without_table
from keywatch.incidents.copies import joined
from keywatch.incidents.key_stores import of_their_stores
from keywatch.incidents.memory import Memory
from keywatch.model.incident import FailureBatch
from keywatch.model.signals import KeyChange, KeyFailure, Signal, Unrelated
from keywatch.services import Services

T = TypeVar("T")
R = TypeVar("R")

WORKERS = 8
NOT_IN_ORGANIZATION = "not_in_organization"
RESERVE = 8.0  # seconds: what is not begun by then is left in the queue


def in_parallel(work: Callable[[T], R], items: Iterable[T], workers: int) -> list[R]:
    """Return what ``work`` returns for each item, in any order; so many threads take one item after the other.

    An executor's ``map`` makes a future for each item: of thousands they take longer than the items.
    """
    waiting, lock, none = iter(items), Lock(), object()

    def take() -> object:
        with lock:
            return next(waiting, none)

    def one_after_the_other() -> list[R]:
        return [work(cast("T", item)) for item in iter(take, none)]

    with ThreadPoolExecutor(workers) as pool:
        running = [pool.submit(one_after_the_other) for _ in range(workers)]
        return [result for thread in running for result in thread.result()]


def in_turn(batches: Iterable[FailureBatch]) -> list[FailureBatch]:
    """Return subjects such that callers take turns: whoever breaks many does not delay what breaks for others."""
    so_far: Counter[str] = Counter()
    turns = []
    for batch in batches:
        caller = batch.latest_failure.caller.principal
        turns.append((so_far[caller], batch))
        so_far[caller] += 1
    return [batch for _, batch in sorted(turns, key=lambda turn: turn[0])]


class Pipeline:
    """Processes the signals of a batch.

    So many ``workers`` handle subjects at once; one worker makes its calls in the same order every time.
    """

    def __init__(
        self, services: Services, memory: Memory | None = None, workers: int = WORKERS
    ) -> None:
        self._services = services
        self._memory = memory or Memory()
        self._workers = workers

    def process(
        self, signals: Iterable[tuple[str, Signal]], remaining: Callable[[], float] = lambda: 60.0
    ) -> set[str]:
        """Handle ``(message id, signal)`` pairs; return the ids of the messages that must be delivered again.

        ``remaining`` tells the seconds left before the function's time is up.
        """
        services, memory = self._services, self._memory
        found = _sorted(signals, services, memory)
        if found.batches or found.changes:
            services.silences.current(services.now())  # once, and not by each worker
        failed = self._each(
            found.changes,
            lambda pair: changes.handle(services, memory, pair[1]),
            lambda pair: (pair[0],),
            remaining,
        )
        try:
            failed |= self._each(
                in_turn(found.batches),
                lambda batch: failures.handle(services, memory, batch),
                lambda batch: batch.messages,
                remaining,
            )
            return failed | (without_table.tell_rest(services, memory) if memory.waiting else set())
        finally:
            failures.count_what_waits(services, memory, lambda: remaining() >= RESERVE)
            digests.add_up(services)

    def _each(
        self,
        items: Sequence[T],
        work: Callable[[T], None],
        messages: Callable[[T], Iterable[str]],
        remaining: Callable[[], float],
    ) -> set[str]:
        """Work on every item, several at once; return the messages of those that failed or for which time ran out."""

        def attempt(item: T) -> Iterable[str]:
            if remaining() < RESERVE:
                self._services.counts.add("OutOfTime")
                return messages(item)
            try:
                work(item)
            except Exception:
                self._services.counts.add("SubjectsFailed")
                self._services.logger.exception("a subject failed; its messages stay in the queue")
                return messages(item)
            return ()

        workers = min(self._workers, len(items))
        if workers < 2:  # noqa: PLR2004 - a pool of one is waste
            return {message for item in items for message in attempt(item)}
        return {message for failed in in_parallel(attempt, items, workers) for message in failed}


@dataclass(frozen=True, slots=True)
class _Sorted:
    """Failures by subject, and changes, each change with the id of the message that it came in."""

    batches: list[FailureBatch]
    changes: list[tuple[str, KeyChange]]


def _sorted(signals: Iterable[tuple[str, Signal]], services: Services, memory: Memory) -> _Sorted:
    """Return what there is to handle in ``(message id, signal)`` pairs."""
    failures: list[tuple[str, KeyFailure]] = []
    changes: dict[tuple[object, ...], tuple[str, KeyChange]] = {}
    ignored: Counter[str] = Counter()
    for message, signal in signals:
        if _is_strangers(signal, services):
            ignored[NOT_IN_ORGANIZATION] += 1
        elif isinstance(signal, KeyFailure):
            failures.append((message, signal))
        elif isinstance(signal, KeyChange):
            changes[signal.event_id, signal.what, signal.time, signal.subjects] = (message, signal)
        else:
            ignored[signal.reason] += 1
    for reason, count in ignored.items():
        services.counts.add(f"Ignored.{reason}", count)
    told = joined(failures) if services.settings.hub else failures
    batches = _by_subject(of_their_stores(services, memory, told), services)
    services.counts.add("Failures", sum(batch.count for batch in batches))
    return _Sorted(batches, list(changes.values()))


def _is_strangers(signal: Signal, services: Services) -> bool:
    """Tell whether an account that is not in the organisation recorded it, as far as its accounts may be read."""
    account = None if isinstance(signal, Unrelated) else signal.recorded_in
    if account in {None, services.settings.account} or services.directory is None:
        return False
    return services.directory.is_stranger(str(account))


def _by_subject(
    failures: Iterable[tuple[str, KeyFailure]], services: Services
) -> list[FailureBatch]:
    """Return the failures that are not ignored, one batch for each subject. No failure is later than now."""
    batches: dict[str, FailureBatch] = {}
    seen: set[tuple[str, str]] = set()
    now = services.now()
    for message, failure in failures:
        subject, event = failure.subject, (failure.subject.replayed, failure.event_id)
        if services.ignorer.ignores(failure):
            services.counts.add("FailuresIgnored")
        elif failure.event_id and event in seen:
            services.counts.add("Duplicates")
        else:
            seen.add(event)
            timely = failure if failure.time <= now else replace(failure, time=now)
            batch = batches.get(subject.id)
            if batch is None:
                batch = batches[subject.id] = FailureBatch(timely)
            if not batch.add(timely, message):
                services.counts.add("Duplicates")
    return list(batches.values())
