"""Imports run one way: the contracts of pyproject.toml hold, and they fail on an import that goes the other way."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "lambda_src" / "keywatch"
_LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def lint(tree):
    """Run the linter of ``make lint`` on a tree; return its exit code and what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", _LINT, "--no-cache"],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(tree / "lambda_src")},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def tree(tmp_path):
    """Return a copy of the contracts and of all that they are about."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(PACKAGE, tmp_path / "lambda_src" / "keywatch")
    return tmp_path


def test_imports_run_one_way(tree):
    code, said = lint(tree)
    assert code == 0, said


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("model/text.py", "import keywatch.catalogue.codes", "Each folder imports only"),
        ("alerts/names.py", "import keywatch.services", "Each folder imports only"),
        ("page/view.py", "import keywatch.actions.requests", "Each folder imports only"),
        ("incidents/memory.py", "import keywatch.incidents.pipeline", "in a circle"),
        ("parsing/normalise.py", "import botocore", "nothing of AWS's clients"),
    ],
    ids=[
        "model knows no catalogue",
        "alerts know no container",
        "the page knows no actions",
        "no circle",
        "readers know no AWS",
    ],
)
def test_an_import_the_wrong_way_is_found(tree, module, line, contract):
    # GIVEN a module that imports what it must not know
    file = tree / "lambda_src" / "keywatch" / module
    file.write_text(f"{file.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")
    # WHEN the contracts are checked
    code, said = lint(tree)
    # THEN the one that it breaks says so
    assert code == 1, said
    (broken,) = [text for text in said.splitlines() if text.endswith("BROKEN")]
    assert contract in broken


def private_imports(source):
    """Return the private names that a module takes from another."""
    return [
        f"{node.module}.{alias.name}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name.startswith("_") and not alias.name.startswith("__")
    ]


@pytest.mark.parametrize("folder", ["lambda_src", "infra", "cli", "demo", "docs"])
def test_no_module_needs_a_private_name_of_another(folder):
    files = [*(ROOT / folder).rglob("*.py")]
    assert files
    taken = {str(file): private_imports(file.read_text(encoding="utf-8")) for file in files}
    assert {file: names for file, names in taken.items() if names} == {}


def test_a_private_name_would_be_found():
    assert private_imports("from keywatch.page.view import _RANK, View") == [
        "keywatch.page.view._RANK"
    ]


def test_no_two_classes_of_the_program_have_one_name():
    # GIVEN every class that is not private, by name
    places: dict[str, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(path.relative_to(PACKAGE).as_posix())
    # THEN each means one thing
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_the_command_line_names_its_modules_from_where_they_are():
    # GIVEN that what is ``cli`` here is ``keywatch.cli`` where it is installed
    for source in (ROOT / "cli").rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            named = (
                [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            )
            named += [name.name for name in node.names] if isinstance(node, ast.Import) else []
            # THEN none of its modules asks for ``cli``
            assert "cli" not in {name.partition(".")[0] for name in named}, source
