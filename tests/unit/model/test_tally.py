"""Names and how many calls each had: never too high, and with the others all calls of a kind, whatever comes."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from keywatch.model.tally import MOST_CHARACTERS, MOST_NAMES, OTHERS, Tally, short
from keywatch.store.json_forms import MOST_NAME_BYTES, dump_names, load_names

NAMES = st.sampled_from([OTHERS, *(f"{number:02}{'ö' * 120}" for number in range(40))])
BATCHES = st.lists(
    st.dictionaries(st.tuples(st.sampled_from(["caller", "resource"]), NAMES), st.integers(1, 9)),
    max_size=8,
)


def of_kind(counts, kind):
    return sum(count for (one, _), count in counts.items() if one == kind)


@given(BATCHES)
def test_all_calls_stay_counted_and_none_is_counted_twice(batches):
    # GIVEN batches of many names WHEN they are added up, and kept in the room that there is
    tally, truth = Tally(), Counter()
    for batch in batches:
        tally = tally.adding(batch)
        truth.update(batch)
    kept = load_names(dump_names(tally.counts, tally.missed))
    for one in (tally, kept):
        # THEN those of a kind add up to all of its calls
        for kind in ("caller", "resource"):
            assert of_kind(one.counts, kind) == of_kind(truth, kind)
            named = [name for name in one.counts if name[0] == kind and name[1] != OTHERS]
            assert len(named) <= MOST_NAMES
        # AND no name has more than it had, nor fewer than that with what may have been missed
        for name, count in one.counts.items():
            if name[1] != OTHERS:
                assert count <= truth[name] <= count + one.missed.get(name, 0)
    assert len(dump_names(tally.counts, tally.missed).encode()) <= MOST_NAME_BYTES


def test_the_others_cannot_be_dropped_into_themselves():
    tally = Tally({("caller", OTHERS): 3, ("caller", "a"): 1}, {("caller", "a"): 2})
    assert tally.without(("caller", OTHERS)).counts == tally.counts
    without = tally.without(("caller", "a"))
    assert (without.counts, without.missed) == ({("caller", OTHERS): 4}, {})


def test_the_name_with_the_smallest_possible_count_gives_way():
    # GIVEN as many names as there is room for, the smallest of which may have missed many calls
    counts = {("caller", f"{number:02}"): number + 10 for number in range(MOST_NAMES)}
    tally = Tally(counts, {("caller", "00"): 50}).adding({("caller", "new"): 1})
    # THEN the next one gives way, and what the new one may have missed is remembered
    assert ("caller", "01") not in tally.counts
    assert tally.counts[("caller", OTHERS)] == 11
    assert tally.missed == {("caller", "00"): 50, ("caller", "new"): 11}


def test_a_long_name_is_told_from_others_that_begin_alike():
    name = "x" * MOST_CHARACTERS
    assert short(name) == name
    one, other = short(name + "1"), short(name + "2")
    assert one != other
    assert one.startswith("x" * (MOST_CHARACTERS - 12) + "...")
    assert len(one) == MOST_CHARACTERS - 1


def test_rows_come_the_most_frequent_first_and_then_by_name():
    tally = Tally({("b", "x"): 1, ("a", "y"): 1, ("a", "z"): 5}, {("a", "y"): 2})
    assert list(tally.rows()) == [("a", "z", 5, 0), ("a", "y", 1, 2), ("b", "x", 1, 0)]
