"""CloudTrail's event history: asked so that a busy key hides nothing, and never said to be empty where it was not read."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from keywatch.diagnosis.case import TRAIL_LAG
from keywatch.lookups.history import (
    MOST_CALLS,
    PAGE,
    REACH,
    REMEMBERED,
    History,
    Refused,
    joined,
    outcome_of_history,
)
from keywatch.model.evidence import LookupOutcome
from keywatch.model.signals import Subject

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
ACCOUNT, REGION = "111122223333", "eu-west-1"
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{KEY_ID}"
SUBJECT = Subject("key", ACCOUNT, REGION, KEY_ID)


def recorded(name, when, arn=KEY, **fields):
    """Return an event as LookupEvents answers it."""
    record = {
        "eventVersion": "1.11",
        "eventSource": "kms.amazonaws.com",
        "eventName": name,
        "eventTime": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventID": f"{name}-{when.timestamp()}",
        "awsRegion": REGION,
        "recipientAccountId": ACCOUNT,
        "userIdentity": {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/bob"},
        "requestParameters": {"keyId": arn},
        "resources": [{"ARN": arn, "accountId": ACCOUNT, "type": "AWS::KMS::Key"}],
    } | fields
    return {"EventName": name, "EventTime": when, "CloudTrailEvent": json.dumps(record)}


class Trail:
    """LookupEvents as the API is: one attribute, newest first, 50 a page, a token for more."""

    def __init__(self, *events):
        self.events = sorted(events, key=lambda event: event["EventTime"], reverse=True)
        self.calls = []
        self.error = None

    def lookup_events(self, *, LookupAttributes, StartTime, EndTime, MaxResults, NextToken="0"):
        self.calls.append(LookupAttributes)
        if self.error:
            raise self.error
        (attribute,) = LookupAttributes
        assert (attribute["AttributeKey"], MaxResults) == ("EventName", PAGE)
        found = [
            event
            for event in self.events
            if event["EventName"] == attribute["AttributeValue"]
            and StartTime <= event["EventTime"] <= EndTime
        ]
        start = int(NextToken)
        more = {"NextToken": str(start + PAGE)} if len(found) > start + PAGE else {}
        return {"Events": found[start : start + PAGE]} | more


def of_the_key(change):
    return SUBJECT in change.subjects


def history(trail, moment=None, **options):
    clock = moment or [NOW]
    return History(lambda _service, _region: trail, lambda: clock[0], **options)


def test_a_change_behind_a_hundred_thousand_uses_costs_one_call():
    # GIVEN a key that was disabled 80 days ago, and is used all the time
    used = [recorded("Decrypt", NOW - timedelta(seconds=n)) for n in range(1, 2000)]
    trail = Trail(recorded("DisableKey", NOW - timedelta(days=80)), *used)
    # WHEN it is asked who disabled it
    answer = history(trail).find(("DisableKey",), of_the_key, REGION)
    # THEN one call tells
    assert [change.who.principal for change in answer.changes] == [
        f"arn:aws:iam::{ACCOUNT}:user/bob"
    ]
    assert (len(trail.calls), answer.complete) == (1, True)


def test_the_key_is_looked_for_on_older_pages_until_it_is_found():
    # GIVEN 120 other keys that were disabled since
    other = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{'0' * 8}-0000-0000-0000-{'0' * 12}"
    noise = [recorded("DisableKey", NOW - timedelta(hours=n), other) for n in range(1, 121)]
    trail = Trail(recorded("DisableKey", NOW - timedelta(days=30)), *noise)
    # WHEN it is asked for THEN the third page tells
    answer = history(trail).find(("DisableKey",), of_the_key, REGION)
    assert len(answer.changes) == 1
    assert (len(trail.calls), answer.calls) == (3, 3)


def test_what_was_left_unread_is_said():
    # GIVEN more changes of other keys than may be read
    other = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{'0' * 8}-0000-0000-0000-{'0' * 12}"
    noise = [recorded("DisableKey", NOW - timedelta(minutes=n), other) for n in range(1, 1000)]
    answer = history(Trail(*noise)).find(("DisableKey", "CancelKeyDeletion"), of_the_key, REGION)
    # THEN no more calls than allowed are made, and the answer is no "none"
    assert answer.calls == MOST_CALLS
    assert (answer.changes, answer.complete, answer.unread) == ((), False, ("DisableKey",))
    # THEN the span is that of which everything was read
    assert answer.since == NOW - timedelta(minutes=(MOST_CALLS - 1) * PAGE)


def test_nothing_is_absent_only_where_all_was_read():
    answer = history(Trail()).find(("DeleteKey", "ScheduleKeyDeletion"), of_the_key, REGION)
    assert (answer.complete, answer.since, answer.until) == (True, NOW - REACH, NOW)
    assert outcome_of_history(answer)[0] is LookupOutcome.ABSENT
    assert joined(None, answer, REGION).shown_until == NOW - TRAIL_LAG


def test_failed_calls_and_other_keys_explain_nothing():
    denied = recorded("DisableKey", NOW - timedelta(days=1), errorCode="AccessDenied")
    broken = {"EventName": "DisableKey", "EventTime": NOW, "CloudTrailEvent": "{"}
    assert not history(Trail(denied, broken)).find(("DisableKey",), of_the_key, REGION).changes


def test_the_next_incident_asks_what_is_remembered_and_later_anew():
    # GIVEN an incident that asked
    moment, trail = [NOW], Trail(recorded("DisableKey", NOW - timedelta(days=1)))
    looked = history(trail, moment)
    looked.find(("DisableKey",), of_the_key, REGION)
    # WHEN another asks within minutes THEN no call is made
    moment[0] += REMEMBERED - timedelta(seconds=1)
    assert looked.find(("DisableKey",), of_the_key, REGION).calls == 0
    # WHEN it is later THEN it is asked anew
    moment[0] += timedelta(seconds=1)
    assert looked.find(("DisableKey",), of_the_key, REGION).calls == 1


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (ClientError({"Error": {"Code": "ThrottlingException"}}, "LookupEvents"), "throttled"),
        (ClientError({"Error": {"Code": "AccessDeniedException"}}, "LookupEvents"), "denied"),
        (ReadTimeoutError(endpoint_url="https://example.invalid"), "failed"),
    ],
)
def test_an_answer_that_did_not_come_is_no_absence(error, outcome):
    trail = Trail()
    trail.error = error
    answer = history(trail).find(("DisableKey",), of_the_key, REGION)
    assert (answer.complete, outcome_of_history(answer)[0]) == (False, LookupOutcome(outcome))


def test_without_room_in_the_pace_of_the_account_nothing_is_asked():
    def no_room(_region):
        raise Refused

    trail = Trail(recorded("DisableKey", NOW - timedelta(days=1)))
    answer = history(trail, wait=no_room).find(("DisableKey",), of_the_key, REGION)
    assert (trail.calls, answer.complete) == ([], False)
    assert outcome_of_history(answer)[0] is LookupOutcome.SKIPPED


def standing(history, *names, undoing=("EnableKey",)):
    return history.find_standing(names, undoing, lambda c: SUBJECT in c.subjects, REGION)


def test_what_undid_a_change_is_asked_for_as_well():
    # GIVEN a key that somebody disabled and enabled again half an hour ago
    begin = NOW - timedelta(minutes=30)
    trail = Trail(
        recorded("DisableKey", begin), recorded("EnableKey", begin + timedelta(seconds=50))
    )
    # WHEN it is asked who disabled it THEN both changes are found: that one does not stand
    answer = standing(History(lambda *_: trail, lambda: NOW), "DisableKey")
    assert [change.what for change in answer.changes] == ["EnableKey", "DisableKey"]
    assert answer.calls == 2


def test_a_change_is_left_out_where_it_cannot_be_read_whether_it_was_undone():
    # GIVEN an account whose history is refused after the first call
    trail = Trail(recorded("DisableKey", NOW - timedelta(minutes=30)))

    def wait(_region):
        if trail.calls:
            raise Refused

    # WHEN it is asked who disabled the key THEN nobody is named, and it is said why
    answer = standing(History(lambda *_: trail, lambda: NOW, wait), "DisableKey")
    assert answer.changes == ()
    assert isinstance(answer.error, Refused)


def test_older_pages_of_what_undoes_are_not_read_beyond_the_change():
    # GIVEN a change of yesterday, and hundreds of keys that were enabled since and before
    others = [
        recorded("EnableKey", NOW - timedelta(minutes=n), arn=f"{KEY[:-1]}0") for n in range(400)
    ]
    trail = Trail(recorded("DisableKey", NOW - timedelta(minutes=70)), *others)
    # WHEN it is asked who did it THEN two pages tell that nobody undid it
    answer = standing(History(lambda *_: trail, lambda: NOW), "DisableKey")
    assert [change.what for change in answer.changes] == ["DisableKey"]
    assert answer.calls == 3
