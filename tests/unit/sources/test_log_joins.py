"""Lines that a console or a runtime broke are read together, and lines that have nothing to do with each other are not."""

import json

import pytest

from keywatch.parsing.logs.errors import find_errors
from keywatch.sources.log_calls import records
from keywatch.sources.log_joins import readings

KEY = "arn:aws:kms:eu-west-1:111122223333:key/0b7f5a52-8f6e-4d1c-9a3e-5d2f1c7b6a90"
KEY_ID = KEY.rpartition("/")[2]
ALIAS = "arn:aws:kms:eu-west-1:111122223333:alias/platform/payments"
CALLING = "An error occurred ({}) when calling the Decrypt operation: "
# Sentence, cause, and every name under which the key may be given.
CASES = {
    "state": (
        CALLING.format("KMSInvalidStateException") + f"{KEY} is pending deletion.",
        "key_pending_deletion",
        {KEY, KEY_ID},
    ),
    "key": (
        CALLING.format("NotFoundException") + f"Key '{KEY}' does not exist",
        "key_not_found",
        {KEY, KEY_ID},
    ),
    "alias": (
        CALLING.format("NotFoundException") + f"Alias {ALIAS} is not found.",
        "alias_not_found",
        {ALIAS},
    ),
    "proxy": (
        CALLING.format("KMSInvalidStateException")
        + "The external key store proxy rejected the request because it could not find the external key.",
        "external_key_not_found",
        set(),
    ),
    "grant": (
        CALLING.format("InvalidGrantTokenException")
        + "The request was rejected because the specified grant token is not valid.",
        "grant_not_found",
        set(),
    ),
}
# What a mere code means until its sentence is known.
BY_CODE = {"unclassified", "key_not_found"}


def read(*messages, gap=1):
    places = records([(number, number * gap, text) for number, text in enumerate(messages)])
    return [
        error for _, errors in readings(places, find_errors, lambda: True) for error in errors or ()
    ]


def broken(sentence, width):
    line = f"2026-11-24 10:00:00,123 ERROR orders: {sentence}"
    return [line[at : at + width] for at in range(0, len(line), width)]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("width", range(70, 130))
def test_a_line_that_a_terminal_broke_at_its_width_is_read_as_one(case, width):
    # GIVEN a failure in one line, which a terminal broke into events
    sentence, cause, names = CASES[case]
    errors = read(*broken(sentence, width))
    # THEN it is found, about the whole key or none
    assert cause in {error.classification.cause for error in errors}
    assert {error.classification.cause for error in errors} <= {cause, *BY_CODE}
    assert {error.classification.identifier for error in errors} <= names | {None}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("wrap", ["cri", "docker", "firelens"])
def test_a_line_that_a_runtime_cut_anywhere_is_read_as_one(case, wrap):
    sentence, cause, names = CASES[case]
    for place in range(1, len(sentence), 3):
        errors = read(*WRAPS[wrap](sentence[:place], sentence[place:]))
        assert {error.classification.cause for error in errors} == {cause}, sentence[:place]
        assert {error.classification.identifier for error in errors} <= names | {None}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("wrap", ["cri", "docker", "firelens"])
def test_of_a_line_whose_end_the_filter_left_out_no_cut_name_is_told(case, wrap):
    # GIVEN the first part of a line, behind which another line follows
    sentence, cause, names = CASES[case]
    for place in range(1, len(sentence), 3):
        part = WRAPS[wrap](sentence[:place], sentence[place:])[0]
        errors = read(part, *WRAPS[wrap]("INFO order 4711 stored in ", "the shop"))
        assert {error.classification.cause for error in errors} <= {cause, *BY_CODE}
        assert {error.classification.identifier for error in errors} <= names | {None}


def _cri(head, tail):
    stamp = "2026-11-24T10:00:00.123456789Z stderr"
    return f"{stamp} P {head}", f"{stamp} F {tail}"


def _docker(head, tail):
    beside = {"stream": "stderr", "time": "2026-11-24T10:00:00.123456789Z"}
    return json.dumps({"log": head, **beside}), json.dumps({"log": tail + "\n", **beside})


def _firelens(head, tail):
    part = {"partial_message": "true", "partial_id": str(len(head + tail))}
    return (
        json.dumps({"log": head, **part, "partial_last": "false"}),
        json.dumps({"log": tail, **part, "partial_last": "true"}),
    )


WRAPS = {"cri": _cri, "docker": _docker, "firelens": _firelens}


def test_lines_of_different_times_or_records_are_not_joined():
    head, tail = CALLING.format("NotFoundException") + "Alias", f"{ALIAS} was renamed for the shop"
    assert {e.classification.cause for e in read(head, f"ERROR {tail}")} <= BY_CODE
    line = broken(CASES["state"][0], 102)
    assert {e.classification.cause for e in read(*line, gap=5_000)} <= BY_CODE


@pytest.mark.parametrize(
    "lines",
    [
        (
            "KMSInvalidStateException: An error occurred (KMSInvalidStateException) when calling the",
            "CancelKeyDeletion operation: " + KEY + " is not pending deletion.",
        ),
        (
            f"Master Key {KEY} unable to decrypt data key",
            (
                "botocore.exceptions.ClientError: An error occurred (AccessDeniedException) when calling the Decrypt operation: "
                f"User: arn:aws:iam::111122223333:user/a is not authorized to perform: kms:Decrypt on resource: {KEY} because no "
                "identity-based policy allows the kms:Decrypt action"
            ),
        ),
    ],
    ids=["state change", "plain denial"],
)
def test_a_mere_code_is_excused_by_the_line_that_says_what_was_wrong(lines):
    from keywatch.sources.log_calls import Call, without_excused

    places = records(list(zip(range(9), range(9), lines, strict=False)))
    found = list(readings(places, find_errors, lambda: True))
    calls = [Call(place, error) for place, errors in found for error in errors or ()]
    assert without_excused(calls, [place for place, errors in found if not errors]) == []


def test_what_is_left_when_the_time_is_up_is_told_as_not_read():
    places = records([(0, 0, "a"), (1, 9_000, "b")])
    assert [errors for _, errors in readings(places, find_errors, lambda: False)] == [None, None]
