"""However much breaks, so many messages are sent in an hour; what is withheld is counted, told of, and sent later."""

from dataclasses import replace

import pytest

from keywatch.alerts.publish import Publisher
from keywatch.store.budgets import MessageBudget, Withheld
from tests.support.world import REGION, World, aws_error, disabled
from tests.support.world import world as open_world
from tests.unit.incidents.test_groups import caller, key_id, minutes

PER_HOUR = 10  # two of them for what is critical


@pytest.fixture
def world():
    """Open a world in which few messages may be sent."""
    with open_world() as opened:
        yield bounded(opened)


def bounded(world: World) -> World:
    services = world.services
    budget = MessageBudget(services.table, PER_HOUR, lambda: world.now, services.counts.add)
    publisher = Publisher(
        lambda service: services.client(service, REGION),
        services.settings.topic_arn,
        budget=budget,
    )
    world.services = replace(services, publisher=publisher)
    return world


def broken(world: World, count: int, state: str = "Disabled") -> None:
    """Let so many keys of as many callers fail."""
    for n in range(count):
        world.kms.add(key_id(n), state)
    assert (
        world.take(*(disabled(key_id(n), at=world.now, **caller(f"app-{n}")) for n in range(count)))
        == set()
    )


def test_messages_of_an_hour_are_bounded_and_a_part_is_kept_for_what_is_critical(world):
    # WHEN more breaks than may be told
    broken(world, 30)
    assert len(world.inbox()) == 8
    assert world.counted()["MessagesWithheld"] == 22
    # THEN what is critical still is
    world.kms.stores["cks-1"] = {}
    budget = world.services.publisher._budget
    assert budget.take("critical") == 22
    assert budget.take("critical") == 22
    with pytest.raises(Withheld):
        budget.take("critical")


def test_what_was_withheld_is_told_of_and_sent_when_there_is_room(world):
    broken(world, 20)
    first = world.inbox()
    # WHEN hours pass
    told, notes = list(first), []
    for _ in range(4):
        minutes(world, 60)
        alerts = world.inbox()
        assert len(alerts) <= 2 * PER_HOUR  # 60 minutes touch two hours
        told += alerts
        notes += [note for alert in alerts for note in alert["notes"]]
    # THEN every key was told of once, and the first message that came later said how many waited
    opened = [a["subject"]["key_arn"] for a in told if a["status"] == "opened"]
    assert len(opened) == len(set(opened)) == 20
    assert any("12 messages could not be sent at once" in note for note in notes)


def test_a_message_that_sns_refused_takes_no_room(world):
    # GIVEN an SNS that is down
    world.wire.before = lambda service, operation: (
        (_ for _ in ()).throw(aws_error("InternalError")) if operation == "publish" else None
    )
    for n in range(30):
        world.kms.add(key_id(n), "Disabled")
    events = [disabled(key_id(n), at=world.now, **caller(f"app-{n}")) for n in range(30)]
    assert len(world.take(*events)) == 30
    # WHEN it is back
    world.wire.before = lambda service, operation: None
    world.take(*events)
    # THEN all the room is there
    assert len(world.inbox()) == 8


def test_without_the_table_each_container_counts_for_itself(world):
    world.wire.before = lambda service, operation: (
        (_ for _ in ()).throw(aws_error("InternalServerError")) if service == "dynamodb" else None
    )
    budget = world.services.publisher._budget
    for _ in range(8):
        assert budget.take("high") == 0
    with pytest.raises(Withheld) as withheld:
        budget.take("high")
    # AND there is room again in the next hour
    world.moment[0] = withheld.value.until
    assert budget.take("high") == 0


def test_instances_share_the_room_of_an_hour(world):
    other = MessageBudget(world.services.table, PER_HOUR, lambda: world.now)
    for _ in range(4):
        other.take("high")
        world.services.publisher._budget.take("high")
    with pytest.raises(Withheld):
        other.take("high")


def test_who_is_second_at_the_beginning_of_an_hour_is_not_withheld(world):
    # GIVEN an hour in which nothing was sent yet, and another instance that begins it at the same moment
    budget = MessageBudget(world.services.table, PER_HOUR, lambda: world.now)
    other = MessageBudget(world.services.table, PER_HOUR, lambda: world.now)
    raced = []

    def other_is_faster(_service, operation):
        if operation == "get_item" and not raced:
            raced.append(operation)
            other.take("high")

    world.wire.before = other_is_faster
    # WHEN both take the room for a message THEN both get it
    assert budget.take("high") == 0
    assert raced
