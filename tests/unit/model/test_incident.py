"""How failures add up: in a batch, in an incident, and in the one that opens after it. Pure."""

from dataclasses import replace
from datetime import timedelta

import pytest

from keywatch.model.calls import MOST, dump_marks, load_marks, mark_of, remember
from keywatch.model.incident import (
    LEASE,
    NEW,
    OPEN,
    FailureBatch,
    Incident,
    by_kind,
    new_id,
    provisional,
    successor,
)
from keywatch.model.signals import Caller
from keywatch.model.tally import OTHERS
from tests.unit.cases import APP, BOB, KEY, STORE, THEN, in_state

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
NOW = THEN + HOUR


def failure(number=0, **parts):
    """A failure that is a second later than the one before, of a call of its own."""
    time = THEN + number * SECOND
    return replace(in_state("is disabled."), **({"event_id": f"e-{number}", "time": time} | parts))


def batch_of(*failures):
    batch = FailureBatch(failures[0])
    for number, one in enumerate(failures):
        batch.add(one, f"m-{number}")
    return batch


class TestBatch:
    def test_failures_add_up_and_the_newest_is_the_sample(self):
        batch = batch_of(failure(1), failure(3), failure(2), failure(0))
        assert batch.count == 4
        assert (batch.first_seen, batch.last_seen) == (THEN, THEN + 3 * SECOND)
        assert batch.latest_failure == failure(3)
        assert batch.messages == ["m-0", "m-1", "m-2", "m-3"]
        assert batch.names == {
            ("caller", APP): 4,
            ("operation", "Decrypt"): 4,
            ("service", "kms.amazonaws.com"): 4,
        }

    def test_of_two_at_the_same_time_the_later_one_is_the_sample(self):
        same = failure(0, event_id="e-9")
        assert batch_of(failure(0), same).latest_failure == same

    def test_one_call_counts_once_however_often_it_is_delivered(self):
        batch = batch_of(failure(0, request_id="r-1"))
        assert batch.add(failure(9, request_id="r-2"), "m-1")
        assert not batch.add(failure(0, request_id="r-1", event_id="e-7"), "m-2")
        assert (batch.count, batch.messages) == (2, ["m-0", "m-1", "m-2"])
        assert batch.names[("caller", APP)] == 2

    def test_a_record_and_a_log_line_of_one_call_count_once_and_the_record_is_the_sample(self):
        record, line = (
            failure(0, request_id="r-1"),
            failure(1, source="app_log", caller=Caller("log")),
        )
        for told in ((record, line), (line, record)):
            batch = batch_of(*told)
            assert batch.count == 1
            assert batch.latest_failure == record
            assert batch.names[("caller", "log")] == batch.names[("caller", APP)] == 1

    def test_calls_that_nothing_tells_apart_all_count(self):
        batch = batch_of(failure(0, event_id=""), failure(0, event_id=""))
        assert (batch.count, batch.calls) == (2, {})

    def test_a_service_that_called_and_what_it_protected_are_named(self):
        one = failure(
            0, caller=Caller(BOB, service="s3.amazonaws.com"), resource="arn:aws:s3:::orders"
        )
        assert batch_of(replace(one, operation=None)).names == {
            ("caller", BOB): 1,
            ("service", "s3.amazonaws.com"): 1,
            ("resource", "arn:aws:s3:::orders"): 1,
        }

    def test_of_a_key_store_the_keys_are_named_and_not_what_they_protected(self):
        one = failure(0, resource="arn:aws:s3:::orders", key_arn=KEY)
        store = replace(one, subject=replace(one.subject, kind="key_store", name=STORE))
        assert ("resource", KEY) in batch_of(store).names
        assert ("resource", "arn:aws:s3:::orders") not in batch_of(store).names

    def test_what_is_known_is_taken_out_with_its_names(self):
        batch = batch_of(failure(0), failure(1, caller=Caller(BOB)), failure(2))
        left = batch.without([mark_of("e-0"), mark_of("unheard of")])
        assert (left.count, left.messages) == (2, batch.messages)
        assert left.names[("caller", APP)] == left.names[("caller", BOB)] == 1
        assert left.calls.keys() == {mark_of("e-1"), mark_of("e-2")}
        assert (left.first_seen, left.last_seen) == (batch.first_seen, batch.last_seen)
        assert left.latest_failure == batch.latest_failure
        assert batch.without([mark_of("unheard of")]) is batch
        assert batch.without(batch.calls).names == {}


