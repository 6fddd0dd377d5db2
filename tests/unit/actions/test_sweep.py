"""``sweep``: finishes over 10,000 keys within its pace, goes on where it stopped, and tells the worst first."""

import itertools
import logging
from bisect import bisect_right
from dataclasses import replace
from datetime import timedelta
from threading import Lock
from types import SimpleNamespace
from uuid import UUID

import pytest
from aws_lambda_powertools import Metrics
from botocore.exceptions import ClientError

from keywatch.actions.dispatch import answer
from keywatch.actions.sweep.paced_kms import PER_SECOND, SweepLimits
from keywatch.actions.sweep.run import MAX_FINDINGS, sweep
from keywatch.runtime import Runtime
from keywatch.services import build
from keywatch.settings import Settings
from tests.unit.actions.support import ACCOUNT, NOW, OLD, REGION, ROLE, STORE, Ledger, Outbox, arn


class FakeKms:
    """KMS with as many keys as a test wants, on a clock of its own; lists come in pages, as AWS's do."""

    def __init__(self, ids, clock):
        self.keys = {key_id: {"KeyState": "Enabled"} for key_id in ids}
        self.alias_targets = {}
        self.stores = []
        self.last_usage = {}
        self.clock = clock
        self.described = []
        self.usages = []
        self.throttle = 0
        self.denied = set()
        self._lock = Lock()

    def list_keys(self, Limit, Marker="0"):
        return self._page([{"KeyId": key_id} for key_id in self.keys], "Keys", Limit, Marker)

    def list_aliases(self, Limit, Marker="0"):
        entries = [
            {"AliasName": name} | ({"TargetKeyId": t} if t else {})
            for name, t in self.alias_targets.items()
        ]
        return self._page(entries, "Aliases", Limit, Marker)

    def describe_custom_key_stores(self, Limit, Marker="0"):
        return self._page(self.stores, "CustomKeyStores", Limit, Marker)

    def _page(self, entries, member, limit, marker):
        start = int(marker)
        more = start + limit < len(entries)
        return {member: entries[start : start + limit], "Truncated": more} | (
            {"NextMarker": str(start + limit)} if more else {}
        )

    def describe_key(self, KeyId):
        with self._lock:
            self.described.append((KeyId, self.clock.now))
            if self.throttle:
                self.throttle -= 1
                raise error("ThrottlingException")
        if KeyId in self.denied:
            raise error("AccessDeniedException")
        if KeyId not in self.keys:
            raise error("NotFoundException")
        facts = {
            "KeyId": KeyId,
            "Arn": arn(KeyId),
            "AWSAccountId": ACCOUNT,
            "CreationDate": OLD,
            "KeyManager": "CUSTOMER",
        }
        return {"KeyMetadata": facts | self.keys[KeyId]}

    def get_key_last_usage(self, KeyId):
        self.usages.append(self.clock.now)
        used = self.last_usage.get(KeyId.rpartition("/")[2])
        return {"KeyLastUsage": {"Timestamp": used} if used else {}, "TrackingStartDate": OLD}


def error(code):
    return ClientError({"Error": {"Code": code, "Message": ""}}, "DescribeKey")


class Clock:
    """Time that passes by sleeping only."""

    def __init__(self):
        self.now = 0.0

    def sleep(self, seconds):
        self.now += seconds


def ids(count):
    return [str(UUID(int=(i * 2654435761) % 2**128)) for i in range(1, count + 1)]


class Yard:
    """Everything around a sweep; ``limit`` is after how many seconds an invocation ends."""

    def __init__(self, count=0, limit=1e9):
        self.clock = Clock()
        self.kms = FakeKms(ids(count), self.clock)
        self.limit = limit
        settings = Settings(
            table="incidents", topic_arn="topic", own_role_arn=ROLE, region=REGION, account=ACCOUNT
        )
        services = build(
            settings, lambda *_: self.kms, logging.getLogger("keywatch.tests"), now=lambda: NOW
        )
        self.outbox = Outbox()
        self.services = replace(services, incidents=Ledger(), publisher=self.outbox)
        self.limits = SweepLimits(clock=lambda: self.clock.now, sleep=self.clock.sleep)

    def sweep(self, **request):
        end = self.clock.now + self.limit
        context = SimpleNamespace(
            get_remaining_time_in_millis=lambda: (end - self.clock.now) * 1000
        )
        return sweep({"action": "sweep", **request}, self.services, context, self.limits)

    def add(self, number=0, alias=None, **metadata):
        key_id = str(UUID(int=10**30 + number))
        self.kms.keys[key_id] = {"KeyState": "Enabled"} | metadata
        if alias:
            self.kms.alias_targets[alias] = key_id
        return key_id


def busiest_second(times):
    times = sorted(times)
    return max(bisect_right(times, start + 0.999) - i for i, start in enumerate(times))


