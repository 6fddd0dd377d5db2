"""What else is kept: how many messages were sent, the pace of look-ups, KeyWatch's chores, checks and what a sweep found."""

from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from keywatch.lookups.guard import PER_MINUTE
from keywatch.lookups.history import Refused
from keywatch.services import build
from keywatch.store.budgets import MessageBudget, Withheld
from keywatch.store.housekeeping import HousekeepingStore
from keywatch.store.look_up_room import LookUpRoom
from keywatch.store.pace import GAP, LONGEST, Pace
from keywatch.store.sent_checks import SentChecks
from keywatch.store.sweep_findings import SweepFindingStore
from keywatch.store.table import Table
from tests.bench.stand_ins import SETTINGS, Idle
from tests.support.aws import TableClient
from tests.support.world import key_arn
from tests.unit.cases import THEN

SECOND, MINUTE, HOUR, DAY = (
    timedelta(seconds=1),
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
)


class Down:
    """A DynamoDB that does not answer."""

    def __getattr__(self, operation):
        def call(**_):
            raise ClientError({"Error": {"Code": "InternalServerError"}}, operation)

        return call


class Clock:
    def __init__(self):
        self.now, self.slept, self.counted = THEN + 7 * MINUTE, [], []

    def __call__(self):
        return self.now


@pytest.fixture
def client():
    return TableClient()


@pytest.fixture
def table(client):
    return Table(client, "incidents")


@pytest.fixture
def clock():
    return Clock()


def item(table, name):
    return table.read({"subject": {"S": "keywatch"}, "item": {"S": name}})


class TestMessages:
    def budget(self, table, clock, per_hour=10):
        return MessageBudget(table, per_hour, clock, clock.counted.append)

    def take(self, budget, severity, times):
        taken = 0
        for _ in range(times):
            try:
                budget.take(severity)
                taken += 1
            except Withheld:
                pass
        return taken

    def test_one_in_five_is_kept_for_what_is_critical(self, table, clock):
        budget = self.budget(table, clock)
        assert self.take(budget, "high", 12) == 8
        assert self.take(budget, "critical", 12) == 2
        assert clock.counted == ["MessagesWithheld"] * 14

    def test_what_is_withheld_may_be_sent_in_the_next_hour(self, table, clock):
        budget = self.budget(table, clock, 1)
        budget.take("high")
        with pytest.raises(Withheld, match="until 2026-11-23T04:00:00") as withheld:
            budget.take("high")
        assert withheld.value.until == THEN + HOUR
        clock.now = withheld.value.until - SECOND
        with pytest.raises(Withheld):
            budget.take("high")
        clock.now = withheld.value.until
        # THEN it is told how many were withheld
        assert budget.take("high") == 2

    def test_all_containers_count_together(self, table, clock):
        one, other = self.budget(table, clock, 5), self.budget(table, clock, 5)
        assert self.take(one, "critical", 3) + self.take(other, "critical", 3) == 5
        sent = item(table, "messages")
        assert (sent["sent"], sent["withheld"]) == ({"N": "5"}, {"N": "1"})

    def test_a_message_that_was_not_sent_gives_its_room_back(self, table, clock):
        budget = self.budget(table, clock, 1)
        budget.take("high")
        budget.give_back()
        assert budget.take("high") == 0

    def test_what_was_told_is_not_told_again(self, table, clock):
        budget = self.budget(table, clock, 1)
        budget.take("high")
        self.take(budget, "high", 3)
        clock.now += HOUR
        assert budget.take("critical") == 3
        budget.told(2)
        budget.give_back()
        assert budget.take("critical") == 1

    def test_nothing_is_noted_where_nothing_was_ever_sent(self, table, clock):
        budget = self.budget(table, clock)
        budget.give_back()
        budget.told(3)
        assert item(table, "messages") == {}

    def test_without_the_table_each_container_counts_for_itself(self, clock):
        budget = self.budget(Table(Down(), "t"), clock, 5)
        assert self.take(budget, "high", 6) == 4
        assert self.take(budget, "critical", 6) == 1
        assert clock.counted.count("TableUnreachable") == 12
        clock.now += HOUR
        assert self.take(budget, "critical", 6) == 5
        # AND what cannot be noted is counted
        clock.counted.clear()
        budget.give_back()
        budget.told(1)
        assert clock.counted == ["TableUnreachable"] * 2


