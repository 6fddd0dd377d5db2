"""A hub sends every spoke its canary once an hour, spread over the hour, and tells which of them do not answer."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keywatch.actions.doctor.deployment import Deployment
from keywatch.actions.doctor.run import _line
from keywatch.actions.doctor.spokes import checks, summary
from keywatch.catalogue.own import CANARY_ALIAS, CANARY_DENIED_CALL
from keywatch.housekeeping.spokes import minutes_due
from keywatch.lookups.trust import strangers_in
from keywatch.settings import Hub
from keywatch.store.spokes import BUCKETS, SpokeStore, bucket_of
from tests.support.organization import (
    HUB_ACCOUNT,
    LOOK_UP_ROLE,
    VERSION,
    counted,
    hub_world,
    of_account,
)
from tests.support.world import REGION, ROLE, START, aws_error, disabled, failed

PAYMENTS, SANDBOX = "222222222222", "333333333333"
HUB = Hub(
    "o-x", LOOK_UP_ROLE, ("eu-west-1", "us-east-1"), reads_accounts=True, spoke_version=VERSION
)


class Life:
    """An organisation in which minutes pass; the doctor and the sweep of the hub's own account are left out."""

    def __init__(self, world):
        self.world = world
        self.deaf: set[tuple[str, str]] = set()

    def minute(self, remaining=55.0):
        """Let a minute pass, and bring back the canaries of the spokes that are not deaf."""
        from keywatch.housekeeping import spokes

        services = self.world.services
        state = services.housekeeping.minute(services.now())
        spokes.list_accounts(services, state, lambda: remaining)
        spokes.visit(services, state, lambda: remaining)
        made = self.world.made("kms")
        self.bring_back([call for call in made if (call.account, call.region) not in self.deaf])
        self.world.wait(minutes=1)
        return made

    def bring_back(self, calls):
        events = []
        for call in calls:
            if call.operation not in {"describe_key", "get_key_rotation_status"}:
                continue
            role = f"arn:aws:iam::{call.account}:role/{LOOK_UP_ROLE}"
            denied = call.operation == "get_key_rotation_status"
            event = failed(
                "AccessDenied" if denied else "NotFoundException",
                "explicit deny" if denied else f"Alias {CANARY_ALIAS} is not found.",
                None if denied else CANARY_ALIAS,
                at=self.world.now,
                eventName=CANARY_DENIED_CALL if denied else "DescribeKey",
                awsRegion=call.region,
            )
            identity = {
                "type": "AssumedRole",
                "accountId": call.account,
                "sessionContext": {"sessionIssuer": {"arn": role}},
            }
            moved = of_account(event, call.account, userIdentity=identity)
            events.append(moved | {"region": call.region})
        if events:
            self.world.deliver(*events)

    def hour(self, minutes=60):
        return [call for _ in range(minutes) for call in self.minute()]

    def hours(self, count):
        """Let hours pass, in minutes in which an account has its turn."""
        accounts = self.world.organization.names
        busy = sorted({bucket_of(account) for account in accounts})
        made = []
        for _ in range(count):
            for minute in busy:
                self.world.wait(minutes=(minute - self.world.now.minute) % 60)
                services = self.world.services
                services.housekeeping.note(spokes_done=self.world.now - timedelta(minutes=1))
                made += self.minute()
        return made

    def lines(self):
        services = self.world.services
        deployment = Deployment(services)
        return {check.id: _line(check, deployment) for check in checks(services.settings)} | {
            "summary": summary(deployment)
        }


@pytest.fixture
def life():
    with hub_world(hub=HUB) as world:
        world.organization.join(PAYMENTS, "payments")
        world.organization.join(SANDBOX, "sandbox", spoke=False)
        yield Life(world)


def canaries(calls):
    """Return where canaries were sent, the hub's own account aside."""
    asked = [call for call in calls if call.asked == CANARY_ALIAS]
    return [(call.account, call.region) for call in asked if call.account != HUB_ACCOUNT]


def test_every_spoke_that_is_expected_gets_one_canary_an_hour_by_one_session_of_its_account(life):
    # GIVEN accounts that the organisation lists, expected in two Regions
    # WHEN an hour passes
    made = life.hour()
    # THEN each spoke of the account that has a look-up role got one, and the other account none
    assert sorted(canaries(made)) == [(PAYMENTS, "eu-west-1"), (PAYMENTS, "us-east-1")]
    # AND so in every hour after it
    assert sorted(canaries(life.hour())) == [(PAYMENTS, "eu-west-1"), (PAYMENTS, "us-east-1")]
    assert len(canaries(life.hour())) == 2


