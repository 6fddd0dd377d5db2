"""Groups in the table: who alerts alone, who is counted, who may speak for all, and when a group ends."""

from dataclasses import replace
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from keywatch.model.group import ALONE, WINDOW, Group, GroupKey, group_id
from keywatch.model.incident import FailureBatch, provisional
from keywatch.store import groups as module
from keywatch.store.groups import GroupTable, group_of
from keywatch.store.incident_items import epoch, seconds
from keywatch.store.table import Table
from tests.support.aws import TableClient
from tests.unit.cases import ACCOUNT, APP, REGION, STORE, THEN, in_state

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
KEY = GroupKey("caller", ACCOUNT, "-", APP)
OTHER = GroupKey("key_store", ACCOUNT, REGION, STORE)
ITEM = {"subject": {"S": KEY.id}, "item": {"S": "group"}}


class Flaky:
    """A client that fails as often as it is told to."""

    def __init__(self, client):
        self.client, self.failures, self.calls = client, 0, []

    def __getattr__(self, operation):
        def call(**request):
            self.calls.append(operation)
            if self.failures:
                self.failures -= 1
                raise ClientError({"Error": {"Code": "InternalServerError"}}, operation)
            return getattr(self.client, operation)(**request)

        return call


@pytest.fixture
def client():
    return Flaky(TableClient())


@pytest.fixture
def table(client):
    return Table(client, "incidents")


@pytest.fixture
def groups(table):
    return GroupTable(table)


def fill(groups, *keys, now=THEN, count=ALONE):
    """Let as many subjects join as alert alone."""
    return [groups.join(keys or (KEY,), f"subject {number}", now) for number in range(count)]


def read(table, key=KEY):
    return group_of(table.read({"subject": {"S": key.id}, "item": {"S": "group"}}))


def told(groups, now=THEN):
    """Fill a group, let one more join, and count: the group as it is due."""
    fill(groups)
    groups.join([KEY], "one more", now)
    (group,) = groups.add_up(now)
    return group


class TestJoining:
    def test_the_first_begins_a_group_of_one(self, groups, table):
        assert groups.join([KEY], "subject 0", THEN) is None
        expected = Group(group_id(KEY, THEN), KEY, 1, frozenset({"subject 0"}), THEN, THEN)
        assert read(table) == expected
        item = table.read(ITEM)
        assert item["expires_at"] == seconds(THEN + 90 * DAY)
        assert {"queue", "due_at"}.isdisjoint(item)

    def test_five_alert_alone_and_the_sixth_is_told_of(self, groups, table):
        assert fill(groups) == [None] * ALONE
        full = read(table)
        assert (full.size, len(full.alone)) == (5, 5)
        assert groups.join([KEY], "subject 5", THEN + SECOND).id == full.id

    def test_who_alerted_alone_does_so_again_and_is_counted_once(self, groups, table):
        fill(groups, count=2)
        assert groups.join([KEY], "subject 1", THEN + SECOND) is None
        assert read(table).size == 2
        fill(groups)
        assert groups.join([KEY], "subject 1", THEN + SECOND) is None

    def test_of_several_groups_the_first_that_is_full_tells_and_all_are_joined(self, groups, table):
        fill(groups, KEY, OTHER)
        fill(groups, KEY)
        assert groups.join([OTHER, KEY], "another", THEN).key == OTHER
        sizes = {group.key: group.size for group in groups.add_up(THEN)}
        assert sizes == {KEY: 6, OTHER: 6}

    def test_each_who_joins_keeps_it_going(self, groups, table):
        groups.join([KEY], "subject 0", THEN)
        groups.join([KEY], "subject 1", THEN + WINDOW - SECOND)
        assert read(table).joined_at == THEN + WINDOW - SECOND
        groups.join([KEY], "subject 2", THEN + 2 * WINDOW - 2 * SECOND)
        assert read(table).size == 3
        # BUT a clock that is behind does not turn it back
        groups.join([KEY], "subject 3", THEN + WINDOW)
        assert read(table).joined_at == THEN + 2 * WINDOW - 2 * SECOND

    def test_what_breaks_later_begins_another_group(self, groups, table):
        fill(groups)
        assert groups.join([KEY], "late", THEN + WINDOW) is None
        later = read(table)
        assert later.id == group_id(KEY, THEN + WINDOW)
        assert (later.size, later.alone, later.since) == (1, {"late"}, THEN + WINDOW)

    def test_a_group_that_people_were_told_of_goes_on_with_another_window(self, groups, table):
        group = told(groups)
        groups.record_sent(group, THEN, THEN + MINUTE)
        assert groups.join([KEY], "late", THEN + 2 * WINDOW) is None
        later = read(table)
        assert (later.id, later.size, later.alone) == (group.id, 7, {"late"})
        assert (later.since, later.joined_at, later.messages) == (THEN, THEN + 2 * WINDOW, 1)

    def test_a_full_group_is_due_before_anything_is_left_to_it(self, groups, table):
        # GIVEN a container that dies before it adds up who joined
        fill(groups)
        assert list(groups.due(THEN)) == []
        left_to = groups.join([KEY], "subject 5", THEN)
        # THEN the clock finds the group all the same
        (due,) = groups.due(THEN)
        assert (due.id, due.size, due.due_at) == (left_to.id, 5, THEN)

    def test_a_full_group_costs_nothing_more_for_each_who_joins(self, groups, client):
        fill(groups)
        groups.join([KEY], "subject 5", THEN)
        client.calls.clear()
        for number in range(6, 20):
            assert groups.join([KEY], f"subject {number}", THEN + number * MINUTE) is not None
        assert client.calls == []
        # AND it is remembered as going on with each of them, and no longer
        assert groups.join([KEY], "late", THEN + 19 * MINUTE + WINDOW) is None

    def test_where_so_many_are_at_it_that_nobody_can_tell_it_is_told(self, groups, table, client):
        # GIVEN somebody who always changes what was just read
        class Racing(TableClient):
            def __getattr__(self, operation):
                call = super().__getattr__(operation)
                if operation not in {"put_item", "update_item"}:
                    return call

                def lost(**_):
                    code = {"Code": "ConditionalCheckFailedException"}
                    raise ClientError({"Error": code}, operation)

                return lost

        assert GroupTable(Table(Racing(), "t")).join([KEY], "x", THEN) is None


