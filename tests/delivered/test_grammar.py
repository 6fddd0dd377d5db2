"""The stand-in for CloudWatch Logs' filter obeys what AWS documents, example by example."""

import pytest

from tests.delivered.grammar import PatternError, check_group, parse

ERRORS = (
    "[ERROR 400] BAD REQUEST",
    "[ERROR 401] UNAUTHORIZED REQUEST",
    "[ERROR 419] MISSING ARGUMENTS",
    "[ERROR 420] INVALID ARGUMENTS",
)


def matching(pattern, messages=ERRORS):
    return [number for number, message in enumerate(messages) if parse(pattern).matches(message)]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("ERROR", [0, 1, 2, 3]),
        ("error", []),
        ("ERROR ARGUMENTS", [2, 3]),
        ("?MISSING ?INVALID", [2, 3]),
        ('?"BAD REQUEST" ?"INVALID ARGUMENTS"', [0, 3]),
        ("?MISSING ?INVALID REQUEST", [0, 1]),
        ("?MISSING -REQUEST", [2, 3]),
        ("ERROR -ARGUMENTS", [0, 1]),
        ('"INVALID ARGUMENTS"', [3]),
        ('" "', [0, 1, 2, 3]),
        ("%AUTHORIZED%", [1]),
        ("%^.ERROR 4[01]%", [0, 1, 2]),
        (r"%\[ERROR \d{3}\] [BM]%", [0, 2]),
        ("%REQUEST$%", [0, 1]),
        (r"%\x5bERROR 419%", [2]),
    ],
)
def test_patterns_match_as_the_guide_shows(pattern, expected):
    assert matching(pattern) == expected


def test_a_plain_term_is_only_sure_to_match_whole_words():
    # GIVEN a term that stands within a longer word, THEN it may be delivered, but nothing may rest on that
    term = parse("DisabledException")
    assert not term.matches("KMSDisabledException: oops")
    assert term.may_match("KMSDisabledException: oops")
    assert term.matches("model.DisabledException: oops")


@pytest.mark.parametrize(
    "pattern",
    [
        "%something!%",
        "%(a|b)%",
        "%caf\u00e9%",
        "%a",
        "%%",
        r"%\p%",
        "%a% %b%",
        '?"a" ?%b%',
        "is-not-quoted",
        '"open',
        '{ $.errorCode = "x" }',
        "[ip, user]",
        "x" * 1025,
    ],
)
def test_what_the_guide_does_not_know_is_refused(pattern):
    with pytest.raises(PatternError):
        parse(pattern)


def test_a_log_group_takes_two_filters():
    assert len(check_group(["ERROR", "%WARN%"])) == 2
    with pytest.raises(PatternError):
        check_group(["a", "b", "c"])
