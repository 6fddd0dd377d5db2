"""Run pip and other programs for the set-up, with all that they print in a file."""

import os
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools import failures

_PIP = ("-I", "-m", "pip", "--no-input", "--disable-pip-version-check")
# Each package is named with its hash, and none may bring or build others: nothing is resolved. What
# is used is compiled when it is first imported, which is a tenth of it.
PIP_INSTALL = (
    *(*_PIP, "install", "--quiet", "--no-user", "--no-compile"),
    *("--no-deps", "--require-hashes", "--only-binary", ":all:", "--requirement"),
)
_PIP_DOWNLOAD = (*_PIP, "download", "-vv", "--no-deps", "--only-binary", ":all:")
_LOCKED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==", re.MULTILINE)


class SetUpError(Exception):
    """The environment could not be built. The message is one line: what is wrong and what to do."""


def pip_install(venv: Path, lock: Path) -> None:
    """Install what ``lock`` names into ``venv`` and see that it fits together. Raises ``SetUpError``."""
    python, log = str(venv / "bin" / "python"), venv / "pip.log"
    if run((python, *PIP_INSTALL, str(lock)), log):
        raise SetUpError(failures.of_pip(_with_reason(python, log), log))
    if run((python, *_PIP, "check"), log):
        locked = {failures.normal(name) for name in _LOCKED.findall(lock.read_text())}
        if line := failures.of_check(log.read_text(errors="replace"), locked):
            raise SetUpError(line)


def run(command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> int:
    """Run a program, with all that it prints in ``log``, and return its exit code."""
    with log.open("w") as output:
        return subprocess.run(  # noqa: S603 - our own commands, no shell
            command,
            env=os.environ | (environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode


def _with_reason(python: str, log: Path) -> str:
    """Return what pip said; where it found nothing it is asked at length, as only then it tells why."""
    said = log.read_text(errors="replace")
    if missing := failures.missing(said):
        with tempfile.TemporaryDirectory() as folder:
            run((python, *_PIP_DOWNLOAD, "--dest", folder, missing), log)
    return f"{said}\n{log.read_text(errors='replace')}"
