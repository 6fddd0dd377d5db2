"""What a person at a terminal sees besides the answer: that something is waited for. Standard error, and only on a terminal."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Timer
from typing import IO, NoReturn

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

PATIENCE = 2.0  # seconds in which nothing need be said
# What tables may be wide where they go to a file or a program: no cell is broken there.
_PIPE_WIDTH = 2_000


class Output(Console):
    """Standard output for answers. In a pipe nothing is broken into lines; one that was closed raises ``BrokenPipeError``."""

    def on_broken_pipe(self) -> NoReturn:
        """Go on raising: who prints decides what a closed pipe means."""
        raise BrokenPipeError


def output() -> Output:
    """Return standard output as it is now."""
    in_pipe = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return Output(soft_wrap=False, width=_PIPE_WIDTH if in_pipe else None)


def tell(sentence: str, style: str = "red") -> None:
    """Say a sentence on standard error."""
    with suppress(BrokenPipeError):
        console = Console(stderr=True)
        console.print(
            sentence, style=style, markup=False, highlight=False, soft_wrap=not sys.stderr.isatty()
        )


@contextmanager
def waiting(what: str, patience: float = PATIENCE) -> Iterator[None]:
    """Show after ``patience`` seconds that, and for how long, something is waited for."""
    if not sys.stderr.isatty():
        yield
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    progress = Progress(*columns, console=Console(stderr=True), transient=True)
    progress.add_task(what, total=None)
    timer = Timer(patience, progress.start)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        progress.stop()


@contextmanager
def reader_may_leave() -> Iterator[None]:
    """Print in here: that whoever reads standard output has seen enough (``| head``) is no error."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes once more at its end, into nothing then.
        with suppress(OSError, ValueError):
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, sys.stdout.fileno())


def speak_any_alphabet() -> None:
    """Let characters that the terminal's encoding does not have become ``?``, not an error."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]


def is_terminal(stream: IO[str]) -> bool:
    """Tell whether a person is typing; what is closed or stands in for one is none."""
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False
