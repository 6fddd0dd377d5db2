"""What the incident table decides by its conditions: who may act, and what stays when others act meanwhile."""

from dataclasses import replace
from datetime import timedelta

import pytest

from keywatch.model.incident import HOLD, KEEP, LEASE, OPEN, FailureBatch
from keywatch.model.signals import Subject
from keywatch.sources import read_event
from keywatch.sources.source import Reception
from keywatch.store.incident_items import epoch, seconds
from keywatch.store.incident_table import IncidentTable
from keywatch.store.table import Update
from tests.support.world import KEY_ID, START, aws_error, changed, disabled
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


class TestUnreadable:
    """An item that this version cannot read costs only itself."""

    @pytest.fixture
    def told(self, world):
        """What was told of items that cannot be read, by a table of its own."""
        return []

    @pytest.fixture
    def table(self, world, told):
        return IncidentTable(world.services.table, lambda item, error: told.append((item, error)))

    def damage(self, world, **attributes):
        item = stored(world)
        key = {"subject": item["subject"], "item": item["item"]}
        assert world.services.table.update(key, Update(set=attributes))
        return Subject.from_id(item["subject"]["S"])

    def test_it_is_said_and_the_changes_of_its_subject_are_read(self, world, table, told):
        world.take(changed("EnableKey"))
        subject = self.damage(world, status={"S": "escalated"})
        read = table.read(subject)
        assert (read.incident, read.is_unreadable) == (None, True)
        assert [change.what for change in read.changes] == ["EnableKey"]
        ((item, error),) = told
        assert item["status"] == {"S": "escalated"}
        assert "escalated" in str(error)

    def test_it_leaves_the_head_of_the_queue_for_an_hour(self, world, table, told):
        self.damage(world, failures={"N": "many"})
        world.wait(hours=5)
        assert list(table.due(world.now)) == []
        assert len(told) == 1
        assert stored(world)["due_at"] == epoch(world.now + timedelta(hours=1))
        assert list(table.due(world.now + timedelta(minutes=59))) == []
        assert len(told) == 1

    def test_one_that_cannot_be_set_aside_is_said_again(self, world, table, told):
        self.damage(world, failures={"N": "many"})
        world.wait(hours=5)

        def down(_service, operation):
            if operation == "update_item":
                raise aws_error("InternalServerError")

        world.wire.before = down
        assert list(table.due(world.now)) == []
        assert len(told) == 2

    def test_among_those_that_go_on_it_is_passed_over_and_stays(self, world, table, told):
        self.damage(world, failures={"N": "many"})
        before = stored(world)
        assert list(table.going_on(10)) == []
        assert len(told) == 1
        assert stored(world) == before

    def test_a_change_that_cannot_be_read_is_said_and_passed_over(self, world, table, told):
        world.take(changed("EnableKey"), changed("DisableKey", at=START + timedelta(minutes=1)))
        subject = next(iter(table.going_on(1))).subject
        (newest, _) = table.read(subject).changes
        when = newest.when.isoformat()
        key = {
            "subject": {"S": subject.id},
            "item": {"S": f"change#{when}#{newest.event_id}"},
        }
        assert world.services.table.update(key, Update(set={"when": {"S": "then"}}))
        assert [change.what for change in table.read(subject).changes] == ["EnableKey"]
        assert len(told) == 1

    def test_a_subject_without_an_incident_has_none_that_is_unreadable(self, world, table):
        subject = replace(next(iter(table.going_on(1))).subject, name="another")
        read = table.read(subject)
        assert (read.incident, read.changes, read.is_unreadable) == (None, (), False)


