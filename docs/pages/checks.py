"""The made parts of ``docs/checks.md``: what can be asked, and the fields of each question, as the actions declare them."""

import json
from collections.abc import Iterator
from pathlib import Path

from docs.pages.parts import with_parts
from keywatch.actions import registry
from keywatch.actions.action import Action, Field

_INPUT = "file or standard input"
PAGE = Path(__file__).resolve().parents[1] / "checks.md"


def checks_page() -> str:
    """Return the page with its made parts as they are now."""
    return with_parts(PAGE, PARTS)


def _questions() -> str:
    rows = "".join(
        f"| {action.question} | `./keywatch {action.example}` | `{_request(action)}` |\n"
        for action in registry.every()
    )
    return f"| question | command line | function |\n|---|---|---|\n{rows}"


def _request(action: Action) -> str:
    return json.dumps({"action": action.name, **action.request}, ensure_ascii=False)


def _fields() -> str:
    rows = "".join(row for action in registry.every() for row in _rows(action))
    head = (
        "| action | field | command line | type | default | meaning |\n|---|---|---|---|---|---|\n"
    )
    return f"{head}{rows}"


def _rows(action: Action) -> Iterator[str]:
    for field in action.fields:
        cells = (action.name, f"`{field.name}`", _option(action, field), field.type)
        yield f"| {' | '.join((*cells, _default(action, field), field.help))} |\n"


def _option(action: Action, field: Field) -> str:
    if field.option:
        named = f"`{field.option.flag}`" if field.option.flag.startswith("--") else "argument"
        return f"{named}, {_INPUT}" if action.from_input else named
    return _INPUT if action.from_input else ""


def _default(action: Action, field: Field) -> str:
    if field.required:
        return "required"
    if field.name in action.one_of:
        return "one is required"
    return "" if field.default is None else f"`{json.dumps(field.default)}`"


PARTS = {"questions": _questions, "fields": _fields}
