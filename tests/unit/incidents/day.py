"""A day of an account in a minute: keys that break, flap and heal, services that are down, deployments; all by a seed.

What is true is known at every moment, so that all that people were told and all that was counted
can be compared with it. Nothing here asserts: ``live`` returns the figures of the day.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.support.world import Killed, World, aws_error, disabled
from tests.support.world import world as open_world
from tests.unit.incidents.plain_model import name_in, name_of
from tests.unit.incidents.test_groups import caller, key_id

MINUTES = 24 * 60
SNS_DOWN = ((200, 225), (900, 918))  # minutes of the day
THROTTLED = (600, 660)
ATTEMPTS_THAT_FAIL = 0.5  # of three that botocore makes for a call
# Three deployments; each replaces all containers. The second writes more than this version knows, the third goes back.
DEPLOYED, NEWER, BACK = 360, 780, 1080
LATEST_MINUTE = 3
QUIET_AT_THE_END = 8 * 60


@dataclass(frozen=True)
class Outage:
    """One key is broken from one minute of the day to another; ``flaps``: it is one of several in a row."""

    key: str
    begin: int
    end: int
    flaps: bool = False


@dataclass
class Figures:
    """What a day came to."""

    keys: int
    outages: int
    calls_failed: int = 0
    counted: int = 0
    deliveries: int = 0
    redelivered: int = 0
    crashes: int = 0
    messages: Counter[str] = field(default_factory=Counter)
    lost_alerts: list[Outage] = field(default_factory=list)
    latest_alert_minutes: int = 0
    opened_twice: int = 0
    without_table: int = 0
    open_at_the_end: int = 0
    wrong_counts: dict[str, tuple[int, int]] = field(default_factory=dict)
    aws_calls: Counter[str] = field(default_factory=Counter)

    def rows(self) -> list[tuple[str, str]]:
        """Return the figures as a table."""
        look_ups = sum(
            n for service, n in self.aws_calls.items() if service not in {"dynamodb", "sns"}
        )
        return [
            ("keys", f"{self.keys:,}"),
            ("outages", f"{self.outages:,}"),
            ("calls that failed", f"{self.calls_failed:,}"),
            ("counted", f"{self.counted:,}"),
            ("keys with a wrong count", f"{len(self.wrong_counts):,}"),
            ("deliveries, of them again", f"{self.deliveries:,}, {self.redelivered:,}"),
            ("messages", ", ".join(f"{name} {n:,}" for name, n in sorted(self.messages.items()))),
            ("outages that nobody was told of", f"{len(self.lost_alerts):,}"),
            (
                "longest from the first failure to its message",
                f"{self.latest_alert_minutes} minutes",
            ),
            ("deaths of the function", f"{self.crashes:,}"),
            ("opened twice", f"{self.opened_twice:,}"),
            ("sent while the table did not answer", f"{self.without_table:,}"),
            ("open after a quiet night", f"{self.open_at_the_end:,}"),
            ("AWS calls: table, look-ups", f"{self.aws_calls['dynamodb']:,}, {look_ups:,}"),
        ]


def plan(keys: int, random: Random) -> list[Outage]:
    """Return the outages of a day: most keys break once or twice, one in eight flaps, one in ten breaks with others."""
    outages = []
    together = random.randrange(300, 500)
    for number in range(keys):
        name = key_id(number)
        if number % 10 == 0:
            outages.append(Outage(name, together, together + 90))
        elif number % 8 == 0:
            begin = random.randrange(30, MINUTES - 300)
            outages += [
                Outage(name, at, at + 8, flaps=True) for at in range(begin, begin + 200, 24)
            ]
        else:
            begin = random.randrange(10, MINUTES - 200)
            outages.append(Outage(name, begin, begin + random.choice((5, 20, 60, 150))))
            if number % 3 == 0 and begin > MINUTES // 2:
                outages.append(Outage(name, begin // 3, begin // 3 + 40))
    return outages


@dataclass
class _Message:
    key: str
    call: str
    at: int
    event: dict[str, Any]
    visible: int


class Day:
    """One run of a day over ``keys`` keys."""

    def __init__(self, world: World, keys: int, seed: int) -> None:
        self.world, self.random = world, Random(seed)
        self.outages = plan(keys, self.random)
        self.figures = Figures(keys, len(self.outages))
        self.instances = [world.another() for _ in range(2)]
        self.queue: list[_Message] = []
        self.minute = 0
        self.truth: defaultdict[str, set[str]] = defaultdict(set)
        self.first_failure: dict[Outage, int] = {}
        self.told: defaultdict[str, list[int]] = defaultdict(list)
        self.ended: defaultdict[str, list[int]] = defaultdict(list)
        self.opened: Counter[str] = Counter()
        self.counts: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self.dies_at: int | None = None
        world.wire.before = self._before
        for number in range(keys):
            world.kms.add(key_id(number))

    def live(self) -> Figures:
        """Let the day pass, and a quiet night after it."""
        for self.minute in range(MINUTES):
            self._deploy()
            self._keys_change()
            self._calls()
            self._deliver()
            self._tick()
            self._look()
            self.world.wait(minutes=1)
        for self.minute in range(MINUTES, MINUTES + QUIET_AT_THE_END, 5):
            self._keys_change()
            self._deliver()
            self._tick()
            self._look()
            self.world.wait(minutes=5)
        return self._count_up()

    def _deploy(self) -> None:
        if self.minute in {DEPLOYED, NEWER, BACK}:
            self.instances = [self.world.another() for _ in range(2)]
        if NEWER <= self.minute < BACK and self.minute % 10 == 0:
            for item in self.world.incidents():
                more = {"hints": {"M": {"depth": {"N": "3"}}}, "owner": {"S": "team-a"}}
                self.world.table.put_item(TableName="incidents", Item=item | more)

    def _keys_change(self) -> None:
        for outage in self.outages:
            if self.minute == outage.begin:
                self.world.kms.add(outage.key, "Disabled")
            elif outage.end <= self.minute < outage.end + 5:
                self.world.kms.add(outage.key)

    def _calls(self) -> None:
        for outage in self.outages:
            if outage.begin <= self.minute < outage.end and (
                self.minute == outage.begin or self.random.random() < 0.4
            ):
                self._fails(outage)

    def _fails(self, outage: Outage) -> None:
        call = f"call-{outage.key}-{self.minute}"
        self.truth[outage.key].add(call)
        number = int(outage.key[:8], 16)
        name = "the-deployment" if number % 10 == 0 else f"app-{number}"
        event = disabled(outage.key, at=self.world.now, requestID=call, **caller(name))
        visible = self.minute + self.random.randrange(LATEST_MINUTE)
        self.queue.append(_Message(outage.key, call, self.minute, event, visible))
        self.first_failure.setdefault(outage, visible)

    def _deliver(self) -> None:
        ready = [message for message in self.queue if message.visible <= self.minute]
        self.random.shuffle(ready)
        for which, instance in enumerate(self.instances):
            batch = ready[which::2]
            if not batch:
                continue
            failed = self._run(which, lambda i=instance, b=batch: i.take(*(m.event for m in b)))
            self.figures.deliveries += len(batch)
            done = {
                id(message)
                for place, message in enumerate(batch)
                if failed is not None and str(place) not in failed
            }
            for message in batch:
                if id(message) not in done:
                    message.visible = self.minute + 2
                    self.figures.redelivered += 1
            again = [m for m in batch if id(m) in done and self.random.random() < 0.05]
            for message in again:
                message.visible = self.minute + self.random.randrange(1, 30)
                self.figures.redelivered += 1
                done.discard(id(message))
            self.queue = [message for message in self.queue if id(message) not in done]

    def _tick(self) -> None:
        self._run(0, self.instances[0].tick)

    def _run(self, which: int, work: Any) -> Any:
        """Run an invocation; ``None`` where it died."""
        if self.random.random() < 0.01:
            self.dies_at = self.random.randrange(1, 40)
        try:
            return work()
        except Killed:
            self.figures.crashes += 1
            self.instances[which] = self.world.another()
            return None
        except Exception:  # noqa: BLE001 - what an invocation raises Lambda tries again
            return None
        finally:
            self.dies_at = None
            self._hear()

    def _before(self, service: str, operation: str) -> None:
        self.figures.aws_calls[service] += 1
        if self.dies_at is not None:
            self.dies_at -= 1
            if self.dies_at == 0:
                raise Killed("killed")
        if service == "sns" and any(begin <= self.minute < end for begin, end in SNS_DOWN):
            raise aws_error("InternalError", operation=operation)
        throttled = THROTTLED[0] <= self.minute < THROTTLED[1]
        if service == "dynamodb" and throttled and self.random.random() < ATTEMPTS_THAT_FAIL**3:
            raise aws_error("ProvisionedThroughputExceededException", operation=operation)

    def _hear(self) -> None:
        for alert in self.world.inbox():
            members = alert.get("group", {}).get("members", ())
            kind = (
                f"{alert['status']} of a group"
                if "group" in alert and alert["status"] != "group"
                else alert["status"]
            )
            self.figures.messages[kind] += 1
            for name in members:
                self.told[name].append(self.minute)
            if "group" not in alert:
                self._hear_one(alert)

    def _hear_one(self, alert: dict[str, Any]) -> None:
        if alert["status"] == "resolved":
            self.ended[name_in(alert)].append(self.minute)
            return
        self.told[name_in(alert)].append(self.minute)
        if any("could not reach its incident table" in note for note in alert["notes"]):
            self.figures.without_table += 1
        elif alert["status"] == "opened":
            self.opened[alert["incident_id"]] += 1

    def _look(self) -> None:
        for item in self.world.incidents():
            self.counts[name_of(item)][item["incident_id"]["S"]] = int(item["failures"]["N"])

    def _count_up(self) -> Figures:
        figures = self.figures
        figures.calls_failed = sum(map(len, self.truth.values()))
        figures.counted = sum(sum(by_id.values()) for by_id in self.counts.values())
        figures.opened_twice = sum(self.opened.values()) - len(self.opened)
        for key, calls in self.truth.items():
            counted = sum(self.counts[key].values())
            if counted != len(calls):
                figures.wrong_counts[key] = (counted, len(calls))
        live = {"new", "held", "muted", "open"}
        figures.open_at_the_end = sum(i["status"]["S"] in live for i in self.world.incidents())
        for outage, first in self.first_failure.items():
            self._was_told(outage, first)
        return figures

    def _was_told(self, outage: Outage, first: int) -> None:
        """Find the message that told of an outage: one after it began, or one before of what people still took for broken."""
        later = [at for at in self.told[outage.key] if at >= first]
        before = [at for at in self.told[outage.key] if at < first]
        known = before and not any(max(before) < at <= first for at in self.ended[outage.key])
        if known:
            return
        over = outage.end - outage.begin <= LATEST_MINUTE + 5  # it may be over when it is looked at
        if not later and not over:
            self.figures.lost_alerts.append(outage)
        elif later:
            self.figures.latest_alert_minutes = max(
                self.figures.latest_alert_minutes, min(later) - first
            )


def live(keys: int, seed: int = 1) -> Figures:
    """Return the figures of a day of so many keys."""
    with _unlogged(), open_world() as world:
        return Day(world, keys, seed).live()


@contextmanager
def _unlogged() -> Iterator[None]:
    """Let a day of outages log nothing, and the tests that follow as before."""
    logger = logging.getLogger("keywatch.tests")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
