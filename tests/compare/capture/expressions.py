"""DynamoDB expressions with their placeholders filled in and their parts in order: how they were put together is no behaviour."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

EXPRESSIONS = (
    "UpdateExpression",
    "ConditionExpression",
    "KeyConditionExpression",
    "FilterExpression",
    "ProjectionExpression",
)
_CLAUSE = re.compile(r"\b(SET|REMOVE|ADD|DELETE)\b")
_PLACEHOLDER = re.compile(r"[#:][A-Za-z0-9_]+")


def plain(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a call with every expression as it reads once its placeholders are filled in."""
    shown = {
        name: value for name, value in params.items() if not name.startswith("ExpressionAttribute")
    }
    names, values = (
        params.get("ExpressionAttributeNames", {}),
        params.get("ExpressionAttributeValues", {}),
    )

    def filled(text: str) -> str:
        return _PLACEHOLDER.sub(
            lambda found: _meant(found[0], names, values), " ".join(text.split())
        )

    for name in EXPRESSIONS:
        if name == "UpdateExpression" and name in shown:
            shown[name] = [f"{verb} {filled(part)}" for verb, part in sorted(_clauses(shown[name]))]
            shown[name].sort()
        elif name in shown:
            shown[name] = _conditions(filled(shown[name]))
    return dict(sorted(shown.items()))


def _meant(placeholder: str, names: Mapping[str, str], values: Mapping[str, Any]) -> str:
    if placeholder in values:
        return json.dumps(values[placeholder], sort_keys=True, ensure_ascii=False)
    return names.get(placeholder, placeholder)


def _clauses(expression: str) -> Iterator[tuple[str, str]]:
    found = _CLAUSE.split(expression)
    for verb, parts in zip(found[1::2], found[2::2], strict=True):
        yield from ((verb, part) for part in _split(parts))


def _split(parts: str) -> Iterator[str]:
    """Split at commas outside of brackets."""
    depth, held = 0, ""
    for mark in parts:
        depth += (mark == "(") - (mark == ")")
        if mark == "," and not depth:
            yield held.strip()
            held = ""
        else:
            held += mark
    yield held.strip()


def _conditions(expression: str) -> list[str]:
    """Return conditions that must all hold in one order; anything more involved stays as it is."""
    if " OR " in expression or "BETWEEN" in expression:
        return [expression]
    return sorted(
        part.removeprefix("(").removesuffix(")") if "(" not in part[1:] else part
        for part in expression.split(" AND ")
    )
