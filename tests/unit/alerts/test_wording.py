"""Names, times and tolls as people read them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from keywatch.alerts import wording
from keywatch.alerts.alert import Impact, SubjectView
from keywatch.alerts.builder import build_document
from keywatch.alerts.channels import email
from keywatch.alerts.names import display_name
from keywatch.alerts.wording import subject_line
from keywatch.catalogue.causes import Remedy, cause_of
from keywatch.model.evidence import ChangeFact
from tests.unit.alerts.factory import ACCOUNT, APP, BOB, KEY, KEY_ID, REGION, START, STORE, alert

NAMELESS = dict.fromkeys(("alias", "identifier", "key_arn", "key_store")) | {
    "account": ACCOUNT,
    "region": REGION,
}


@pytest.mark.parametrize(
    ("known", "named"),
    [
        ({"alias": "alias/payments", "identifier": KEY_ID, "key_arn": KEY}, "alias/payments"),
        ({"identifier": KEY_ID, "key_arn": KEY}, KEY_ID),
        ({"key_arn": KEY}, KEY_ID),
        ({"identifier": "arn:aws:kms:eu-west-1:111122223333:alias/payments"}, "alias/payments"),
        ({"identifier": "my key"}, '"my key"'),
        ({"key_store": STORE}, f"key store {STORE}"),
        ({}, "a key that AWS did not name"),
    ],
)
def test_key_is_called_by_its_most_human_name(known, named):
    # GIVEN the names that are known of a key
    names = NAMELESS | known
    # THEN the one that people use is shown
    assert display_name(cause_of("key_disabled"), SubjectView(**names)) == named


def test_broken_store_is_called_by_its_own_name_and_not_by_one_of_its_keys():
    # GIVEN a store that broke, seen through one of its keys
    named = {"alias": "alias/payments", "identifier": KEY, "key_arn": KEY, "key_store": STORE}
    names = NAMELESS | named
    # THEN the store is named where the store is the cause, the key where it is not
    assert display_name(cause_of("key_store_disconnected"), SubjectView(**names)) == STORE
    assert (
        display_name(cause_of("external_key_not_found"), SubjectView(**names)) == "alias/payments"
    )


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 11, 23, 2, 14, 5, 999, tzinfo=UTC), "2026-11-23T02:14:05Z"),
        (
            datetime(2026, 11, 23, 4, 14, 5, tzinfo=timezone(timedelta(hours=2))),
            "2026-11-23T02:14:05Z",
        ),
        (datetime(2026, 11, 23, 2, 14, 5), "2026-11-23T02:14:05Z"),  # noqa: DTZ001 - a time without a zone is what is tested
    ],
)
def test_times_are_utc(moment, text):
    # GIVEN a moment
    # THEN the document has it in UTC, to the second
    assert wording.iso(moment) == text


@pytest.mark.parametrize(
    ("status", "failures", "minutes", "text"),
    [
        ("opened", 0, 0, "no call has failed yet"),
        ("opened", 1, 0, "1 call failed at 2026-11-23 02:14 UTC"),
        (
            "opened",
            12_000,
            5,
            "12,000 calls failed since 2026-11-23 02:14 UTC, the last at 02:19 UTC",
        ),
        (
            "reminder",
            2,
            1_440,
            "2 calls failed since 2026-11-23 02:14 UTC, the last at 2026-11-24 02:14 UTC",
        ),
        ("resolved", 2, 5, "2 calls failed, from 2026-11-23 02:14 UTC to 02:19 UTC"),
        ("resolved", 0, 0, "no call failed"),
    ],
)
def test_impact_says_how_many_and_since_when(status, failures, minutes, text):
    # GIVEN failures over some minutes
    impact = {
        "failures": failures,
        "first_seen": wording.iso(START),
        "last_seen": wording.iso(START + timedelta(minutes=minutes)),
    }
    # THEN it reads as a person would say it
    assert wording.failures_and_times(status, impact) == text


def test_alias_that_was_meant_and_deletion_date_are_in_the_first_lines():
    # GIVEN a diagnosis that found the nearest alias, the key's Region and a deletion date
    facts = {
        "did_you_mean": "alias/payments",
        "key_region": "us-east-1",
        "deletion_date": "2026-11-30 02:10 UTC",
    }
    # THEN they are said at once
    said = wording.hints(facts)
    assert (
        said
        == "Did you mean alias/payments? The key is in us-east-1. Permanent deletion: 2026-11-30 02:10 UTC."
    )


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (
            datetime(2026, 11, 23, 2, 22, tzinfo=UTC),
            "Permanent deletion: 30 Nov 02:10 UTC (in 6 d 23 h).",
        ),
        (
            datetime(2026, 11, 30, 1, 12, tzinfo=UTC),
            "Permanent deletion: 30 Nov 02:10 UTC (in 58 min).",
        ),
        (datetime(2026, 11, 30, 2, 10, tzinfo=UTC), "Permanent deletion: 2026-11-30 02:10 UTC."),
    ],
)
def test_a_date_to_come_says_what_is_left(now, said):
    assert wording.hints({"deletion_date": "2026-11-30 02:10 UTC"}, now) == said


@pytest.mark.parametrize(
    ("status", "callers", "minutes", "said"),
    [
        (
            "opened",
            ((f"{APP}", 480),),
            8,
            "alias/payments: 480 calls of payments-app failing since 02:14 UTC (8 min)",
        ),
        (
            "opened",
            ((f"{APP}", 1),),
            0,
            "alias/payments: 1 call of payments-app failed at 02:14 UTC",
        ),
        ("opened", (), 8, "alias/payments: 480 calls failing since 02:14 UTC (8 min)"),
        (
            "opened",
            (("(others)", 400), (APP, 80)),
            8,
            "alias/payments: 480 calls failing since 02:14 UTC (8 min), 80 of payments-app",
        ),
        (
            "reminder",
            ((APP, 480),),
            1500,
            "alias/payments: 480 calls of payments-app still failing since 23 Nov 02:14 UTC (1 d 1 h)",
        ),
        (
            "resolved",
            ((APP, 480),),
            8,
            "alias/payments: resolved; 480 calls of payments-app failed from 02:14 to 02:22 UTC (8 min)",
        ),
    ],
)
def test_first_line_is_what_somebody_who_was_woken_asks_first(status, callers, minutes, said):
    # GIVEN some calls of some callers, over some minutes
    count = 1 if minutes == 0 else 480
    impact = Impact(count, START, START + timedelta(minutes=minutes), callers=callers)
    # THEN one line says what, how much, who and since when
    built = build_document(replace(alert("key_disabled", status), impact=impact))
    assert wording.first_line(built) == said


def test_first_line_is_short_whatever_the_names_are():
    # GIVEN the longest names
    impact = Impact(10**9, START, START + timedelta(days=400), callers=(("x" * 500, 10**9 - 1),))
    longest = replace(alert("key_disabled", "reminder"), impact=impact)
    subject = replace(longest.subject, alias="alias/" + "y" * 250)
    # THEN the count is still in the line
    line = wording.first_line(build_document(replace(longest, subject=subject)))
    assert len(line) <= 120
    assert "1,000,000,000 calls" in line


def test_fact_that_reads_like_more_than_a_name_is_no_hint():
    # GIVEN a fact with a sentence in it
    # THEN it does not get into the first lines
    assert wording.hints({"did_you_mean": "alias/x or call 555-0100 now"}) == ""


def test_cause_that_the_catalogue_lacks_is_still_alerted():
    # GIVEN a cause that an older or newer catalogue would know
    odd = alert("key_disabled")
    # WHEN its alert is built
    built = build_document(replace(odd, diagnosis=replace(odd.diagnosis, cause="key_eaten_by_dog")))
    # THEN it has a title and a severity
    assert built["title"] == "Key eaten by dog: alias/payments"
    assert built["severity"] == "high"


def test_severity_of_the_incident_overrules_the_catalogue():
    # GIVEN an incident that was raised to critical
    built = build_document(replace(alert("key_disabled"), severity="critical"))
    # THEN the document and the Subject say so
    assert built["severity"] == "critical"
    assert subject_line(built).startswith("CRITICAL: ")


def test_long_subject_keeps_severity_key_and_region():
    # GIVEN the longest title of the catalogue, in a reminder
    built = build_document(alert("xks_proxy_rejected_credentials", "reminder"))
    # WHEN its Subject is made
    subject = subject_line(built)
    # THEN what was cut is the end of the cause
    assert len(subject) <= 99
    assert subject.startswith("CRITICAL STILL FAILING: External key store proxy")
    assert subject.endswith(f"...: {STORE} (eu-west-1)")


def test_longest_of_everything_still_makes_a_subject():
    # GIVEN the longest tag, a long cause, a long name and a Region that is none
    longest = alert("xks_proxy_rejected_credentials", "reminder")
    subject = replace(longest.subject, region="a" * 60, key_store="c" * 200)
    # WHEN its Subject is made
    made = subject_line(build_document(replace(longest, subject=subject)))
    # THEN SNS takes it
    assert len(made) <= 99


def test_newest_change_comes_first_and_is_the_one_linked():
    # GIVEN two changes in the order in which they were made
    old = ChangeFact("DisableKey", BOB, START - timedelta(days=1), "11111111-aaaa")
    new = ChangeFact("ScheduleKeyDeletion", BOB, START, "22222222-bbbb")
    # WHEN the document is built
    built = build_document(replace(alert("key_pending_deletion"), changes=(old, new)))
    # THEN the newest is first, and its event is linked
    assert [change["what"] for change in built["changes"]] == ["ScheduleKeyDeletion", "DisableKey"]
    assert built["links"]["event"].endswith("22222222-bbbb")


def test_command_that_cannot_be_shown_exactly_is_left_out_with_a_word():
    # GIVEN a remedy whose command has a line break in it
    broken = alert("key_disabled")
    remedies = (Remedy("Enable the key.", "aws kms enable-key --key-id 'x\ny'"),)
    # WHEN the document is built
    built = build_document(replace(broken, diagnosis=replace(broken.diagnosis, remedies=remedies)))
    # THEN there is the step, but no command that is not the one meant
    assert built["remedies"] == [
        {
            "text": "Enable the key. (No command is shown, because it cannot be displayed exactly as it must be typed.)",
            "command": None,
        }
    ]


def test_more_than_a_few_callers_are_counted_in_the_email():
    # GIVEN more callers than an e-mail shows
    many = tuple(
        (f"arn:aws:iam::111122223333:role/app-{number}", 9 - number) for number in range(7)
    )
    busy = alert("key_disabled")
    # WHEN it is rendered
    body = email.body(build_document(replace(busy, impact=replace(busy.impact, callers=many))))
    # THEN the first three are named and the rest is counted
    assert "- Callers: role/app-0 (9), role/app-1 (8), role/app-2 (7), and 4 more" in body


def test_names_that_the_incident_did_not_keep_are_others():
    # GIVEN an incident that kept a sample of names and a count of the others
    sampled = replace(
        alert("key_disabled").impact, resources=(("(others)", 90), ("key/a", 5), ("key/b", 4))
    )
    # WHEN it is rendered
    body = email.body(build_document(replace(alert("key_disabled"), impact=sampled)))
    # THEN the sample is named, not the count of what was not kept
    assert "- Resources: key/a (5), key/b (4), and others" in body


def test_call_of_kms_itself_is_no_service_worth_a_line():
    # GIVEN calls that went to KMS directly
    direct = replace(alert("key_disabled").impact, services=(("kms.amazonaws.com", 500),))
    # THEN the e-mail has no line for services
    assert "Services" not in email.body(
        build_document(replace(alert("key_disabled"), impact=direct))
    )


def test_doubt_is_shown_before_what_to_run_and_only_then():
    # GIVEN one diagnosis that is not certain and one that is
    doubtful = email.body(build_document(alert("missing_or_not_authorized")))
    sure = email.body(build_document(alert("external_key_not_found")))
    # THEN what could not be seen comes early where it matters, and late where it does not
    assert doubtful.index("WHAT WE DON'T KNOW") < doubtful.index("HOW TO FIX IT")
    assert sure.index("WHAT WE DON'T KNOW") > sure.index("HOW TO FIX IT")


def test_early_warning_hurts_nobody_yet():
    # GIVEN an alert without failures
    early = replace(alert("key_disabled"), impact=Impact(0, START, START))
    # THEN its e-mail has no list of victims
    assert "IMPACT" not in email.body(build_document(early))
