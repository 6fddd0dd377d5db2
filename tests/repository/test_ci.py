"""``.ci/run`` with stand-ins for its programs.

It says what each phase took, stops at the first failure, and ends with pytest's line.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SUMMARY = "======= 7 passed, 2 skipped in 61.02s (0:01:01) ======="
MAKE = f"""#!/bin/sh
echo "make $*"
[ "$1" != "$FAILS" ] || exit 2
[ "$1" != test ] || echo "{SUMMARY}"
"""


def run(tmp_path: Path, fails: str = "", make: str = MAKE) -> tuple[int, list[str]]:
    """Run it in a checkout of its own, with programs that do nothing."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in {"make": make, "chromium": "#!/bin/sh\n"}.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    environment = {"PATH": f"{programs}:{os.environ['PATH']}", "CI": "true", "FAILS": fails}
    done = subprocess.run(
        (tmp_path / ".ci" / "run",),
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.splitlines()


def test_it_says_what_each_phase_took_and_ends_with_pytests_line(tmp_path):
    code, said = run(tmp_path)
    assert code == 0
    phases = ["browser", "install", "locks", "lint", "test"]
    assert [re.sub(r"\d+", "N", line) for line in said[-6:-1]] == [
        f"{name}: N s" for name in phases
    ]
    assert said[-1] == SUMMARY


@pytest.mark.parametrize("fails", ["install", "locks", "lint"])
def test_what_fails_stops_it_with_its_exit_code(tmp_path, fails):
    code, said = run(tmp_path, fails)
    assert code == 2
    assert said[-1].startswith(f"{fails}: ")
    assert said[-1].endswith("s, failed")
    assert "make test" not in said


def test_failed_tests_end_with_pytests_line_too(tmp_path):
    # GIVEN a make whose tests fail after they printed their line
    text = MAKE.replace(f'echo "{SUMMARY}"', f'{{ echo "{SUMMARY}"; exit 2; }}')
    assert text != MAKE
    # WHEN THEN
    code, said = run(tmp_path, make=text)
    assert code == 2
    assert said[-1] == SUMMARY
    assert said[-2].startswith("test: ")
    assert said[-2].endswith("s, failed")
