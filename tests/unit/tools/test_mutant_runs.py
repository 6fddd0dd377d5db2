"""Which tests are run for a change: those that reach its function, the fastest first, while there is time."""

from tools.mutant_runs import LONGEST, fastest


def test_the_fastest_tests_that_reach_a_function_come_first():
    # GIVEN four tests, three of which reach a function
    reach = fastest({"clock.tick": [0, 2, 3]}, [0.75, 0.1, 0.5, 0.25])["clock.tick"]
    # THEN these are run, the fastest first
    assert reach.tests == (3, 2, 0)
    assert reach.seconds == 1.5


def test_the_slowest_are_left_out_where_there_is_no_time_for_them():
    assert fastest({"clock.tick": [0, 1]}, [LONGEST, 1.0])["clock.tick"].tests == (1,)


def test_a_function_is_tried_although_its_only_test_is_slow():
    assert fastest({"clock.tick": [0]}, [LONGEST + 1])["clock.tick"].tests == (0,)
