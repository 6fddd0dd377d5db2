"""Is everything that this environment needs in the locks? ``python -m tools.locks`` says what is not; exit code 1 then.

The requirements are followed through the packages that are installed, extras included, so a lock that ``make lock`` would write
otherwise is noticed without a look at any index: the answer is the same every day.
"""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra import packages

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements", "requirements-dev")
FUNCTION = "lambda_src/requirements"
_PINNED = re.compile(r"^(?P<pin>[A-Za-z0-9][A-Za-z0-9._-]*==[^\\\n]+)", re.MULTILINE)
_OF_PYTHON = {"pip", "setuptools", "wheel"}  # a new environment has them


def pins(lock: str) -> dict[str, str]:
    """Return the version of each package that a lock names for this Python and platform, by normalized name."""
    found = (Requirement(pin["pin"].strip()) for pin in _PINNED.finditer(lock))
    here = (pin for pin in found if pin.marker is None or pin.marker.evaluate())
    return {canonicalize_name(pin.name): str(pin.specifier)[2:] for pin in here}


def problems(
    wanted: Sequence[Requirement], locked: Mapping[str, str], there: Mapping[str, str]
) -> Iterator[str]:
    """Yield what the environment needs and lacks, and what it has that no lock names, or in another version."""
    yield from packages.missing(wanted)
    for name, version in sorted(there.items()):
        if name not in locked and name not in _OF_PYTHON:
            yield f"{name} {version} is installed and in no lock"
        elif locked.get(name, version) != version:
            yield f"{name} is {version} here and {locked[name]} in the lock"
    yield from (f"{name} is in the lock and not installed" for name in locked.keys() - there.keys())


def differences(function: Mapping[str, str], locked: Mapping[str, str]) -> Iterator[str]:
    """Yield what the function's lock has otherwise than the lock of the environment in which it is tested."""
    for name, version in function.items():
        if locked.get(name) != version:
            yield f"{name} is {version} for the function and {locked.get(name)} in its tests"


def main() -> int:
    """Compare this environment with the locks, print what is wrong, and return the exit code."""
    wanted = [one for lock in LOCKS for one in packages.roots((ROOT / f"{lock}.in").read_text())]
    locked: dict[str, str] = {}
    for lock in LOCKS:
        locked |= pins((ROOT / f"{lock}.txt").read_text())
    wrong = list(problems(wanted, locked, packages.versions()))
    wrong += differences(pins((ROOT / f"{FUNCTION}.txt").read_text()), locked)
    for line in wrong:
        print(f"{line}: run make lock, make clean, make install", file=sys.stderr)  # noqa: T201 - a program
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
