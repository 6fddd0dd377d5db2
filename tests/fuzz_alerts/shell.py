"""Commands as a reader would paste them: run by a real shell, with a stand-in for the AWS CLI that notes its arguments."""

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# Nothing but the stand-in is on PATH: whatever else a command would run is not found, and said so.
_STAND_IN = """#!{shell}
for word; do printf '%s\\0' "$word"; done >> "$CALLS"
printf '\\036\\0' >> "$CALLS"
"""
# Each command is one line of the input. The mark tells which call belongs to which command.
_READ = """while IFS= read -r command <&3; do
eval "$command" 3<&-
printf '\\035\\0' >> "$CALLS"
done 3< "$COMMANDS"
"""
SHELLS = ("/bin/sh", "/bin/bash")
_CALL_ENDS, _COMMAND_ENDS = "\x1e", "\x1d"


@dataclass(frozen=True, slots=True)
class Ran:
    """What a shell did with commands: the calls of the AWS CLI of each, and what else was seen (complaints, files)."""

    calls: list[list[list[str]]]
    beside: list[str]


def run(commands: Sequence[str], shell: str) -> Ran:
    """Run ``commands`` one after another in one shell."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        here, programs = folder / "here", folder / "programs"
        here.mkdir()
        programs.mkdir()
        (here / "file").touch()  # for a pattern to match
        (folder / "calls").touch()
        (folder / "commands").write_text("".join(f"{one}\n" for one in commands))
        (programs / "aws").write_text(_STAND_IN.format(shell=shell))
        (programs / "aws").chmod(0o755)
        done = subprocess.run(
            [shell, "-c", _READ],
            cwd=here,
            env={
                "PATH": str(programs),
                "HOME": str(here),
                "CALLS": str(folder / "calls"),
                "COMMANDS": str(folder / "commands"),
                "LC_ALL": "C.UTF-8",
            },
            capture_output=True,
            text=True,
            errors="replace",
            timeout=600,
            check=False,
        )
        files = [str(one.relative_to(here)) for one in here.rglob("*") if one.name != "file"]
        noted = (folder / "calls").read_text(errors="replace")
    beside = [*done.stdout.splitlines(), *done.stderr.splitlines(), *files]
    return Ran(_calls(noted), beside)


def _calls(noted: str) -> list[list[list[str]]]:
    done: list[list[list[str]]] = []
    calls: list[list[str]] = []
    words: list[str] = []
    for word in noted.split("\0")[:-1]:
        if word == _COMMAND_ENDS:
            done.append(calls)
            calls = []
        elif word == _CALL_ENDS:
            calls.append(words)
            words = []
        else:
            words.append(word)
    return done
