"""How the command line shows what ``uses`` answers. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from keywatch.actions.display import Listing, Pairs, Shown, line, unknowns

_FIRST = 10


def show(answer: Mapping[str, Any]) -> Iterable[Shown]:
    """Yield what to show of an answer."""
    said = {True: "in use", False: "nothing seen that uses it", None: "cannot tell"}
    style = {True: "bold yellow", False: "bold", None: "bold yellow"}[answer["used"]]
    yield line(f"{answer['key_id']} ({answer['region']}): {said[answer['used']]}", style)
    if answer["summary"]:
        yield line(answer["summary"])
    key = answer["key"] or {}
    pairs = {
        "key": key.get("arn"),
        "state": key.get("state"),
        "aliases": ", ".join(key.get("aliases", ())),
        "replicas in": ", ".join(key.get("replicas", ())),
        "last used": answer["last_used"],
    }
    yield Pairs(tuple((name, str(value)) for name, value in pairs.items() if value))
    yield from _listings(answer)
    yield from (
        line(f"{one['name']}: {one['says']}", "" if one["answered"] else "yellow")
        for one in answer["sources"]
    )
    yield from unknowns(answer["unknowns"])


def _listings(answer: Mapping[str, Any]) -> Iterable[Shown]:
    tables: dict[str, tuple[tuple[str, ...], list[tuple[object, ...]]]] = {
        "Callers": (
            ("caller", "calls", "operations", "newest"),
            [
                (one["name"], f"{one['calls']:,}", ", ".join(one["operations"]), one["newest"])
                for one in answer["callers"]
            ],
        ),
        "Encryption contexts": (
            ("context", "calls"),
            [(one["context"], f"{one['calls']:,}") for one in answer["contexts"]],
        ),
        "Grants": (
            ("holder", "grants"),
            [(one["grantee"], f"{one['grants']:,}") for one in answer["grants"]["holders"]],
        ),
        "Resources": (
            ("type", "how many", "such as"),
            [
                (one["type"], f"{one['count']:,}", ", ".join(one["names"][:3]))
                for one in answer["resources"]
            ],
        ),
    }
    for title, (columns, rows) in tables.items():
        if rows:
            cells = tuple(tuple(line(str(cell)) for cell in row) for row in rows[:_FIRST])
            yield Listing(title, columns, cells)
