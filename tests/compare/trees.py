"""A version of the repository laid out in a folder, and what it does when it is run there."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
BEFORE = "da10d7f"  # the version before the redesign of the layout
_LONGEST = 900  # seconds


class CaptureError(Exception):
    """A tree could not be run. The message is what it said."""


@dataclass(frozen=True)
class Tree:
    """A version as it lies in a folder; ``commit`` where it is one and will not change."""

    path: Path
    commit: str = ""

    def capture(self, section: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the tree does with the inputs. Raises ``CaptureError``. What a commit does is kept for the next time."""
        if not self.commit:
            return _captured(self.path, section, inputs)
        kept = _kept(f"{self.commit} {section} {json.dumps(inputs, sort_keys=True)}")
        if kept.exists():
            return dict(json.loads(kept.read_text(encoding="utf-8")))
        done = _captured(self.path, section, inputs)
        fresh = kept.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps(done), encoding="utf-8")
        fresh.replace(kept)
        return done


NOW = Tree(ROOT)


def has(revision: str) -> bool:
    """Tell whether the history at hand holds ``revision``; a shallow clone may not, and an archive has no history."""
    asked = ["git", "cat-file", "-e", f"{revision}^{{commit}}"]
    try:
        return subprocess.run(asked, cwd=ROOT, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@contextmanager
def laid_out(revision: str | None) -> Iterator[Tree]:
    """Lay ``revision`` out in a temporary folder, and leave nothing behind; ``None`` is the work tree as it is."""
    if revision is None:
        yield NOW
        return
    commit = _git("rev-parse", f"{revision}^{{commit}}").decode().strip()
    with tempfile.TemporaryDirectory(prefix="keywatch-compare-") as folder:
        with tarfile.open(fileobj=BytesIO(_git("archive", commit))) as archive:
            archive.extractall(folder, filter="data")
        yield Tree(Path(folder), commit)


def formatted(tree: Tree) -> None:
    """Format a tree's sources as those of today are, so that lines can be compared."""
    ruff, settings = Path(sys.prefix, "bin", "ruff"), ROOT / "pyproject.toml"
    command = [
        str(ruff),
        "format",
        "--quiet",
        "--config",
        str(settings),
        str(tree.path / "lambda_src"),
    ]
    subprocess.run(command, check=True)


def _git(*arguments: str) -> bytes:
    command = [shutil.which("git") or "git", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout


def _kept(asked: str) -> Path:
    """Return where the answer to a question is kept: it is another one when the capture itself was changed."""
    digest = sha256(asked.encode())
    for path in sorted((HERE / "capture").rglob("*.py")):
        digest.update(path.read_bytes())
    folder = Path(tempfile.gettempdir()) / f"keywatch-compare-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / f"{digest.hexdigest()}.json"


def _captured(tree: Path, section: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="keywatch-capture-") as folder:
        given, output = Path(folder, "given.json"), Path(folder, "did.json")
        given.write_text(json.dumps(inputs), encoding="utf-8")
        command = [
            sys.executable,
            "-W",
            "ignore",
            "-m",
            "capture",
            section,
            str(given),
            str(output),
        ]
        done = subprocess.run(
            command,
            cwd=tree,
            env=_environment(tree),
            capture_output=True,
            text=True,
            timeout=_LONGEST,
            check=False,
        )
        if done.returncode:
            raise CaptureError(f"{section} in {tree}:\n{done.stderr[-4000:]}")
        return dict(json.loads(output.read_text(encoding="utf-8")))


def _environment(tree: Path) -> dict[str, str]:
    """Return an environment without AWS settings, in which the tree's sources come first."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "KEYWATCH", "POWERTOOLS"))
    }
    node = Path(sys.prefix) / "bin" / "node"
    path = os.pathsep.join(map(str, (tree / "lambda_src", tree, HERE)))
    stable = {
        "PYTHONPATH": path,
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONSAFEPATH": "1",
    }
    return (
        kept
        | stable
        | ({"JSII_NODE": str(node)} if node.exists() else {})
        | {"AWS_EC2_METADATA_DISABLED": "true"}
    )