def test_ten_thousand_keys_are_swept_within_the_pace_and_told_of_on_the_way(caplog):
    # GIVEN a Region with 10,000 keys
    yard = Yard(10_000)
    # WHEN it is swept in one go
    with caplog.at_level(logging.INFO):
        found = yard.sweep()
    # THEN every key was looked at once, never more than 50 in a second, and progress was told
    assert found["complete"] is True
    assert found["progress"] == {"keys_done": 10_000, "keys_total": 10_000}
    assert sorted(key_id for key_id, _ in yard.kms.described) == sorted(yard.kms.keys)
    assert busiest_second([at for _, at in yard.kms.described]) < 50
    assert [r.getMessage() for r in caplog.records] == [
        f"sweep: {n} of 10000 keys" for n in range(1000, 10_001, 1000)
    ]
    # AND it was no slower than the pace asks for
    assert yard.clock.now < 10_000 / PER_SECOND + 10


def test_a_sweep_that_ran_out_of_time_goes_on_without_repeating_or_skipping_a_key():
    # GIVEN 2,000 keys, of which 40 are disabled, and invocations that soon run out of time
    yard = Yard(2_000, limit=65)
    disabled = set(itertools.islice(yard.kms.keys, 0, 2000, 50))
    for key_id in disabled:
        yard.kms.keys[key_id]["KeyState"] = "Disabled"
    # WHEN each request passes on where the last one stopped
    answers = [yard.sweep()]
    while not answers[-1]["complete"]:
        answers.append(yard.sweep(resume=answers[-1]["resume"]))
    # THEN it took several, each key was described once, and each finding was told once
    assert len(answers) > 2
    assert sorted(key_id for key_id, _ in yard.kms.described) == sorted(yard.kms.keys)
    told = [f["name"] for a in answers for f in a["findings"] if f["risk"] == "disabled"]
    assert sorted(told) == sorted(arn(key_id) for key_id in disabled)
    done = [a["progress"]["keys_done"] for a in answers]
    assert done == sorted(done)
    assert done[-1] == 2_000
    assert answers[-1]["resume"] is None


def test_keys_that_come_and_go_during_a_sweep_do_not_disturb_it():
    # GIVEN a sweep that stopped half way
    yard = Yard(400, limit=50)
    first = yard.sweep()
    before = {key_id for key_id, _ in yard.kms.described}
    left = set(yard.kms.keys) - before
    # WHEN meanwhile the key at which it stopped is deleted, and others are made
    del yard.kms.keys[first["resume"]]
    made = {"00000000-0000-0000-0000-000000000001", "ffffffff-ffff-ffff-ffff-ffffffffffff"}
    yard.kms.keys |= {key_id: {"KeyState": "Enabled"} for key_id in made}
    yard.limit = 1e9
    assert yard.sweep(resume=first["resume"])["complete"] is True
    # THEN the rest was looked at, once
    after = [key_id for key_id, _ in yard.kms.described[len(before) :]]
    assert sorted(after) == sorted(left | {"ffffffff-ffff-ffff-ffff-ffffffffffff"})


def test_throttling_slows_the_sweep_down_and_loses_no_key():
    yard = Yard(200)
    yard.kms.throttle = 4
    found = yard.sweep()
    assert found["complete"] is True
    assert found["unknowns"] == []
    assert {key_id for key_id, _ in yard.kms.described} == set(yard.kms.keys)


def test_a_key_that_may_not_be_described_is_said_to_be_unknown_and_the_others_are_swept():
    yard = Yard(5)
    hidden = next(iter(yard.kms.keys))
    yard.kms.denied.add(hidden)
    found = yard.sweep()
    assert found["complete"] is True
    assert [hidden in unknown for unknown in found["unknowns"]] == [True]


def test_last_usage_is_asked_for_doubtful_keys_only_and_below_five_a_second():
    yard = Yard(100)
    for key_id in list(yard.kms.keys)[:30]:
        yard.kms.keys[key_id]["KeyState"] = "Disabled"
    yard.sweep()
    assert len(yard.kms.usages) == 30
    assert busiest_second(yard.kms.usages) <= 5


def test_findings_come_worst_first():
    # GIVEN one thing at risk of each kind
    yard = Yard()
    doomed = yard.add(
        1, "alias/doomed", KeyState="PendingDeletion", DeletionDate=NOW + timedelta(days=20)
    )
    later = yard.add(
        2, "alias/later", KeyState="PendingDeletion", DeletionDate=NOW + timedelta(days=25)
    )
    forgotten = yard.add(
        3, "alias/forgotten", KeyState="PendingDeletion", DeletionDate=NOW + timedelta(days=2)
    )
    yard.add(4, "alias/off", KeyState="Disabled")
    yard.add(5, "alias/expiring", Origin="EXTERNAL", ValidTo=NOW + timedelta(days=12))
    yard.add(6, "alias/empty", KeyState="PendingImport", Origin="EXTERNAL")
    yard.add(7)
    yard.kms.alias_targets["alias/dangling"] = "1234abcd-12ab-34cd-56ef-1234567890ab"
    yard.kms.stores.append(
        {
            "CustomKeyStoreId": STORE,
            "CustomKeyStoreName": "vault",
            "ConnectionState": "FAILED",
            "ConnectionErrorCode": "INVALID_CREDENTIALS",
        }
    )
    used = NOW - timedelta(days=3)
    yard.kms.last_usage = {doomed: used, later: used}
    # WHEN the Region is swept
    found = yard.sweep()
    # THEN what hurts soonest and worst is told first
    assert [(f["severity"], f["risk"], (f["aliases"] or [""])[0]) for f in found["findings"]] == [
        ("critical", "pending_deletion", "alias/doomed"),
        ("critical", "pending_deletion", "alias/later"),
        ("critical", "key_store_not_connected", ""),
        ("high", "material_expiring", "alias/expiring"),
        ("warning", "pending_deletion", "alias/forgotten"),
        ("warning", "alias_without_key", "alias/dangling"),
        ("info", "disabled", "alias/off"),
        ("info", "key_without_alias", ""),
        ("info", "no_material", "alias/empty"),
    ]
    first, _, failed, *_ = found["findings"]
    assert "It was last used 3 days ago" in first["says"]
    assert first["last_used"] == "2026-02-26T03:00:00Z"
    assert any("cancel-key-deletion" in (remedy["command"] or "") for remedy in first["remedies"])
    assert "INVALID_CREDENTIALS" in failed["says"]
    assert found["counts"]["pending_deletion"] == 3
    assert arn(forgotten) in {f["name"] for f in found["findings"]}


