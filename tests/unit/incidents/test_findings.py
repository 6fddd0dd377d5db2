"""What a look at an incident finds, to the second: waits, ends, changes, reminders. Pure."""

from dataclasses import replace
from datetime import timedelta

import pytest

from keywatch.diagnosis.diagnose import diagnose
from keywatch.incidents.announce import next_due
from keywatch.incidents.findings import Look, finding_of, has_begun, is_news, must_wait, told_at
from keywatch.incidents.lifecycle import Finding
from keywatch.model.evidence import Evidence
from keywatch.model.incident import HELD, MUTED, NEW, OPEN, FailureBatch, provisional
from keywatch.model.levels import Severity
from tests.unit.cases import (
    ACCOUNT,
    ALIAS,
    KEY,
    KEY_ID,
    STORE,
    THEN,
    absent,
    blind,
    change,
    denied,
    failed,
    in_state,
    key,
    no_alias,
    no_key,
    seen,
    store,
)

SECOND, MINUTE, HOUR, DAY = (
    timedelta(seconds=1),
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
)
REPEAT = 4 * HOUR
DISABLED, BLIND = in_state("is disabled."), {}
BROKEN = {"key": key("Disabled"), "lookup_results": (seen(),)}
USABLE = {"key": key(), "lookup_results": (seen(),)}
MISSING = {"lookup_results": (absent(),)}


def incident(failure=DISABLED, status=OPEN, **facts):
    batch = FailureBatch(failure)
    batch.add(failure, "m-1")
    told = {"cause": "key_disabled", "severity": "high", "announced": ("key_disabled",)}
    told |= {"sent_at": THEN, "announced_failures": 1} if status == OPEN else {}
    made = provisional(failure.subject, batch, THEN)
    return replace(made, status=status, **((told if status == OPEN else {}) | facts))


def look(one, after=MINUTE, **evidence):
    now = THEN + after
    found = Evidence(own_account=ACCOUNT, **evidence)
    return Look(diagnose(one.latest_failure, found, now), found, now, REPEAT)


def finds(one, after=MINUTE, *, key_speaks=False, **evidence):
    return finding_of(one, look(one, after, **evidence), lambda: key_speaks)


class TestBeforeTheAlert:
    def test_what_is_broken_is_broken(self):
        assert finds(incident(status=NEW), **BROKEN) is Finding.IS_BROKEN
        assert finds(incident(status=NEW)) is Finding.IS_BROKEN

    def test_an_alias_whose_key_speaks_is_left_to_it(self):
        one = incident(no_alias(), NEW)
        assert finds(one, key_speaks=True, **MISSING) is Finding.KEY_SPEAKS
        assert finds(one, key_speaks=False, **MISSING) is Finding.IS_BROKEN

    def test_a_warning_that_is_no_news_is_none(self):
        warning = replace(DISABLED, source="change", operation="DisableKey")
        one = incident(warning, NEW)
        unused = {**BROKEN, "last_used": THEN - 100 * DAY}
        assert finds(one, **unused) is Finding.IS_NO_NEWS
        assert finds(one, **BROKEN) is Finding.IS_BROKEN
        # BUT a call that failed is news however long the key was unused
        assert finds(incident(status=NEW), **unused) is Finding.IS_BROKEN

    @pytest.mark.parametrize(
        ("after", "found"),
        [(5 * MINUTE - SECOND, Finding.MAY_HEAL), (5 * MINUTE, Finding.IS_BROKEN)],
    )
    def test_what_may_not_be_visible_yet_is_held_for_five_minutes(self, after, found):
        one = incident(no_key(), NEW)
        made = (change("CreateKey", SECOND),)
        assert finds(one, after, changes=made, **MISSING) is found
        assert must_wait(one, look(one, after, changes=made, **MISSING)) is (
            found is Finding.MAY_HEAL
        )

    @pytest.mark.parametrize("status", [NEW, HELD])
    def test_what_is_usable_again_is_over_thirty_seconds_after_the_last_failure(self, status):
        one = incident(status=status)
        assert finds(one, 29 * SECOND, **USABLE) is Finding.MAY_HEAL
        over = Finding.IS_OVER if status == HELD else Finding.MAY_HEAL
        assert finds(one, 30 * SECOND, **USABLE) is over
        assert finds(one, HOUR, **USABLE) is over

    def test_what_looks_usable_while_calls_go_on_failing_is_told_after_five_minutes(self):
        one = incident(status=HELD, last_seen=THEN + 5 * MINUTE)
        assert finds(one, 5 * MINUTE + 29 * SECOND, **USABLE) is Finding.IS_BROKEN
        assert finds(one, 5 * MINUTE - SECOND, **USABLE) is Finding.MAY_HEAL

    @pytest.mark.parametrize(
        ("late", "found"), [(HOUR, Finding.MAY_HEAL), (HOUR - SECOND, Finding.IS_BROKEN)]
    )
    def test_a_failure_that_is_told_an_hour_late_of_a_usable_key_is_over(self, late, found):
        # GIVEN a denial, which no look-up can prove to be over, of a key that is usable
        one = incident(denied(), NEW, arrived=THEN + late)
        assert finds(one, 2 * HOUR, **USABLE) is found
        # BUT of an external key, and of one in an unknown state, that says nothing
        for facts in ({"external_key": "xks-1"}, {"state": "Archived"}):
            evidence = {**USABLE, "key": key(**facts)}
            assert finds(one, 2 * HOUR, **evidence) is Finding.IS_BROKEN

    def test_a_key_that_appears_while_it_is_held_is_over(self):
        one = incident(no_key(), HELD)
        made = (change("CreateKey", SECOND),)
        assert finds(one, MINUTE, changes=made, **USABLE) is Finding.IS_OVER
        assert finds(one, 20 * SECOND, changes=made, **USABLE) is Finding.MAY_HEAL
        assert finds(one, MINUTE, changes=made, **MISSING) is Finding.MAY_HEAL

    @pytest.mark.parametrize(
        ("after", "found"),
        [(6 * HOUR - SECOND, Finding.KEY_SPEAKS), (6 * HOUR, Finding.IS_OVER)],
    )
    def test_a_muted_alias_is_over_after_six_quiet_hours(self, after, found):
        assert finds(incident(no_alias(), MUTED), after, key_speaks=True, **MISSING) is found


