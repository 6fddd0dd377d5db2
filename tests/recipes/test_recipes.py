"""Each recipe of CONTRIBUTING.md adds its thing to a copy of the tree, in no more files than the design allows.

All are carried out in one copy, in which the documentation is made anew and the suite's part runs once.
"""

import re

import pytest

from handler import handler
from tests.recipes.copy_of_tree import LIMITS, ROOT, Copy
from tests.recipes.recipes import HASKELL, QUARANTINED, RECIPES, carry_out

# Tables, registries and protocols that recipes add to.
SUITE = (
    "tests/unit/catalogue/test_causes.py",
    "tests/unit/catalogue/test_codes.py",
    "tests/unit/lookups/test_plan.py",
    "tests/unit/actions/test_registry.py",
    "tests/infra/test_settings.py",
)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Return the copy in which every recipe was carried out, and what each touched."""
    tree = Copy.make(tmp_path_factory.mktemp("recipes") / "tree")
    return tree, {recipe.thing: carry_out(recipe, tree) for recipe in RECIPES}


def test_there_is_a_recipe_for_each_thing_and_a_guide_to_each_recipe():
    assert {recipe.thing for recipe in RECIPES} == set(LIMITS)
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    headings = re.findall(r"^### (.+)$", guide, re.MULTILINE)
    assert {heading.lower() for heading in headings} == {*LIMITS, "a test of each"}


@pytest.mark.parametrize("thing", LIMITS)
def test_a_recipe_touches_no_more_files_than_the_design_allows(done, thing):
    touched = done[1][thing]
    assert 0 < len(touched) <= LIMITS[thing], touched


def test_what_was_added_is_there_and_the_suite_passes(done):
    # GIVEN the copy, its documentation made anew
    tree, _ = done
    tree.runs("docs.generate")
    # WHEN the tests of the recipes and the suite's part run there, THEN they pass
    tree.passes(*(recipe.file for recipe in RECIPES), *SUITE)
    # AND a new cause is reviewed by itself, as a diagnosis and in every message
    reviewed = ("tests/unit/diagnosis/test_diagnosis.py", "tests/unit/alerts/test_every_cause.py")
    tree.passes(*reviewed, "-k", "alias_in_other_case or every_cause", "--snapshot-update")


@pytest.mark.parametrize("text", [f"KMSInvalidStateException: {QUARANTINED}", HASKELL])
def test_without_its_recipe_nothing_is_understood(text):
    found = handler({"action": "explain", "text": text})["findings"]
    assert [finding["cause"] for finding in found] in ([], ["unclassified"])
