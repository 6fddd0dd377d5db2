"""Kinds of input: each event is read by one source, whatever else it holds, and nothing at all is read by none."""

import pytest

from keywatch.model.signals import Unrelated
from keywatch.sources import EVENTS, app_logs, cloudtrail, native, read_event
from tests.unit.sources.records import failed

KINDS = (
    ({"detail-type": "AWS API Call via CloudTrail", "detail": {}}, cloudtrail.EVENTS),
    ({"detail-type": "AWS Service Event via CloudTrail", "Records": []}, cloudtrail.EVENTS),
    ({"detail-type": "KMS CMK Deletion", "awslogs": {}}, native.EVENTS),
    ({"detail-type": "EBS Volume Notification"}, native.EVENTS),
    ({"Records": [failed("DisabledException", None)]}, cloudtrail.LOG_FILES),
    (failed("DisabledException", None), cloudtrail.RECORDS),
    ({}, cloudtrail.RECORDS),
)


@pytest.mark.parametrize(("event", "source"), KINDS, ids=lambda value: getattr(value, "name", ""))
def test_the_first_source_that_accepts_an_event_is_the_one_of_its_kind(event, source):
    assert next(one for one in EVENTS if one.accepts(event)) is source


@pytest.mark.parametrize("kind", ["Something Else", "", 7, ["KMS CMK Deletion"], {}])
def test_an_event_of_another_kind_is_read_by_none(kind):
    event = {"detail-type": kind, **failed("DisabledException", None)}
    assert not any(source.accepts(event) for source in EVENTS)
    assert read_event(event) == (Unrelated("unknown_shape"),)


def test_a_log_delivery_is_no_event():
    # GIVEN a delivery that somebody put on the bus
    event = {"awslogs": {"data": ""}}
    # THEN its own source would take it, but none of the bus opens it
    assert app_logs.DELIVERIES.accepts(event)
    assert read_event(event) == (Unrelated("unknown_shape"),)


def test_every_source_has_a_name_of_its_own():
    names = [source.name for source in (*EVENTS, app_logs.DELIVERIES)]
    assert len(set(names)) == len(names)
