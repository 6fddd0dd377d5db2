"""``make audit``: is a known vulnerability in what ships, or in what builds it? It says what it could not check.

pip-audit asks PyPI about each pinned Python package, npm asks its registry about the CDK's command
line. Where a registry does not answer that (no network, a mirror), a package is unchecked, and not
fine. Exit codes: 0 nothing known, 1 vulnerabilities, 2 none found and not everything checked.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("lambda_src/requirements.txt", "requirements.txt", "requirements-dev.txt")
_PATIENCE = 300  # seconds
_SHOWN = 5
Run = Callable[[Sequence[str]], str]


@dataclass(frozen=True, slots=True)
class Audited:
    """What was found about one list of packages: how many were checked, what is known, what could not be checked and why."""

    of: str
    checked: int
    vulnerable: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()


def main(run: Run | None = None) -> int:
    """Audit everything, print what was found, and return the exit code."""
    run = run or _run
    found = [*(python_packages(lock, run) for lock in LOCKS), node_packages(run)]
    sys.stdout.writelines(f"{line}\n" for one in found for line in told(one))
    if any(one.vulnerable for one in found):
        return 1
    return 2 if any(one.unchecked for one in found) else 0


def told(audited: Audited) -> Iterator[str]:
    """Yield what to say of one list."""
    known, unchecked = len(audited.vulnerable), len(audited.unchecked)
    yield f"{audited.of}: {audited.checked} checked, {known} with known vulnerabilities, {unchecked} not checked"
    yield from (f"  VULNERABLE {one}" for one in audited.vulnerable)
    yield from (f"  unchecked: {one}" for one in audited.unchecked[:_SHOWN])
    if unchecked > _SHOWN:
        yield f"  unchecked: {unchecked - _SHOWN} more"


def python_packages(lock: str, run: Run) -> Audited:
    """Ask pip-audit about the packages of a lock, just these: nothing is resolved or installed."""
    command = (
        *(sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes"),
        *("--progress-spinner", "off", "--format", "json", "--requirement", str(ROOT / lock)),
    )
    answer = _json(run(command))
    packages = answer.get("dependencies")
    if not isinstance(packages, list):
        return Audited(lock, 0, unchecked=("all of it: pip-audit gave no answer",))
    vulnerable = tuple(
        f"{one['name']} {one['version']}: {', '.join(found['id'] for found in one['vulns'])}"
        for one in packages
        if one.get("vulns")
    )
    unchecked = tuple(one["skip_reason"] for one in packages if "skip_reason" in one)
    return Audited(lock, len(packages) - len(unchecked), vulnerable, unchecked)


def node_packages(run: Run) -> Audited:
    """Ask npm about the packages of package-lock.json."""
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    number = len([name for name in lock["packages"] if name])
    answer = _json(run(("npm", "audit", "--json", "--package-lock-only")))
    if "vulnerabilities" not in answer:
        why = answer.get("message") or "npm gave no answer"
        return Audited(
            "package-lock.json", 0, unchecked=(f"all {number}: {str(why).split(' - ')[0][:200]}",)
        )
    vulnerable = tuple(
        f"{name} {one.get('range', '')}: {one.get('severity', '')}"
        for name, one in answer["vulnerabilities"].items()
    )
    return Audited("package-lock.json", number, vulnerable)


def _json(text: str) -> dict[str, Any]:
    """Return the JSON object that begins the first line that is one; an empty one where there is none."""
    start = text.find("{")
    try:
        value = json.JSONDecoder().raw_decode(text[start:])[0] if start >= 0 else {}
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _run(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - our own commands, no shell
            command, cwd=ROOT, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
