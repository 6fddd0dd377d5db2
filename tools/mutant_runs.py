"""Run the tests that reach each change of mutmut's: ``python mutant_runs.py WORKERS WHICH [PATTERN ...]`` in a staged copy.

mutmut itself starts pytest again for each change. Here the tests are collected once, in a process
that runs none of them, and each change is a fork of it: some thousands of changes take minutes.
``WHICH`` is ``all``, or ``unnoticed``: those that no test has noticed yet. Of a change only those
tests run that reach its function, the fastest first, until one fails. The exit codes are mutmut's
own, in its ``.meta`` files: 0 nobody noticed, 1 a test failed, 33 no test reaches it, 36 it took too
long.
"""

import json
import os
import resource
import signal
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from time import process_time

import pytest
from mutmut.configuration import config
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state
from mutmut.utils.file_utils import copy_also_copy_files, copy_src_dir, setup_source_paths

UNNOTICED, NOTICED, NO_TESTS, TOO_LONG = 0, 1, 33, 36
REACHED = "reached.json"
LONGEST = 5.0  # seconds of tests for one change: the slowest are left out, so at worst too few changes count as noticed
PATIENCE = 3  # a change may make its tests so many times slower


@dataclass(frozen=True)
class Reach:
    """Which tests reach a function, by their place in the collection, fastest first, and how long they take."""

    tests: tuple[int, ...] = ()
    seconds: float = 0.0


def fastest(reached: Mapping[str, Sequence[int]], seconds: Sequence[float]) -> dict[str, Reach]:
    """Return for each function the tests that reach it, the fastest first, as many as there is time for."""
    reaches: dict[str, Reach] = {}
    for function, tests in reached.items():
        chosen: list[int] = []
        total = 0.0
        for test in sorted(tests, key=lambda test: seconds[test]):
            if chosen and total + seconds[test] > LONGEST:
                break
            chosen.append(test)
            total += seconds[test]
        reaches[function] = Reach(tuple(chosen), total)
    return reaches


def noticed(session: pytest.Session, items: Sequence[pytest.Item]) -> bool:
    """Run tests until one fails; tell whether one did."""
    for item, following in zip(items, [*items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.testsfailed:
            return True
    return False


def measured(session: pytest.Session) -> tuple[dict[str, list[int]], list[float]]:
    """Run all tests; return which of them reach each function that can be changed, and how long each takes."""
    reached: dict[str, list[int]] = defaultdict(list)
    seconds: list[float] = []
    for place, (item, following) in enumerate(
        zip(session.items, [*session.items[1:], None], strict=True)
    ):
        state()._stats.clear()  # noqa: SLF001 - there is no public way
        before = process_time()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        seconds.append(process_time() - before)
        if session.testsfailed:
            os.write(2, f"\nfails without any change: {item.nodeid}\n".encode())
            break
        for function in state()._stats:  # noqa: SLF001 - as above
            reached[function].append(place)
    return reached, seconds


@dataclass
class Runs:
    """A plugin of pytest: instead of running the collected tests once, it runs them for each change."""

    folder: Path
    workers: int
    again: bool
    patterns: Sequence[str]
    metas: dict[Path, dict[str, dict[str, int | None]]] = field(default_factory=dict)
    running: dict[int, tuple[Path, str]] = field(default_factory=dict)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Measure the tests, then try every change; the answer tells pytest that all is done."""
        _, status = os.waitpid(self._forked("stats", lambda: self._measure(session)), 0)
        if status:
            pytest.exit("the tests fail without any change", 1)
        reaches = fastest(*json.loads((self.folder / REACHED).read_text()))
        for meta, change in self._chosen():
            self._try(session, meta, change, reaches.get(change.partition("__mutmut_")[0], Reach()))
        while self.running:
            self._wait()
        return True

    def _chosen(self) -> list[tuple[Path, str]]:
        """Return the changes that are asked for, each with the file that keeps its exit code."""
        for file in sorted((self.folder / "src").rglob("*.meta")):
            self.metas[file] = json.loads(file.read_text())
        return [
            (file, change)
            for file, meta in self.metas.items()
            for change, code in meta["exit_code_by_key"].items()
            if not (self.again and code in {NOTICED, TOO_LONG})
            and (not self.patterns or any(fnmatch(change, pattern) for pattern in self.patterns))
        ]

    def _measure(self, session: pytest.Session) -> int:
        (self.folder / REACHED).write_text(json.dumps(measured(session)))
        return session.testsfailed

    def _try(self, session: pytest.Session, meta: Path, change: str, reach: Reach) -> None:
        """Begin to run the tests of a change, once a worker is free."""
        if not reach.tests:
            self._keep(meta, change, NO_TESTS)
            return
        while len(self.running) >= self.workers:
            self._wait()
        items = [session.items[test] for test in reach.tests]
        pid = self._forked(change, lambda: int(noticed(session, items)), reach.seconds)
        self.running[pid] = (meta, change)

    def _forked(self, change: str, work: Callable[[], int], seconds: float | None = None) -> int:
        """Do work in a process of its own, under a change, for a bounded time; return its id."""
        if pid := os.fork():
            return pid
        code = NOTICED
        try:
            set_mutant_under_test(change)
            if seconds is not None:
                limit = int(process_time() + 5 + PATIENCE * seconds)
                resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
                signal.alarm(60 + int(10 * seconds))  # what waits for ever takes no time
            code = work()
        finally:
            os._exit(code)

    def _wait(self) -> None:
        pid, status = os.wait()
        code = os.waitstatus_to_exitcode(status)
        self._keep(*self.running.pop(pid), TOO_LONG if code < 0 else code)

    def _keep(self, meta: Path, change: str, code: int) -> None:
        self.metas[meta]["exit_code_by_key"][change] = code
        meta.write_text(json.dumps(self.metas[meta]))


def main(arguments: Sequence[str]) -> int:
    """Make the changes, unless they are there already, and try those whose names match a pattern (none: all)."""
    from mutmut.__main__ import create_mutants  # reads the settings of the copy

    workers, which, *patterns = arguments
    set_mutant_under_test("mutant_generation")
    (Path.cwd() / "mutants").mkdir(exist_ok=True)
    copy_src_dir()
    copy_also_copy_files()
    setup_source_paths()
    create_mutants(int(workers))
    tests = [*config().pytest_add_cli_args, *config().pytest_add_cli_args_test_selection]
    os.chdir("mutants")
    runs = Runs(Path.cwd(), int(workers), which == "unnoticed", patterns)
    return int(pytest.main(["--rootdir=.", "--tb=no", "-q", *tests], plugins=[runs]))


if __name__ == "__main__":
    del sys.path[0]  # the folder of this file
    sys.exit(main(sys.argv[1:]))