@pytest.mark.parametrize(
    "metadata",
    [
        {"KeyState": "Creating"},
        {"KeyState": "Updating"},
        {"KeyManager": "AWS"},
        {"Origin": "EXTERNAL", "ValidTo": NOW + timedelta(days=31)},
        {"KeyState": "Unavailable", "CustomKeyStoreId": STORE},
    ],
    ids=["creating", "updating", "managed by AWS", "expires later", "its key store is the finding"],
)
def test_what_is_no_risk_by_itself_is_no_finding(metadata):
    yard = Yard()
    yard.add(1, "alias/fine", **metadata)
    assert yard.sweep()["findings"] == []


def test_aliases_of_aws_without_a_key_are_as_they_should_be():
    yard = Yard()
    yard.kms.alias_targets["alias/aws/s3"] = None
    assert yard.sweep()["findings"] == []


def test_without_the_list_of_aliases_no_key_is_called_nameless_and_without_that_of_keys_no_alias_dangling(
    monkeypatch,
):
    yard = Yard(3)
    yard.kms.alias_targets["alias/a"] = next(iter(yard.kms.keys))

    def refused(**_):
        raise error("AccessDeniedException")

    monkeypatch.setattr(yard.kms, "list_aliases", refused)
    found = yard.sweep()
    assert found["findings"] == []
    assert "ListAliases" in found["unknowns"][0]
    monkeypatch.undo()
    monkeypatch.setattr(yard.kms, "list_keys", refused)
    assert yard.sweep()["findings"] == []


def test_an_answer_stays_small_whatever_was_found():
    yard = Yard(MAX_FINDINGS + 50)
    found = yard.sweep()
    assert len(found["findings"]) == MAX_FINDINGS
    assert found["left_out"] == 50
    assert found["counts"] == {"key_without_alias": MAX_FINDINGS + 50}


def test_notify_sends_one_message_about_all_that_can_break():
    # GIVEN two doomed keys and an untidy one
    yard = Yard()
    yard.add(1, "alias/a", KeyState="PendingDeletion", DeletionDate=NOW + timedelta(days=9))
    yard.add(2, "alias/b", KeyState="PendingDeletion", DeletionDate=NOW + timedelta(days=8))
    yard.add(3)
    # WHEN a sweep tells
    assert yard.sweep(notify=True)["notified"] is True
    # THEN it is one message with the first to go on top
    (alert,) = yard.outbox.sent
    assert alert.diagnosis.cause == "key_pending_deletion"
    assert alert.subject.alias == "alias/b"
    assert any("alias/a" in note for note in alert.notes)


@pytest.mark.parametrize(("days", "confidence"), [(1, "certain"), (0, "likely")])
def test_what_was_due_by_now_is_not_certain(days, confidence):
    # GIVEN a key whose deletion is due, or was a moment ago: KMS deletes it within a day
    yard = Yard()
    yard.add(1, "alias/a", KeyState="PendingDeletion", DeletionDate=NOW + timedelta(days=days))
    # WHEN a sweep tells THEN it is no surer than that
    assert yard.sweep(notify=True)["notified"] is True
    (alert,) = yard.outbox.sent
    assert alert.diagnosis.confidence == confidence


def test_notify_with_nothing_at_risk_sends_nothing():
    yard = Yard(1)
    assert yard.sweep(notify=True)["notified"] is False
    assert yard.outbox.sent == []


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({"resume": "alias/a"}, "resume"),
        ({"resume": 7}, "resume"),
        ({"notify": 1}, "notify"),
        ({"all": True}, "all"),
    ],
)
def test_a_bad_request_is_answered_with_the_field_that_is_wrong(request_, field):
    yard = Yard(1)
    problem = answer(
        {"action": "sweep", **request_}, None, lambda: Runtime(yard.services, Metrics())
    )["error"]
    assert problem["code"] == "invalid_request"
    assert list(problem["fields"]) == [field]
    assert yard.kms.described == []
