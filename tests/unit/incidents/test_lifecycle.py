"""What the clock does to incidents: resolved, changed, reminded; and what changes warn of before the first failure."""

import json

import pytest

from keywatch.incidents import clock
from keywatch.lookups.history import MOST_CALLS
from tests.support.world import (
    ACCOUNT,
    KEY_ID,
    REGION,
    alias_missing,
    ambiguous_denial,
    changed,
    disabled,
    failed,
    key_arn,
)

STORE = "cks-1234567890abcdef0"
# KMS Developer Guide, "Troubleshooting external key stores".
EXTERNAL_KEY_GONE = (
    "The external key store proxy rejected the request because it could not find the external key. If the "
    "request is repeated, verify that the external key exists in your external key manager."
)
PROXY_SILENT = (
    "KMS cannot communicate with the external key store proxy. If the request is retried and the issue "
    "persists, reach out to the external key store proxy administrator."
)


def every_minute(world, minutes, during=lambda: None):
    for _ in range(minutes):
        world.wait(minutes=1)
        during()
        world.tick()


def statuses(world):
    return [alert["status"] for alert in world.inbox()]


def test_resolved_is_sent_when_a_probe_proves_it_and_ten_minutes_were_quiet(world):
    # GIVEN an alerted incident of a disabled key
    world.kms.add(state="Disabled")
    world.take(disabled())
    (opened,) = world.inbox()
    # WHEN the key is enabled and nine minutes pass, THEN nothing is said yet
    world.kms.add(state="Enabled")
    every_minute(world, 9)
    assert statuses(world) == []
    # WHEN ten are over, THEN it is resolved, as the same incident, and stays so
    every_minute(world, 3)
    (resolved,) = world.inbox()
    assert (resolved["status"], resolved["incident_id"]) == ("resolved", opened["incident_id"])
    every_minute(world, 30)
    assert statuses(world) == []


def test_a_key_that_stays_broken_is_never_resolved(world):
    # GIVEN a disabled key that nobody uses any more
    world.kms.add(state="Disabled")
    world.take(disabled())
    world.inbox()
    # WHEN two days pass
    for _ in range(48 * 2):
        world.wait(minutes=30)
        world.tick()
    # THEN nobody is told that it is over, nor reminded of what no longer fails
    assert statuses(world) == []


def test_what_cannot_be_probed_is_resolved_after_six_quiet_hours_and_says_so(world):
    # GIVEN a denial that only the caller could repeat
    text = ambiguous_denial(f"arn:aws:iam::{ACCOUNT}:user/bob")
    world.take(failed("AccessDenied", text))
    world.inbox()
    # WHEN five quiet hours pass, THEN nothing is said
    for _ in range(5 * 6):
        world.wait(minutes=10)
        world.tick()
    assert statuses(world) == []
    # WHEN the sixth is over, THEN it is resolved, unproven
    for _ in range(8):
        world.wait(minutes=10)
        world.tick()
    (resolved,) = world.inbox()
    assert resolved["status"] == "resolved"
    assert any("not proven" in note for note in resolved["notes"])


def test_reminders_come_every_four_hours_and_only_while_failures_go_on(world):
    # GIVEN a disabled key that fails every minute for nine hours
    world.kms.add(state="Disabled")
    world.take(disabled())
    world.inbox()
    every_minute(world, 9 * 60, lambda: world.take(disabled(at=world.now)))
    # THEN there were two reminders
    assert statuses(world) == ["reminder", "reminder"]
    # WHEN it stops failing, THEN there is no more
    every_minute(world, 9 * 60)
    assert statuses(world) == []


def test_a_changed_cause_is_told_once(world):
    # GIVEN an alerted incident of a disabled key
    world.kms.add(state="Disabled")
    world.take(disabled())
    world.inbox()
    # WHEN somebody schedules its deletion
    world.kms.add(state="PendingDeletion", DeletionDate=world.now)
    world.take(changed("ScheduleKeyDeletion", at=world.now))
    every_minute(world, 3)
    # THEN the incident changed, and it says from what
    (alert,) = world.inbox()
    assert (alert["status"], alert["cause"]) == ("changed", "key_pending_deletion")


