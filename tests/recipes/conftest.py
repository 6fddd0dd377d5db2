"""Each recipe has a copy of the tree to itself."""

import pytest

from tests.recipes.copy_of_tree import Copy


@pytest.fixture
def tree(tmp_path):
    return Copy.make(tmp_path / "tree")