def test_the_hubs_own_region_is_left_to_its_own_canary_and_its_other_regions_are_spokes(life):
    made = life.hour()
    asked = {(call.account, call.region) for call in made if call.account == HUB_ACCOUNT}
    assert asked == {(HUB_ACCOUNT, "us-east-1")}
    assert (HUB_ACCOUNT, "us-east-1") in {
        (spoke.account, spoke.region) for spoke in life.world.services.spokes.all()
    }


def test_a_spoke_is_known_by_its_first_event_where_the_organisation_cannot_be_read():
    with hub_world(hub=replace(HUB, reads_accounts=False)) as world:
        life = Life(world)
        world.organization.join(PAYMENTS)
        assert canaries(life.hour()) == []
        # WHEN something fails there
        world.take(of_account(disabled(), PAYMENTS))
        # THEN it gets its canary within an hour
        assert canaries(life.hour()) == [(PAYMENTS, REGION)]


def test_a_spoke_that_could_not_be_noted_is_noted_with_its_next_event(monkeypatch):
    with hub_world(hub=replace(HUB, reads_accounts=False)) as world:
        world.organization.join(PAYMENTS)

        def unreachable(*_):
            raise aws_error("InternalServerError")

        # GIVEN an event that came while the table did not answer
        with monkeypatch.context() as without_table:
            without_table.setattr(SpokeStore, "note", unreachable)
            world.take(of_account(disabled(), PAYMENTS))
        assert list(world.services.spokes.all()) == []
        # WHEN the next one comes into the same container, in the same hour
        world.take(of_account(disabled(), PAYMENTS))
        # THEN its spoke is known
        known = [(spoke.account, spoke.region) for spoke in world.services.spokes.all()]
        assert known == [(PAYMENTS, REGION)]


def test_who_answers_is_well_and_who_cannot_be_looked_into_is_told_in_one_number_and_a_list(life):
    # WHEN hours pass
    for _ in range(4):
        life.hour()
    # THEN one metric says how many are not well
    assert life.world.services.spokes.unwell() == 2
    # AND the doctor names them, with the name of the account and why
    lines = life.lines()
    assert lines["spokes_look_ups"]["status"] == "fail"
    assert f"{SANDBOX} (sandbox) eu-west-1 (AccessDenied)" in lines["spokes_look_ups"]["says"]
    assert lines["spokes_answered"]["status"] == "pass"
    assert lines["spokes_see"]["status"] == "pass"
    assert {(one["account"], one["health"]) for one in lines["summary"]["unwell"]} == {
        (SANDBOX, "cannot be looked into")
    }
    assert lines["summary"]["well"] >= 2


def test_a_spoke_that_stops_answering_went_blind_and_one_that_never_did_is_told_apart(life):
    # GIVEN a spoke that never answers, and one that does
    life.deaf = {(PAYMENTS, "us-east-1")}
    life.hour()
    assert life.lines()["spokes_answered"]["status"] == "pass"  # it may yet
    for _ in range(4):
        life.hour()
    assert f"{PAYMENTS} (payments) us-east-1" in life.lines()["spokes_answered"]["says"]
    assert life.lines()["spokes_see"]["status"] == "pass"
    # WHEN the other one goes blind
    life.deaf = {(PAYMENTS, "us-east-1"), (PAYMENTS, "eu-west-1")}
    for _ in range(5):
        life.hour()
    assert f"{PAYMENTS} (payments) eu-west-1" in life.lines()["spokes_see"]["says"]
    assert life.world.services.spokes.unwell() == 4
    # AND it is well again when its canary comes back
    life.deaf = set()
    for _ in range(2):
        life.hour()
    assert life.world.services.spokes.unwell() == 2


def test_a_look_up_role_that_trusts_somebody_else_and_one_of_another_version_are_reported(life):
    life.world.organization.roles[PAYMENTS]["version"] = "0.9"
    life.hour()
    assert "(version 0.9)" in life.lines()["spokes_version"]["says"]
    assert life.lines()["spokes_trust"]["status"] == "pass"
    # WHEN somebody lets another account in, and a day passes
    stranger = {"AWS": "arn:aws:iam::999999999999:root"}
    life.world.organization.roles[PAYMENTS]["more"] = [
        {"Effect": "Allow", "Principal": stranger, "Action": "sts:AssumeRole"}
    ]
    life.world.wait(hours=23)
    life.hour()
    life.hour()
    line = life.lines()["spokes_trust"]
    assert line["status"] == "fail"
    assert "It may be assumed by arn:aws:iam::999999999999:root." in line["says"]