def test_a_cancelled_deletion_that_leaves_the_key_disabled_is_told(world):
    # GIVEN a disabled key whose deletion was scheduled, both told
    world.kms.add(state="Disabled")
    world.take(disabled())
    world.kms.add(state="PendingDeletion", DeletionDate=world.now)
    world.take(changed("ScheduleKeyDeletion", at=world.now))
    every_minute(world, 3)
    # WHEN the deletion is cancelled, which leaves the key disabled
    world.kms.add(state="Disabled")
    world.take(changed("CancelKeyDeletion", at=world.now))
    every_minute(world, 3)
    # THEN that is news, though the cause was told before
    told = [(alert["status"], alert["cause"]) for alert in world.inbox()]
    assert told == [
        ("opened", "key_disabled"),
        ("changed", "key_pending_deletion"),
        ("changed", "key_disabled"),
    ]


def test_alternating_errors_do_not_alternate_messages(world):
    # GIVEN a key that one caller finds disabled and another is ambiguously denied
    world.kms.add(state="Disabled")
    text = ambiguous_denial(f"arn:aws:iam::{ACCOUNT}:user/bob")
    # WHEN both fail for an hour
    for _ in range(60):
        world.wait(minutes=1)
        world.take(disabled(at=world.now))
        world.take(failed("AccessDenied", text, KEY_ID, at=world.now))
        world.tick()
    # THEN at most each cause was told once
    told = [(alert["status"], alert["cause"]) for alert in world.inbox()]
    assert len(told) == len(set(told)) <= 2


@pytest.mark.parametrize("callers", [1, 2])
def test_alternating_errors_of_a_key_that_works_are_told_once_each(world, callers):
    # GIVEN a key that DescribeKey shows enabled, of which nothing says whether one error or the other is the cause
    world.kms.add(state="Enabled")
    # WHEN its callers fail in turn with errors of two causes for an hour, and the clock sees each of them
    for minute in range(60):
        world.wait(minutes=1)
        text = (EXTERNAL_KEY_GONE, PROXY_SILENT)[minute % callers]
        world.take(failed("KMSInvalidStateException", text, KEY_ID, at=world.now))
        world.tick()
    # THEN each cause is told when it is new, and never again
    causes = ["external_key_not_found", "xks_proxy_unreachable"][:callers]
    assert [(alert["status"], alert["cause"]) for alert in world.inbox()] == list(
        zip(("opened", "changed"), causes, strict=False)
    )


def test_failures_after_the_end_open_a_new_incident(world):
    # GIVEN an incident that was resolved
    world.kms.add(state="Disabled")
    world.take(disabled())
    world.kms.add(state="Enabled")
    every_minute(world, 15)
    first = world.inbox()
    # WHEN the key is disabled again
    world.kms.add(state="Disabled")
    world.take(disabled(at=world.now))
    # THEN that is another incident, counted from one
    (second,) = world.inbox()
    assert [alert["status"] for alert in first] == ["opened", "resolved"]
    assert second["incident_id"] != first[0]["incident_id"]
    assert second["impact"]["failures"] == 1


def test_failures_while_it_is_being_resolved_are_said_aloud(world):
    # GIVEN an incident about to be resolved, and a caller that fails right after the message
    world.kms.add(state="Disabled")
    world.take(disabled())
    world.kms.add(state="Enabled")
    world.inbox()
    struck = []

    def fail_meanwhile(service, operation):
        if operation == "publish" and not struck:
            struck.append(True)
            world.take(disabled(at=world.now))

    world.wire.after = fail_meanwhile
    # WHEN the clock resolves it
    every_minute(world, 12)
    # THEN it is open again, and people know
    assert statuses(world) == ["resolved", "opened"]
    assert [item["status"]["S"] for item in world.incidents()] == ["open"]


