"""What the minute's clock does for KeyWatch itself, against a real table in moto: canary, doctor and daily sweep."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest
from aws_lambda_powertools import Metrics
from botocore.exceptions import ClientError

from keywatch.actions.doctor import run as doctor
from keywatch.actions.sweep.paced_kms import SweepLimits
from keywatch.catalogue.own import CANARY_ALIAS, CANARY_DENIED_CALL
from keywatch.housekeeping import canary, daily_sweep, minute
from keywatch.runtime import Runtime
from keywatch.settings import IgnoreRule, StackParts
from keywatch.store.housekeeping import CANARY_CALLED, HousekeepingStore
from tests.support.world import ACCOUNT, REGION, ROLE, aws_error, disabled, failed
from tests.support.world import world as open_world

HOUR = timedelta(hours=1)
OWN = {
    "type": "AssumedRole",
    "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/KeyWatch-function-{REGION}/KeyWatch",
    "accountId": ACCOUNT,
    "sessionContext": {"sessionIssuer": {"type": "Role", "arn": ROLE, "accountId": ACCOUNT}},
}


class Life:
    """A world in which minutes pass; the doctor is counted instead of called, unless a test wants him."""

    def __init__(self, world, monkeypatch):
        self.world = world
        self.services = world.services
        self.doctor_came = 0
        monkeypatch.setattr(doctor, "run_checks", self._run_checks)
        self.capture = monkeypatch
        kms = world.kms
        kms.list_keys = lambda Limit, Marker=None: {"Keys": [{"KeyId": key} for key in kms.keys]}
        own_aliases = kms.list_aliases
        kms.list_aliases = lambda Limit=100, Marker=None: own_aliases()
        stores = kms.describe_custom_key_stores
        kms.describe_custom_key_stores = lambda CustomKeyStoreId=None, Limit=None: (
            stores(CustomKeyStoreId)
            if CustomKeyStoreId
            else {"CustomKeyStores": list(kms.stores.values())}
        )

    def _run_checks(self, services):
        self.doctor_came += 1
        return {"status": "pass", "counts": {"pass": 1, "warn": 0, "fail": 0}, "lines": []}

    def deploy(self, fingerprint):
        settings = replace(self.services.settings, parts=StackParts(deployment=fingerprint))
        self.services = replace(self.services, settings=settings)

    def minute(self, remaining=55.0):
        return minute.minute(self.services, lambda: remaining)

    def canaries(self):
        return sum(call == ("kms", "describe_key") for call in self.world.wire.calls)

    def come_back(self, **fields):
        error = f"Alias arn:aws:kms:{REGION}:{ACCOUNT}:{CANARY_ALIAS} is not found."
        event = failed(
            "NotFoundException",
            error,
            None,
            at=self.world.now,
            **{"userIdentity": OWN, "eventName": "DescribeKey"} | fields,
        )
        runtime = Runtime(self.services, Metrics(namespace="KeyWatch", service="keywatch"))
        runtime.event(event, SimpleNamespace())


@pytest.fixture
def life(monkeypatch):
    with open_world() as world:
        yield Life(world, monkeypatch)


def test_a_canary_is_sent_every_hour_however_often_the_clock_ticks(life):
    # GIVEN a clock that ticks twice a minute for three hours
    for _ in range(360):
        life.minute()
        life.world.wait(seconds=30)
    # THEN three canaries were sent, the first at once
    assert life.canaries() == 3


def test_a_canary_that_comes_back_makes_it_young_again_and_is_never_an_incident(life):
    # GIVEN a canary that was sent two hours ago
    life.minute()
    life.world.wait(hours=2)
    assert life.minute() == pytest.approx(2 * 3600)
    # WHEN the next one comes back through the rule, whatever CloudTrail recorded of it
    life.come_back()
    life.world.wait(minutes=5)
    # THEN the age is that of this one, and nobody was alerted
    assert life.minute() == pytest.approx(300)
    assert life.world.inbox() == []
    assert life.world.incidents() == []


def test_the_age_counts_from_whichever_call_came_back(life):
    # GIVEN an account that records denials only
    life.minute()
    life.world.wait(hours=2)
    denied = {"eventName": CANARY_DENIED_CALL, "errorCode": "AccessDenied", "errorMessage": "no"}
    life.come_back(**denied)
    # THEN KeyWatch is not blind
    life.world.wait(minutes=5)
    assert life.minute() == pytest.approx(300)
    # AND it is known which of the two came back
    state = life.services.housekeeping.read()
    assert state.time("canary_denied_returned") is not None
    assert state.time("canary_missing_returned") is None


def test_an_older_canary_that_comes_back_late_changes_nothing(life):
    life.minute()
    life.world.wait(hours=1)
    life.come_back()
    life.world.wait(minutes=-30)
    life.come_back()
    life.world.wait(minutes=40)
    assert life.minute() == pytest.approx(600)


def test_a_canary_without_a_table_costs_no_event(life, monkeypatch):
    # GIVEN a table that does not answer
    life.world.wire.before = down
    # WHEN a canary comes back, THEN its message is done with: the next canary will be noted
    life.come_back()


def down(service, _operation):
    if service == "dynamodb":
        raise aws_error("InternalServerError")


def test_a_canary_alias_that_somebody_made_is_told_and_no_call_counts_as_sent(life):
    life.world.kms.alias_targets[CANARY_ALIAS] = "key"
    life.world.kms.keys["key"] = {"KeyId": "key", "Arn": "arn", "KeyState": "Enabled"}
    canary.send(life.services)
    assert life.world.counted() == {"CanaryDidNotFail": 1, "CanarySent": 1}


def test_the_doctor_comes_at_every_deployment_and_every_day(life):
    # GIVEN a deployment
    life.deploy("a")
    life.minute()
    # WHEN minutes pass, THEN he has come once
    for _ in range(20):
        life.world.wait(minutes=1)
        life.minute()
    assert life.doctor_came == 1
    # WHEN another version is deployed, THEN he comes within a minute
    life.deploy("b")
    life.minute()
    life.world.wait(minutes=1)
    life.minute()
    assert life.doctor_came == 2
    # AND again after a day
    life.world.wait(hours=24)
    life.minute()
    assert life.doctor_came == 3


def test_a_doctor_who_stumbled_comes_again(life, monkeypatch):
    life.deploy("a")
    monkeypatch.setattr(doctor, "run_checks", lambda _services: 1 / 0)
    life.minute()
    assert life.world.counted()["ChoresFailed"] == 1
    monkeypatch.setattr(doctor, "run_checks", life._run_checks)
    life.world.wait(minutes=6)
    life.minute()
    assert life.doctor_came == 1


def test_a_chore_that_fails_does_not_stop_the_others(life, monkeypatch):
    def broken(*_):
        raise ValueError

    monkeypatch.setattr(canary, "send", broken)
    life.deploy("a")
    life.minute()
    assert life.doctor_came == 1


def test_two_clocks_at_the_same_moment_send_one_canary(life):
    # GIVEN two functions that read the same state
    housekeeping = life.services.housekeeping
    state = housekeeping.minute(life.world.now)
    # WHEN both find a canary due, THEN one of them sends it
    assert [
        housekeeping.claim(state, CANARY_CALLED, **{CANARY_CALLED: life.world.now})
        for _ in range(2)
    ] == [True, False]


# The daily sweep.


def sweep_now(life, remaining=lambda: 60.0):
    """Pass the minutes of one daily sweep; return how many it took."""
    life.world.wait(hours=25)
    minutes = 0
    limits = SweepLimits(clock=lambda: 0.0, sleep=lambda _seconds: None)
    while True:
        housekeeping = life.services.housekeeping
        state = housekeeping.minute(life.world.now)
        if not daily_sweep.due(state, life.world.now):
            return minutes
        daily_sweep.go_on(life.services, state, remaining, limits)
        life.world.wait(minutes=1)
        minutes += 1


def key_id(number):
    return str(UUID(int=10**30 + number))


def titles(life):
    return [document["subject"]["key_arn"].rpartition("/")[2] for document in life.world.inbox()]


def test_the_first_sweep_waits_for_an_hour(life):
    life.minute()
    housekeeping = life.services.housekeeping
    assert not daily_sweep.due(housekeeping.read(), life.world.now + timedelta(minutes=59))
    assert daily_sweep.due(housekeeping.read(), life.world.now + timedelta(minutes=60))


def test_only_what_is_new_is_told(life):
    # GIVEN a disabled key, used lately, that the first sweep told of
    life.minute()
    used = {"KeyLastUsage": {"Timestamp": life.world.now}, "TrackingStartDate": life.world.now}
    for number in (1, 2):
        life.world.kms.last_usage[life.world.kms.add(key_id(number))] = used
    life.world.kms.keys[key_id(1)]["KeyState"] = "Disabled"
    sweep_now(life)
    assert titles(life) == [key_id(1)]
    # WHEN the next sweep finds it again, THEN it says nothing
    sweep_now(life)
    assert titles(life) == []
    # WHEN another key is disabled, THEN it tells of that one
    life.world.kms.keys[key_id(2)]["KeyState"] = "Disabled"
    sweep_now(life)
    assert titles(life) == [key_id(2)]
    # WHEN one is mended and breaks again, THEN that is new
    life.world.kms.keys[key_id(1)]["KeyState"] = "Enabled"
    sweep_now(life)
    life.world.kms.keys[key_id(1)]["KeyState"] = "Disabled"
    sweep_now(life)
    assert titles(life) == [key_id(1)]


def test_a_sweep_of_many_keys_takes_several_minutes_and_sends_one_message(life):
    # GIVEN 300 disabled keys, and time for one group of keys a minute
    life.minute()
    for number in range(300):
        life.world.kms.add(key_id(number), "PendingDeletion")
    # WHEN the sweep goes on every minute
    assert sweep_now(life, remaining=lambda: 0.0) == 8
    # THEN one message tells of all
    (document,) = life.world.inbox()
    assert any("299 more things at risk" in note for note in document["notes"])


def test_what_has_an_open_incident_or_is_ignored_is_not_told_again(life):
    # GIVEN a disabled key that failed and was alerted, and one that an ignore rule covers
    life.minute()
    first = life.world.kms.add(key_id(1), "PendingDeletion")
    life.world.take(disabled(first.rpartition("/")[2]))
    assert len(life.world.inbox()) == 1
    life.world.kms.add(key_id(2), "PendingDeletion")
    from keywatch.sources.ignore import Ignorer

    rule = IgnoreRule(reason="we break it on purpose", key="alias/playground-*")
    life.services = replace(life.services, ignorer=Ignorer((rule,)))
    life.world.kms.alias_targets["alias/playground-1"] = key_id(2)
    # WHEN the sweep finds both, THEN it says nothing
    sweep_now(life)
    assert life.world.inbox() == []


def test_what_could_not_be_sent_is_sent_when_it_can(life):
    # GIVEN a doomed key, and SNS that is down
    life.minute()
    life.world.kms.add(key_id(1), "PendingDeletion")

    def sns_down(service, _operation):
        if service == "sns":
            raise aws_error("InternalError")

    life.world.wire.before = sns_down
    sweep_now(life)
    assert life.world.inbox() == []
    # WHEN it is up again and the lease has run out
    life.world.wire.before = lambda service, operation: None
    housekeeping = life.services.housekeeping
    life.world.wait(minutes=5)
    state = housekeeping.read()
    assert daily_sweep.due(state, life.world.now)
    daily_sweep.go_on(life.services, state, lambda: 60.0, SweepLimits(sleep=lambda _seconds: None))
    # THEN the message comes, once
    assert titles(life) == [key_id(1)]
    assert not daily_sweep.due(housekeeping.read(), life.world.now)


def test_a_function_that_died_half_way_loses_nothing(life):
    # GIVEN a sweep whose function dies after its first group, before it could note so
    life.minute()
    for number in range(60):
        life.world.kms.add(key_id(number), "PendingDeletion")
    life.world.wait(hours=2)
    housekeeping = life.services.housekeeping
    state = housekeeping.read()
    real = HousekeepingStore.note

    def dies(self, **_notes):
        raise KeyboardInterrupt

    life.capture.setattr(HousekeepingStore, "note", dies)
    with pytest.raises(KeyboardInterrupt):
        daily_sweep.go_on(
            life.services, state, lambda: 0.0, SweepLimits(sleep=lambda _seconds: None)
        )
    life.capture.setattr(HousekeepingStore, "note", real)
    # WHEN its lease ran out and the sweep goes on
    assert not daily_sweep.due(housekeeping.read(), life.world.now)
    life.world.wait(minutes=2)
    for _ in range(3):
        state = housekeeping.read()
        if daily_sweep.due(state, life.world.now):
            daily_sweep.go_on(
                life.services, state, lambda: 0.0, SweepLimits(sleep=lambda _seconds: None)
            )
    # THEN one message tells of all 60 keys
    (document,) = life.world.inbox()
    assert any("59 more things at risk" in note for note in document["notes"])


def test_the_clock_emits_the_age_of_the_canary_even_when_nothing_else_happens(life, capsys):
    # GIVEN a runtime
    runtime = Runtime(life.services, Metrics(namespace="KeyWatch", service="keywatch"))
    # WHEN a minute passes
    runtime.clock({"clock": "minute"}, SimpleNamespace(function_name="f"))
    # THEN the metric is there, in seconds, by the name and dimension that the alarm looks for
    out = capsys.readouterr().out
    assert '"Name":"CanaryAge","Unit":"Seconds"' in out
    assert '"service":"keywatch"' in out


def test_the_page_of_chores_does_not_confuse_the_clock_of_incidents(life):
    life.minute()
    assert life.world.tick() == 0


def test_errors_of_the_table_reach_the_alarm_as_missing_data(life):
    life.world.wire.before = down
    with pytest.raises(ClientError):
        life.minute()
