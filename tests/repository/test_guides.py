"""What the guides for developers name is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FUNCTION = ROOT / "lambda_src" / "keywatch"
NAMED = re.compile(r"`([a-z_./]+(?:\.(?:py|md|jsonl|json)|/|/run))`")


@pytest.mark.parametrize("guide", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_every_file_and_folder_that_a_guide_names_exists(guide):
    # GIVEN a guide
    text = (ROOT / guide).read_text(encoding="utf-8")
    # WHEN its names of files and folders are looked up, from the top or in the function's package
    names = set(NAMED.findall(text))
    missing = [name for name in names if not (ROOT / name).exists()]
    missing = [name for name in missing if not (FUNCTION / name).exists()]
    # THEN each is there, but for a module that is named beside its folder
    assert len(names) > 10
    assert [name for name in missing if not list(FUNCTION.rglob(name))] == []


def test_the_folders_of_the_function_are_all_explained():
    # GIVEN the page that explains the folders
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    # THEN every folder has a line
    folders = [path.name for path in FUNCTION.iterdir() if (path / "__init__.py").exists()]
    assert [name for name in folders if f"| `{name}/` |" not in text] == []
