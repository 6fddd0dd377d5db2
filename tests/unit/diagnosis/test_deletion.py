"""Deleted: by KMS's own record, by a date that passed, or since the call; and how CloudTrail writes dates."""

from datetime import UTC, datetime, timedelta

import pytest

from keywatch.diagnosis.diagnose import diagnose
from keywatch.diagnosis.hypotheses.deletion import due_date, read_date
from keywatch.model.evidence import Evidence
from keywatch.model.levels import Confidence
from tests.unit.cases import (
    ACCOUNT,
    ALIAS,
    APP,
    BOB,
    KEY_ID,
    MRK,
    NOW,
    OTHER_REGION,
    REGION,
    THEN,
    absent,
    change,
    failed,
    in_state,
    key,
    no_alias,
    no_key,
    seen,
)

CERTAIN, LIKELY = Confidence.CERTAIN, Confidence.LIKELY
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


def verdict(failure, **evidence):
    diagnosis = diagnose(failure, Evidence(own_account=ACCOUNT, **evidence), NOW)
    return diagnosis.cause, diagnosis.confidence, diagnosis


def because(diagnosis):
    return "\n".join(map(str, diagnosis.because))


@pytest.mark.parametrize(
    ("after", "cause"),
    [(5 * MINUTE, "key_deleted"), (5 * MINUTE + SECOND, "key_not_found")],
    ids=["five minutes", "later"],
)
def test_a_deletion_is_recorded_up_to_five_minutes_after_it_was_felt(after, cause):
    assert verdict(no_key(), changes=(change("DeleteKey", -after, who="AWS KMS"),))[0] == cause


@pytest.mark.parametrize(
    ("ago", "cause"),
    [
        (-DAY, "key_deleted"),
        (5 * MINUTE, "key_deleted"),
        (5 * MINUTE + SECOND, "key_pending_deletion"),
    ],
    ids=["a day after", "five minutes before", "earlier"],
)
def test_a_key_that_kms_still_knew_at_the_call_was_deleted_since(ago, cause):
    # GIVEN a call that KMS answered with "pending deletion", and KMS's own record of the deletion
    changes = (
        change("ScheduleKeyDeletion", 9 * DAY),
        change("DeleteKey", ago, who="AWS KMS"),
    )
    found, _, diagnosis = verdict(in_state("is pending deletion."), changes=changes)
    # THEN it is gone now; a record of long before the answer cannot be this key's
    assert found == cause
    if cause == "key_deleted":
        assert f"{BOB} called ScheduleKeyDeletion" in because(diagnosis)
        assert "KMS deleted the key" in because(diagnosis)


def test_who_scheduled_the_deletion_of_a_key_that_is_absent_now_is_named():
    # GIVEN a key that was pending at the call, is absent now, and whose deletion nobody has recorded
    scheduled = change("ScheduleKeyDeletion", 9 * DAY)
    cause, confidence, diagnosis = verdict(
        in_state("is pending deletion."), changes=(scheduled,), lookup_results=(absent(),)
    )
    assert (cause, confidence) == ("key_deleted", LIKELY)
    assert f"{BOB} called ScheduleKeyDeletion" in because(diagnosis)


def test_a_cancelled_schedule_is_no_part_of_the_story():
    changes = (change("ScheduleKeyDeletion", 9 * DAY), change("CancelKeyDeletion", 8 * DAY))
    diagnosis = verdict(
        in_state("is pending deletion."), changes=changes, lookup_results=(absent(),)
    )[2]
    assert "ScheduleKeyDeletion" not in because(diagnosis)


def test_the_key_of_an_alias_that_went_with_it_is_named_where_it_is_known():
    # GIVEN an alias whose key was deleted, with and without a record of where it pointed
    gone = (change("DeleteKey", DAY, who="AWS KMS"), change("ScheduleKeyDeletion", 9 * DAY))
    pointed = change("UpdateAlias", 60 * DAY, alias=ALIAS, target_key=KEY_ID)
    known = verdict(no_alias(), changes=(*gone, pointed))[2]
    unknown = verdict(no_alias(), changes=gone)[2]
    # THEN it is said, and nothing is made up
    assert f"{ALIAS} pointed to {KEY_ID};" in because(known)
    assert known.facts["key"] == KEY_ID
    assert f"{ALIAS} pointed to this key;" in because(unknown)
    assert "key" not in unknown.facts
    # AND who scheduled it is part of both stories
    assert f"{BOB} called ScheduleKeyDeletion" in because(known)
    assert f"{BOB} called ScheduleKeyDeletion" in because(unknown)


def test_an_alias_whose_key_was_due_to_be_deleted_names_that_key():
    changes = (
        change("ScheduleKeyDeletion", 9 * DAY, pending_days="7"),
        change("CreateAlias", 60 * DAY, alias=ALIAS, target_key=KEY_ID),
    )
    cause, _, diagnosis = verdict(no_alias(), changes=changes)
    assert cause == "key_deleted"
    assert diagnosis.facts["key"] == KEY_ID
    # BUT of a key that was asked for by its id, no alias matters
    by_id = verdict(no_key(), changes=changes)[2]
    assert by_id.facts["key"].endswith(f"key/{KEY_ID}")


