"""One failing call is one signal, and lines that were cut are read as one."""

import pytest

from keywatch.parsing.logs.errors import find_errors
from keywatch.parsing.logs.wraps import unbroken, whole_lines
from keywatch.sources.log_calls import Call, Place, distinct_calls

KEY = "arn:aws:kms:eu-west-1:111122223333:key/0b7f5a52-8f6e-4d1c-9a3e-5d2f1c7b6a90"
SENTENCE = f"DisabledException: {KEY} is disabled."
ID = "0a25d66d-3b7c-4f0e-9c55-6d1a2b3c4d5e"
OTHER_ID = "1b36e77e-4c8d-4f1f-8d66-7e2b3c4d5e6f"


def calls(*lines):
    places = [Place(number, time, text) for number, (time, text) in enumerate(lines)]
    return distinct_calls(
        Call(place, error) for place in places for error in find_errors(place.text)
    )


@pytest.mark.parametrize(
    ("lines", "count"),
    [
        ([(0, f"WARN retry: {SENTENCE}"), (3, f"ERROR gave up: {SENTENCE}")], 1),
        ([(0, SENTENCE), (7000, SENTENCE), (14000, SENTENCE)], 3),
        ([(0, f"{SENTENCE} RequestID: {ID}"), (3, f"again {SENTENCE} RequestID: {OTHER_ID}")], 2),
        ([(0, f"{SENTENCE} RequestID: {ID}"), (900, f"x {SENTENCE} RequestID: {ID}")], 1),
        ([(0, "ERROR DisabledException: null (kms)"), (2, f"{KEY} is disabled.")], 1),
        ([(0, SENTENCE), (1, "NotFoundException: Invalid keyId 'x'")], 2),
    ],
    ids=[
        "logged twice",
        "three calls",
        "two requests",
        "one request",
        "code and sentence",
        "two failures",
    ],
)
def test_calls_are_told_apart_by_request_then_by_time_and_form(lines, count):
    assert len(calls(*lines)) == count


@pytest.mark.parametrize("place", range(1, len(SENTENCE)))
def test_a_line_that_a_container_runtime_cut_anywhere_is_whole_again(place):
    # GIVEN a line in two parts, as containerd and Docker write them
    head, tail = SENTENCE[:place], SENTENCE[place:]
    stamp = "2026-11-24T10:00:00.123456789Z stderr"
    cri = [f"{stamp} P {head}", f"{stamp} F {tail}"]
    # THEN it is one line
    assert whole_lines(cri) == SENTENCE + "\n"


@pytest.mark.parametrize(
    "place", range(len("DisabledException: a"), len(SENTENCE) - len(" is disabled."))
)
def test_an_arn_that_a_terminal_broke_anywhere_is_the_key_or_none(place):
    # GIVEN the ARN of a key with a line break in it
    errors = find_errors(f"{SENTENCE[:place]}\n{SENTENCE[place:]}")
    # THEN the key is the whole one, never a piece
    assert {error.classification.identifier for error in errors} <= {KEY, None}
    assert errors


def test_what_does_not_fit_together_is_left_alone():
    for text in (f"using {KEY}\nand more", "arn:aws:kms:eu-west-1:1\n2:key/x is disabled.", "a\nb"):
        assert unbroken(text) == text
