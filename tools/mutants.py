"""Do the tests notice when the program is wrong? ``python -m tools.mutants`` changes it in thousands of small ways and tells.

mutmut makes the changes, and ``tools/mutant_runs.py`` runs for each the tests that reach it. mutmut wants
sources in ``src``, so both work in a copy (``mutants-out``). A change that no test noticed is listed with a reason in
``tests/survivors.toml``, or printed. Exit code 1 when a module has fewer than 90 % noticed.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "mutants-out"
RUNS = ROOT / "tools" / "mutant_runs.py"
SURVIVORS = ROOT / "tests" / "survivors.toml"
LEAST = 0.9
COPIED = {"lambda_src": "src", "tests": "tests", "infra": "infra"}  # what the tests import
NOTICED = {"killed", "timeout", "segfault", "suspicious", "caught by type check"}

SETTINGS = """
[tool.mutmut]
source_paths = ["src"]
only_mutate = {mutated}
pytest_add_cli_args = ["-p", "no:xdist", "-p", "no:cacheprovider", "--snapshot-warn-unused"]
pytest_add_cli_args_test_selection = {tests}
also_copy = ["infra"]
use_git_change_detection = false
"""


@dataclass(frozen=True)
class Area:
    """Modules of lambda_src/keywatch, and the tests of tests/unit that are theirs."""

    name: str
    modules: tuple[str, ...]
    tests: tuple[str, ...]


# What decides when people are told what: what is concluded; the lifecycle of an incident with its
# clock, how failures are grouped, and what is kept. Left out are tests that wait for threads, compare
# stand-ins, or try every fault of AWS: they would only take long.
AREAS = (
    Area("diagnosis", ("diagnosis/*",), ("diagnosis",)),
    Area(
        "incidents",
        ("incidents/*", "store/*", "model/incident.py", "sources/subjects.py"),
        ("incidents", "store", "housekeeping", "model", "sources/test_subjects.py"),
    ),
)
LEFT_OUT = (
    "incidents/test_interleavings.py",
    "incidents/test_faults.py",
    "incidents/test_state_machine.py",
    "store/test_stand_in.py",
)


@dataclass
class Module:
    """What became of the changes of one module: how many of each status, and those that no test noticed."""

    name: str
    counts: Counter[str] = field(default_factory=Counter)
    unnoticed: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Return how many changes there were."""
        return self.counts.total()

    @property
    def share(self) -> float:
        """Return the share that was noticed, 1 where nothing can be changed."""
        return 1 - len(self.unnoticed) / self.total if self.total else 1.0


def stage(area: Area, work: Path) -> None:
    """Copy what the tests need to ``work``, with the sources where mutmut looks for them."""
    work.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(work / "mutants" / "tests", ignore_errors=True)
    for source, target in COPIED.items():
        shutil.rmtree(work / target, ignore_errors=True)
        ignored = shutil.ignore_patterns("__pycache__", "requirements*")
        shutil.copytree(ROOT / source, work / target, ignore=ignored)
    settings = (ROOT / "pyproject.toml").read_text().replace('"lambda_src"', '"src"')
    mutated = [f"src/keywatch/{pattern}" for pattern in area.modules]
    tests = [f"tests/unit/{name}" for name in area.tests]
    tests += [f"--ignore=tests/unit/{name}" for name in LEFT_OUT]
    settings += SETTINGS.format(mutated=json.dumps(mutated), tests=json.dumps(tests))
    (work / "pyproject.toml").write_text(settings)


def results(work: Path) -> Iterator[Module]:
    """Yield what became of the changes of each module, as mutmut left it in ``work``."""
    for file in sorted((work / "mutants" / "src").rglob("*.py.meta")):
        codes: Mapping[str, int | None] = json.loads(file.read_text())["exit_code_by_key"]
        module = Module(str(file.relative_to(work / "mutants" / "src"))[: -len(".meta")])
        for name, code in codes.items():
            status = status_by_exit_code[code]
            if code is None:
                continue  # it was not asked for
            module.counts[status] += 1
            if status not in NOTICED:
                module.unnoticed.append(name)
        if module.total:
            yield module


def change(work: Path, mutant: str) -> str:
    """Return the lines that a mutant takes away and puts there."""
    module = mutant.partition("__mutmut_")[0].rpartition(".")[0]
    with contextlib.chdir(work):
        shown = get_diff_for_mutant(mutant, path=Path("src", *module.split(".")).with_suffix(".py"))
    lines = (line for line in shown.splitlines() if re.match(r"[+-](?![+-]{2} )", line))
    return "\n".join(line[0] + line[1:].strip() for line in lines)


def place(mutant: str) -> str:
    """Return the function that a mutant is one of: ``keywatch.incidents.clock._next``."""
    module, _, function = mutant.partition("__mutmut_")[0].rpartition(".")
    return f"{module}.{re.sub('^x_?', '', function.replace('ǁ', '.')).lstrip('.')}"


def report(modules: Sequence[Module], work: Path) -> int:
    """Print the figures by module and every unnoticed change that has no reason; return the exit code."""
    reasons = {
        (one["where"], one["change"].strip())
        for one in tomllib.loads(SURVIVORS.read_text())["survivor"]
    }
    for mutant in (mutant for module in modules for mutant in module.unnoticed):
        if (place(mutant), told := change(work, mutant)) not in reasons:
            _say(f"{mutant}\n{told}\n")
    for module in modules:
        noticed = module.total - len(module.unnoticed)
        _say(f"{module.share:6.1%}  {noticed:5d} of {module.total:5d}  {module.name}")
    return 1 if any(module.share < LEAST for module in modules) else 0


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a program that prints


def run(area: Area, workers: int, which: str, patterns: Sequence[str]) -> int:
    """Try the changes of an area whose names match a pattern (none: all of them), and report; return the exit code."""
    work = WORK / area.name
    if which == "all" and not patterns:
        shutil.rmtree(work, ignore_errors=True)
    stage(area, work)
    environment = {**os.environ, "PYTHONPATH": "", "PYTHONHASHSEED": "0"}
    command = (sys.executable, str(RUNS), str(workers), which, *patterns)
    with (work / "mutants.log").open("w") as log:
        code = subprocess.call(command, cwd=work, env=environment, stdout=log, stderr=log)  # noqa: S603 - no shell
    if code:
        _say((work / "mutants.log").read_text())
        return code
    return report(list(results(work)), work)


def main(arguments: Sequence[str]) -> int:
    """Try the changes of all areas, or of one, or those whose names match a pattern; return the exit code."""
    parser = ArgumentParser(prog="mutants")
    parser.add_argument("area", nargs="?", choices=[area.name for area in AREAS])
    parser.add_argument("patterns", nargs="*", help="such as 'keywatch.incidents.clock.*'")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--again",
        dest="which",
        action="store_const",
        const="unnoticed",
        default="all",
        help="only those that no test has noticed yet, and those of functions that were changed",
    )
    asked = parser.parse_args(arguments)
    chosen = [area for area in AREAS if asked.area in {None, area.name}]
    return max(run(area, asked.workers, asked.which, asked.patterns) for area in chosen)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
