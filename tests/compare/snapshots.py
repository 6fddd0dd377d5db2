"""Reviewed snapshots of two versions: each by its name, wherever its file lies."""

import re
from pathlib import Path

_FOLDER = "__snapshots__"
_NAME = re.compile(r"^# name: (.+)$", re.MULTILINE)
Cases = dict[str, str]


def of(tree: Path) -> Cases:
    """Return the snapshots that lie in a tree."""
    found: Cases = {}
    for path in sorted((tree / "tests").rglob("*")):
        if _FOLDER in path.parts and path.is_file():
            found |= _cases(path.name, path.read_text(encoding="utf-8"))
    return found


def _cases(file: str, text: str) -> Cases:
    """Return each snapshot of a file by its test's name; a file that is one snapshot stands for itself."""
    parts = _NAME.split(text)
    if len(parts) == 1:
        return {f"snapshot / {file}": text}
    return {f"snapshot / {name}": body for name, body in zip(parts[1::2], parts[2::2], strict=True)}


def followed(old: Cases, new: Cases) -> Cases:
    """Return ``new`` under the names of ``old`` where only a test was renamed."""
    gone = {body: name for name, body in old.items() if name not in new}
    return {name if name in old else gone.get(body, name): body for name, body in new.items()}
