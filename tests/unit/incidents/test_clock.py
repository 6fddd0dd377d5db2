"""The passing minute: what is due is handled once, what fails stays due, and no more is begun than there is time for."""

from dataclasses import replace

import pytest

from keywatch.incidents import clock
from keywatch.incidents.pipeline import _sorted, in_turn
from keywatch.model.incident import NEW, FailureBatch
from keywatch.model.signals import Caller, KeyChange, Unrelated
from tests.support.world import disabled
from tests.unit.cases import APP, BOB, KEY_ID, OTHER_KEY_ID, THEN, denied, in_state, no_alias


@pytest.fixture
def due(world):
    """A world in which an alerted incident is due."""
    world.kms.add(state="Disabled")
    world.take(disabled())
    world.inbox()
    world.wait(minutes=11)
    world.counted()
    return world


class TestHandling:
    def test_what_is_due_is_handled_once(self, due):
        assert due.tick() == 1
        assert due.tick() == 0

    def test_what_ended_or_was_handled_meanwhile_is_not(self, due):
        # GIVEN two clocks that read the same incident as due
        (read,) = due.services.incidents.due(due.now)
        assert due.tick() == 1
        assert not clock._handle(due.services, read)
        # AND one whose item is gone
        assert not clock._handle(due.services, replace(read, subject=no_alias().subject))

    def test_what_ended_is_not_handled_although_it_was_due(self, due):
        (read,) = due.services.incidents.due(due.now)
        assert due.services.incidents.end(read, "resolved", due.now)
        assert not clock._handle(due.services, read)

    def test_an_incident_that_cannot_be_handled_is_counted_and_costs_no_other(self, due):
        # GIVEN two incidents that are due, and one that breaks in a way that nobody expected
        due.kms.add(OTHER_KEY_ID, "Disabled")
        due.take(disabled(OTHER_KEY_ID, at=due.now))
        due.wait(minutes=11)
        due.counted()
        handle, calls = clock._handle, []

        def broken(services, incident):
            calls.append(incident.subject.name)
            if incident.subject.name == KEY_ID:
                raise ZeroDivisionError
            return handle(services, incident)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(clock, "_handle", broken)
            assert due.tick() == 1
        assert sorted(calls) == sorted([KEY_ID, OTHER_KEY_ID])
        assert due.counted()["ClockFailed"] == 1
        # THEN the one that failed is still due
        assert due.tick() == 1

    def test_what_nobody_finished_is_taken_over_and_told(self, world):
        # GIVEN an incident whose container died before it alerted
        world.kms.add(state="Disabled")
        failure = replace(in_state("is disabled."), time=world.now)
        batch = FailureBatch(failure)
        batch.add(failure, "m-1")
        opened = world.services.incidents.open(failure.subject, batch, world.now, None)
        assert opened.status == NEW
        assert world.tick() == 0
        # WHEN its lease has run out THEN the clock alerts
        world.wait(seconds=90)
        assert world.tick() == 1
        assert [alert["status"] for alert in world.inbox()] == ["opened"]
        assert world.counted()["AlertsRecovered"] == 1

    def test_one_that_somebody_else_claims_meanwhile_is_theirs(self, world):
        world.kms.add(state="Disabled")
        failure = replace(in_state("is disabled."), time=world.now)
        batch = FailureBatch(failure)
        batch.add(failure, "m-1")
        world.services.incidents.open(failure.subject, batch, world.now, None)
        world.wait(seconds=90)
        (read,) = world.services.incidents.due(world.now)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(world.services.incidents), "claim", lambda *_: None)
            assert not clock._handle(world.services, read)
        assert world.inbox() == []


