"""The lifecycle against a plain model: two instances and the clock, deaths between any two AWS calls, and all that queues do.

What a rule does may fail, be delivered again, late or in another order, at an instance whose clock
is wrong, over items that another version wrote or that are damaged. After every step the model
says what must hold; in the end, when all works again, everything must have ended and be counted.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from keywatch.model.silence import new_silence
from tests.support.examples import FUZZ
from tests.support.world import Killed, World, alias_missing, disabled, failed, key_arn, key_missing
from tests.support.world import world as open_world
from tests.unit.incidents.plain_model import GONE, MISSING, USABLE, Model, Outage, name_of
from tests.unit.incidents.test_groups import caller, key_id

KEYS = tuple(key_id(number) for number in range(8))
ALIASES = ("alias/one", "alias/two")
NAMES = KEYS + ALIASES
CALLERS = ("app", "app", "app", "app", "app", "app", "app", "other", "other", "other")
SKEWS = (timedelta(), timedelta(seconds=7))
STATES = ("Disabled", "PendingDeletion", GONE)
# What the versions before this one did not write.
NEWER = (
    "names",
    "recent",
    "version",
    "arrived",
    "openings",
    "previous_id",
    "announced_failures",
    "silence",
)
_NAME = st.integers(0, len(NAMES) - 1)
_WHEN = st.sampled_from((None, None, None, *range(26)))
_HOW = st.sampled_from(("before", "after", "lost"))


@dataclass
class Message:
    """What waits in the queue: the failure of one call."""

    name: str
    call: str
    made_at: datetime
    event: dict[str, Any]


class Strike:
    """Lets the function die at one of its AWS calls, before or after it, or loses the answer."""

    def __init__(self, number: int | None, how: str) -> None:
        self.left, self.how, self.struck = number, how, False

    def before(self, _service: str, _operation: str) -> None:
        if self.left is not None and self.how == "before":
            self._count()

    def after(self, _service: str, _operation: str) -> None:
        if self.left is not None and self.how != "before":
            self._count()

    def _count(self) -> None:
        assert self.left is not None
        self.left -= 1
        if self.left == -1:
            self.struck = True
            if self.how == "lost":
                raise ReadTimeoutError(endpoint_url="https://aws.example")
            raise Killed("killed")


class Lifecycle(RuleBasedStateMachine):
    """What may happen to ten keys and aliases, and to the function that watches them."""

    @initialize(first=_NAME, count=st.sampled_from((1, 2, 8)), state=st.sampled_from(STATES))
    def begin(self, first: int, count: int, state: str) -> None:
        self.stack = ExitStack()
        self.world: World = self.stack.enter_context(open_world())
        self.instances = [self.world.another(skew) for skew in SKEWS]
        self.model = Model({name: Outage() for name in NAMES})
        self.queue: list[Message] = []
        self.seen: list[Message] = []
        self.serial = 0
        for key in KEYS:
            self.world.kms.add(key)
        for alias in ALIASES:
            self.world.kms.alias_targets[alias] = KEYS[0]
        self.breaks(first, count, state)

    # --- what happens in the account -------------------------------------------------------------

    @rule(first=_NAME, count=st.sampled_from((1, 1, 2, 8)), state=st.sampled_from(STATES))
    def breaks(self, first: int, count: int, state: str) -> None:
        """Let some keys or aliases break; a call fails for each of them."""
        for number in range(first, first + count):
            self._break(NAMES[number % len(NAMES)], state)
            self._fails(NAMES[number % len(NAMES)])

    def _break(self, name: str, state: str) -> None:
        if name in ALIASES:
            state = MISSING
            self.world.kms.alias_targets.pop(name, None)
        elif state == GONE:
            self.world.kms.keys.pop(name, None)
        else:
            self.world.kms.add(name, state)
        outage = self.model.outages[name]
        outage.state, outage.since = state, outage.since or self.world.now

    @rule(first=_NAME, count=st.sampled_from((1, 2, 10)))
    def works_again(self, first: int, count: int) -> None:
        for number in range(first, first + count):
            self._heal(NAMES[number % len(NAMES)])

    def _heal(self, name: str) -> None:
        if name in ALIASES:
            self.world.kms.alias_targets[name] = KEYS[0]
        else:
            self.world.kms.add(name)
        outage = self.model.outages[name]
        outage.state, outage.since = USABLE, None

    @rule(times=st.integers(1, 3), ahead=st.sampled_from((0, 0, 20)))
    def calls(self, times: int, ahead: int) -> None:
        """Let calls be made for everything: those for what is broken fail, at a time that may be ahead of ours."""
        for name in NAMES * times:
            if self.model.outages[name].broken:
                self._fails(name, ahead)

    def _fails(self, name: str, ahead: int = 0) -> None:
        self.serial += 1
        call = f"call-{self.serial}"
        fields: dict[str, Any] = {
            "at": self.world.now + timedelta(seconds=ahead),
            "requestID": call,
            **caller(CALLERS[NAMES.index(name)]),
        }
        self.model.outages[name].calls.add(call)
        self.queue.append(Message(name, call, self.world.now, self._event(name, fields)))

    def _event(self, name: str, fields: dict[str, Any]) -> dict[str, Any]:
        state = self.model.outages[name].state
        if name in ALIASES:
            return alias_missing(name, **fields)
        if state == GONE:
            return key_missing(name, **fields)
        if state == "Disabled":
            return disabled(name, **fields)
        said = f"{key_arn(name)} is pending deletion."
        return failed("KMSInvalidStateException", said, name, **fields)

    # --- what people ask for ---------------------------------------------------------------------

    @rule(number=_NAME, minutes=st.sampled_from((5, 60, 240)))
    def is_silenced(self, number: int, minutes: int) -> None:
        """Let somebody silence a key or alias for a while."""
        name, now = NAMES[number], self.world.now
        until = now + timedelta(minutes=minutes)
        silence = new_silence({"key": name}, "a test", now, until)
        self.instances[number % 2].services.silences.add(silence)
        self.model.silences.append((name, now, until))

    @precondition(lambda self: self.model.silences)
    @rule(number=st.integers(0, 9))
    def silence_is_ended(self, number: int) -> None:
        """Let somebody end a silence before its time."""
        services = self.instances[number % 2].services
        for silence in services.silences.active(self.world.now):
            services.silences.end(silence, self.world.now)
        self.model.silences.clear()

    # --- what the function does ------------------------------------------------------------------

    @precondition(lambda self: self.queue)
    @rule(
        which=st.integers(0, 1),
        strike=_WHEN,
        how=_HOW,
        order=st.sampled_from((0, 0, 1, 2)),
        part=st.booleans(),
        again=st.booleans(),
    )
    def delivers(
        self, which: int, strike: int | None, how: str, order: int, *, part: bool, again: bool
    ) -> None:
        """Deliver all messages or a part, in some order, perhaps with some that came before; perhaps the function dies."""
        batch = self.seen[-3:] + self.queue if again else list(self.queue)
        Random(order).shuffle(batch)
        batch = batch[: len(batch) // 2 + 1] if part else batch
        instance = self.instances[which]

        def take() -> set[str]:
            return instance.take(*(message.event for message in batch))

        failed = self._run(which, take, strike, how)
        if failed is None:
            return
        done = [message for place, message in enumerate(batch) if str(place) not in failed]
        for message in done:
            taken = self.model.outages[message.name].taken
            taken[message.call] = message.made_at
        self.queue = [message for message in self.queue if message not in done]
        self.seen += [message for message in done if message not in self.seen]

    @rule(
        seconds=st.sampled_from((1, 20, 35, 61, 95, 200, 700, 4000)),
        times=st.integers(1, 3),
        which=st.integers(0, 1),
        strike=_WHEN,
        how=_HOW,
    )
    def time_passes(
        self, seconds: int, times: int, which: int, strike: int | None, how: str
    ) -> None:
        """Let time pass, and the clock come after each part of it."""
        for _ in range(times):
            self.world.wait(seconds=seconds)
            self._run(which, self.instances[which].tick, strike, how)

    def _run(self, which: int, work: Callable[[], Any], strike: int | None, how: str) -> Any:
        """Run one invocation; ``None`` where it died. What it told people is taken note of."""
        fault = Strike(strike, how)
        self.world.wire.before, self.world.wire.after = fault.before, fault.after
        try:
            return work()
        except (Killed, ClientError, BotoCoreError):
            self.instances[which] = self.world.another(SKEWS[which])
            return None
        finally:
            self.world.wire.before = self.world.wire.after = lambda service, operation: None
            self.model.crashes += fault.struck
            counts = self.instances[which].counted()
            self.model.lost_counts += (
                counts.get("CountsLost", 0) + counts.get("AlertsSent", 0) * fault.struck
            )
            self.model.hear(self.world.inbox(), self.world.now)

    # --- what other versions and accidents do ----------------------------------------------------

    @rule(
        number=_NAME,
        what=st.sampled_from(("another container", "older", "newer", "status", "first_seen")),
    )
    def accident(self, number: int, what: str) -> None:
        """Replace a container; or let another version write an item, or an attribute be lost."""
        if what == "another container":
            self.instances[number % 2] = self.world.another(SKEWS[number % 2])
            return
        for item in self._items():
            if name_of(item) == NAMES[number]:
                self._spoil(item, what)
                self.world.table.put_item(TableName="incidents", Item=item)

    def _spoil(self, item: dict[str, Any], what: str) -> None:
        if what == "newer":
            item["hints"] = {"M": {"depth": {"N": "3"}}}
            return
        for attribute in NEWER if what == "older" else (what,):
            item.pop(attribute, None)
        self.model.outages[name_of(item)].damaged = True  # its counts say nothing any more

    def _items(self) -> list[dict[str, Any]]:
        return [dict(item) for item in self.world.incidents()]

    def _groups(self) -> dict[str, dict[str, Any]]:
        items = self.world.table.scan(TableName="incidents", ConsistentRead=True)["Items"]
        return {item["group_id"]["S"]: item for item in items if item["item"]["S"] == "group"}

    # --- what must hold --------------------------------------------------------------------------

    @invariant()
    def what_must_hold(self) -> None:
        if hasattr(self, "model"):
            self.model.see(self.world.incidents(), self._groups(), self.world.now)

    def teardown(self) -> None:
        """Let everything work again, and hours pass: all must end, and every call that was taken be counted."""
        if not hasattr(self, "model"):
            return
        while self.queue:
            self._deliver_all()
        for name in NAMES:
            self._heal(name)
        for minutes in (2,) * 8 + (20,) * 6 + (60,) * 12:
            self.world.wait(minutes=minutes)
            self._run(0, self.instances[0].tick, None, "before")
            self.what_must_hold()
        self.model.settled(self.world.incidents())
        self.stack.close()

    def _deliver_all(self) -> None:
        batch, self.queue = self.queue, []
        failed = self.instances[0].take(*(message.event for message in batch))
        assert failed == set()
        for message in batch:
            self.model.outages[message.name].taken[message.call] = message.made_at
        self.model.hear(self.world.inbox(), self.world.now)


_FUZZING = settings.get_current_profile_name() == FUZZ
Lifecycle.TestCase.settings = settings(
    max_examples=3_000 if _FUZZING else 40,
    # To make a failing example smaller takes minutes: that is for fuzzing.
    phases=tuple(Phase) if _FUZZING else (Phase.explicit, Phase.generate),
    stateful_step_count=50,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.data_too_large,
    ],
)
test_the_lifecycle_keeps_its_promises_whatever_happens = Lifecycle.TestCase
