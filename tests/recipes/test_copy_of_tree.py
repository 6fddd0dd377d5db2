"""What the recipes are measured with: an untouched copy is the tree, and every change to it is seen."""

import pytest

from tests.recipes.copy_of_tree import ROOT, Copy


def test_a_fresh_copy_is_untouched_and_answers(tree):
    # GIVEN a copy
    # THEN nothing in it is touched, and it is a KeyWatch of its own
    assert tree.touched(Copy(ROOT).sources()) == set()
    where = tree.runs("timeit", "-n1", "-r1", "import handler; print(handler.__file__)")
    assert where.startswith(str(tree.path))


def test_changed_and_added_sources_count_and_tests_do_not(tree):
    # GIVEN a copy
    before = tree.sources()
    # WHEN a source is changed, one added, and a test added
    tree.after("lambda_src/handler.py", "import os", "import this  # noqa")
    tree.write("lambda_src/keywatch/new/module.py", "X = 1\n")
    tree.write("tests/unit/test_new.py", "def test_new(): ...\n")
    # THEN the two sources count
    assert tree.touched(before) == {"lambda_src/handler.py", "lambda_src/keywatch/new/module.py"}


def test_a_place_that_is_not_there_or_not_the_only_one_is_said(tree):
    for text in ("nothing of the kind", "import"):
        with pytest.raises(AssertionError, match="places that read"):
            tree.replace("lambda_src/handler.py", text, "")


def test_a_failing_test_in_the_copy_fails_the_recipe(tree):
    tree.write("tests/unit/test_new.py", "def test_new(): raise ValueError('seen')\n")
    with pytest.raises(AssertionError, match="seen"):
        tree.passes("tests/unit/test_new.py")