def test_a_spoke_of_another_version_in_one_region_is_told_by_the_rule_there(life):
    # GIVEN a role of this version, and a rule of an older one in one of two Regions
    life.world.organization.rules[PAYMENTS, "us-east-1"] = "0.8"
    life.world.organization.rules[PAYMENTS, "eu-west-1"] = VERSION
    life.hour()
    said = life.lines()["spokes_version"]["says"]
    assert f"{PAYMENTS} (payments) us-east-1 (version 0.8)" in said
    assert "eu-west-1" not in said


def test_a_role_that_may_not_be_read_is_not_looked_at_and_that_is_said(life):
    def denied(made):
        if made.service == "iam":
            raise aws_error("AccessDenied", "no")

    life.world.organization.before = denied
    life.hour()
    line = life.lines()["spokes_trust"]
    assert line["status"] == "warn"
    assert "iam:GetRole" in line["says"]


def test_a_new_account_without_a_spoke_is_noticed_within_a_day_and_some_hours(life):
    life.hour()
    life.world.organization.join("444444444444", "fresh", spoke=False)
    life.world.wait(hours=23)
    for _ in range(2):
        life.hour()
    assert "444444444444 (fresh)" in life.lines()["spokes_look_ups"]["says"]


def test_minutes_that_were_missed_are_made_up_for(life):
    life.hour()
    # GIVEN a clock that stood still for half an hour
    life.world.wait(minutes=30)
    # WHEN it runs on
    made = life.hour(minutes=31)
    # THEN nobody was left out
    assert sorted(set(canaries(made))) == [(PAYMENTS, "eu-west-1"), (PAYMENTS, "us-east-1")]


def test_a_minute_without_time_is_gone_on_with_in_the_next(life):
    life.hour()
    due = [bucket_of(PAYMENTS)]
    while life.world.now.minute not in due:
        life.minute()
    assert canaries(life.minute(remaining=5.0)) == []
    assert life.world.services.counts.drain()["SpokesLate"] == 1
    assert len(canaries(life.minute())) == 2


def test_where_the_list_cannot_be_read_that_is_counted_and_tried_again_in_a_day(life):
    life.world.organization.readable = False
    life.hour(minutes=5)
    assert len([c for c in life.world.organization.made if c.operation == "list_accounts"]) <= 1
    assert life.world.services.counts.drain()["AccountsUnread"] == 1


def test_a_spoke_that_fails_in_an_unforeseen_way_costs_only_itself(life):
    def broken(made):
        if made.service == "iam":
            raise RuntimeError("unforeseen")

    life.world.organization.before = broken
    made = life.hour()
    assert len(canaries(made)) == 2
    lost = counted(life.world).get("SpokesFailed", 0)
    assert lost + life.world.services.counts.drain().get("SpokesFailed", 0) == 2


def test_one_account_alone_has_no_spokes_and_reads_none():
    with hub_world(hub=None) as alone:
        alone.runtime.clock({}, None)
        assert not alone.made("sts", "organizations", "iam")
        assert checks(alone.services.settings) == ()


def test_accounts_are_spread_over_the_hour():
    draw = Random(1)
    minutes = [bucket_of(str(draw.randrange(10**11, 10**12))) for _ in range(6_000)]
    assert min(map(minutes.count, range(BUCKETS))) >= 60
    assert max(map(minutes.count, range(BUCKETS))) <= 140


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_the_minutes_that_are_due_end_now_and_are_never_more_than_an_hours(before, after):
    done, now = START + timedelta(minutes=before), START + timedelta(minutes=before + after)
    due = minutes_due(done, now)
    assert len(due) == min(after, BUCKETS)
    assert all(later - earlier == timedelta(minutes=1) for earlier, later in pairwise(due))
    assert not due or due[-1] == now
    assert len({minute.minute for minute in due}) == len(due)


ROOT = {"AWS": f"arn:aws:iam::{HUB_ACCOUNT}:root"}
ONLY_HUB = {"ArnEquals": {"aws:PrincipalArn": ROLE}}


