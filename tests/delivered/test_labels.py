"""The labelled texts and the grid are what they claim to be: a target that cannot be missed proves nothing."""

from collections import Counter

import pytest

from keywatch.catalogue.causes import CAUSES
from tests.delivered import formats, ordinary, reports
from tests.delivered.measure import Case, Score, Truth
from tests.delivered.product import Said

KINDS = {
    "B2",
    "B3",
    "B7",
    "B8",
    "B9",
    "B10",
    "B11",
    "B16",
    "B17",
    "B18",
    "B19",
    "B20",
    "B21",
    "B22",
    "B23",
    "B24",
    "B25",
    "E1",
    "F1",  # fresh reports from the field
    "F2",  # look-alikes
}


def test_the_reports_cover_every_kind_with_known_causes():
    found = list(reports.own())
    assert len(found) >= 150
    assert {report.kind for report in found} == KINDS
    assert len({report.id for report in found}) == len(found)
    for report in found:
        assert report.causes <= set(CAUSES) | {None}, report.id
        assert report.label["expect_match"] == (report.causes != {None}), report.id


def test_the_grid_has_every_format_prefix_and_code():
    cells = list(formats.grid())
    assert len(cells) > 20_000
    assert {cell.sdk for cell in cells} == set(formats.FORMATS)
    assert {cell.prefix for cell in cells} == set(formats.PREFIXES)
    assert set().union(*(set(cell.truth.causes) for cell in cells)) <= set(CAUSES)


def test_ordinary_lines_are_varied_and_the_same_in_every_run():
    found = list(ordinary.lines(10_000))
    assert found == list(ordinary.lines(10_000))
    assert len(set(found)) > 6_000
    assert Counter(kind for kind, _ in found) == {
        "everyday": 5000,
        "look-alike": 2500,
        "talk": 2500,
    }
    assert not [line for _, line in found if "{word}" in line or "{uuid}" in line]


TRUTH = Truth(("key_disabled",), frozenset({"k"}), named=True, request_ids=frozenset({"r"}))
GOOD = Said("key_disabled", "likely", "k", frozenset({"k"}), "1")


@pytest.mark.parametrize(
    ("truth", "said", "problems"),
    [
        (TRUTH, [GOOD], []),
        (TRUTH, [], ["missed"]),
        (
            TRUTH,
            [Said("key_not_found", "certain", "k", frozenset({"k"}))],
            ["certain but wrong", "cause"],
        ),
        (
            TRUTH,
            [Said("key_disabled", "likely", "r", frozenset({"r"}))],
            ["request id as identifier", "identifier"],
        ),
        (TRUTH, [Said("key_disabled", "likely", None, frozenset())], ["identifier"]),
        (TRUTH, [GOOD, GOOD], ["signals"]),
        (Truth(()), [GOOD], ["false"]),
        (Truth(()), [], []),
    ],
)
def test_every_kind_of_mistake_is_counted(truth, said, problems):
    # GIVEN the truth and what was said, WHEN it is judged, THEN each mistake is named
    score, case = Score(), Case("c", ("", "", ""), truth, (), ())
    score.add(case, said)
    assert [problem for problem, _, _ in score.misses] == problems