class TestEnd:
    def test_what_is_proven_usable_ends_ten_quiet_minutes_later(self):
        assert finds(incident(), 10 * MINUTE - SECOND, **USABLE) is Finding.NOTHING_NEW
        assert finds(incident(), 10 * MINUTE, **USABLE) is Finding.IS_USABLE

    def test_what_flaps_ends_two_quiet_hours_later(self):
        flapping = incident(openings=(THEN - 2 * HOUR, THEN - HOUR, THEN))
        assert finds(flapping, 2 * HOUR - SECOND, **USABLE) is Finding.NOTHING_NEW
        assert finds(flapping, 2 * HOUR, **USABLE) is Finding.IS_USABLE

    def test_a_key_that_is_seen_broken_never_ends(self):
        assert finds(incident(), 30 * DAY, **BROKEN) is Finding.NOTHING_NEW

    def test_what_nobody_can_see_ends_after_six_quiet_hours(self):
        assert finds(incident(), 6 * HOUR - SECOND) is Finding.NOTHING_NEW
        assert finds(incident(), 6 * HOUR) is Finding.IS_QUIET

    def test_what_is_still_missing_ends_by_silence(self):
        one = incident(no_alias(), cause="alias_not_found", announced=("alias_not_found",))
        assert finds(one, 6 * HOUR - SECOND, **MISSING) is Finding.NOTHING_NEW
        assert finds(one, 6 * HOUR, **MISSING) is Finding.IS_STILL_MISSING

    @pytest.mark.parametrize("told", [0 * HOUR, HOUR])
    def test_a_deleted_key_is_gone_six_hours_after_the_last_word_and_failure(self, told):
        one = incident(
            no_key(),
            cause="key_deleted",
            announced=("key_deleted",),
            sent_at=THEN + told,
            severity="critical",
        )
        deleted = (change("DeleteKey", DAY, who="AWS KMS"),)
        assert (
            finds(one, told + 6 * HOUR - SECOND, changes=deleted, **MISSING) is Finding.NOTHING_NEW
        )
        assert finds(one, told + 6 * HOUR, changes=deleted, **MISSING) is Finding.IS_GONE

    def test_a_second_cause_that_is_not_over_keeps_it_open(self):
        # GIVEN a store that people were told of, and calls that failed since with an external key
        text = "The external key store proxy rejected the request because it could not find the external key."
        failure = failed("KMSInvalidStateException", text, KEY, key_store=STORE)
        one = incident(
            failure,
            cause="key_store_disconnected",
            announced=("key_store_disconnected",),
            severity="critical",
        )
        evidence = {
            "key": key(key_store=STORE, external_key="xks-1"),
            "store": store(),
            "lookup_results": (seen(),),
        }
        assert finds(one, HOUR, **evidence) is Finding.HAS_CHANGED
        # AND once that was told as well, only silence ends it
        both = replace(one, announced=(*one.announced, "external_key_not_found"))
        assert finds(both, HOUR, **evidence) is Finding.NOTHING_NEW
        assert finds(both, 6 * HOUR, **evidence) is Finding.IS_QUIET


