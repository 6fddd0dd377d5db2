"""Plain data as YAML: block style, every text in double quotes as JSON has it, which YAML reads the same (YAML 1.2, 1.3)."""

import json
from collections.abc import Iterator


def as_yaml(value: object) -> str:
    """Return ``value`` (dictionaries, lists, texts, numbers, booleans; none of them empty) as YAML."""
    return "\n".join(_lines(value)) + "\n"


def _lines(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _under(f"{json.dumps(name)}:" if ":" in name else f"{name}:", item)
    elif isinstance(value, list):
        for item in value:
            first, *others = _lines(item)
            yield f"- {first}"
            yield from (f"  {line}" for line in others)
    else:
        yield json.dumps(value, ensure_ascii=True)


def _under(start: str, item: object) -> Iterator[str]:
    if isinstance(item, dict | list) and item:
        yield start
        yield from (f"  {line}" for line in _lines(item))
    else:
        yield f"{start} {json.dumps(item)}"
