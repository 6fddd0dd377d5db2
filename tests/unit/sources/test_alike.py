"""Records of calls that fail alike are read once for all of them: that must not show in what is read."""

import copy

import pytest

from keywatch.model.signals import KeyFailure
from keywatch.sources import cloudtrail, read_event
from keywatch.sources.source import Reception
from tests.unit.sources.records import PAYLOADS, RECEIVED, payload
from tests.unit.sources.test_broken_records import places, put

RECORDS = [path.stem for path in sorted((PAYLOADS / "cloudtrail").glob("*.json"))]
OTHERS = (None, "", "alias/other", "arn:aws:iam::444455556666:role/other", ["x"], {"a": 1})


def read(event):
    return read_event(event, Reception(RECEIVED))


def forget():
    cloudtrail._remembered.cache_clear()


@pytest.mark.parametrize("name", [name for name in RECORDS if name != "identities"])
def test_what_was_read_before_changes_nothing(name):
    # GIVEN a record that was read, and for each place of it one that differs from it in that place alone
    record = payload("cloudtrail", name)
    for number, place in enumerate(places(record)):
        other = put(copy.deepcopy(record), place, OTHERS[number % len(OTHERS)])
        forget()
        fresh = read(other)
        forget()
        read(record)
        # WHEN the other is read after it
        # THEN it says what it says by itself
        assert read(other) == fresh


def test_what_tells_a_call_from_others_is_told_of_each():
    # GIVEN two calls that fail alike
    forget()
    record = payload("cloudtrail", "decrypt_external_key_not_found")
    detail = record.get("detail", record)
    later = copy.deepcopy(record)
    told = {"eventID": "another", "requestID": "another too", "eventTime": "2026-03-01T03:00:09Z"}
    later.get("detail", later).update(told)
    # WHEN they are read
    (first,), (second,) = read(record), read(later)
    # THEN each has its own ids and time, and the rest was read once
    assert isinstance(first, KeyFailure)
    assert first.event_id == detail["eventID"]
    assert (second.event_id, second.request_id) == ("another", "another too")
    assert second.time != first.time
    assert second.subject is first.subject
    assert cloudtrail._remembered.cache_info().hits == 1