class TestPace:
    def pace(self, table, clock):
        return Pace(table, clock, clock.slept.append, clock.counted.append)

    def test_calls_that_come_at_once_take_turns(self, table, clock):
        one, other = self.pace(table, clock), self.pace(table, clock)
        for pace in (one, other, one):
            pace.wait("eu-west-1")
        assert clock.slept == pytest.approx([0.0, 0.6, 1.2], abs=0.002)
        # AND another Region has turns of its own
        one.wait("us-east-1")
        assert clock.slept[-1] == 0.0

    def test_a_turn_that_passed_unused_is_none_to_wait_for(self, table, clock):
        pace = self.pace(table, clock)
        pace.wait("eu-west-1")
        clock.now += MINUTE
        pace.wait("eu-west-1")
        assert clock.slept == [0.0, 0.0]

    @pytest.mark.parametrize("working", [True, False], ids=["the table", "no table"])
    def test_whoever_would_wait_too_long_is_refused_and_takes_no_turn(self, table, clock, working):
        pace = self.pace(table if working else Table(Down(), "t"), clock)
        turns = int(LONGEST / GAP) + 1
        for _ in range(turns):
            pace.wait("eu-west-1")
        for _ in range(3):
            with pytest.raises(Refused):
                pace.wait("eu-west-1")
        assert len(clock.slept) == turns
        clock.now += SECOND
        pace.wait("eu-west-1")
        assert clock.slept[-1] == pytest.approx(turns * 0.6 - 1, abs=0.002)

    def test_without_the_table_each_container_keeps_its_own_and_that_is_counted(self, clock):
        pace = self.pace(Table(Down(), "t"), clock)
        for _ in range(2):
            pace.wait("eu-west-1")
        pace.wait("us-east-1")
        assert clock.slept == pytest.approx([0.0, 0.6, 0.0])
        assert clock.counted == ["PaceUnknown"] * 3

    def test_where_others_are_always_faster_it_is_refused(self, clock):
        class Racing(TableClient):
            def __getattr__(self, operation):
                def lost(**_):
                    code = {"Code": "ConditionalCheckFailedException"}
                    raise ClientError({"Error": code}, operation)

                return lost if operation == "update_item" else super().__getattr__(operation)

        with pytest.raises(Refused):
            self.pace(Table(Racing(), "t"), clock).wait("eu-west-1")


class TestChores:
    @pytest.fixture
    def store(self, table):
        return HousekeepingStore(table)

    def test_the_minute_is_noted_and_since_when_there_are_minutes(self, store):
        store.minute(THEN)
        state = store.minute(THEN + MINUTE)
        assert (state.time("since"), state.time("clock_at")) == (THEN, THEN + MINUTE)

    def test_what_was_noted_is_read_as_what_it_is(self, store):
        store.note(at=THEN, what="a text")
        state = store.read()
        assert (state.time("at"), state.text("what")) == (THEN, "a text")
        assert (state.time("what"), state.text("at")) == (None, None)
        assert (state.time("never"), state.text("never")) == (None, None)

    def test_only_one_of_two_who_saw_the_same_claims_a_chore(self, store):
        first = store.read()
        assert store.claim(first, "sweep", sweep=THEN, sweep_by="one")
        assert not store.claim(first, "sweep", sweep=THEN, sweep_by="two")
        second = store.read()
        assert second.text("sweep_by") == "one"
        assert store.claim(second, "sweep", sweep=THEN + DAY, sweep_by=None)
        assert not store.claim(second, "sweep", sweep=THEN + DAY)
        assert store.read().text("sweep_by") is None

    def test_nothing_erases(self, store):
        store.note(what="a text")
        store.note(what=None)
        assert store.read().text("what") is None

    def test_the_latest_time_stays(self, store):
        assert store.note_latest("seen", THEN)
        assert not store.note_latest("seen", THEN - SECOND)
        assert not store.note_latest("seen", THEN)
        assert store.note_latest("seen", THEN + SECOND)
        assert store.read().time("seen") == THEN + SECOND

    def test_a_canary_is_as_old_as_the_newest_that_came_back_or_as_keywatch(self, store):
        assert store.read().canary_age(THEN) == 0 * SECOND
        store.note(since=THEN - HOUR)
        assert store.read().canary_age(THEN) == HOUR
        store.note(canary_returned=THEN - MINUTE)
        assert store.read().canary_age(THEN) == MINUTE


