"""What is kept in the repository are files: a link to somewhere on one machine would break every other."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINK = "120000"  # the mode of a symbolic link, as git lists it


@pytest.mark.skipif(
    shutil.which("git") is None or not (ROOT / ".git").exists(), reason="this is no git checkout"
)
def test_no_link_and_no_environment_is_kept_in_the_repository():
    # WHEN git lists what it keeps
    command = ("git", "ls-files", "--stage")
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    # THEN nothing is a link, and no environment is among it
    kept = [line.split(maxsplit=3) for line in listed.splitlines()]
    assert [path for mode, _, _, path in kept if mode == LINK] == []
    assert not {path.split("/")[0] for *_, path in kept} & {".venv", "node_modules"}
