"""``incidents``: every broken thing by its name, however many broke together."""

import pytest

from keywatch.actions.dispatch import answer
from tests.support.world import REGION, alias_missing, disabled
from tests.support.world import world as open_world


class Container:
    def __init__(self, services):
        self.services = services

    def counted(self):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


def ask(world, **fields):
    return answer({"action": "incidents", **fields}, None, lambda: Container(world.services))


@pytest.fixture
def world():
    """Open a world where one key and 60 aliases of one caller are broken."""
    with open_world() as opened:
        opened.kms.add(state="Disabled")
        gone = [alias_missing(f"alias/gone-{n}", at=opened.now) for n in range(60)]
        opened.take(disabled(at=opened.now), *gone)
        yield opened


def test_every_subject_of_a_group_is_listed_by_its_name(world):
    found = ask(world)
    names = {one["subject"] for one in found["incidents"] if one["kind"] == "alias"}
    assert names == {f"alias/gone-{n}" for n in range(60)}
    assert found["counts"] == {"key_disabled": 1, "alias_not_found": 60}
    assert found["region"] == REGION
    assert found["left_out"] == 0


def test_the_message_about_a_group_says_how_to_list_what_it_told_of(world):
    digest = next(alert for alert in world.inbox() if alert["status"] == "group")
    listed = ask(world, group=digest["group"]["id"])["incidents"]
    assert len(listed) == digest["group"]["size"] - 5


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({"cause": "key_disabled"}, 1),
        ({"status": "open"}, 61),
        ({"status": "held"}, 0),
        ({"account": "999999999999"}, 0),
        ({"since": "2026-03-01T03:00:00Z"}, 61),
        ({"since": "2026-03-01T03:00:01+00:00"}, 0),
        ({"cause": "alias_not_found", "status": "open"}, 60),
    ],
)
def test_incidents_are_narrowed_down_by_what_is_asked_for(world, fields, count):
    assert len(ask(world, **fields)["incidents"]) == count


def test_what_has_ended_is_not_listed(world):
    world.kms.alias_targets |= {f"alias/gone-{n}": next(iter(world.kms.keys)) for n in range(60)}
    world.kms.add(state="Enabled")
    for _ in range(60):
        world.wait(minutes=1)
        world.tick()
    assert ask(world)["incidents"] == []
