"""The sentences that several hypotheses use: who did what and when, how long, and in which state."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from keywatch.diagnosis.reasons import (
    Reason,
    because_change,
    change_source,
    distance,
    key_state,
    not_seen,
    stamp,
)
from keywatch.model.evidence import ChangeFact, LookupOutcome, LookupResult
from tests.unit.cases import ALIAS, BOB, KEY_ID, REGION, THEN, key

AT = datetime(2026, 11, 23, 3, 4, 59, tzinfo=UTC)


def test_a_time_is_told_in_utc_to_the_minute_and_an_unknown_one_is_called_so():
    assert stamp(AT) == "2026-11-23 03:04 UTC"
    assert stamp(AT.astimezone(timezone(timedelta(hours=9)))) == "2026-11-23 03:04 UTC"
    assert stamp(None) == "an unknown time"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(-3, "0 s"), (0, "0 s"), (1.6, "2 s"), (119, "119 s"), (120, "2 min"), (239, "3 min")],
)
def test_a_distance_is_told_in_seconds_and_from_two_minutes_on_in_minutes(seconds, expected):
    assert distance(THEN, THEN + timedelta(seconds=seconds)) == expected


@pytest.mark.parametrize("who", ["AWS KMS", "AWS Internal"])
def test_what_kms_did_by_itself_nobody_called(who):
    change = ChangeFact("DeleteKey", who, AT, "", "change ledger")
    assert because_change(change) == Reason(
        "change ledger", "KMS itself performed DeleteKey at 2026-11-23 03:04 UTC."
    )


@pytest.mark.parametrize(
    ("details", "onto"),
    [
        ({"alias": ALIAS, "target_key": KEY_ID}, f" ({ALIAS} to {KEY_ID})"),
        ({"alias": ALIAS}, ""),
        ({"target_key": KEY_ID}, ""),
    ],
)
def test_a_move_is_told_with_the_alias_and_its_new_key(details, onto):
    change = ChangeFact("UpdateAlias", BOB, AT, "e-1", details=details)
    expected = f"{BOB} called UpdateAlias{onto} at 2026-11-23 03:04 UTC."
    assert because_change(change).text == expected


@pytest.mark.parametrize(
    ("who", "event", "expected"),
    [
        ("AWS KMS", "e-1", "KMS event e-1"),
        (BOB, "e-1", "CloudTrail event e-1"),
        ("AWS Internal", "e-1", "CloudTrail event e-1"),
        (BOB, "", "change ledger"),
    ],
)
def test_a_change_is_told_with_its_event_where_it_has_one(who, event, expected):
    assert change_source(ChangeFact("DeleteKey", who, AT, event, "change ledger")) == expected


def test_an_outcome_without_words_of_its_own_is_no_answer():
    look = LookupResult("DescribeKey", KEY_ID, REGION, LookupOutcome.REFUSED, "SomeError")
    assert not_seen(look) == (
        f"Could not see DescribeKey of {KEY_ID} in {REGION}: no answer (SomeError)."
    )


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, "the key is Enabled."),
        (
            {"valid_to": AT},
            "the key is Enabled; its imported material expires on 2026-11-23 03:04 UTC.",
        ),
        ({"state": "Disabled", "valid_to": AT}, "the key is Disabled."),
        (
            {"state": "PendingDeletion", "deletion_date": AT, "valid_to": AT, "pending_days": 7},
            "the key is PendingDeletion, to be deleted on 2026-11-23 03:04 UTC.",
        ),
        (
            {"state": "PendingReplicaDeletion", "pending_days": 0},
            "the key is PendingReplicaDeletion; its 0 days of waiting start when its last replica is deleted.",
        ),
    ],
)
def test_a_state_is_told_with_the_date_that_goes_with_it(facts, expected):
    assert key_state(key(**facts)) == expected
