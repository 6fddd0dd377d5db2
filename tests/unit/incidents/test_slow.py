"""Slow is not down: with a service that times out, all of a large batch is told of, alone or together, within two invocations."""

from collections import Counter
from datetime import timedelta

import pytest
from botocore.exceptions import ReadTimeoutError

from tests.support.world import disabled
from tests.support.world import world as open_world
from tests.unit.incidents.test_groups import caller, key_id

SUBJECTS, CALLERS = 400, 8
TIMEOUT_SECONDS = 4


def invocation(world):
    """Return how many seconds are left of an invocation of 50 seconds that begins now."""
    until = world.now + timedelta(seconds=50)

    def remaining():
        return (until - world.now).total_seconds()

    return remaining


@pytest.mark.parametrize("service", ["kms", "cloudtrail", "dynamodb"])
def test_all_of_a_batch_is_told_of_within_two_invocations_although_a_service_times_out(service):
    with open_world() as world:
        # GIVEN a service whose every call takes seconds and ends without an answer
        def slow(called, operation):
            if called == service:
                world.moment[0] += timedelta(seconds=TIMEOUT_SECONDS)
                raise ReadTimeoutError(endpoint_url="https://aws.example")

        world.wire.before = slow
        began = world.now
        events = [
            disabled(key_id(n), at=began, **caller(f"app-{n % CALLERS}")) for n in range(SUBJECTS)
        ]
        # WHEN a batch of many keys of some callers comes, in at most two invocations of 50 seconds
        taken = Counter()
        left = events
        for _ in range(2):
            failed = world.take(*left, remaining=invocation(world))
            taken["invocations"] += 1
            left = [left[int(message)] for message in failed]
            if not left:
                break
        # THEN nothing is left, and every key is named by a message
        assert left == []
        told = world.inbox()
        named = {
            name.rpartition("/")[2]
            for alert in told
            for name in alert.get("group", {}).get("members", [alert["subject"]["key_arn"]])
        }
        assert {key_id(n) for n in range(SUBJECTS)} <= named
        assert len(told) <= 6 * CALLERS
