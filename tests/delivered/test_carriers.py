"""The carriers lose nothing but what the real ones lose, and the programs are what they claim to be."""

import json

import pytest

from tests.delivered import delivery, outputs
from tests.delivered.calls import BY_ID, CALLS
from tests.delivered.measure import truth_of
from tests.delivered.programs.python.stub import error_body

LOSSY = {"cut"}
RECORD = (
    'ERROR could not store\n{"message": "Invalid keyId \'payments-key\'", "n": [1, 2]}\n'
    + "x" * 40_000
)


@pytest.mark.parametrize("carrier", sorted(set(delivery.CARRIERS) - LOSSY))
def test_a_carrier_keeps_every_character(carrier):
    # GIVEN a record of several lines, one of them longer than any buffer
    messages = delivery.CARRIERS[carrier]([RECORD])
    # WHEN what the carrier added is taken off
    said = "".join(_payload_of(carrier, message) for message in messages)
    # THEN all characters are there, in order
    assert delivery.squashed(said).replace("#012", "") == delivery.squashed(RECORD)


def _payload_of(carrier, message):
    if carrier in {"docker", "firelens", "routed"}:
        return json.loads(message)["log"]
    if carrier == "cri":
        return message.split(" ", 3)[3]
    return message.split(" - - ", 1)[1] if carrier == "syslog" else message


def test_a_delivery_holds_the_events_that_passed_in_their_order():
    filters = delivery_filters('?"is disabled."')
    events = delivery.events_of(["a", "x is disabled.", "b", "y is disabled."], key="t")
    passed = delivery.delivered(events, filters)
    assert [event.message for event in passed] == ["x is disabled.", "y is disabled."]
    assert [event.timestamp - delivery.START for event in passed] == [1, 3]
    assert len({event.id for event in events}) == 4


def delivery_filters(*patterns):
    from tests.delivered.grammar import check_group

    return check_group(patterns)


def test_the_calls_are_told_apart_and_cover_every_kind():
    assert len(BY_ID) == len(CALLS)
    assert len({call.cause for call in CALLS}) >= 17
    assert error_body("KMSInternalException", "") == {"__type": "KMSInternalException"}


def test_every_call_and_every_logger_is_in_a_sample():
    loggers = [str(number) for number in range(31)]
    pairs = outputs.plan(CALLS, loggers, outputs.SAMPLE)
    assert {call.id for call, _ in pairs} == set(BY_ID)
    assert {logger for _, logger in pairs} == set(loggers)


def test_real_sdks_run_under_at_least_ten_loggers(programs):
    # GIVEN what the programs logged, THEN each SDK is there, with the request ids that the endpoint gave it
    loggers = {
        sdk: {output.logger for output in programs if output.sdk == sdk} for sdk in outputs.SDKS
    }
    assert all(len(names) >= 10 for names in loggers.values()), {
        sdk: len(names) for sdk, names in loggers.items()
    }
    assert all(output.records and output.request_ids for output in programs)
    # AND nearly all of the output says what KMS answered
    assert sum(truth_of(output) is not None for output in programs) > 0.85 * len(programs)
