"""Changes from CloudTrail: what was done, by whom, to what."""

import pytest

from keywatch.catalogue.changes import CHANGES
from keywatch.diagnosis.hypotheses.deletion import read_date
from keywatch.model.signals import KeyChange, Unrelated
from tests.unit.sources.records import (
    ACCOUNT,
    KEY_ID,
    REGION,
    STORE,
    identities,
    payload,
    read,
    recorded,
)

HERE = f"{ACCOUNT}|{REGION}"
MRK = "mrk-1234abcd12ab34cd56ef1234567890ab"


@pytest.mark.parametrize(
    ("name", "subjects"),
    [
        ("schedule_key_deletion", {f"key|{HERE}|{KEY_ID}"}),
        ("update_alias", {f"alias|{HERE}|alias/my_alias", f"key|{HERE}|{KEY_ID}"}),
        ("delete_alias", {f"alias|{HERE}|alias/my_alias", f"key|{HERE}|{KEY_ID}"}),
        ("delete_key", {f"key|{HERE}|{KEY_ID}"}),
        ("delete_key_in_cloudhsm_store", {f"key|{HERE}|{KEY_ID}"}),
        ("delete_expired_key_material", {f"key|{HERE}|{KEY_ID}"}),
        ("disconnect_key_store", {f"key_store|{HERE}|{STORE}"}),
        ("replicate_key", {f"key|{HERE}|{MRK}", f"key|{ACCOUNT}|eu-west-1|{MRK}"}),
    ],
)
def test_a_change_is_kept_with_everything_that_it_touches(name, subjects):
    # GIVEN the record of a successful write WHEN it is read
    change = recorded(name)
    # THEN it is a change of all that it names, each once
    assert isinstance(change, KeyChange)
    assert change.what == payload("cloudtrail", name)["eventName"]
    assert sorted(subject.id for subject in change.subjects) == sorted(subjects)


def test_a_replica_is_touched_although_the_answer_was_not_recorded():
    # GIVEN the record of a ReplicateKey without what KMS answered
    change = read(payload("cloudtrail", "replicate_key") | {"responseElements": None})
    # THEN it is a change of the replica, too: all keys of a family have one id
    assert isinstance(change, KeyChange)
    assert f"key|{ACCOUNT}|eu-west-1|{MRK}" in {subject.id for subject in change.subjects}


def test_a_scheduled_deletion_brings_its_date_and_state():
    change = recorded("schedule_key_deletion")
    # THEN the date that CloudTrail wrote can be read, odd as it is
    assert isinstance(change, KeyChange)
    assert change.details["key_state"] == "PendingDeletion"
    assert change.details["pending_days"] == "20"
    date = read_date(change.details["deletion_date"])
    assert date is not None
    assert date.isoformat() == "2021-04-12T18:58:30+00:00"
    assert change.who.principal == identities()["iam_user"]["arn"]


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("Jan 1, 2019 12:00:00 AM", "2019-01-01T00:00:00+00:00"),
        ("Jul 10, 2023, 12:07:59 PM", "2023-07-10T12:07:59+00:00"),
        ("2026-12-01T03:00:00Z", "2026-12-01T03:00:00+00:00"),
        ("2026-12-01", "2026-12-01T00:00:00+00:00"),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_dates_are_read_in_every_form_that_cloudtrail_has_used(text, iso):
    date = read_date(text)
    assert (date.isoformat() if date else None) == iso


def test_service_events_have_kms_as_their_author():
    change = recorded("delete_key")
    assert isinstance(change, KeyChange)
    assert change.who.principal == "AWS Internal"


def test_a_rotation_changes_nothing_that_could_break():
    assert recorded("rotate_key") == Unrelated("not_failed")


def test_a_key_that_is_named_twice_is_one_subject_even_when_the_region_differs():
    # GIVEN a record whose resource stands in another Region than the event, as in AWS's own samples
    record = payload("cloudtrail", "schedule_key_deletion") | {"awsRegion": "us-east-1"}
    # THEN the ARN is believed, and no second key is made up
    change = read(record)
    assert isinstance(change, KeyChange)
    assert [subject.region for subject in change.subjects] == [REGION]


@pytest.mark.parametrize("operation", sorted(CHANGES))
def test_a_change_that_names_nothing_is_none(operation):
    record = {
        "eventName": operation,
        "eventSource": "kms.amazonaws.com",
        "requestParameters": None,
        "resources": None,
    }
    assert read(record) == Unrelated("change_of_nothing")
