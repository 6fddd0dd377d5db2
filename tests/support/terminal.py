"""The command line in a pseudo-terminal of 80 columns, as a person sees it.

One Python process imports the command line once, and forks for each command: a command costs a few
milliseconds. It has no threads, so forking it is safe, which forking the tests' own process is not.
"""

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

ROOT = Path(__file__).resolve().parents[2]
COLUMNS, LINES = 80, 24
CTRL_C, CTRL_D = "\x03", "\x04"
_PATIENCE = 60.0  # seconds; a command that takes longer hangs
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class Screen:
    """What a command left: everything that it wrote to the terminal, without colours, and its exit code."""

    text: str
    code: int

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def words(self) -> str:
        """The text with one blank between words, however it was wrapped."""
        return " ".join(self.text.split())


class Terminals:
    """Runs commands, each in a terminal of its own."""

    def __enter__(self) -> Self:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.support.terminal"],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": f"{ROOT}/lambda_src:{ROOT}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._server as server:
            assert server.stdin
            server.stdin.close()

    def run(
        self,
        *arguments: str,
        typed: Sequence[tuple[str, str]] = (),
        environment: Mapping[str, str] | None = None,
    ) -> Screen:
        """Run ``keywatch arguments``. ``typed``: when the first of a pair is on the screen, the second is typed."""
        asked = {"arguments": arguments, "typed": typed, "environment": environment or {}}
        assert self._server.stdin
        assert self._server.stdout
        self._server.stdin.write(json.dumps(asked) + "\n")
        self._server.stdin.flush()
        found = json.loads(self._server.stdout.readline())
        return Screen(_COLOURS.sub("", found["text"]).replace("\r\n", "\n"), found["code"])


def _serve() -> None:
    import boto3  # noqa: F401 - forked processes need not import it again

    import cli.__main__  # noqa: F401 - as above

    for line in sys.stdin:
        sys.stdout.write(json.dumps(_run(**json.loads(line))) + "\n")
        sys.stdout.flush()


def _run(
    arguments: list[str], typed: list[list[str]], environment: dict[str, str]
) -> dict[str, Any]:
    child, terminal = pty.fork()
    if child == 0:
        _be_the_command(arguments, environment)
    text, ends = b"", time.monotonic() + _PATIENCE
    while select.select([terminal], [], [], max(0.0, ends - time.monotonic()))[0]:
        try:
            text += os.read(terminal, 65536)
        except OSError:  # Linux says so of a terminal that everybody left
            break
        if typed and typed[0][0].encode() in text:
            os.write(terminal, typed.pop(0)[1].encode())
    else:
        os.kill(child, 9)
    os.close(terminal)
    _, status = os.waitpid(child, 0)
    return {"text": text.decode(), "code": os.waitstatus_to_exitcode(status)}


def _be_the_command(arguments: list[str], environment: dict[str, str]) -> NoReturn:
    code = 70
    try:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        for name in [name for name in os.environ if name.startswith(("AWS_", "COLUMNS", "LINES"))]:
            del os.environ[name]
        os.environ |= {"TERM": "xterm"} | environment
        sys.stdin, sys.stdout, sys.stderr = (
            open(number, mode, closefd=False, encoding="utf-8")  # noqa: SIM115 - the process ends with them
            for number, mode in ((0, "r"), (1, "w"), (2, "w"))
        )
        from cli.__main__ import main

        code = main(arguments)
    except SystemExit as ended:
        code = int(ended.code or 0)
    except BaseException:  # noqa: BLE001 - a traceback is what the tests look for
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve()
