"""A copy of the tree in which a recipe is carried out: what it touched by hand, and whether the suite's part passes there."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Design, "Layout": what a stranger touches at most. Tests and generated pages come on top.
LIMITS = {
    "an error text": 1,
    "a service's code": 1,
    "a cause": 2,
    "a channel": 2,
    "an action": 2,
    "a look-up": 2,
    "a setting": 2,
    "a log format": 1,
}
_BY_HAND = ("lambda_src/", "infra/", "cli/", "app.py", "cdk.json", "Makefile", "pyproject.toml")
_NOT_COPIED = ("tests/aws/", "tests/emulator/", "tests/bench/", "tests/compare/", "tests/recipes/")


@dataclass(frozen=True)
class Copy:
    """A copy of the work tree."""

    path: Path

    @classmethod
    def make(cls, folder: Path) -> "Copy":
        """Copy what git knows of the work tree, as it is now; without git, all that is no build."""
        for name in _files():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
        return cls(folder)

    def replace(self, name: str, old: str, new: str) -> None:
        """Replace the one place in a file that reads ``old``."""
        file = self.path / name
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{name} has {text.count(old)} places that read {old!r}"
        file.write_text(text.replace(old, new), encoding="utf-8")

    def after(self, name: str, line: str, more: str) -> None:
        """Put ``more`` below the one line of a file that reads ``line``."""
        self.replace(name, f"{line}\n", f"{line}\n{more}\n")

    def write(self, name: str, text: str) -> None:
        """Add a file."""
        file = self.path / name
        assert not file.exists(), f"{name} is there already"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def sources(self) -> dict[str, bytes]:
        """Return the sources by name; tests and documentation are not counted."""
        return {
            name: path.read_bytes()
            for path in self.path.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
            if (name := path.relative_to(self.path).as_posix()).startswith(_BY_HAND)
        }

    def touched(self, since: dict[str, bytes]) -> set[str]:
        """Return the sources that are changed or new since ``sources`` were ``since``."""
        return {name for name, text in self.sources().items() if since.get(name) != text}

    def runs(self, *arguments: str) -> str:
        """Run a module of the copy (``python -m …``); return what it printed. Fails where it fails."""
        done = subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=self.path,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (
            f"{' '.join(arguments)}:\n{done.stdout[-4000:]}\n{done.stderr[-2000:]}"
        )
        return done.stdout

    def passes(self, *tests: str) -> None:
        """Run a part of the suite."""
        self.runs("pytest", "-q", "-p", "no:cacheprovider", "-n0", *tests)

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
        path = os.pathsep.join((str(self.path / "lambda_src"), str(self.path)))
        return kept | {"PYTHONPATH": path}


def _files() -> list[str]:
    try:
        said = subprocess.run(
            [
                shutil.which("git") or "git",
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
            ],
            cwd=ROOT,
            capture_output=True,
            check=True,
        ).stdout.decode()
        names = [name for name in said.split("\0") if name]
    except (FileNotFoundError, subprocess.CalledProcessError):
        names = [path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*") if path.is_file()]
        names = [
            name for name in names if not name.startswith((".venv/", "node_modules/", ".git/"))
        ]
    return [name for name in names if (ROOT / name).is_file() and not name.startswith(_NOT_COPIED)]
