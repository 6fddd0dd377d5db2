"""What the incident table decides by its conditions: who may act, and what stays when others act meanwhile."""

from dataclasses import replace
from datetime import timedelta

import pytest

from keywatch.model.incident import HOLD, LEASE, OPEN, FailureBatch
from keywatch.sources import read_event
from keywatch.sources.source import Reception
from tests.support.world import KEY_ID, START, changed, disabled
from tests.support.world import world as open_world


@pytest.fixture
def world():
    with open_world() as fresh:
        fresh.kms.add(state="Disabled")
        fresh.take(disabled())
        yield fresh


def stored(world):
    """The incident as it is now."""
    (item,) = world.incidents()
    return item


def claimed(world):
    """An incident that the clock took, so that it may record what it did."""
    world.wait(minutes=11)
    (due,) = world.services.incidents.due(world.now, 10)
    return world.services.incidents.claim(due, world.now)


def test_what_was_done_is_recorded_with_when_it_is_due_again(world):
    incident = claimed(world)
    world.services.incidents.record_outcome(
        incident, world.now + HOLD, status=OPEN, cause="key_not_found"
    )
    assert stored(world)["cause"] == {"S": "key_not_found"}
    assert float(stored(world)["due_at"]["N"]) == (world.now + HOLD).timestamp()


def test_what_was_done_is_recorded_although_somebody_asked_for_an_earlier_look(world):
    # GIVEN an incident that the clock took, and a change that asks for a look at once meanwhile
    incident = claimed(world)
    assert world.services.incidents.schedule_now(incident.subject, world.now)
    # WHEN what the clock did is recorded
    world.services.incidents.record_outcome(
        incident, world.now + timedelta(hours=4), cause="key_not_found"
    )
    # THEN it is there, and the early look stays
    assert stored(world)["cause"] == {"S": "key_not_found"}
    assert float(stored(world)["due_at"]["N"]) == world.now.timestamp()
    (due,) = world.services.incidents.due(world.now, 10)
    assert due.cause == "key_not_found"


def test_what_was_done_with_another_incident_of_the_subject_is_not_recorded(world):
    # GIVEN an incident that is not the present one of its subject
    other = replace(claimed(world), id="kw-before")
    before = stored(world)
    # WHEN THEN neither with nor without its time anything of it is written
    world.services.incidents.record_outcome(other, world.now, cause="key_not_found")
    assert stored(world) == before


def test_a_claim_lasts_for_a_lease_and_only_one_gets_it(world):
    # GIVEN an incident that is due, as two clocks read it
    world.wait(minutes=11)
    (first,), (second,) = (list(world.services.incidents.due(world.now, 10)) for _ in range(2))
    # WHEN both claim it
    one = world.services.incidents.claim(first, world.now)
    other = world.services.incidents.claim(second, world.now)
    # THEN the first has it until its lease ends
    assert other is None
    assert one.due_at == world.now + LEASE
    assert list(world.services.incidents.due(world.now + LEASE - timedelta(seconds=1), 10)) == []
    assert [found.id for found in world.services.incidents.due(world.now + LEASE, 10)] == [one.id]


def test_an_incident_with_new_failures_does_not_end(world):
    # GIVEN an incident as somebody read it, and a failure that came since
    incident = claimed(world)
    (failure,) = read_event(disabled(at=START), Reception(world.now, ""))
    world.services.incidents.count(incident, FailureBatch(failure, count=1))
    # WHEN THEN
    assert world.services.incidents.end(incident, "resolved", world.now) is False
    assert stored(world)["status"] == {"S": OPEN}


def test_the_ledger_keeps_the_same_change_once_and_the_newest_first(world):
    world.take(changed("DisableKey", eventID="one"), changed("DisableKey", eventID="one"))
    world.take(changed("EnableKey", at=START + timedelta(minutes=1), eventID="two"))
    (incident,) = (item["subject"]["S"] for item in world.incidents())
    assert KEY_ID in incident
    subject = next(iter(world.services.incidents.going_on(10))).subject
    assert [change.what for change in world.services.incidents.read(subject).changes] == [
        "EnableKey",
        "DisableKey",
    ]