def allow(principal, condition=None, **fields):
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return {"Statement": [statement | ({"Condition": condition} if condition else {}) | fields]}


@pytest.mark.parametrize(
    ("policy", "strangers"),
    [
        (allow(ROOT, ONLY_HUB), []),
        (allow({"AWS": [ROOT["AWS"]]}, {"ArnEquals": {"aws:PrincipalArn": [ROLE]}}), []),
        (allow({"AWS": ROLE}), []),
        (allow({"AWS": HUB_ACCOUNT}, ONLY_HUB), []),
        (allow(ROOT), [ROOT["AWS"]]),
        (allow(ROOT, {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}), [ROOT["AWS"]]),
        (allow(ROOT, {"ArnEquals": {"aws:PrincipalArn": [ROLE, "x"]}}), [ROOT["AWS"]]),
        (allow(ROOT, {"ArnNotEquals": {"aws:PrincipalArn": ROLE}}), [ROOT["AWS"]]),
        (allow("*"), ["*"]),
        (allow({"Service": "ec2.amazonaws.com"}), ["ec2.amazonaws.com"]),
        (
            allow({"AWS": "arn:aws:iam::999999999999:root"}, ONLY_HUB),
            ["arn:aws:iam::999999999999:root"],
        ),
        (allow(ROOT, ONLY_HUB, Effect="Deny"), []),
        (
            {"Statement": {"Effect": "Allow", "NotPrincipal": {"AWS": "x"}}},
            ["everybody but those it names"],
        ),
        ("%7B%22Statement%22%3A%5B%5D%7D", []),
        (None, ["somebody: its policy could not be read"]),
        ("not json", ["somebody: its policy could not be read"]),
    ],
)
def test_whoever_but_the_hubs_function_may_assume_a_look_up_role_is_a_stranger(policy, strangers):
    assert list(strangers_in(policy, HUB_ACCOUNT, ROLE)) == strangers


def test_every_spoke_is_swept_once_a_day_and_what_is_found_is_one_message_that_names_the_accounts(
    life,
):
    # GIVEN keys that will be deleted in two Regions of an account
    soon = {"DeletionDate": START + timedelta(days=9)}
    for n, region in enumerate(("eu-west-1", "us-east-1")):
        key = f"{n}234abcd-12ab-34cd-56ef-1234567890ab"
        life.world.organization.kms(PAYMENTS, region).add(key, "PendingDeletion", **soon)
    # WHEN more than a day passes
    made = life.hours(30)
    listed = [(c.account, c.region) for c in made if c.operation == "list_keys"]
    # THEN each spoke that can be looked into was swept, at its hour, and no other
    assert set(listed) == {
        (PAYMENTS, "eu-west-1"),
        (PAYMENTS, "us-east-1"),
        (HUB_ACCOUNT, "us-east-1"),
    }
    assert len(listed) <= 2 * 3
    # AND people were told of each key once, in few messages, with the account's name
    told = life.world.topic.receive()
    assert 1 <= len(told) <= 2
    said = str(told)
    for n in range(2):
        assert said.count(f"{n}234abcd") >= 1
    assert all(document["subject"]["account"] == PAYMENTS for document in told)
    assert all(document["account_name"] == "payments" for document in told)
    # AND the day after, nothing is news
    life.hours(26)
    assert life.world.topic.receive() == []


def test_findings_of_many_spokes_are_one_message():
    regions = ("eu-west-1", "us-east-1", "us-west-2")
    with hub_world(hub=replace(HUB, regions=regions)) as world:
        life = Life(world)
        soon = {"DeletionDate": START + timedelta(days=9)}
        for n in range(4):
            account = f"22222222222{n}"
            world.organization.join(account, f"team {n}")
            for region in regions:
                key = f"{n}234abcd-12ab-34cd-56ef-1234567890ab"
                world.organization.kms(account, region).add(key, "PendingDeletion", **soon)
        # GIVEN sweeps of twelve spokes whose news could not be told, because the topic did not answer
        world.topic.broken["arn:aws:sns:eu-west-1:123456789012:alerts"] = "InternalError"
        life.hours(27)
        # WHEN it answers again
        world.topic.broken.clear()
        life.hours(2)
        # THEN one message tells of all, each with its account and Region
        (document,) = world.topic.receive()
        assert "and 11 more things at risk" in str(document["notes"])
        assert "22222222222" in str(document["notes"])
        assert "(team " in str(document["notes"])
