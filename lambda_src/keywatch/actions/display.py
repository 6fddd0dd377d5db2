"""What the command line shows, in a form that needs no terminal: lines, pairs and tables. Text from outside is never markup."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

STYLES = {
    "critical": "bold red",
    "high": "red",
    "warning": "yellow",
    "info": "dim",
    "pass": "green",
    "warn": "yellow",
    "fail": "bold red",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One text, in parts of (text, style). Styles are those of the library rich, such as ``bold red``.

    ``exact`` are those texts of it that are commands: shown as they stand, or they would be others.
    """

    parts: tuple[tuple[str, str], ...] = ()
    exact: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pairs:
    """Names and values below each other."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """A table with a title; one line for each cell."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Line, ...], ...]


Shown = Line | Pairs | Listing


def line(text: str = "", style: str = "") -> Line:
    """Return a line of one style."""
    return Line(((text, style),))


def remedies(found: Iterable[Mapping[str, Any]]) -> Iterable[Line]:
    """Yield remedies, each with its command below it."""
    for remedy in found:
        yield line(f"- {remedy['text']}")
        if remedy["command"]:
            command = f"    {remedy['command']}"
            yield Line(((command, "cyan"),), exact=(command,))


def unknowns(found: Iterable[str]) -> Iterable[Line]:
    """Yield what could not be told."""
    return (line(f"? {unknown}", "yellow") for unknown in found)
