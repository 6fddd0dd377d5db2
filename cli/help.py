"""How help and complaints about a command line look: wrapped between words, examples left alone."""

import argparse
import sys
from difflib import get_close_matches
from shutil import get_terminal_size
from textwrap import fill
from typing import NoReturn

_WIDEST = 100


def columns() -> int:
    """Return how wide help may be."""
    return min(_WIDEST, get_terminal_size().columns)


class Help(argparse.HelpFormatter):
    """Wraps prose, and keeps indented lines, which are examples and tables, as they are. Commands and their help are columns."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=22, width=columns())

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        lines = (line if line.startswith(" ") else fill(line, width) for line in text.splitlines())
        return "\n".join(f"{indent}{line}" for line in lines)

    def _format_action(self, action: argparse.Action) -> str:
        if not isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - argparse has no other name for it
            return super()._format_action(action)
        return "".join(map(super()._format_action, action._get_subactions()))  # noqa: SLF001 - as above


class Parser(argparse.ArgumentParser):
    """A parser whose complaints fit the terminal, and name the command that was probably meant."""

    def parse_known_args(self, args=None, namespace=None):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - argparse's own signature
        """Parse; a misspelt command is answered with the nearest one."""
        words = list(sys.argv[1:] if args is None else args)
        commands = [
            name
            for action in self._actions
            if isinstance(action, argparse._SubParsersAction)  # noqa: SLF001 - as above
            for name in action.choices
        ]
        if commands and words and not words[0].startswith("-") and words[0] not in commands:
            near = get_close_matches(words[0], commands, n=1)
            meant = f" Did you mean {near[0]}?" if near else ""
            self.error(f"there is no command {words[0]}.{meant} Commands: {', '.join(commands)}.")
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and end with the exit code for "cannot tell"."""
        self.print_usage(sys.stderr)
        text = fill(f"{self.prog}: {message}", columns(), break_long_words=False)
        self.exit(2, f"{text}\nMore: {self.prog} --help\n")


def exit_codes(yes: str, no: str, cannot_tell: str) -> str:
    """Return a table of what the exit codes mean."""
    return f"exit codes:\n  0    {yes}\n  1    {no}\n  2    {cannot_tell}\n  130  interrupted"


def examples(*lines: str) -> str:
    """Return command lines as examples."""
    return "\n".join(["examples:", *(f"  keywatch {line}" for line in lines)])