@pytest.mark.parametrize(
    ("failure", "cause"),
    [(0 * SECOND, "key_deleted"), (SECOND, "key_not_found")],
    ids=["at the date", "a second before"],
)
def test_a_deletion_is_due_at_its_date_and_not_before(failure, cause):
    scheduled = change("ScheduleKeyDeletion", 9 * DAY, deletion_date=(THEN + failure).isoformat())
    assert verdict(no_key(), changes=(scheduled,))[0] == cause


def test_relatives_of_a_deleted_multi_region_key_are_all_named():
    # GIVEN a deleted replica whose family lives on in two Regions, and an unrelated key elsewhere
    relatives = (key(key_id=MRK, region=OTHER_REGION), key(key_id=MRK, region="eu-north-1"))
    diagnosis = verdict(
        no_key(MRK),
        changes=(change("DeleteKey", DAY, who="AWS KMS"),),
        elsewhere=(key(region="ap-south-1"), *relatives),
        lookup_results=(absent(),),
    )[2]
    assert f"exists in {OTHER_REGION}, eu-north-1 (Enabled)" in because(diagnosis)
    assert (diagnosis.facts["multi_region"], diagnosis.facts["key_region"]) == ("yes", OTHER_REGION)


def test_the_death_of_an_ordinary_key_says_nothing_of_relatives():
    diagnosis = verdict(
        no_key(), changes=(change("DeleteKey", DAY),), elsewhere=(key(region=OTHER_REGION),)
    )[2]
    assert diagnosis.cause == "key_deleted"
    assert "related key" not in because(diagnosis)
    assert "multi_region" not in diagnosis.facts


def test_a_key_that_a_look_up_sees_was_not_deleted_since_the_call():
    # GIVEN a disabled key, a record of a deletion, and a look-up that sees the key now
    cause, _, diagnosis = verdict(
        in_state("is disabled."),
        changes=(change("DeleteKey", -MINUTE, who=APP),),
        key=key(),
        lookup_results=(seen(),),
    )
    assert cause == "key_disabled"
    assert "deleted the key" not in because(diagnosis)


def test_what_cannot_be_looked_up_is_not_called_deleted():
    failure = failed("KMSInvalidStateException", "KMS key is pending deletion.", None)
    assert verdict(failure, lookup_results=())[0] == "key_pending_deletion"


AT = datetime(2021, 4, 12, 18, 58, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Apr 12, 2021 06:58:30 PM", AT),
        ("Apr 12, 2021, 6:58:30 PM", AT),
        ("Apr 12, 2021 18:58:30 PM", AT),
        ("2021-04-12T18:58:30Z", AT),
        ("2021-04-12T20:58:30+02:00", AT),
        ("2021-04-12T18:58:30", AT),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_every_form_in_which_cloudtrail_has_written_a_date_is_read_in_utc(text, expected):
    assert read_date(text) == expected


def test_a_date_without_a_zone_is_utc_and_a_zone_stays():
    assert read_date("2021-04-12T18:58:30").tzinfo is UTC
    assert read_date("2021-04-12T20:58:30+02:00").utcoffset() == timedelta(hours=2)


@pytest.mark.parametrize(
    ("details", "days"),
    [
        ({"pending_days": "7"}, 7),
        ({"pending_days": "999"}, 999),
        ({"pending_days": "1000"}, 30),
        ({"pending_days": "99999999999"}, 30),
        ({"pending_days": "a week"}, 30),
        ({"pending_days": ""}, 30),
        ({}, 30),
        ({"key_state": "PendingDeletion", "pending_days": "8"}, 8),
        ({"deletion_date": "not a date", "pending_days": "9"}, 9),
    ],
)
def test_a_window_is_counted_in_days_and_nonsense_is_the_usual_wait(details, days):
    scheduled = change("ScheduleKeyDeletion", DAY, **details)
    assert due_date(scheduled) == scheduled.when + days * DAY


def test_a_date_beats_a_window_and_a_primary_that_waits_for_replicas_has_none():
    dated = change(
        "ScheduleKeyDeletion", DAY, deletion_date="2026-12-01T00:00:00Z", pending_days="7"
    )
    assert due_date(dated) == datetime(2026, 12, 1, tzinfo=UTC)
    waits = change("ScheduleKeyDeletion", DAY, key_state="PendingReplicaDeletion", pending_days="7")
    assert due_date(waits) is None


def test_the_region_of_the_failing_call_is_not_that_of_a_relative():
    diagnosis = verdict(
        no_key(MRK),
        changes=(change("DeleteKey", DAY, who="AWS KMS"),),
        elsewhere=(key(key_id=MRK, region=OTHER_REGION),),
    )[2]
    assert diagnosis.facts["region"] == REGION
