"""Two function instances and the clock over one table, their AWS calls interleaved at random."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition, Thread, current_thread

from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from keywatch.incidents.memory import Memory
from tests.support.examples import examples
from tests.support.world import World, alias_missing, disabled, key_missing
from tests.support.world import world as open_world

OTHER_KEY = "aaaabbbb-12ab-34cd-56ef-1234567890ab"
SUBJECTS = (
    disabled,
    lambda **at: alias_missing("alias/gone", **at),
    lambda **at: key_missing(OTHER_KEY, **at),
)


class Turns:
    """Lets one actor at a time go on, to its next AWS call; a list of numbers decides which."""

    def __init__(self, choices: Iterator[int]) -> None:
        self._choices = choices
        self._changed = Condition()
        self._waiting: set[Thread] = set()
        self._chosen: Thread | None = None

    def before_call(self, service: str, operation: str) -> None:
        with self._changed:
            self._waiting.add(current_thread())
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._chosen is current_thread())
            self._chosen = None
            self._waiting.discard(current_thread())

    def run(self, *actors: Callable[[], None]) -> None:
        threads = [Thread(target=actor, daemon=True) for actor in actors]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            with self._changed:
                self._changed.wait_for(lambda: self._settled(threads), timeout=0.002)
                if self._settled(threads) and self._waiting:
                    ready = sorted(self._waiting, key=threads.index)
                    self._chosen = ready[next(self._choices, 0) % len(ready)]
                    self._changed.notify_all()

    def _settled(self, threads: list[Thread]) -> bool:
        """Tell whether every actor waits for its turn or is done."""
        return self._chosen is None and all(
            thread in self._waiting or not thread.is_alive() for thread in threads
        )


@contextmanager
def quiet_world() -> Iterator[World]:
    with open_world() as world:
        world.kms.add(state="Disabled")
        yield world


@examples(60, suppress_health_check=[HealthCheck.too_slow])
@given(
    first=st.lists(st.integers(0, 2), min_size=1, max_size=3),
    second=st.lists(st.integers(0, 2), min_size=1, max_size=3),
    ticks=st.integers(1, 2),
    choices=st.lists(st.integers(0, 2), max_size=60),
)
def test_every_subject_is_alerted_exactly_once(first, second, ticks, choices):
    with quiet_world() as world:
        # GIVEN two instances with batches of their own, and the clock
        def instance(batches):
            memory = Memory()

            def work():
                for subject in batches:
                    assert world.take(SUBJECTS[subject](at=world.now), memory=memory) == set()

            return work

        def minutes():
            for _ in range(ticks):
                world.tick()

        # WHEN their calls interleave in some way, and later minutes pass
        turns = Turns(iter(choices))
        world.wire.before = turns.before_call
        turns.run(instance(first), instance(second), minutes)
        world.wire.before = lambda service, operation: None
        for _ in range(3):
            world.wait(seconds=91)
            world.tick()
        # THEN every subject that failed was told once, and every failure was counted
        told = Counter(alert["cause"] for alert in world.inbox())
        causes = ("key_disabled", "alias_not_found", "key_not_found")
        assert told == Counter({causes[subject] for subject in (*first, *second)})
        assert sum(int(item["failures"]["N"]) for item in world.incidents()) == len(first) + len(
            second
        )
