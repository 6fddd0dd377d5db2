"""Nothing fails in silence: what is swallowed is counted, what is counted has a meaning, and what is lost has an alarm."""

import ast
from pathlib import Path

import pytest

from keywatch.catalogue.counters import (
    COUNTERS,
    FAMILIES,
    Loss,
    meaning_of,
    runbook,
    with_losses,
)

ROOT = Path(__file__).resolve().parents[2] / "lambda_src"
SOURCES = sorted(ROOT.rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES}
# Exceptions that mean that AWS, or KeyWatch itself, failed; others are what bad input looks like.
FAULTS = {"Exception", "BaseException", "ClientError", "BotoCoreError"}


def counted():
    """Every name that some source counts, with the place."""
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _is_count(node.func) and node.args:
                for name in _names(node.args[0]):
                    yield name, f"{path.relative_to(ROOT)}:{node.lineno}"


def _is_count(function):
    name = ast.unparse(function)
    return name.endswith("counts.add") or name in {"count", "self._count"}


def _names(argument):
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        yield argument.value
    elif isinstance(argument, ast.JoinedStr):
        yield "".join(
            part.value if isinstance(part, ast.Constant) else "X" for part in argument.values
        )
    elif isinstance(argument, ast.IfExp):
        yield from _names(argument.body)
        yield from _names(argument.orelse)


def test_every_counter_has_a_meaning():
    found = dict(counted())
    assert len(found) > 25
    assert {name: place for name, place in found.items() if meaning_of(name) is None} == {}


def test_every_counter_of_the_catalogue_is_counted_somewhere():
    texts = "\n".join(
        path.read_text(encoding="utf-8") for path in SOURCES if path.name != "counters.py"
    )
    # THEN each stands in the sources, what is ignored by its reason
    assert [one for one in COUNTERS if f'"{one.removeprefix("Ignored.")}"' not in texts] == []


@pytest.mark.parametrize("loss", Loss)
def test_every_loss_says_what_to_do_about_each_of_its_counters(loss):
    of_it = [name for name, said in {**COUNTERS, **FAMILIES}.items() if said.loss is loss]
    assert of_it
    assert all(f"{name}: " in runbook(loss) or f"{name}, " in runbook(loss) for name in of_it)
    assert all(said.do.endswith(".") for said in COUNTERS.values() if said.loss)


def test_losses_are_summed_beside_the_counts():
    counts = {"TableUnreachable": 2, "EvidenceFailed": 1, "Failures": 9, "ChatPublishFailed": 3}
    assert with_losses(counts) == {**counts, "Impaired": 3, "ChannelsFailed": 3}


def handlers():
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler) and node.type is not None:
                caught = {part.id for part in ast.walk(node.type) if isinstance(part, ast.Name)}
                if caught & FAULTS:
                    yield pytest.param(node, id=f"{path.relative_to(ROOT)}:{node.lineno}")


@pytest.mark.parametrize("handler", list(handlers()))
def test_no_fault_is_swallowed_without_a_count_or_an_answer(handler):
    # GIVEN a place where a fault of AWS or of KeyWatch is caught
    inside = [part for statement in handler.body for part in ast.walk(statement)]
    # THEN it is raised again, counted, or handed on as a value
    raised = any(isinstance(part, ast.Raise) for part in inside)
    counts = any(isinstance(part, ast.Call) and _is_count(part.func) for part in inside)
    handed = handler.name and any(
        isinstance(part, ast.Name) and part.id == handler.name for part in inside
    )
    assert raised or counts or handed