class TestCounting:
    def test_those_who_joined_are_added_up_in_one_write(self, groups, table, client):
        fill(groups)
        for number in range(5, 9):
            groups.join([KEY], f"subject {number}", THEN + number * SECOND)
        client.calls.clear()
        (group,) = groups.add_up(THEN + MINUTE)
        assert client.calls == ["update_item"]
        joined = THEN + 5 * SECOND
        assert (group.size, group.due_at, group.joined_at) == (9, joined, THEN + MINUTE)
        assert table.read(ITEM)["queue"] == {"S": "groups"}
        # AND counted once
        assert list(groups.add_up(THEN + MINUTE)) == []

    def test_when_it_is_due_stays_when_more_are_counted(self, groups, table):
        group = told(groups)
        groups.join([KEY], "another", THEN + MINUTE)
        (more,) = groups.add_up(THEN + MINUTE)
        assert (more.size, more.due_at) == (group.size + 1, group.due_at)

    def test_a_count_that_was_not_written_is_not_lost(self, groups, client):
        fill(groups)
        groups.join([KEY], "subject 5", THEN)
        client.failures = 1
        with pytest.raises(ClientError):
            list(groups.add_up(THEN))
        (group,) = groups.add_up(THEN)
        assert group.size == 6

    def test_a_group_that_is_gone_is_not_made_anew(self, groups, table, client):
        fill(groups)
        groups.join([KEY], "subject 5", THEN)
        client.client.delete_item(TableName="incidents", Key=ITEM)
        assert list(groups.add_up(THEN)) == []
        assert table.read(ITEM) == {}

    def test_a_container_remembers_so_many_groups_and_then_none(self, groups, client, monkeypatch):
        monkeypatch.setattr(module, "_MOST_REMEMBERED", 1)
        fill(groups, KEY, OTHER)
        groups.join([KEY], "one", THEN)
        groups.join([OTHER], "one", THEN)
        client.calls.clear()
        groups.join([OTHER], "two", THEN)
        assert client.calls == []
        groups.join([KEY], "two", THEN)
        assert client.calls == ["get_item"]  # it is due already
        # AND none of the counts is forgotten
        assert {group.key: group.size for group in groups.add_up(THEN)} == {KEY: 7, OTHER: 7}