class TestCounting:
    def batch(self, number, **parts):
        (failure,) = read_event(disabled(at=START), Reception(START, ""))
        failure = replace(failure, event_id=f"e-{number}", request_id=None, **parts)
        batch = FailureBatch(failure)
        batch.add(failure, "m")
        return batch

    def incident(self, world):
        return next(iter(world.services.incidents.going_on(1)))

    def test_a_call_that_was_counted_is_not_counted_again(self, world):
        incident = self.incident(world)
        counted = world.services.incidents.count(incident, self.batch(1))
        assert counted.failures == 2
        again = world.services.incidents.count(counted, self.batch(1))
        assert again == counted
        # AND whoever remembers the incident as it was before asks the table
        assert world.services.incidents.count(incident, self.batch(1)).failures == 2

    def test_two_who_saw_the_same_both_count(self, world):
        incident = self.incident(world)
        for number in (1, 2, 3):
            counted = world.services.incidents.count(incident, self.batch(number))
        assert (counted.failures, counted.version) == (4, 4)

    def test_of_what_ended_or_is_another_nothing_is_counted(self, world):
        incident, table = self.incident(world), world.services.incidents
        assert table.count(replace(incident, id="kw-before"), self.batch(1)) is None
        assert table.count(replace(incident, status="resolved"), self.batch(1)) is None
        assert table.end(incident, "resolved", world.now)
        assert table.count(incident, self.batch(1)) is None
        assert stored(world)["failures"] == {"N": "1"}

    def test_who_is_always_too_late_counts_the_calls_without_their_names(self, world):
        incident, table = self.incident(world), world.services.incidents
        read = table.read

        def overtaken(subject):
            found = read(subject)
            return replace(found, incident=replace(found.incident, version=0))

        table.read = overtaken
        counted = table.count(replace(incident, version=0), self.batch(1))
        assert counted.failures == 2
        assert counted.version == incident.version
        assert counted.names == incident.names

    def test_what_is_news_is_due_when_it_was_said_to_be(self, world):
        incident, asked = self.incident(world), []

        def at_once(before, after):
            asked.append((before.failures, after.failures))
            return world.now

        assert world.services.incidents.count(incident, self.batch(1), at_once).due_at == world.now
        assert asked == [(1, 2)]
        # AND what is none stays due when it was
        later = world.services.incidents.count(self.incident(world), self.batch(2))
        assert later.due_at == world.now


class TestOpening:
    def test_only_the_first_opens_and_the_next_knows_what_was_before(self, world):
        table, incident = world.services.incidents, next(iter(world.services.incidents.going_on(1)))
        batch = TestCounting().batch(7)
        assert table.open(incident.subject, batch, world.now, None) is None
        assert table.end(incident, "resolved", world.now)
        ended = table.read(incident.subject).incident
        again = table.open(incident.subject, batch, world.now, ended)
        assert (again.previous_id, again.failures) == (incident.id, 1)
        # AND who saw the same end comes too late
        assert table.open(incident.subject, batch, world.now, ended) is None

    def test_what_was_deleted_lies_as_resolved_and_is_read_as_deleted(self, world):
        table, incident = world.services.incidents, next(iter(world.services.incidents.going_on(1)))
        assert table.end(incident, "deleted", world.now)
        item = stored(world)
        assert (item["status"], "queue" in item) == ({"S": "resolved"}, False)
        assert table.read(incident.subject).incident.status == "deleted"
        assert item["expires_at"] == seconds(world.now + KEEP)

    def test_a_claim_counts_what_came_with_it_once(self, world):
        table, incident = world.services.incidents, next(iter(world.services.incidents.going_on(1)))
        batch = TestCounting().batch(8)
        claimed = table.claim(incident, world.now, batch)
        assert (claimed.failures, claimed.due_at) == (2, world.now + LEASE)
        # AND not what was counted already
        assert table.claim(claimed, world.now + LEASE, batch).failures == 2

    def test_an_outcome_keeps_the_item_for_long_after_its_last_failure_or_look(self, world):
        table, incident = world.services.incidents, next(iter(world.services.incidents.going_on(1)))
        later = world.now + timedelta(days=3)
        assert table.postpone(incident, later, cause=None, sent_at=world.now)
        item = stored(world)
        assert item["expires_at"] == seconds(later + KEEP)
        assert item["sent_at"] == epoch(world.now)
        assert item["cause"] == {"S": "key_disabled"}
        # AND who did not see that comes too late
        assert not table.postpone(incident, world.now)


class TestQueue:
    def test_what_waits_longest_comes_first_and_only_so_many(self, world):
        other = "0987dcba-09fe-87dc-65ba-ab0987654321"
        world.wait(minutes=1)
        world.kms.add(other, "Disabled")
        world.take(disabled(other, at=world.now))
        table = world.services.incidents
        first, second = table.due(world.now + timedelta(hours=1))
        assert first.due_at < second.due_at
        assert [one.id for one in table.due(second.due_at, 1)] == [first.id]
        assert [one.id for one in table.due(first.due_at)] == [first.id]
        # AND of those that go on the newest
        assert [one.id for one in table.going_on(1)] == [second.id]
        assert [one.id for one in table.going_on(5)] == [second.id, first.id]

    def test_only_what_goes_on_is_looked_at_soon(self, world):
        table, incident = world.services.incidents, next(iter(world.services.incidents.going_on(1)))
        assert table.schedule_now(incident.subject, world.now)
        assert [one.id for one in table.due(world.now)] == [incident.id]
        assert not table.schedule_now(replace(incident.subject, name="another"), world.now)
        again = table.read(incident.subject).incident
        assert table.end(again, "healed", world.now)
        assert not table.schedule_now(incident.subject, world.now)
