"""Show answers to people, as their actions say. Everything in them is text from outside, and never markup."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from keywatch.actions.action import Action
from keywatch.actions.display import Line, Listing, Pairs, Shown


def show(console: Console, action: Action, answer: Mapping[str, Any]) -> None:
    """Print an answer."""
    if "error" in answer:
        console.print(Text(f"{answer['error']['code']}: {answer['error']['message']}", style="red"))
        return
    for part in action.show(dict(answer)):
        # Lines are not broken: commands are for pasting.
        console.print(_rendered(part), soft_wrap=isinstance(part, Line))


def _rendered(part: Shown) -> RenderableType:
    if isinstance(part, Line):
        return _line(part)
    return _pairs(part) if isinstance(part, Pairs) else _listing(part)


def _line(part: Line) -> Text:
    return Text.assemble(*part.parts)


def _pairs(part: Pairs) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, value in part.rows:
        table.add_row(Text(name, style="dim"), Text(value))
    return table


def _listing(part: Listing) -> Table:
    table = Table(*part.columns, title=part.title, title_justify="left", expand=True)
    for row in part.rows:
        table.add_row(*map(_line, row))
    return table
