"""What the product must reach on logs as they arrive, whatever carries them."""

from collections import Counter

import pytest

from tests.delivered import formats, measure, ordinary, reports, streams


@pytest.fixture(scope="module")
def score(programs):
    return measure.scores(measure.cases(programs), lambda case: case.kind[0])["all"]


@pytest.mark.parametrize(
    ("rate", "least"), [("recall", 0.97), ("cause", 0.99), ("identifier", 0.97)]
)
def test_delivered_output_is_understood(score, rate, least):
    assert score.rate(rate) >= least, measure.problems(score)


def test_one_failing_call_is_one_signal(score):
    assert score.rate("signals") <= 1.02, measure.problems(score)


@pytest.mark.parametrize("kind", ["repeated", "different", "at once"])
def test_as_many_signals_as_calls(programs, kind):
    judged = [streams.judge(stream) for stream in streams.streams(programs) if stream.kind == kind]
    calls, known, said = (sum(column) for column in zip(*judged, strict=True))
    assert known >= 0.97 * calls
    assert said <= 1.02 * calls


def test_nothing_certain_is_wrong_and_no_request_id_is_a_key(score):
    assert (score.certain_wrong, score.request_ids) == (0, 0)


def test_what_is_no_business_of_a_key_watcher_gives_no_signal(score):
    assert score.rate("false") <= 0.01


@pytest.fixture(scope="module")
def cells():
    found = formats.grid(every=12)
    return [(cell.id, (cell.sdk, cell.prefix, "grid"), cell.text, cell.truth) for cell in found]


@pytest.mark.parametrize("arrive", [measure.delivered_texts, measure.explained])
def test_codes_are_known_in_every_print_format_behind_every_prefix(cells, arrive):
    score = measure.scores(arrive(cells), lambda case: case.kind[0])["all"]
    assert score.rate("recall") >= 0.97, measure.problems(score)
    assert score.rate("cause") >= 0.99
    assert score.rate("identifier") >= 0.97
    assert (score.request_ids, score.certain_wrong) == (0, 0)


def test_ordinary_lines_give_no_signal():
    table = measure.false_alarms([*ordinary.lines(10_000), *ordinary.own_lines()])
    assert sum(len(alarms) for _, alarms, _ in table) <= 0.001 * sum(
        count for *_, count in table
    ), {kind: len(alarms) for kind, alarms, _ in table}


@pytest.mark.parametrize("judge", [reports.explained, reports.arrived])
def test_our_own_reports_are_read_as_their_labels_say(judge):
    wrong = Counter(report.kind for report in reports.own() if judge(report))
    assert wrong.total() <= 0.02 * len(list(reports.own())), wrong


@pytest.mark.skipif(not reports.CORPUS.is_dir(), reason="the corpus is not part of the repository")
@pytest.mark.parametrize("judge", [reports.explained, reports.arrived])
def test_collected_texts_are_read_as_their_labels_say(judge):
    wrong = {report.id: problems for report in reports.collected() if (problems := judge(report))}
    assert wrong == {}