class TestChanges:
    def test_the_outage_of_what_was_warned_of_has_begun(self):
        assert finds(incident(announced_failures=0), **BROKEN) is Finding.HAS_BEGUN
        assert finds(incident(announced_failures=1), **BROKEN) is Finding.NOTHING_NEW
        assert finds(incident(announced_failures=None), **BROKEN) is Finding.NOTHING_NEW
        # BUT not of what a look-up proves usable
        assert finds(incident(announced_failures=0), **USABLE) is Finding.NOTHING_NEW

    @pytest.mark.parametrize(
        ("announced", "failures", "begun"),
        [(0, 1, True), (0, 0, False), (1, 2, False), (None, 1, False)],
    )
    def test_an_outage_begins_with_the_first_call_that_fails(self, announced, failures, begun):
        assert has_begun(incident(announced_failures=announced, failures=failures)) is begun

    def test_a_state_that_kms_reports_is_news_although_it_was_told_before(self):
        one = incident(
            in_state("is pending deletion."),
            cause="key_pending_deletion",
            announced=("key_disabled", "key_pending_deletion"),
        )
        assert finds(one, **BROKEN) is Finding.HAS_CHANGED

    def test_of_anything_else_a_cause_that_was_told_is_none(self):
        one = incident(no_key(), cause="missing_or_not_authorized")
        told = replace(one, announced=("missing_or_not_authorized", "key_not_found"))
        assert finds(one, **MISSING) is Finding.HAS_CHANGED
        assert finds(told, **MISSING) is Finding.NOTHING_NEW

    def test_what_may_heal_by_itself_is_not_worth_a_message(self):
        one = incident(no_key(), cause="key_disabled")
        made = (change("CreateKey", SECOND),)
        assert finds(one, changes=made, **MISSING) is Finding.NOTHING_NEW

    @pytest.mark.parametrize(
        ("after", "found"),
        [(2 * MINUTE, Finding.MAY_HEAL), (2 * MINUTE + SECOND, Finding.IS_BROKEN)],
    )
    def test_who_cancels_a_deletion_is_given_time_to_enable_the_key(self, after, found):
        # GIVEN a deletion that was scheduled and cancelled again, before any call failed
        warning = replace(DISABLED, source="change", operation="ScheduleKeyDeletion")
        one = incident(warning, NEW, last_seen=THEN - SECOND)
        cancelled = (change("CancelKeyDeletion", 0 * SECOND),)
        # THEN that the key is disabled is told where it stays so for two minutes
        assert finds(one, after, changes=cancelled, **BROKEN) is found
        # BUT at once where a call failed since
        failing = replace(one, last_seen=THEN + SECOND)
        assert finds(failing, MINUTE, changes=cancelled, **BROKEN) is Finding.IS_BROKEN

    def test_without_a_look_and_without_a_new_failure_nothing_is_news(self):
        # GIVEN a pending key that was told as disabled, since a look-up saw that its deletion was cancelled
        one = incident(in_state("is pending deletion."))
        blind_look = {"lookup_results": (blind(),)}
        # WHEN no look-up answers any more THEN the old reading is no news
        assert finds(one, **blind_look) is Finding.NOTHING_NEW
        # BUT a call that failed since is
        assert finds(replace(one, last_seen=THEN + SECOND), **blind_look) is Finding.HAS_CHANGED

    def test_another_cause_that_is_over_is_no_news(self):
        # GIVEN a Region that was called wrong, and a key that is there and usable by now
        one = incident(no_key(), cause="wrong_region", announced=("wrong_region",))
        assert finds(one, MINUTE, **USABLE) is Finding.NOTHING_NEW

    @pytest.mark.parametrize(
        ("ago", "after", "found"),
        [
            (0 * SECOND, 5 * MINUTE, Finding.NOTHING_NEW),
            (0 * SECOND, 5 * MINUTE + SECOND, Finding.HAS_CHANGED),
        ],
        ids=["a moment ago", "a while ago"],
    )
    def test_a_look_up_that_lags_behind_a_mend_is_no_news(self, ago, after, found):
        # GIVEN a pending key whose key was disabled, then enabled, while a look-up shows it disabled
        one = incident(
            in_state("is pending deletion."), cause="key_pending_deletion", severity="critical"
        )
        mended = (change("DisableKey", HOUR), change("EnableKey", ago))
        assert finds(one, after, changes=mended, **BROKEN) is found
        # BUT broken again after the mend it is, and what was mended without having been broken is not
        again = (*mended, change("DisableKey", -SECOND))
        assert finds(one, after, changes=again, **BROKEN) is Finding.HAS_CHANGED
        assert finds(one, after, changes=mended[1:], **BROKEN) is found

    def test_a_message_says_that_it_hurts_more(self):
        one = incident(cause="key_disabled", severity="warning")
        assert finds(one, **BROKEN) is Finding.HURTS_MORE
        assert finds(replace(one, severity="critical"), **BROKEN) is Finding.NOTHING_NEW


