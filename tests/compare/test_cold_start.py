"""Imports inside functions exist for cold starts only: each spares its module to something that a container does without it.

What is done is data; that a module is spared is measured, by what is loaded once a cold container has done it.
"""

import ast
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.compare import trees

SOURCES = trees.ROOT / "lambda_src"
# What a cold container does → the program, or what the capture calls it.
IMPORT, EXPLAIN, ASKED = "import of handler", "explain", "a list of what can be asked"
PROGRAMS = {
    IMPORT: "import handler",
    ASKED: "import handler; from keywatch.actions import registry; registry.every()",
    EXPLAIN: "import handler; handler.handler({'action': 'explain', 'text': 'NotFoundException: Invalid keyId x'})",
}
INPUTS = (
    "a batch",
    "a log delivery",
    "a minute in which nothing is due",
    "the canary",
    "the incident page",
    "check",
    "sweep",
    "doctor",
)
AWS = {"boto3", "botocore", "aws_lambda_powertools", "keywatch.runtime"}


@cache
def loaded(done: str) -> frozenset[str]:
    """Return the modules that are loaded once a cold container has done something, and nothing else."""
    if done not in PROGRAMS:
        return frozenset(_by_input()[done])
    program = f"import json, sys; {PROGRAMS[done]}; print(json.dumps(list(sys.modules)))"
    env = {"PYTHONPATH": str(SOURCES), "PATH": os.environ.get("PATH", "")}
    said = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, check=True)
    return frozenset(json.loads(said.stdout))


@cache
def _by_input() -> dict[str, list[str]]:
    return trees.NOW.capture("loaded", {})


def imports_inside_functions(source: str) -> set[str]:
    """Return the modules that the functions of a source import."""
    functions = (
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    )
    return {name for of in functions for node in ast.walk(of) for name in _imported(node)}


def _imported(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if isinstance(node, ast.ImportFrom):
        inner = {f"{node.module}.{alias.name}" for alias in node.names}
        return {name for name in inner if _is_module(name)} or {str(node.module)}
    return set()


def _is_module(name: str) -> bool:
    path = SOURCES / name.replace(".", "/")
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(SOURCES).with_suffix("").parts).removesuffix(".__init__")


FOUND = sorted(
    (module_of(path), name)
    for path in SOURCES.rglob("*.py")
    for name in imports_inside_functions(path.read_text(encoding="utf-8"))
)


@pytest.mark.parametrize(("importing", "imported"), FOUND)
def test_an_import_inside_a_function_spares_its_module_to_something(importing, imported):
    # GIVEN everything that a container does which loads the importing module
    done = [what for what in (*PROGRAMS, *INPUTS) if importing in loaded(what)]
    # THEN one of it, at least, does without what is imported inside a function; else it belongs at the top
    assert [what for what in done if imported not in loaded(what)]


@pytest.mark.parametrize("done", PROGRAMS)
def test_nothing_of_aws_is_loaded_before_an_input_needs_it(done):
    assert "handler" in loaded(done)
    assert not loaded(done) & AWS


def test_an_import_inside_a_function_is_found():
    # GIVEN imports of every kind, at the top and inside
    inside = (
        "import b.c",
        "def g():",
        "    from keywatch.model import text",
        "    from x import y",
    )
    source = "\n    ".join(("import a\ndef f():", *inside))
    # THEN those inside are found, by the module that is loaded
    assert imports_inside_functions(source) == {"b.c", "keywatch.model.text", "x"}
