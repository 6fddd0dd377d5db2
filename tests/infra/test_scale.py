"""The figures of docs/scale.md are those of what is deployed, and what it says gives way first does."""

import pytest

from docs.pages import scale
from infra.function import BATCH_SIZE, MAX_CONCURRENCY
from infra.intake import BATCH_WINDOW

PAGE = scale.scale_page()


def test_the_page_computes_with_what_is_deployed():
    assert (scale.BATCH_SIZE, scale.MAX_CONCURRENCY) == (BATCH_SIZE, MAX_CONCURRENCY)
    assert BATCH_WINDOW.to_seconds() == scale.BATCH_WINDOW


@pytest.mark.parametrize(
    ("accounts", "over"),
    [
        (10, set()),
        (1_000, {"Events while a key of all is broken"}),
        (
            10_000,
            {
                "Events while a key of all is broken",
                "… for the function",
                "Spokes to visit in a minute",
                "Messages",
            },
        ),
    ],
)
def test_what_the_page_says_of_each_size_is_what_its_figures_say(accounts, over):
    # The text below the table speaks of these; who changes a constant reads it again.
    assert {row.what for row in scale.ROWS if not row.fits(accounts)} == over


@pytest.mark.parametrize("row", scale.ROWS, ids=lambda row: row.what)
def test_every_limit_is_named_and_every_figure_grows_with_the_accounts(row):
    assert (row.limit < float("inf")) == bool(row.limited_by)
    values = [row.of(size) for size in scale.SIZES]
    assert values == sorted(values)
    assert row.how in PAGE


def test_a_month_costs_in_proportion():
    small, large = (sum(scale.monthly(size).values()) for size in (10, 10_000))
    assert large == pytest.approx(1_000 * small)
