"""Show answers to people, as their actions say.

Everything in them is text from outside: never markup, one line where one is meant, and no terminal
finds a link of somebody else in it.
"""

import re
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from keywatch.actions.action import Action
from keywatch.actions.display import Line, Listing, Pairs, line
from keywatch.alerts.escape import harmless
from keywatch.model.text import visible

_BEGINS = re.compile(r"^\s*(?:[-?] |pass  |warn  |fail  )?")


def show(console: Console, action: Action, answer: Mapping[str, Any]) -> None:
    """Print an answer."""
    if "error" in answer:
        error = f"{answer['error']['code']}: {answer['error']['message']}"
        _print_line(console, line(error, "red"))
        return
    for part in action.show(dict(answer)):
        if isinstance(part, Line):
            _print_line(console, part)
        else:
            console.print(_pairs(part) if isinstance(part, Pairs) else _listing(part, console))


def heading(console: Console, name: str) -> None:
    """Print what the next answer is about."""
    _print_line(console, line(f"== {name}", "bold"))


def _print_line(console: Console, part: Line) -> None:
    """Print a line. On a terminal prose is wrapped between words; commands never are, since they are for pasting."""
    text = _line(part)
    if part.exact or not console.file.isatty():
        console.print(text, soft_wrap=True)
        return
    # Further lines stand below the first one's text.
    indent = len(text.plain) - len(_BEGINS.sub("", text.plain, count=1))
    for number, one in enumerate(text.wrap(console, max(20, console.width - indent))):
        one.rstrip()
        console.print(Text(" " * indent if number else "") + one, soft_wrap=True)


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


def _listing(part: Listing, console: Console) -> Table:
    """Return a table as wide as the terminal; in a pipe as wide as it must be."""
    title, wide = Text(_safe(part.title)), console.file.isatty()
    table = Table(*part.columns, title=title, title_justify="left", expand=wide)
    for row in part.rows:
        table.add_row(*map(_line, row))
    return table
