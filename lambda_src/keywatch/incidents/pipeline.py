"""The one way: signals in, alerts out.

Changes go to the ledger first, so that the failures of the same batch can name them. Failures are
grouped by subject: a batch costs each subject at most two writes and, for a new incident only, one
set of look-ups. Whatever fails for one subject fails only the messages of that subject; they stay
in the queue.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from keywatch.incidents import changes, digests, failures, without_table
from keywatch.incidents.memory import Memory
from keywatch.incidents.sorting import sort
from keywatch.model.incident import FailureBatch
from keywatch.model.signals import Signal
from keywatch.services import Services

T = TypeVar("T")

WORKERS = 8
RESERVE = 8.0  # seconds: what is not begun by then is left in the queue


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
        found = sort(signals, services)
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
        with ThreadPoolExecutor(workers) as pool:
            return {message for failed in pool.map(attempt, items) for message in failed}
