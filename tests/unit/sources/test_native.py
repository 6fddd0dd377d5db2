"""Events that need no trail."""

import pytest

from keywatch.model.signals import KeyChange, KeyFailure, Unrelated
from tests.unit.sources.records import ACCOUNT, KEY, KEY_ID, REGION, payload, read


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("kms_cmk_deletion", "DeleteKey"),
        ("kms_imported_key_material_expiration", "DeleteExpiredKeyMaterial"),
    ],
)
def test_kms_announces_what_it_did_to_a_key(name, what):
    change = read(payload("native", name))
    assert isinstance(change, KeyChange)
    assert (change.what, change.who.principal) == (what, "AWS KMS")
    assert [subject.id for subject in change.subjects] == [f"key|{ACCOUNT}|{REGION}|{KEY_ID}"]


def test_an_event_without_its_resource_is_still_about_its_key():
    change = read(payload("native", "kms_cmk_deletion") | {"resources": []})
    assert isinstance(change, KeyChange)
    assert change.subjects[0].id == f"key|{ACCOUNT}|{REGION}|{KEY_ID}"


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("ebs_attach_volume", "key_pending_deletion"),
        ("ebs_reattach_volume", "key_material_missing"),
        ("ebs_create_volume", "key_disabled"),
    ],
)
def test_a_volume_that_could_not_be_used_is_a_failure_of_its_key(name, cause):
    failure = read(payload("native", name))
    assert isinstance(failure, KeyFailure)
    assert (failure.classification.cause, failure.key_arn) == (cause, KEY)
    assert failure.resource == f"arn:aws:ec2:{REGION}:{ACCOUNT}:volume/vol-01234567"


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (payload("native", "kms_cmk_rotation"), "unknown_shape"),
        (payload("native", "ebs_create_volume_succeeded"), "not_failed"),
        (payload("native", "ebs_create_volume") | {"detail": None}, "not_failed"),
        (
            payload("native", "kms_cmk_deletion") | {"resources": None, "detail": None},
            "unknown_shape",
        ),
        (
            payload("native", "kms_cmk_deletion")
            | {"resources": [5], "detail": {"key-id": "alias/x"}},
            "unknown_shape",
        ),
        (
            {
                "detail-type": "EBS Volume Notification",
                "detail": {"result": "failed", "cause": "no capacity"},
            },
            "not_about_keys",
        ),
    ],
)
def test_other_events_say_nothing(event, reason):
    assert read(event) == Unrelated(reason)