class TestTime:
    @pytest.mark.parametrize(("left", "handled"), [(8.0, 0), (8.1, 1), (0.0, 0)])
    def test_nothing_is_begun_in_the_last_eight_seconds(self, due, left, handled):
        assert clock.tick(due.services, lambda: left, workers=1) == handled

    def test_each_incident_is_begun_only_while_there_is_time(self, due):
        due.kms.add(OTHER_KEY_ID, "Disabled")
        due.take(disabled(OTHER_KEY_ID, at=due.now))
        due.wait(minutes=11)
        left = [60.0]

        def remaining():
            return left[0]

        handle = clock._handle

        def slow(services, incident):
            left[0] = 8.0
            return handle(services, incident)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(clock, "_handle", slow)
            assert clock.tick(due.services, remaining, workers=1) == 1
        assert clock.tick(due.services, workers=1) == 1

    def test_no_time_is_left_after_the_groups_nothing_is_read(self, due):
        due.wire.calls.clear()
        ticks = iter([60.0, 8.0])
        assert clock.tick(due.services, lambda: next(ticks, 8.0)) == 0

    @pytest.mark.parametrize("workers", [1, 2, 8])
    def test_all_slices_are_handled_by_however_many(self, world, monkeypatch, workers):
        monkeypatch.setattr(clock, "SLICE", 2)
        for number in range(5):
            key = f"{number}234abcd-12ab-34cd-56ef-1234567890ab"
            world.kms.add(key, "Disabled")
            caller = {"type": "IAMUser", "arn": f"arn:aws:iam::123456789012:user/{number}"}
            world.take(disabled(key, userIdentity=caller))
        world.wait(minutes=11)
        assert clock.tick(world.services, workers=workers) == 5


class TestSorting:
    """A batch of signals: each failure counted once, by subject; each change once."""

    def sorted(self, world, *signals):
        return _sorted(
            [(str(number), one) for number, one in enumerate(signals)], world.services, world.memory
        )

    def test_failures_of_one_subject_are_one_batch(self, world):
        one, other, third = (
            replace(in_state("is disabled."), event_id=f"e-{number}") for number in range(3)
        )
        batches = self.sorted(world, one, replace(no_alias(), event_id="e-9"), other, third).batches
        assert [(batch.count, batch.messages) for batch in batches] == [
            (3, ["0", "2", "3"]),
            (1, ["1"]),
        ]
        assert world.counted()["Failures"] == 4

    def test_the_same_event_twice_is_one_failure(self, world):
        one = in_state("is disabled.")
        (batch,) = self.sorted(world, one, one, replace(one, event_id="e-2")).batches
        assert batch.count == 2
        assert world.counted()["Duplicates"] == 1

    def test_the_same_call_told_by_two_sources_is_one_failure(self, world):
        told = replace(in_state("is disabled."), request_id="r-1")
        (batch,) = self.sorted(world, told, replace(told, event_id="e-2")).batches
        assert (batch.count, batch.messages) == (1, ["0", "1"])
        assert world.counted()["Duplicates"] == 1

    def test_failures_without_an_event_id_are_failures_of_their_own(self, world):
        nameless = replace(in_state("is disabled."), event_id="")
        (batch,) = self.sorted(world, nameless, nameless).batches
        assert batch.count == 2

    def test_a_replayed_event_is_no_duplicate_of_the_real_one(self, world):
        one = in_state("is disabled.")
        replayed = replace(one, subject=replace(one.subject, replayed="com.example"))
        assert len(self.sorted(world, one, replayed).batches) == 2

    def test_no_failure_is_later_than_now(self, world):
        late = replace(in_state("is disabled."), time=world.now.replace(year=2030))
        (batch,) = self.sorted(world, late).batches
        assert batch.latest_failure.time == world.now == batch.last_seen

    def test_a_change_is_kept_once_with_its_last_message(self, world):
        subject = in_state("is disabled.").subject
        change = KeyChange("cloudtrail", "e-1", THEN, "DisableKey", Caller(BOB), (subject,))
        others = [
            replace(change, event_id="e-2"),
            replace(change, what="EnableKey"),
            replace(change, time=world.now),
            replace(change, subjects=()),
        ]
        found = self.sorted(world, change, *others, change)
        assert found.changes == [
            ("5", change),
            *((str(number), one) for number, one in enumerate(others, 1)),
        ]
        assert found.batches == []

    def test_what_says_nothing_of_a_key_is_counted_by_its_reason(self, world):
        self.sorted(world, Unrelated("Throttled"), Unrelated("Throttled"), Unrelated("Foreign"))
        counted = world.counted()
        assert (counted["Ignored.Throttled"], counted["Ignored.Foreign"]) == (2, 1)

    def test_callers_take_turns(self):
        def batch(caller, name):
            failure = replace(denied(), caller=Caller(caller), operation=name)
            return FailureBatch(failure)

        batches = [
            batch(APP, "1"),
            batch(APP, "2"),
            batch(APP, "3"),
            batch(BOB, "4"),
            batch(BOB, "5"),
        ]
        order = [one.latest_failure.operation for one in in_turn(batches)]
        assert order == ["1", "4", "2", "5", "3"]