class TestChecks:
    FOUND = (("key_disabled", "a"), ("alias_not_found", "b"))

    def test_what_was_told_is_known_in_whatever_order_it_was_found(self, table):
        checks = SentChecks(table)
        assert checks.sent_at(self.FOUND) is None
        checks.record(self.FOUND, THEN, THEN + DAY)
        assert checks.sent_at(reversed(self.FOUND)) == THEN
        assert checks.sent_at(self.FOUND[:1]) is None

    def test_it_is_forgotten_in_time(self, table, client):
        SentChecks(table).record(self.FOUND, THEN, THEN + DAY)
        (kept,) = client.scan(TableName="incidents")["Items"]
        assert kept["expires_at"] == {"N": str(int((THEN + DAY).timestamp()))}
        assert kept["item"]["S"].startswith("check#")


class TestSweep:
    ONE, OTHER = ({"risk": "pending", "name": name} for name in ("a", "b"))

    def sweep(self, table, day):
        """The store of the sweep of that day, whose predecessor was a day before."""
        return SweepFindingStore(table, THEN + day * DAY, THEN + (day - 1) * DAY, THEN + day * DAY)

    def found(self, sweep, *records):
        for record in records:
            sweep.put(f"{record['risk']}#{record['name']}", record)
        return list(sweep.unsent())

    def test_what_is_found_is_told_once(self, table):
        first = self.sweep(table, 1)
        assert self.found(first, self.ONE, self.OTHER) == [self.ONE, self.OTHER]
        first.mark_sent([self.ONE])
        assert list(first.unsent()) == [self.OTHER]
        assert self.found(self.sweep(table, 2), self.ONE) == []

    def test_what_was_gone_in_between_is_new(self, table):
        first = self.sweep(table, 1)
        self.found(first, self.ONE)
        first.mark_sent([self.ONE])
        assert self.found(self.sweep(table, 3), self.ONE) == [self.ONE]

    def test_what_the_sweep_before_found_and_this_did_not_is_not_told(self, table):
        self.found(self.sweep(table, 1), self.ONE)
        assert self.found(self.sweep(table, 2), self.OTHER) == [self.OTHER]

    def test_the_newest_words_are_kept_for_four_days(self, table):
        self.found(self.sweep(table, 1), self.ONE)
        worse = self.ONE | {"date": "tomorrow"}
        assert self.found(self.sweep(table, 2), worse) == [worse]
        kept = table.read({"subject": {"S": "keywatch-sweep"}, "item": {"S": "pending#a"}})
        assert kept["expires_at"] == {"N": str(int((THEN + 6 * DAY).timestamp()))}


class TestRoomForLookUps:
    def room(self, table, clock, per_minute=90):
        return LookUpRoom(Table(table, "t"), per_minute, clock, clock.counted.append)

    def taken(self, *rooms):
        """Take turns until no room is left; return how many look-ups that made."""
        return sum(sum(room.take() for room in rooms) for _ in range(200))

    def test_instances_share_the_room_of_a_minute_and_the_next_has_room_again(self):
        table, clock = TableClient(), Clock()
        rooms = [self.room(table, clock) for _ in range(3)]
        assert self.taken(*rooms) == 90
        clock.now += MINUTE
        assert self.taken(*rooms) == 90
        assert clock.counted == []

    def test_a_portion_is_one_write_and_who_finds_no_room_asks_once_a_minute(self):
        clock, calls = Clock(), []

        class Counting(TableClient):
            def __getattr__(self, operation):
                calls.append(operation)
                return super().__getattr__(operation)

        room = self.room(Counting(), clock)
        assert self.taken(room) == 90
        assert len(calls) == 2 + 1 + 1 + 3

    def test_without_the_table_each_container_has_room_for_itself(self):
        clock = Clock()
        rooms = [self.room(Down(), clock) for _ in range(2)]
        assert self.taken(*rooms) == 180
        assert "TableUnreachable" in clock.counted

    def test_what_is_deployed_shares_its_room(self):
        # GIVEN a deployment whose other containers used up the room of a minute
        clock, table = Clock(), TableClient()
        everything = {
            "subject": {"S": "keywatch"},
            "item": {"S": "look-ups"},
            "minute": {"S": clock.now.replace(second=0, microsecond=0).isoformat()},
            "taken": {"N": str(PER_MINUTE)},
        }
        table.put_item(TableName="incidents", Item=everything)
        services = build(
            SETTINGS,
            lambda service, _region: table if service == "dynamodb" else Idle(),
            None,
            clock,
            sleep=clock.slept.append,
        )
        # WHEN a key is looked up
        _, look = services.lookups.key(key_arn(), "eu-west-1")
        # THEN nobody is asked, and it is said why
        assert "too many look-ups" in look.error
