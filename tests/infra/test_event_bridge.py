"""The oracle of the other tests: does it answer as EventBridge is documented and was recorded to answer?"""

import pytest

from tests.infra.event_bridge import PatternRefusedError, matches


@pytest.mark.parametrize(
    ("condition", "detail", "expected"),
    [
        pytest.param({"anything-but": "x"}, {"field": "y"}, True, id="anything-but: another value"),
        pytest.param({"anything-but": "x"}, {"field": "x"}, False, id="anything-but: the value"),
        pytest.param(
            {"anything-but": "x"}, {}, False, id="anything-but: a missing field does not match"
        ),
        pytest.param({"anything-but": "x"}, {"field": None}, True, id="anything-but: null matches"),
        pytest.param(
            {"anything-but": {"prefix": "x-"}},
            {"field": "y-1"},
            True,
            id="anything-but prefix: another beginning",
        ),
        pytest.param(
            {"anything-but": {"prefix": "x-"}},
            {"field": "x-1"},
            False,
            id="anything-but prefix: the beginning",
        ),
        pytest.param(
            {"anything-but": {"prefix": "x-"}},
            {},
            False,
            id="anything-but prefix: a missing field does not match",
        ),
        pytest.param({"exists": True}, {"field": "x"}, True, id="exists: there"),
        pytest.param({"exists": True}, {"field": None}, True, id="exists: null is there"),
        pytest.param({"exists": True}, {}, False, id="exists: missing"),
        pytest.param({"exists": False}, {}, True, id="exists false: missing"),
        pytest.param({"exists": False}, {"field": "x"}, False, id="exists false: there"),
        pytest.param({"prefix": "KMS"}, {"field": "KMSNotFound"}, True, id="prefix"),
        pytest.param(
            {"prefix": "KMS"}, {"field": "KmsNotFound"}, False, id="prefix: minds the case"
        ),
    ],
)
def test_conditions_answer_as_eventbridge_documents_them(condition, detail, expected):
    # GIVEN a pattern with one condition
    pattern = {"detail": {"field": [condition]}}
    # WHEN it is tested, THEN the answer is AWS's
    assert matches(pattern, {"source": "s", "detail-type": "t", "detail": detail}) is expected


def test_alternatives_are_joined_with_what_stands_beside_them():
    # GIVEN a field that must match and two alternatives
    pattern = {"detail": {"must": ["a"], "$or": [{"one": ["b"]}, {"two": [{"exists": False}]}]}}
    event = {"source": "s", "detail-type": "t"}
    # WHEN THEN both sides count
    assert matches(pattern, {**event, "detail": {"must": "a", "one": "b", "two": "c"}})
    assert matches(pattern, {**event, "detail": {"must": "a"}})
    assert not matches(pattern, {**event, "detail": {"must": "a", "one": "x", "two": "c"}})
    assert not matches(pattern, {**event, "detail": {"must": "x", "one": "b"}})


def test_a_pattern_that_aws_refuses_is_refused():
    with pytest.raises(PatternRefusedError):
        matches(
            {"detail": {"field": [{"anythingbut": "x"}]}},
            {"source": "s", "detail-type": "t", "detail": {}},
        )