class TestIncident:
    def incident(self, *failures, **facts) -> Incident:
        return replace(provisional(failures[0].subject, batch_of(*failures), NOW), **facts)

    def test_it_opens_claimed_with_all_that_came(self):
        batch = batch_of(failure(0), failure(1))
        one = provisional(failure().subject, batch, NOW)
        assert one == Incident(
            id=new_id(failure().subject, THEN),
            subject=failure().subject,
            status=NEW,
            failures=2,
            first_seen=THEN,
            last_seen=THEN + SECOND,
            due_at=NOW + LEASE,
            latest_cause="key_disabled",
            latest_failure=failure(1),
            names=dict(batch.names),
            recent_calls=(mark_of("e-0"), mark_of("e-1")),
            version=1,
            arrived=NOW,
        )

    def test_its_id_is_the_same_for_all_who_open_it_at_once(self):
        subject = failure().subject
        assert new_id(subject, THEN) == new_id(subject, THEN)
        assert new_id(subject, THEN) != new_id(subject, THEN + SECOND)
        assert new_id(subject, THEN) != new_id(replace(subject, name="another"), THEN)
        assert new_id(subject, THEN).startswith("kw-")
        assert len(new_id(subject, THEN)) == 19

    def test_somebody_is_at_it_while_the_lease_of_a_new_one_lasts(self):
        one = self.incident(failure())
        assert one.leased(NOW + LEASE - SECOND)
        assert not one.leased(NOW + LEASE)
        assert not replace(one, status=OPEN).leased(NOW)

    def test_a_batch_is_counted_with_its_names_and_times(self):
        one = self.incident(failure(5), version=3)
        more = one.counting(batch_of(failure(1), failure(9, caller=Caller(BOB))))
        assert (more.failures, more.version) == (3, 4)
        assert (more.first_seen, more.last_seen) == (THEN + SECOND, THEN + 9 * SECOND)
        assert more.names[("caller", APP)] == 2
        assert more.names[("caller", BOB)] == 1
        assert more.recent_calls == tuple(map(mark_of, ("e-5", "e-1", "e-9")))
        assert more.latest_failure.event_id == "e-9"

    def test_only_a_newer_failure_becomes_the_newest(self):
        other = replace(failure().classification, cause="key_not_found")
        one = self.incident(failure(5))
        older = one.counting(batch_of(failure(4, classification=other)))
        assert (older.latest_failure, older.latest_cause) == (failure(5), "key_disabled")
        same = one.counting(batch_of(failure(5, classification=other, event_id="e-6")))
        assert same.latest_cause == "key_not_found"
        nameless = replace(other, cause=None)
        assert one.counting(batch_of(failure(6, classification=nameless))).latest_cause == ""

    def test_the_first_failure_after_a_warning_is_the_newest_whenever_it_was(self):
        warning = self.incident(failure(5, source="change"))
        assert warning.counting(batch_of(failure(4))).latest_failure == failure(4)

    def test_the_next_one_knows_what_people_were_told_before(self):
        ended = self.incident(failure(), openings=(THEN,), previous_id="kw-before")
        batch = batch_of(failure(9))
        for status in ("resolved", "deleted"):
            told = successor(replace(ended, status=status), batch, NOW)
            assert (told.previous_id, told.openings) == (ended.id, (THEN,))
        healed = successor(replace(ended, status="healed"), batch, NOW)
        assert healed.previous_id == "kw-before"
        assert healed.id == new_id(ended.subject, THEN + 9 * SECOND, ended.id)
        # AND it counts no call again
        assert healed.recent_calls == (mark_of("e-0"), mark_of("e-9"))

    def test_an_event_as_old_as_the_first_of_one_before_opens_another(self):
        ended = self.incident(failure(), status="resolved")
        second = successor(ended, batch_of(failure(0, event_id="e-7")), NOW)
        third = successor(second, batch_of(failure(0, event_id="e-8")), NOW)
        assert len({ended.id, second.id, third.id}) == 3


class TestMarks:
    def test_the_last_ones_are_remembered_once_each(self):
        marks = [mark_of(str(number)) for number in range(MOST + 2)]
        assert remember((marks[0], marks[1]), (marks[0], marks[2])) == tuple(marks[:3])
        assert remember(tuple(marks[:MOST]), marks[MOST:]) == tuple(marks[2:])

    def test_they_are_read_back_as_they_were(self):
        marks = (mark_of("a"), mark_of("b"), mark_of("\ud800"))
        assert load_marks(dump_marks(marks)) == marks
        assert {len(mark) for mark in marks} == {6}
        with pytest.raises(ValueError, match="base64"):
            load_marks("no base64!")


def test_names_are_told_by_kind_the_most_frequent_first_and_the_others_last():
    names = {
        ("caller", OTHERS): 9,
        ("caller", "b"): 2,
        ("caller", "a"): 2,
        ("caller", "c"): 5,
        ("operation", "Decrypt"): 1,
    }
    assert by_kind(names) == {
        "caller": (("c", 5), ("a", 2), ("b", 2), (OTHERS, 9)),
        "operation": (("Decrypt", 1),),
    }
