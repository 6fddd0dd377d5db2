"""What is decided about an incident from what is known of it, to the second and to the call. All pure."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from keywatch.catalogue.causes import CAUSES
from keywatch.incidents import severity
from keywatch.incidents.grouping import RECENT, _keys_of
from keywatch.incidents.lifecycle import (
    LIFECYCLE,
    STATES,
    TELLS,
    Finding,
    IncidentAction,
    Transition,
)
from keywatch.incidents.memory import (
    FORGET_AFTER,
    FRESH,
    MOST_INCIDENTS,
    UNGROUPED_SILENCE,
    Memory,
)
from keywatch.model.evidence import ChangeFact
from keywatch.model.group import (
    ALONE,
    BROKEN_KEYS,
    INTERVALS,
    WINDOW,
    Group,
    GroupKey,
    group_id,
    interval_after,
)
from keywatch.model.incident import (
    DELETED,
    ENDED,
    HEALED,
    HELD,
    LIVE,
    MUTED,
    NEW,
    OPEN,
    RESOLVED,
    SILENCED,
    FailureBatch,
    provisional,
)
from keywatch.model.levels import Severity
from keywatch.model.signals import Caller, Subject
from keywatch.model.tally import OTHERS
from tests.unit.cases import (
    ACCOUNT,
    APP,
    BOB,
    REGION,
    STORE,
    THEN,
    change,
    denied,
    failed,
    in_state,
    no_alias,
    no_key,
)

SECOND, MINUTE, HOUR, DAY = (
    timedelta(seconds=1),
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
)
BEFORE_THE_ALERT = {
    Finding.MAY_HEAL: Transition(IncidentAction.HOLD, HELD),
    Finding.IS_OVER: Transition(IncidentAction.END, HEALED),
    Finding.IS_NO_NEWS: Transition(IncidentAction.END, HEALED),
    Finding.KEY_SPEAKS: Transition(IncidentAction.MUTE, MUTED),
    Finding.IS_SILENCED: Transition(IncidentAction.KEEP_SILENT, SILENCED),
    Finding.IS_BROKEN: Transition(IncidentAction.OPEN, OPEN),
}
FAILURE = in_state("is disabled.")


def incident(**facts):
    batch = FailureBatch(FAILURE)
    batch.add(FAILURE, "m-1")
    return replace(provisional(FAILURE.subject, batch, THEN), **facts)


class TestLifecycle:
    def test_every_state_has_its_words_and_every_live_one_its_steps(self):
        assert STATES.keys() == LIVE | ENDED
        assert {state for state, _ in LIFECYCLE} == LIVE

    def test_what_nobody_was_told_of_is_held_muted_ended_or_opened(self):
        for state, (finding, step) in product((HELD, MUTED, SILENCED), BEFORE_THE_ALERT.items()):
            assert LIFECYCLE[state, finding] == step

    def test_what_is_new_is_never_over_at_the_first_look_and_may_be_left_to_its_group(self):
        found = {finding: step for (state, finding), step in LIFECYCLE.items() if state == NEW}
        left = {Finding.BREAKS_TOGETHER: Transition(IncidentAction.LEAVE, OPEN)}
        expected = {
            one: step for one, step in BEFORE_THE_ALERT.items() if one is not Finding.IS_OVER
        }
        assert found == expected | left

    def test_what_people_were_told_of_ends_only_by_telling_them_unless_a_silence_covers_it(self):
        silent = {Finding.ENDED_IN_SILENCE, Finding.GONE_IN_SILENCE}
        for (state, finding), step in LIFECYCLE.items():
            if state == OPEN and step.state in ENDED:
                assert (step.action in TELLS) is (finding not in silent)

    def test_nothing_that_a_silence_covers_is_told(self):
        for (_, finding), step in LIFECYCLE.items():
            if "SILENCE" in finding.name and finding is not Finding.SILENCE_ENDED:
                assert step.action not in TELLS
        assert LIFECYCLE[OPEN, Finding.IS_GONE] == Transition(IncidentAction.RESOLVE, DELETED)
        assert LIFECYCLE[OPEN, Finding.IS_QUIET] == Transition(IncidentAction.RESOLVE, RESOLVED)


class TestSeverity:
    @pytest.mark.parametrize(
        ("failures", "lasted", "because"),
        [
            (999, 0 * HOUR, None),
            (1_000, 0 * HOUR, "1,000 calls failed"),
            (20, HOUR, "calls have failed for 1 hour"),
            (20, 2 * HOUR + 59 * MINUTE, "calls have failed for 2 hours"),
            (19, 5 * HOUR, None),
            (20, HOUR - SECOND, None),
        ],
    )
    def test_many_calls_or_long_hours_hurt(self, failures, lasted, because):
        one = incident(failures=failures, first_seen=THEN - lasted, last_seen=THEN)
        assert severity.hurts_because(one) == because

    @pytest.mark.parametrize(("callers", "hurt"), [(4, False), (5, True)])
    def test_many_callers_hurt_and_the_others_are_none_of_them(self, callers, hurt):
        names = {("caller", f"role {number}"): 1 for number in range(callers)}
        more = {("caller", OTHERS): 9, ("operation", "Decrypt"): 9, ("service", "kms"): 9}
        because = severity.hurts_because(incident(names=names | more))
        assert because == (f"calls of {callers} callers failed" if hurt else None)

    @pytest.mark.parametrize("cause", sorted(CAUSES))
    def test_impact_makes_a_warning_high_and_nothing_else(self, cause):
        own = CAUSES[cause].severity
        hurts, calm = incident(failures=1_000), incident()
        assert severity.severity_of(cause, calm) == (own, None)
        if own is Severity.WARNING:
            because = "The severity is high and not warning, because 1,000 calls failed."
            assert severity.severity_of(cause, hurts) == (Severity.HIGH, because)
        else:
            assert severity.severity_of(cause, hurts) == (own, None)

    def test_what_hurts_little_each_may_hurt_much_together(self):
        several = [incident(failures=400, severity="warning") for _ in range(3)]
        because = "The severity is high and not warning, because 1,200 calls failed."
        assert severity.severity_together(several, None) == (Severity.HIGH, because)
        assert severity.severity_together(several[:2], None) == (Severity.WARNING, None)

    @pytest.mark.parametrize(
        ("each", "told", "expected"),
        [
            (("high", "critical"), None, "critical"),
            (("warning",), "critical", "critical"),
            (("warning", None, "made up"), "made up", "warning"),
            ((), "high", "high"),
            ((), None, "warning"),
        ],
    )
    def test_together_they_are_as_urgent_as_the_worst_and_never_less_than_was_told(
        self, each, told, expected
    ):
        incidents = [incident(severity=one) for one in each]
        assert severity.severity_together(incidents, told) == (Severity(expected), None)

    def test_severities_have_an_order_and_above_an_unknown_one_is_none(self):
        names = ("info", "warning", "high", "critical")
        for one, other in product(names, names):
            higher = names.index(one) > names.index(other)
            assert severity.is_higher(Severity(one), other) is higher
        assert not severity.is_higher(Severity.CRITICAL, None)
        assert not severity.is_higher(Severity.CRITICAL, "apocalyptic")


class TestFlapping:
    def of(self, *hours_ago):
        return incident(openings=tuple(THEN - ago * HOUR for ago in hours_ago))

    def test_three_openings_in_six_hours_are_flapping(self):
        assert severity.flaps(self.of(5, 3, 0))
        assert not severity.flaps(self.of(3, 0))
        assert not severity.flaps(self.of(6, 3, 0))
        assert not severity.flaps(self.of())

    def test_it_then_stays_open_until_two_hours_were_quiet(self):
        assert severity.needed_quiet(self.of(2, 1, 0)) == 2 * HOUR
        assert severity.needed_quiet(self.of(1, 0)) == 10 * MINUTE

    @pytest.mark.parametrize(
        ("openings", "said"),
        [
            ((0.5, 0.25, 0), "3 times in 1 hour."),
            ((1, 0.5, 0), "3 times in 1 hour."),
            ((1.1, 0.5, 0), "3 times in 2 hours."),
            ((20, 5, 4, 3, 0), "4 times in 5 hours."),
        ],
    )
    def test_people_are_told_how_often_it_opened(self, openings, said):
        assert said in severity.flapping_note(self.of(*openings))
        assert "until no call has failed for 2 hours" in severity.flapping_note(self.of(*openings))

    def test_nothing_is_said_of_what_does_not_flap(self):
        assert severity.flapping_note(self.of(1, 0)) is None


class TestMemory:
    def test_an_open_incident_is_remembered_for_a_minute(self):
        memory, one = Memory(), incident()
        memory.keep(one, THEN)
        assert memory.recall(one.subject, THEN + FRESH - SECOND) == one
        assert memory.recall(one.subject, THEN + FRESH) is None
        assert memory.recall(replace(one.subject, name="another"), THEN) is None

    def test_what_is_forgotten_is_not_remembered(self):
        memory, one = Memory(), incident()
        memory.keep(one, THEN)
        memory.forget(one.subject)
        memory.forget(one.subject)
        assert memory.recall(one.subject, THEN) is None

    def test_a_subject_alerted_without_the_table_is_silent_for_an_hour(self):
        memory, subject = Memory(), FAILURE.subject
        assert not memory.alerted_ungrouped(subject, THEN)
        memory.keep_ungrouped(subject, THEN)
        assert memory.alerted_ungrouped(subject, THEN + UNGROUPED_SILENCE - SECOND)
        assert not memory.alerted_ungrouped(subject, THEN + UNGROUPED_SILENCE)

    def test_five_subjects_of_a_caller_alert_alone_in_ten_minutes(self):
        memory = Memory()
        asked = [memory.may_alert_alone(APP, THEN + number * SECOND) for number in range(7)]
        assert asked == [True] * ALONE + [False] * 2
        # AND another caller has room of its own, and the first has it again when the oldest is old
        assert memory.may_alert_alone(BOB, THEN)
        assert not memory.may_alert_alone(APP, THEN + WINDOW - SECOND)
        assert memory.may_alert_alone(APP, THEN + WINDOW)

    def test_all_of_a_kind_is_forgotten_where_there_is_no_room(self):
        memory, one = Memory(), incident()
        for number in range(FORGET_AFTER):
            memory.open[str(number)] = (one, THEN)
            memory.ungrouped[str(number)] = THEN
            memory.alone[str(number)] = [THEN]
        memory.keep(one, THEN)
        memory.keep_ungrouped(one.subject, THEN)
        assert memory.may_alert_alone(APP, THEN)
        assert [*memory.open] == [*memory.ungrouped] == [one.subject.id]
        assert [*memory.alone] == [APP]

    def test_nothing_is_forgotten_while_there_is_room(self):
        memory, one = Memory(), incident()
        for number in range(MOST_INCIDENTS - 1):
            memory.open[str(number)] = (one, THEN)
        for number in range(FORGET_AFTER - 1):
            memory.ungrouped[str(number)] = THEN
            memory.alone[str(number)] = [THEN]
        memory.keep(one, THEN)
        memory.keep_ungrouped(one.subject, THEN)
        assert memory.may_alert_alone(APP, THEN)
        assert len(memory.open) == MOST_INCIDENTS
        assert len(memory.ungrouped) == len(memory.alone) == FORGET_AFTER


class TestInCommon:
    def kinds(self, failure, *changes):
        return [(key.by, key.name) for key in _keys_of(failure, changes)]

    def test_the_caller_is_in_common_in_whatever_region(self):
        (key,) = _keys_of(FAILURE, ())
        assert key == GroupKey("caller", ACCOUNT, "-", APP, about=BROKEN_KEYS)

    def test_keys_that_break_are_told_apart_from_what_is_not_found_or_not_allowed(self):
        about = {
            failure.classification.cause: next(_keys_of(failure, ())).about
            for failure in (
                no_alias(),
                no_key(),
                denied(),
                in_state("is disabled."),
                in_state("is pending deletion."),
                in_state("is pending import."),
                in_state("is unavailable."),
            )
        }
        assert [cause for cause, kind in about.items() if not kind] == [
            "alias_not_found",
            "key_not_found",
            "missing_or_not_authorized",
        ]
        assert set(about.values()) == {"", BROKEN_KEYS}
        assert len(about) == 7

    @pytest.mark.parametrize("principal", ["", "unknown", "-"])
    def test_a_caller_that_nobody_knows_is_nothing_in_common(self, principal):
        assert self.kinds(replace(FAILURE, caller=Caller(principal))) == []

    def test_a_key_store_is_in_common_to_its_keys_and_not_to_itself(self):
        failure = replace(FAILURE, key_store=STORE)
        (store, caller) = _keys_of(failure, ())
        assert store == GroupKey("key_store", ACCOUNT, REGION, STORE)
        assert caller.by == "caller"
        itself = replace(failure, subject=Subject("key_store", ACCOUNT, REGION, STORE))
        assert self.kinds(itself) == [("caller", APP)]

    def test_kms_itself_explains_most(self):
        failure = replace(failed("KMSInternalException", None, None), key_store=STORE)
        assert self.kinds(failure) == [("kms", REGION), ("key_store", STORE), ("caller", APP)]
        assert next(_keys_of(failure, ())).account == ACCOUNT

    def test_who_broke_it_of_late_is_in_common(self):
        older, newer = change("DisableKey", 2 * HOUR, who=APP), change("DisableKey", HOUR)
        for known in ((older, newer), (newer, older)):
            (person, _) = _keys_of(FAILURE, known)
            assert person == GroupKey("person", ACCOUNT, REGION, BOB, about=BROKEN_KEYS)

    @pytest.mark.parametrize(
        "made",
        [
            change("DisableKey", RECENT + SECOND),
            change("EnableKey", HOUR),
            change("DisableKey", HOUR, who="AWS KMS"),
            change("DisableKey", HOUR, who="AWS Internal"),
        ],
        ids=["long ago", "breaks nothing", "KMS itself", "AWS itself"],
    )
    def test_nobody_is_where_nobody_broke_it(self, made):
        assert self.kinds(FAILURE, made) == [("caller", APP)]

    def test_a_day_ago_is_of_late(self):
        assert self.kinds(FAILURE, change("DisableKey", RECENT))[0] == ("person", BOB)

    def test_a_change_is_a_fact_of_the_ledger_or_of_the_trail_alike(self):
        made = ChangeFact("ScheduleKeyDeletion", BOB, THEN - HOUR, "e-1", "CloudTrail")
        assert self.kinds(denied(), made)[0] == ("person", BOB)


class TestGroup:
    KEY = GroupKey("caller", ACCOUNT, "-", APP)

    def group(self, *alone):
        return Group("kw-group-1", self.KEY, len(alone), frozenset(alone), THEN, THEN)

    def test_a_group_takes_what_breaks_within_ten_minutes_of_the_last(self):
        assert self.group("a").takes(THEN + WINDOW - SECOND)
        assert not self.group("a").takes(THEN + WINDOW)

    def test_it_is_full_when_five_have_alerted_by_themselves(self):
        assert not self.group(*"abcd").is_full
        assert self.group(*"abcde").is_full

    def test_its_key_is_bounded_whatever_the_name_and_tells_names_apart(self):
        assert self.KEY.id == f"group|caller|{ACCOUNT}|-|{APP}"
        whole = replace(self.KEY, name="x" * 300)
        assert whole.id.endswith("x" * 300)
        one, other = (replace(self.KEY, name="x" * 300 + end) for end in "12")
        assert one.id != other.id
        assert len(one.id) < len(whole.id)

    def test_its_id_is_the_same_for_all_who_begin_it_at_once_and_another_later(self):
        assert group_id(self.KEY, THEN) == group_id(self.KEY, THEN)
        assert group_id(self.KEY, THEN) != group_id(self.KEY, THEN + SECOND)
        assert group_id(self.KEY, THEN) != group_id(replace(self.KEY, name="b"), THEN)
        assert group_id(self.KEY, THEN).startswith("kw-group-")

    def test_messages_come_ever_more_rarely(self):
        assert [interval_after(number) for number in (0, 1, 2, 3, 4, 99)] == [
            INTERVALS[0],
            *INTERVALS,
            INTERVALS[-1],
        ]
