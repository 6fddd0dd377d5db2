"""Every AWS call of the pipeline fails in every way, and the function dies between any two calls: no alert is lost.

The matrix is derived from the calls that a run without faults makes, so a new call cannot escape
it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pytest
from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError

from tests.support.world import (
    Killed,
    World,
    alias_missing,
    aws_error,
    changed,
    disabled,
    key_missing,
)
from tests.support.world import world as open_world
from tests.unit.incidents.test_groups import key_id

FAULTS: dict[str, Callable[[], BaseException]] = {
    "throttled": lambda: aws_error("ThrottlingException", "Rate exceeded"),
    "denied": lambda: aws_error("AccessDeniedException", "not today"),
    "5xx": lambda: aws_error("InternalServerError", "try again"),
    "timeout": lambda: ReadTimeoutError(endpoint_url="https://aws.example"),
    "killed before": lambda: Killed("killed"),
    "killed after": lambda: Killed("killed"),
    "answered, and the answer lost": lambda: ReadTimeoutError(endpoint_url="https://aws.example"),
}
AFTER = {"killed after", "answered, and the answer lost"}
OTHER_KEY = "aaaabbbb-12ab-34cd-56ef-1234567890ab"


@dataclass(frozen=True)
class Scenario:
    """What is prepared without faults, what runs with one, and what people must hear of (a cause, or either of two)."""

    prepare: Callable[[World], None]
    events: Callable[[World], list[dict]]
    expect: tuple[str, ...]


def _nothing(world: World) -> None:
    world.kms.add(state="Disabled")


def _open_incident(world: World) -> None:
    world.kms.add(state="Disabled")
    world.take(disabled())


def _held_incident(world: World) -> None:
    world.take(changed("CreateKey", key=OTHER_KEY), key_missing(OTHER_KEY))
    world.wait(minutes=6)


SCENARIOS = {
    "an incident opens": Scenario(
        _nothing,
        lambda world: [disabled(), disabled(), alias_missing("alias/gone")],
        ("key_disabled", "alias_not_found"),
    ),
    "an incident goes on": Scenario(
        _open_incident, lambda world: [disabled(), disabled()], ("key_disabled",)
    ),
    "a change warns": Scenario(
        _nothing, lambda world: [changed("DisableKey", at=world.now)], ("key_disabled",)
    ),
    "a held incident lasts": Scenario(
        _held_incident,
        lambda world: [key_missing(OTHER_KEY, at=world.now)],
        ("not_yet_visible|key_not_found",),
    ),
}


def run(world: World, scenario: Scenario) -> None:
    """Deliver the events as SQS would: again and again until they are taken; the clock passes every minute."""
    waiting = scenario.events(world)
    for _ in range(8):
        try:
            failed = world.take(*waiting) if waiting else set()
            waiting = [event for number, event in enumerate(waiting) if str(number) in failed]
        except Killed:
            world.cold_start()
        try:
            world.tick()
        except (
            Killed,
            ClientError,
            BotoCoreError,
        ):  # a failed invocation: Lambda counts it, the next minute comes
            world.cold_start()
        world.wait(seconds=61)


@cache
def calls_of(name: str) -> tuple[tuple[str, str], ...]:
    """Return the AWS calls of a scenario that nothing disturbs."""
    with open_world() as world:
        scenario = SCENARIOS[name]
        scenario.prepare(world)
        world.wire.calls.clear()
        run(world, scenario)
        return tuple(world.wire.calls)


class OneFault:
    """Makes the n-th call fail in one way; all other calls go through."""

    def __init__(self, number: int, fault: str) -> None:
        self.left, self.fault = number, fault
        self.struck = False

    def before(self, service: str, operation: str) -> None:
        self.left -= 1
        if self.fault not in AFTER:
            self._strike()

    def after(self, service: str, operation: str) -> None:
        if self.fault in AFTER:
            self._strike()

    def _strike(self) -> None:
        if self.left == -1 and not self.struck:
            self.struck = True
            raise FAULTS[self.fault]()  # noqa: RSE102 - the table holds factories


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", SCENARIOS)
def test_no_alert_is_lost_whatever_fails_wherever(name, fault):
    scenario = SCENARIOS[name]
    for number, call in enumerate(calls_of(name)):
        with open_world() as world:
            # GIVEN a scenario, and one call in it that fails in one way
            scenario.prepare(world)
            failures_before = sum(int(item["failures"]["N"]) for item in world.incidents())
            strike = OneFault(number, fault)
            world.wire.before, world.wire.after = strike.before, strike.after
            # WHEN it runs, with redelivery and the clock
            run(world, scenario)
            # THEN everybody who must hear of it did, of each cause at most twice, and no count went down
            assert strike.struck, (number, call)
            told = [
                alert["cause"]
                for alert in world.inbox()
                if alert["status"] in {"opened", "changed"}
            ]
            for causes in scenario.expect:
                heard = [told.count(cause) for cause in causes.split("|")]
                assert 1 <= max(heard) <= 2, (number, call, told)
            assert sum(int(item["failures"]["N"]) for item in world.incidents()) >= failures_before


@pytest.mark.parametrize("workers", [1, 8])
@pytest.mark.parametrize("service", ["dynamodb", "sns", "kms", "cloudtrail"])
@pytest.mark.parametrize("fault", ["throttled", "denied", "5xx", "timeout"])
def test_a_service_that_is_down_for_minutes_costs_no_alert(service, fault, workers):
    with open_world() as world:
        world.workers = workers
        # GIVEN a service that fails for all calls of three minutes
        _nothing(world)
        until = world.now.timestamp() + 180

        def down(called, operation):
            if called == service and world.now.timestamp() < until:
                raise FAULTS[fault]()  # noqa: RSE102 - the table holds factories

        world.wire.before = down
        # WHEN two keys fail meanwhile
        run(world, SCENARIOS["an incident opens"])
        # THEN both were alerted
        told = {alert["cause"] for alert in world.inbox()}
        assert {"key_disabled", "alias_not_found"} <= told


@pytest.mark.parametrize("fault", sorted(AFTER | {"killed before"}))
def test_whoever_dies_while_a_group_fills_leaves_nobody_out_of_its_message(fault):
    names = {key_id(number) for number in range(9)}
    scenario = Scenario(
        lambda world: [world.kms.add(name, "Disabled") for name in sorted(names)] and None,
        lambda world: [disabled(name) for name in sorted(names)],
        (),
    )
    for number in range(0, 120, 2 if fault == "killed before" else 5):
        with open_world() as world:
            # GIVEN more keys than alert by themselves, all of one caller, and one call that fails
            scenario.prepare(world)
            strike = OneFault(number, fault)
            world.wire.before, world.wire.after = strike.before, strike.after
            # WHEN the events come, and come again
            run(world, scenario)
            # THEN every key is named by a message of its own or by that of the group
            told = set()
            for alert in world.inbox():
                told |= {(alert["subject"]["key_arn"] or "").rpartition("/")[2]}
                told |= set(alert.get("group", {}).get("members", ()))
            assert names <= told, number
