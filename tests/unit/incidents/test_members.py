"""An incident that a group tells of: left to it without a look-up, ended by silence only, alone without the table."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from keywatch.incidents import grouping
from keywatch.model.group import BROKEN_KEYS, Group, GroupKey
from keywatch.model.incident import BY_ITSELF, OPEN, FailureBatch
from keywatch.store.budgets import Withheld
from tests.support.world import aws_error
from tests.unit.cases import ACCOUNT, APP, KEY, KEY_ID, denied, failed, in_state, no_alias, no_key

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
GROUP = GroupKey("caller", ACCOUNT, "-", APP, about=BROKEN_KEYS)


def opened(world, failure=None):
    """An incident that was just claimed."""
    failure = replace(failure or in_state("is disabled."), time=world.now)
    batch = FailureBatch(failure)
    batch.add(failure, "m-1")
    return world.services.incidents.open(failure.subject, batch, world.now, None)


def stored(world, incident):
    return world.services.incidents.read(incident.subject).incident


def group(world):
    return Group("kw-group-1", GROUP, 6, frozenset("abcde"), world.now, world.now)


class TestJoining:
    def test_one_joins_by_what_its_failure_has_in_common(self, world):
        for number in range(5):
            assert world.services.groups.join([GROUP], f"s{number}", world.now) is None
        incident = opened(world)
        assert grouping.join(world.services, incident, ()).key == GROUP

    def test_who_joined_already_does_not_again(self, world):
        incident = opened(world)
        world.wire.calls.clear()
        for place in (BY_ITSELF, "kw-group-1"):
            assert grouping.join(world.services, replace(incident, group=place), ()) is None
            assert world.wire.calls == []

    def test_without_the_table_it_alerts_by_itself_and_that_is_counted(self, world):
        incident = opened(world)
        world.counted()

        def down(service, _operation):
            if service == "dynamodb":
                raise aws_error("InternalServerError")

        world.wire.before = down
        assert grouping.join(world.services, incident, ()) is None
        assert world.counted()["TableUnreachable"] == 1

    def test_only_what_a_group_tells_of_is_its_member(self, world):
        incident = opened(world)
        assert not grouping.is_member(incident)
        assert not grouping.is_member(replace(incident, group=BY_ITSELF))
        assert grouping.is_member(replace(incident, group="kw-group-1"))


class TestLeaving:
    def test_it_is_open_and_told_of_without_a_look_up(self, world):
        incident = opened(world)
        world.wire.calls.clear()
        world.counted()
        told = grouping.tell_together(world.services, incident, group(world), ())
        assert {service for service, _ in world.wire.calls} == {"dynamodb"}
        assert world.counted()["IncidentsGrouped"] == 1
        # THEN what is stored is what is returned
        kept = stored(world, incident)
        for one in (told, kept):
            assert (one.status, one.cause, one.severity) == (OPEN, "key_disabled", "high")
            assert (one.sent_at, one.group) == (world.now, "kw-group-1")
            said = json.loads(one.last_diagnosis)
            assert (said["cause"], said["confidence"]) == ("key_disabled", "certain")
            assert any("KeyWatch did not look" in unknown for unknown in said["unknowns"])
        assert kept.announced == ("key_disabled",)
        assert kept.due_at == world.now + 6 * HOUR
        # AND its group finds it before the index shows it
        assert [one.id for one in world.services.groups.fresh_members(group(world))] == [told.id]

    @pytest.mark.parametrize(
        ("failure", "asked"),
        [
            (no_key(), KEY_ID),
            (denied(KEY), KEY),
            (replace(no_alias(), identifier=None), "alias/payments"),
            (failed("NotFoundException", "Invalid keyId 'allas/x'"), "allas/x"),
        ],
    )
    def test_what_was_not_looked_up_is_said_to_be_unknown(self, world, failure, asked):
        diagnosis = grouping.without_look_ups(failure, (), world.now)
        expected = f"Could not see DescribeKey of {asked} in eu-west-1: KeyWatch did not look."
        is_a_key = failure.classification.cause != "malformed_identifier"
        assert (expected in diagnosis.unknowns) is is_a_key
        assert diagnosis.cause == failure.classification.cause

    def test_the_region_of_the_subject_stands_for_one_that_nobody_told(self, world):
        diagnosis = grouping.without_look_ups(replace(no_key(), region=None), (), world.now)
        assert any(" in eu-west-1: KeyWatch did not look." in one for one in diagnosis.unknowns)


class TestSilence:
    def member(self, world):
        incident = opened(world)
        grouping.tell_together(world.services, incident, group(world), ())
        world.counted()
        return stored(world, incident)

    def test_six_quiet_hours_end_it_without_a_word(self, world):
        member = self.member(world)
        world.wait(hours=6)
        grouping.follow_member(world.services, member)
        assert stored(world, member).status == "resolved"
        assert world.counted()["IncidentsResolved"] == 1
        assert world.inbox() == []

    def test_until_then_it_is_looked_at_when_they_may_be_over(self, world):
        member = self.member(world)
        world.wait(hours=6, seconds=-1)
        grouping.follow_member(world.services, member)
        kept = stored(world, member)
        assert kept.status == OPEN
        assert kept.due_at == world.now + 10 * MINUTE
        assert kept.sent_at == world.now
        assert "IncidentsResolved" not in world.counted()

    def test_early_it_is_left_alone_until_six_hours_after_its_last_failure(self, world):
        member = self.member(world)
        world.wait(hours=1)
        grouping.follow_member(world.services, member)
        assert stored(world, member).due_at == member.last_seen + 6 * HOUR

    def test_one_for_which_calls_failed_meanwhile_goes_on(self, world):
        member = self.member(world)
        world.wait(hours=6)
        failure = replace(in_state("is disabled."), time=world.now, event_id="e-2")
        batch = FailureBatch(failure)
        batch.add(failure, "m-2")
        world.services.incidents.count(member, batch)
        grouping.follow_member(world.services, member)
        assert stored(world, member).status == OPEN


class TestNoRoom:
    def test_it_waits_for_room_by_itself_or_in_its_group(self, world):
        incident, until = opened(world), world.now + HOUR
        grouping.wait_for_room(world.services, incident, Withheld(until))
        kept = stored(world, incident)
        assert (kept.due_at, kept.group) == (until, BY_ITSELF)
        grouping.wait_for_room(world.services, replace(kept, group="kw-group-1"), Withheld(until))
        assert stored(world, incident).group == "kw-group-1"
