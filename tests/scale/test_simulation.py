"""A small organisation, lived through: what a hub costs grows with its spokes, and with nothing else."""

import pytest

from keywatch.store.spokes import BUCKETS
from tests.scale.simulation import Size, simulate

SIZE = Size(accounts=20, regions=2, hours=2, storm=400)


@pytest.fixture(scope="module")
def figures():
    return simulate(SIZE)


def test_every_spoke_gets_one_canary_an_hour_and_every_account_one_session_for_it(figures):
    sent = figures.metrics["SpokeCanariesSent"]
    spokes = SIZE.accounts * SIZE.regions
    # two calls of each spoke an hour; the hub's own account has a spoke in its second Region
    assert sent <= 2 * SIZE.hours * (spokes + 1)
    assert sent >= 2 * (spokes - 3)
    assert figures.calls["sts:assume_role"] <= 2 * SIZE.accounts * (SIZE.hours + 1)


def test_a_storm_and_calls_across_accounts_are_few_messages_and_few_look_ups(figures):
    assert figures.events >= 400
    assert figures.messages <= 10
    assert figures.most_calls_of_an_account_in_a_minute <= 40


def test_what_is_kept_is_bounded_and_spread(figures):
    assert figures.most_sessions <= SIZE.accounts
    assert figures.largest_partition[1] <= SIZE.accounts * SIZE.regions
    assert figures.partitions >= min(BUCKETS, SIZE.accounts) / 2


def test_spokes_that_do_not_answer_are_known(figures):
    # none of so few is drawn deaf or without a spoke; all have answered
    assert figures.unwell == 0
    assert figures.metrics.get("SpokesLate", 0) == 0