class TestReminders:
    def goes_on(self, after, last, told=0 * HOUR):
        one = incident(sent_at=THEN + told, last_seen=THEN + last)
        return finds(one, after, **BROKEN)

    def test_they_come_one_repeat_interval_after_the_last_word_while_calls_fail(self):
        assert self.goes_on(4 * HOUR, 4 * HOUR) is Finding.GOES_ON
        assert self.goes_on(4 * HOUR - SECOND, 4 * HOUR - SECOND) is Finding.NOTHING_NEW

    def test_they_need_a_failure_of_the_last_ten_minutes_that_came_after_the_last_word(self):
        assert self.goes_on(5 * HOUR, 5 * HOUR - 10 * MINUTE + SECOND) is Finding.GOES_ON
        assert self.goes_on(5 * HOUR, 5 * HOUR - 10 * MINUTE) is Finding.NOTHING_NEW
        assert self.goes_on(5 * HOUR, HOUR, told=HOUR) is Finding.NOTHING_NEW

    def test_people_were_told_when_it_was_sent_or_else_when_it_began(self):
        assert told_at(incident(sent_at=THEN + HOUR)) == THEN + HOUR
        assert told_at(incident(sent_at=None)) == THEN


class TestNews:
    """What makes the clock look at an incident at once."""

    def is_news(self, before, after, minutes=1):
        return is_news(before, after, THEN + minutes * MINUTE, REPEAT)

    def test_more_of_the_same_is_none(self):
        assert not self.is_news(incident(), incident(failures=2))

    def test_another_cause_the_first_failure_and_a_reminder_that_is_due_are(self):
        before = incident()
        assert self.is_news(before, incident(latest_cause="key_not_found"))
        assert self.is_news(before, incident(announced_failures=0))
        assert self.is_news(before, before, minutes=240)
        assert not self.is_news(before, before, minutes=239)
        assert not self.is_news(replace(before, sent_at=None), before, minutes=240)

    def test_a_severity_that_rises_is(self):
        before = incident(severity="warning")
        assert self.is_news(before, before)
        assert not self.is_news(replace(before, severity=None), before)
        assert self.is_news(
            incident(cause="missing_or_not_authorized", severity=Severity.WARNING.value),
            incident(cause="missing_or_not_authorized", failures=1_000),
        )

    def test_nothing_is_of_what_nobody_was_told_of(self):
        other = incident(latest_cause="key_not_found", announced_failures=0)
        for status in (NEW, HELD, MUTED):
            assert not self.is_news(incident(status=status), other)


@pytest.mark.parametrize(
    ("last", "sent", "due"),
    [
        (0 * MINUTE, 0 * MINUTE, 10 * MINUTE),
        (0 * MINUTE, 9 * MINUTE + SECOND, 10 * MINUTE + SECOND),
        (5 * HOUR, 0 * MINUTE, 4 * HOUR),
        (HOUR, 30 * MINUTE, HOUR + 10 * MINUTE),
    ],
)
def test_an_open_incident_is_due_when_it_may_have_ended_or_a_reminder_may_be(last, sent, due):
    one = incident(last_seen=THEN + last)
    assert next_due(one, THEN + sent, REPEAT) == THEN + due


def test_the_cases_are_what_they_are_called():
    assert look(incident(), **BROKEN).diagnosis.cause == "key_disabled"
    assert look(incident(), **USABLE).diagnosis.is_over
    assert incident(no_alias()).subject.name == ALIAS
    assert incident().subject.name == KEY_ID