@pytest.mark.parametrize(
    ("what", "state", "cause"),
    [
        ("ScheduleKeyDeletion", "PendingDeletion", "key_pending_deletion"),
        ("DisableKey", "Disabled", "key_disabled"),
        ("DeleteImportedKeyMaterial", "PendingImport", "key_material_missing"),
    ],
)
def test_a_change_that_breaks_a_key_in_use_warns_before_the_first_failure(
    world, what, state, cause
):
    # GIVEN a key that was used an hour ago
    arn = world.kms.add(state=state)
    world.kms.last_usage[arn] = {
        "KeyLastUsage": {"Timestamp": world.now},
        "TrackingStartDate": world.now,
    }
    # WHEN somebody breaks it
    world.take(changed(what))
    # THEN one alert says so, without a failure, and names who did it
    (warning,) = world.inbox()
    assert (warning["status"], warning["cause"], warning["impact"]["failures"]) == (
        "opened",
        cause,
        0,
    )
    assert any("alice" in reason for reason in warning["because"])
    # WHEN a first call fails on it, THEN that is told at once: the outage has begun
    world.take(disabled(at=world.now))
    (begun,) = world.inbox()
    assert (begun["status"], begun["incident_id"]) == ("changed", warning["incident_id"])
    assert begun["impact"]["failures"] == 1
    assert any("has begun" in note for note in begun["notes"])
    # WHEN more calls fail, THEN they join
    every_minute(world, 30, lambda: world.take(disabled(at=world.now)))
    assert world.inbox() == []
    assert [item["failures"]["N"] for item in world.incidents()] == ["31"]


def test_breaking_a_key_that_was_never_used_is_recorded_and_not_alerted(world):
    # GIVEN a key that KMS has tracked all its life and never saw used
    arn = world.kms.add(state="Disabled", CreationDate=world.now)
    world.kms.last_usage[arn] = {"TrackingStartDate": world.now}
    # WHEN somebody disables it
    world.take(changed("DisableKey"))
    # THEN nobody is told
    assert world.inbox() == []
    # BUT a failure later is, and names the change
    world.take(disabled())
    (alert,) = world.inbox()
    assert alert["changes"][0]["what"] == "DisableKey"


def test_pointing_an_alias_to_another_usable_key_is_routine(world):
    # GIVEN an alias pointed to a usable key
    world.kms.add()
    world.kms.alias_targets["alias/payments"] = KEY_ID
    # WHEN that happens
    world.take(changed("UpdateAlias", alias="alias/payments"))
    # THEN nobody is told
    assert world.inbox() == []


def test_pointing_an_alias_to_a_key_that_cannot_serve_warns(world):
    # GIVEN an alias pointed to a disabled key
    world.kms.add(state="Disabled")
    world.kms.alias_targets["alias/payments"] = KEY_ID
    # WHEN that happens
    world.take(changed("UpdateAlias", alias="alias/payments"))
    # THEN the alert says that the key is disabled
    (warning,) = world.inbox()
    assert warning["cause"] == "key_disabled"


def test_disconnecting_a_key_store_warns(world):
    # GIVEN a key store that somebody disconnects
    world.kms.stores[STORE] = {
        "CustomKeyStoreId": STORE,
        "CustomKeyStoreName": "hsm",
        "ConnectionState": "DISCONNECTED",
    }
    # WHEN that happens
    world.take(
        changed("DisconnectCustomKeyStore", key=None, requestParameters={"customKeyStoreId": STORE})
    )
    # THEN the alert is about the store
    (warning,) = world.inbox()
    assert warning["cause"] == "key_store_disconnected"
    assert warning["subject"]["key_store"] == STORE


