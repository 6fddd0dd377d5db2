"""Show answers to people, as their actions say.

Everything in them is text from outside: never markup, one line where one is meant, and no terminal
finds a link of somebody else in it.
"""

from collections.abc import Mapping
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from keywatch.actions.action import Action
from keywatch.actions.display import Line, Listing, Pairs, Shown
from keywatch.alerts.escape import harmless
from keywatch.model.text import visible


def show(console: Console, action: Action, answer: Mapping[str, Any]) -> None:
    """Print an answer."""
    if "error" in answer:
        error = f"{answer['error']['code']}: {answer['error']['message']}"
        console.print(Text(_safe(error), style="red"))
        return
    for part in action.show(dict(answer)):
        # Lines are not broken: commands are for pasting.
        console.print(_rendered(part), soft_wrap=isinstance(part, Line))


def _rendered(part: Shown) -> RenderableType:
    if isinstance(part, Line):
        return _line(part)
    return _pairs(part) if isinstance(part, Pairs) else _listing(part)


def _safe(text: str) -> str:
    """Return ``text`` without what a terminal acts on; a line break may only begin it."""
    start = "\n" if text.startswith("\n") else ""
    return f"{start}{harmless(visible(text[len(start) :]))}"


def _line(part: Line) -> Text:
    shown = ((text if text in part.exact else _safe(text), style) for text, style in part.parts)
    return Text.assemble(*shown)


def _pairs(part: Pairs) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, value in part.rows:
        table.add_row(Text(_safe(name), style="dim"), Text(_safe(value)))
    return table


def _listing(part: Listing) -> Table:
    table = Table(*part.columns, title=Text(_safe(part.title)), title_justify="left", expand=True)
    for row in part.rows:
        table.add_row(*map(_line, row))
    return table
