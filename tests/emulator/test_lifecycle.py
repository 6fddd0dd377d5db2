"""An incident from its first sign to its end, and who hears of it.

The events are dated some minutes back, as events that were delivered late are: ten quiet minutes
end an incident, and no test waits for them.
"""

from datetime import timedelta

import pytest

from demo.callers import role, user
from demo.inbox import Inbox
from tests.emulator.cloud import World, wait_for

pytestmark = pytest.mark.emulator

MINUTE = timedelta(minutes=1)


def test_disabled_then_scheduled_then_saved_is_one_incident_with_five_messages(world: World):
    # GIVEN a key that somebody disabled: the warning comes before the first failure
    stage = world.stage()
    key = stage.key("alias/lifecycle")
    stage.disable(key, user("alice"), ago=16 * MINUTE)
    world.put(*stage.changes)
    (warning,) = world.alerts_about(key.arn)
    assert (warning["status"], warning["cause"], warning["impact"]["failures"]) == (
        "opened",
        "key_disabled",
        0,
    )

    # WHEN calls fail, THEN that the outage has begun is one more message of the incident
    for session in ("app-1", "app-2"):
        stage.fails("Encrypt", key.arn, role("saved-app", session), key=key, ago=15 * MINUTE)
    world.put(*stage.failures)
    world.settle()
    begun = world.alerts_about(key.arn)[1]
    assert (begun["status"], begun["cause"]) == ("changed", "key_disabled")
    assert len(world.alerts_about(key.arn)) == 2

    # WHEN its deletion is scheduled, THEN the nature of the incident changed
    stage.changes.clear()
    stage.schedule_deletion(key, role("cost-cleanup", "weekly"), ago=14 * MINUTE)
    world.put(*stage.changes)
    world.settle()
    tick_until(world, lambda: len(world.alerts_about(key.arn)) == 3, "the change")
    changed = world.alerts_about(key.arn)[2]
    assert (changed["status"], changed["cause"], changed["impact"]["failures"]) == (
        "changed",
        "key_pending_deletion",
        2,
    )

    # WHEN the deletion is cancelled, THEN the key is merely disabled again
    stage.changes.clear()
    stage.cancel_deletion(key, user("alice"), ago=13 * MINUTE)
    world.put(*stage.changes)
    world.settle()
    tick_until(world, lambda: len(world.alerts_about(key.arn)) == 4, "the rescue")
    rescued = world.alerts_about(key.arn)[3]
    assert (rescued["status"], rescued["cause"]) == ("changed", "key_disabled")

    # WHEN it is enabled, THEN the incident is resolved, because a look-up proves it
    stage.changes.clear()
    stage.enable(key, user("alice"), ago=13 * MINUTE)
    world.put(*stage.changes)
    world.settle()
    tick_until(world, lambda: len(world.alerts_about(key.arn)) == 5, "the end")
    resolved = world.alerts_about(key.arn)[4]
    assert resolved["status"] == "resolved"

    # THEN it was one incident
    assert {alert["incident_id"] for alert in world.alerts_about(key.arn)} == {
        warning["incident_id"]
    }


def test_a_filter_policy_on_severity_drops_what_it_should(world: World):
    # GIVEN a subscriber who wants critical alerts only
    critical_only = Inbox(
        world.aws, world.outputs.AlertTopicArn, "critical-only", {"severity": ["critical"]}
    )

    # WHEN a disabled key (high) and a key without material (critical) are alerted
    stage, disabled = world.stage(), world.disabled_key()
    empty = stage.key(Origin="EXTERNAL")
    stage.fails("Encrypt", empty.arn, role("empty-app", "app-1"), key=empty)
    world.put(world.failure_of(disabled), *stage.failures)
    assert world.alerts_about(disabled.arn)
    assert world.alerts_about(empty.arn)

    # THEN the subscriber hears of the critical one alone
    heard = critical_only.receive()
    assert [alert["subject"]["key_arn"] for alert in heard] == [empty.arn]
    critical_only.close()


def tick_until(world: World, done, what: str) -> None:
    """Let minutes pass on KeyWatch's clock."""
    wait_for(lambda: bool(world.invoke({"clock": "minute"})) and done(), what, world.log)