def test_all_keys_of_a_broken_key_store_are_one_incident_with_a_sample_of_keys(world):
    # GIVEN a store that lost its proxy
    world.kms.stores[STORE] = {
        "CustomKeyStoreId": STORE,
        "CustomKeyStoreName": "xks",
        "ConnectionState": "DISCONNECTED",
    }
    text = (
        "This KMS key is in a custom key store that is not connected to its external key store proxy. "
        "Connect the external key store and try the request again."
    )
    keys = [f"1234abcd-12ab-34cd-56ef-{n:012d}" for n in range(30)]
    # WHEN 30 keys of it fail
    world.take(
        *[
            failed(
                "KMSInvalidStateException",
                text,
                key,
                resources=[{"ARN": key_arn(key), "accountId": ACCOUNT, "type": "AWS::KMS::Key"}],
                additionalEventData={"customKeyStoreId": STORE},
            )
            for key in keys
        ]
    )
    # THEN there is one alert with some of them
    (alert,) = world.inbox()
    assert alert["subject"]["key_store"] == STORE
    assert alert["impact"]["failures"] == 30
    assert alert["impact"]["resources"][0]["name"].startswith(f"arn:aws:kms:{REGION}")


def test_a_key_pending_deletion_mutes_the_incidents_of_its_aliases(world):
    # GIVEN an announced incident of a key that is pending deletion, and an alias that pointed to it
    world.kms.add(state="PendingDeletion", DeletionDate=world.now)
    world.take(changed("CreateAlias", alias="alias/payments"))
    world.take(failed("KMSInvalidStateException", f"{key_arn()} is pending deletion.", KEY_ID))
    world.inbox()
    # WHEN the alias is not found, long after it was created
    world.wait(hours=2)
    world.take(alias_missing("alias/payments", at=world.now))
    # THEN its failures are counted, and the key's incident speaks for both
    assert world.inbox() == []
    assert {item["status"]["S"] for item in world.incidents()} == {"open", "muted"}


def test_the_clock_takes_bounded_slices_of_ten_thousand_incidents(world, monkeypatch):
    # GIVEN more incidents than one slice that are due at once
    monkeypatch.setattr("keywatch.incidents.clock.SLICE", 5)
    for n in range(12):
        world.take(alias_missing(f"alias/unrelated-{n}-{'x' * n}"))
    world.inbox()
    world.wait(minutes=11)
    world.wire.calls.clear()
    # WHEN the clock passes with little time left
    ticks = iter([60.0] * 8 + [0.0] * 1000)
    handled = clock.tick(world.services, lambda: next(ticks))
    # THEN it handled some, and left the others for the next minute
    assert 0 < handled < 12


def test_cloudtrail_is_asked_once_per_incident_and_what_it_said_is_kept(world):
    # GIVEN a key that is gone, and a CloudTrail that remembers who scheduled its deletion
    record = changed(
        "DeleteKey", at=world.now, userIdentity={"accountId": ACCOUNT, "invokedBy": "AWS Internal"}
    )["detail"]
    world.trail.events = [{"EventId": "e-1", "CloudTrailEvent": json.dumps(record)}]
    world.take(
        failed("NotFoundException", f"Key '{key_arn()}' does not exist", KEY_ID, at=world.now)
    )
    (opened,) = world.inbox()
    assert opened["cause"] == "key_deleted"
    asked = world.wire.calls.count(("cloudtrail", "lookup_events"))
    assert 1 <= asked <= MOST_CALLS
    # WHEN the clock follows the incident for five hours of failures
    for _ in range(30):
        world.wait(minutes=10)
        world.take(
            failed("NotFoundException", f"Key '{key_arn()}' does not exist", KEY_ID, at=world.now)
        )
        world.tick()
    # THEN CloudTrail was not asked again, and its answer still holds
    assert world.wire.calls.count(("cloudtrail", "lookup_events")) == asked
    assert [(alert["status"], alert["cause"]) for alert in world.inbox()] == [
        ("reminder", "key_deleted")
    ]


def test_a_key_is_called_by_the_alias_that_people_know(world):
    # GIVEN a disabled key with an alias
    world.kms.add(state="Disabled")
    world.kms.alias_targets["alias/payments"] = KEY_ID
    # WHEN a call by its id fails
    world.take(disabled())
    # THEN the alert names the alias
    (alert,) = world.inbox()
    assert alert["subject"]["alias"] == "alias/payments"
    assert "alias/payments" in alert["title"]
