"""How far the reading is, on the terminal: files, MB a second, time left."""

from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from .inputs import Input
from .log_file import Reading
from .work import Done, read_all

_COLUMNS = (
    TextColumn("reading"),
    BarColumn(),
    TextColumn("{task.fields[files]} files"),
    DownloadColumn(),
    TransferSpeedColumn(),
    TimeRemainingColumn(),
)


def reading_with_progress(
    inputs: Iterable[Input], size: int | None, workspace: Path, jobs: int, done: Done
) -> None:
    """Read all inputs and show how far it is on standard error, where that is a terminal.

    ``size`` is theirs in bytes, where it is known before they are listed.
    """
    console = Console(stderr=True)
    files = 0
    with Progress(
        *_COLUMNS, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task("reading", total=size, files="0")

        def one_done(reading: Reading) -> None:
            nonlocal files
            files += 1
            progress.update(task, advance=reading.size, files=f"{files:,}")
            done(reading)

        read_all(inputs, workspace, jobs, one_done)
