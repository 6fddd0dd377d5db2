"""Take values out of untrusted JSON: every accessor answers ``None`` or an empty value where the type is not as expected."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from keywatch.model.text import one_line

_NOTHING: Mapping[str, object] = {}


def parsed(texts: Iterable[str | None]) -> Iterator[object]:
    """Yield what each of some JSON texts holds; what is missing or no JSON is left out."""
    for text_of_one in texts:
        try:
            yield json.loads(text_of_one or "null")
        except (ValueError, RecursionError):
            continue


def mapping(value: object) -> Mapping[str, object]:
    """Return ``value`` if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else _NOTHING


def text(value: object, limit: int = 512) -> str | None:
    """Return ``value`` as one clean line if it is a non-blank string, else ``None``."""
    if not isinstance(value, str):
        return None
    if len(value) <= limit and value.isascii() and value.isprintable():
        return value.strip() or None
    return one_line(value, limit) or None


def texts(value: object, limits: Mapping[str, int]) -> dict[str, str | None]:
    """Return ``text`` of several members of a JSON object at once; ``limits`` are the longest that is kept of each."""
    fields = value if isinstance(value, dict) else _NOTHING
    found: dict[str, str | None] = {}
    for name, limit in limits.items():
        said = fields.get(name)
        if not isinstance(said, str):
            found[name] = None
        elif len(said) <= limit and said.isascii() and said.isprintable():
            found[name] = said.strip() or None
        else:
            found[name] = one_line(said, limit) or None
    return found


def inner(value: object, *path: str) -> Mapping[str, object]:
    """Return the JSON object at ``path`` in ``value``, or an empty one."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else _NOTHING


def moment(value: object, otherwise: datetime) -> datetime:
    """Return an ISO 8601 time as UTC; ``otherwise`` for anything that is no such time."""
    if not isinstance(value, str):
        return otherwise
    try:
        when = datetime.fromisoformat(value)
        if when.tzinfo is UTC:
            return when
        return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return otherwise
