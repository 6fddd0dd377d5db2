"""What the product must reach on logs as they arrive."""

import pytest

from tests.delivered import measure

pytestmark = pytest.mark.delivered_target
CARRIERS = (
    "as_lines",
    "as_records",
    "pretty",
    "routed",
    "cri",
    "docker",
    "console_record",
    "cut",
    "url_encoded_breaks",
)


@pytest.fixture(scope="module")
def score(programs):
    return measure.scores(measure.cases(programs, CARRIERS), lambda case: case.kind[0])["all"]


@pytest.mark.parametrize(
    ("rate", "least"), [("recall", 0.97), ("cause", 0.99), ("identifier", 0.97)]
)
def test_delivered_output_is_understood(score, rate, least):
    assert score.rate(rate) >= least, measure.problems(score)


def test_one_failing_call_is_one_signal(score):
    assert score.rate("signals") <= 1.02, measure.problems(score)


def test_nothing_certain_is_wrong_and_no_request_id_is_a_key(score):
    assert (score.certain_wrong, score.request_ids) == (0, 0)


def test_what_is_no_business_of_a_key_watcher_gives_no_signal(score):
    assert score.rate("false") <= 0.01
