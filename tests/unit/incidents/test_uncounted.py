"""While the table does not answer, failures wait to be counted, each once, in bounded room; then they are."""

from keywatch.incidents.memory import MOST_INCIDENTS
from tests.support.world import aws_error, disabled
from tests.unit.incidents.test_groups import caller, key_id


def throttle(world, operations=("query", "put_item", "update_item", "get_item")):
    def before(service, operation):
        if service == "dynamodb" and operation in operations:
            raise aws_error("ProvisionedThroughputExceededException")

    world.wire.before = before


def works_again(world):
    world.wire.before = lambda service, operation: None


def test_failures_of_a_known_incident_are_counted_when_the_table_is_back(world):
    # GIVEN an open incident whose failures cannot be counted for a while
    world.kms.add(state="Disabled")
    world.take(disabled())
    throttle(world)
    for call in ("one", "two"):
        assert world.take(disabled(at=world.now, requestID=call)) == set()
    # WHEN the table answers again, and one of them is delivered once more
    works_again(world)
    world.take(disabled(at=world.now, requestID="two"))
    # THEN each is counted once, and nobody was told twice
    (item,) = world.incidents()
    assert item["failures"] == {"N": "3"}
    assert [alert["status"] for alert in world.inbox()] == ["opened"]
    assert "CountsLost" not in world.counted()


def test_they_are_counted_with_the_next_batch_whatever_it_is_about(world):
    world.kms.add(state="Disabled")
    world.kms.add(key_id(2), "Disabled")
    world.take(disabled())
    throttle(world)
    world.take(disabled(at=world.now, requestID="one"))
    works_again(world)
    world.take(disabled(key_id(2), at=world.now, **caller("other")))
    counts = sorted(int(item["failures"]["N"]) for item in world.incidents())
    assert counts == [1, 2]


def test_what_waits_goes_on_waiting_where_an_invocation_has_no_time_left(world):
    # GIVEN a failure that waits to be counted
    world.kms.add(state="Disabled")
    world.take(disabled())
    throttle(world)
    world.take(disabled(at=world.now, requestID="one"))
    works_again(world)
    # WHEN an invocation ends that has used up its time
    asked = []
    world.wire.before = lambda service, operation: asked.append(operation)
    world.take(remaining=lambda: 5.0)
    # THEN nothing is begun that could not end, and nothing is lost
    assert asked == []
    world.take()
    assert [item["failures"] for item in world.incidents()] == [{"N": "2"}]


def test_what_was_alerted_without_the_table_becomes_an_incident_and_is_not_alerted_again(world):
    # GIVEN a key that broke while the table did not answer
    world.kms.add(state="Disabled")
    throttle(world)
    world.take(disabled(requestID="one"))
    (told,) = world.inbox()
    # WHEN the table answers again
    works_again(world)
    world.take()
    # THEN there is an incident that people know of, and that ends like any other
    (item,) = world.incidents()
    assert item["status"] == {"S": "open"}
    assert item["incident_id"] == {"S": told["incident_id"]}
    assert world.inbox() == []
    world.kms.add()
    for _ in range(3):
        world.wait(minutes=15)
        world.tick()
    assert [alert["status"] for alert in world.inbox()] == ["resolved"]


def test_what_cannot_be_remembered_is_said_to_be_lost(world, monkeypatch):
    assert MOST_INCIDENTS >= 1_000
    monkeypatch.setattr("keywatch.incidents.memory.MOST_INCIDENTS", 1)
    world.kms.add(key_id(1), "Disabled")
    world.kms.add(key_id(2), "Disabled")
    throttle(world)
    world.take(*(disabled(key_id(n), at=world.now, **caller(f"app-{n}")) for n in (1, 2)))
    assert world.counted()["CountsLost"] == 1