class TestMembers:
    def incident(self, number):
        failure = in_state("is disabled.")
        return replace(provisional(failure.subject, FailureBatch(failure), THEN), id=f"kw-{number}")

    def test_they_are_remembered_until_the_group_told_of_them(self, groups):
        group = told(groups)
        groups.told_through(group, self.incident(1))
        groups.told_through(group, self.incident(2))
        assert [one.id for one in groups.fresh_members(group)] == ["kw-1", "kw-2"]
        assert groups.fresh_members(group) == []

    def test_no_more_are_remembered_than_there_is_room_for(self, groups, monkeypatch):
        monkeypatch.setattr(module, "_MOST_REMEMBERED", 2)
        group = told(groups)
        for number in range(4):
            groups.told_through(group, self.incident(number))
        assert [one.id for one in groups.fresh_members(group)] == ["kw-0", "kw-1"]


class TestSpeaking:
    def test_it_is_due_from_when_it_was_counted(self, groups):
        group = told(groups)
        assert [one.id for one in groups.due(THEN)] == [group.id]
        assert list(groups.due(THEN - SECOND)) == []

    def test_only_one_speaks_for_it_for_the_time_of_a_lease(self, groups):
        group = told(groups)
        claimed = groups.claim(group, THEN)
        assert groups.claim(group, THEN) is None
        assert claimed.due_at == THEN + timedelta(seconds=90)
        assert list(groups.due(THEN + timedelta(seconds=89))) == []

    def test_what_is_not_due_cannot_be_claimed(self, groups, client):
        group = told(groups)
        client.calls.clear()
        assert groups.claim(replace(group, due_at=None), THEN) is None
        assert client.calls == []
        assert groups.claim(replace(group, id="kw-group-before"), THEN) is None

    def test_what_was_sent_is_recorded_with_when_it_is_due_again(self, groups, table):
        group = told(groups)
        groups.record_sent(group, THEN + SECOND, THEN + MINUTE)
        now = read(table)
        assert (now.told_at, now.told_size, now.messages) == (THEN + SECOND, 6, 1)
        assert now.due_at == THEN + MINUTE
        assert table.read(ITEM)["expires_at"] == seconds(THEN + SECOND + 90 * DAY)
        groups.record_sent(now, THEN + MINUTE, THEN + 2 * MINUTE)
        assert read(table).messages == 2

    def test_it_is_put_off_without_a_word(self, groups, table):
        group = told(groups)
        groups.postpone(group, THEN + MINUTE)
        assert read(table) == replace(group, due_at=THEN + MINUTE)

    def test_of_another_group_in_its_place_nothing_is_recorded(self, groups, table):
        group = told(groups)
        other = replace(group, id="kw-group-before")
        groups.record_sent(other, THEN, THEN + MINUTE)
        groups.postpone(other, THEN + MINUTE)
        assert not groups.end(other)
        assert read(table) == group


class TestEnding:
    def test_it_leaves_the_queue_and_what_breaks_later_is_another(self, groups, table):
        group = told(groups)
        groups.record_sent(group, THEN, THEN)
        (due,) = groups.due(THEN)
        assert groups.end(due)
        assert list(groups.due(THEN + DAY)) == []
        ended = read(table)
        assert (ended.messages, ended.told_size, ended.told_at, ended.due_at) == (0, 0, None, None)
        assert "queue" not in table.read(ITEM)
        # AND this container does not remember it as full
        assert groups.join([KEY], "later", THEN + SECOND) is None
        assert read(table).id == group_id(KEY, THEN + SECOND)

    def test_one_that_somebody_joined_meanwhile_goes_on(self, groups, table):
        group = told(groups)
        groups.join([KEY], "another", THEN)
        list(groups.add_up(THEN))
        assert not groups.end(group)
        assert read(table).size == group.size + 1


def test_replayed_events_have_groups_of_their_own(groups, table):
    replayed = replace(KEY, replayed="com.example")
    fill(groups)
    assert groups.join([replayed], "one", THEN) is None
    assert read(table, replayed).key == replayed
    assert read(table).key == KEY
    assert "replayed" not in table.read(ITEM)


def test_an_item_that_a_message_was_never_sent_of_is_read_as_such():
    item = {
        "group_id": {"S": "kw-group-1"},
        "by": {"S": "kms"},
        "account": {"S": ACCOUNT},
        "region": {"S": REGION},
        "name": {"S": REGION},
        "size": {"N": "7"},
        "alone": {"SS": ["a"]},
        "since": epoch(THEN),
        "joined_at": epoch(THEN + SECOND),
    }
    key = GroupKey("kms", ACCOUNT, REGION, REGION)
    expected = Group("kw-group-1", key, 7, frozenset({"a"}), THEN, THEN + SECOND)
    assert group_of(item) == expected
