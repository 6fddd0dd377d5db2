"""No call goes where none can be answered: a service that is slow, a Region that does not exist, a minute that is used up."""

from datetime import timedelta
from threading import Event, Thread

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError

from keywatch.lookups.guard import MOST_IN_A_ROW, PAUSE, Guard
from keywatch.lookups.kms import Lookups
from keywatch.lookups.outcomes import NotAsked
from keywatch.lookups.regions import Regions
from keywatch.model.evidence import LookupOutcome
from tests.support.world import REGION, START, ScriptedKms, aws_error, failed
from tests.support.world import world as open_world

KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"


class Slow:
    """A KMS whose calls take seconds and end in what a test wants."""

    def __init__(self, seconds=4.0, error=None):
        self.seconds, self.error, self.calls = seconds, error, 0
        self.now = START

    def clock(self):
        return self.now

    def describe_key(self, KeyId):
        self.calls += 1
        self.now += timedelta(seconds=self.seconds)
        if self.error:
            raise self.error
        return {"KeyMetadata": {"KeyId": KEY, "KeyState": "Enabled"}}


TIMEOUT = ReadTimeoutError(endpoint_url="https://aws.example")


def test_what_does_not_answer_is_left_alone_for_a_while_and_then_tried_by_one_call():
    kms = Slow(error=TIMEOUT)
    lookups = Lookups(lambda service, region: kms, kms.clock)
    # WHEN many ask
    outcomes = [lookups.key(KEY, REGION)[1].outcome for _ in range(50)]
    # THEN only the first calls are made
    assert kms.calls == MOST_IN_A_ROW
    assert outcomes[-1] is LookupOutcome.SKIPPED
    # AND one call tries when the pause is over
    kms.now += PAUSE
    for _ in range(10):
        lookups.key(KEY, REGION)
    assert kms.calls == MOST_IN_A_ROW + 1
    # AND all ask again once it is answered
    kms.now += PAUSE
    kms.error, kms.seconds = None, 0
    for _ in range(10):
        assert lookups.key(KEY, REGION)[0] is not None
    assert kms.calls == MOST_IN_A_ROW + 11


def test_a_region_that_answers_is_asked_although_another_does_not():
    slow, well = Slow(error=TIMEOUT), Slow(0)
    lookups = Lookups(lambda service, region: slow if region == "us-east-1" else well, slow.clock)
    for _ in range(10):
        lookups.key(KEY, "us-east-1")
    assert lookups.key(KEY, REGION)[0] is not None


@pytest.mark.parametrize(
    "code", ["NotFoundException", "AccessDeniedException", "ThrottlingException"]
)
def test_an_answer_that_says_no_is_an_answer(code):
    kms = Slow(0, aws_error(code))
    lookups = Lookups(lambda service, region: kms, kms.clock)
    for _ in range(10):
        lookups.key(KEY, REGION)
    assert kms.calls == 10


def test_the_look_ups_of_one_subject_end_when_its_time_is_up():
    kms = Slow(4.0)
    lookups = Lookups(lambda service, region: kms, kms.clock)
    with lookups.within(timedelta(seconds=6)):
        looks = [lookups.key(KEY, REGION)[1] for _ in range(5)]
    assert [look.outcome for look in looks] == [LookupOutcome.SEEN] * 2 + [
        LookupOutcome.SKIPPED
    ] * 3
    assert "no time" in looks[-1].error
    # AND the next subject has its own
    assert lookups.key(KEY, REGION)[1].outcome is LookupOutcome.SEEN


def test_look_ups_of_a_minute_are_bounded_and_the_next_minute_has_room_again():
    kms = Slow(0)
    guard = Guard(lambda service, region: kms, kms.clock, per_minute=10)
    client = guard("kms", REGION)
    for _ in range(10):
        client.describe_key(KeyId=KEY)
    with pytest.raises(NotAsked, match="too many look-ups"):
        client.describe_key(KeyId=KEY)
    kms.now += timedelta(seconds=30)
    for _ in range(5):
        client.describe_key(KeyId=KEY)
    with pytest.raises(NotAsked):
        client.describe_key(KeyId=KEY)


@pytest.mark.parametrize(
    "name",
    ["eu-west-9", "xx-made-1", "evil.example", "", "cn-north-1", "eu-west-1.evil", "EU-WEST-1"],
)
def test_a_made_up_or_foreign_region_makes_no_client(name):
    made = []
    guard = Guard(lambda service, region: made.append(region), lambda: START, Regions(REGION))
    with pytest.raises(NotAsked, match="no Region"):
        guard("kms", name).describe_key(KeyId=KEY)
    assert made == []


def test_all_regions_of_the_partition_and_those_configured_are_regions():
    is_region = Regions(REGION, ["xy-new-1"])
    assert is_region("xy-new-1")
    assert all(map(is_region, boto3.session.Session().get_available_regions("kms")))


def test_a_thousand_forged_regions_make_no_client_and_no_call():
    with open_world() as world:
        world.take(
            *(
                failed(
                    "NotFoundException",
                    f"Invalid arn zz-evil-{n}",
                    f"arn:aws:kms:zz-evil-{n}:123456789012:key/{KEY}",
                )
                for n in range(100)
            )
        )
        assert world.inbox()
        guard = world.services.lookups._client
        assert {region for _, region in guard._clients} == {REGION}


def test_who_asks_something_else_does_not_wait_for_a_slow_answer():
    begun, go_on = Event(), Event()

    class Stuck(ScriptedKms):
        def describe_custom_key_stores(self, CustomKeyStoreId):
            if CustomKeyStoreId == "cks-slow":
                begun.set()
                assert go_on.wait(10)
            return super().describe_custom_key_stores(CustomKeyStoreId)

    kms = Stuck()
    kms.stores = {name: {"CustomKeyStoreId": name} for name in ("cks-slow", "cks-quick")}
    calls = []
    lookups = Lookups(lambda service, region: kms, lambda: START)
    # GIVEN two that wait for the same slow answer
    asking = [
        Thread(target=lambda: calls.append(lookups.store("cks-slow", REGION)[0])) for _ in range(2)
    ]
    for thread in asking:
        thread.start()
    assert begun.wait(10)
    # WHEN another asks for another store, THEN it has its answer at once
    assert lookups.store("cks-quick", REGION)[0] is not None
    go_on.set()
    for thread in asking:
        thread.join(10)
    assert [store.id for store in calls] == ["cks-slow", "cks-slow"]
