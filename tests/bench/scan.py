"""``make bench-scan``: how fast a year of logs is read, with the diagnosis, beside tools that only filter. CPU time, one run.

Every tool gets the same files. MB are of unpacked log; "a core" divides by the CPU time of all processes
together. zgrep and duckdb unpack themselves; jq reads what gzip unpacked, whose time counts as well.
"""

import argparse
import importlib.util
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.bench import trail

SAMPLE = 300  # MB that the slow tools get; they are slow enough to measure by that


@dataclass(frozen=True)
class Measure:
    """What one tool took: seconds of CPU and of the clock, MB/s a core, and the most memory (MiB) of all its processes."""

    tool: str
    megabytes: float
    cpu: float
    wall: float
    per_core: float
    memory: float
    found: str


def measured(tool: str, size: int, command: list[str] | str, **options) -> Measure:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, shell=isinstance(command, str), **options
    )
    most, done = [0.0], threading.Event()
    watcher = threading.Thread(target=_watch, args=(process.pid, most, done))
    watcher.start()
    out = process.communicate()[0]
    done.set()
    watcher.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    wall = time.monotonic() - began
    last = out.strip().splitlines()[-1] if out.strip() else ""
    return Measure(
        tool,
        size / 1e6,
        round(cpu, 2),
        round(wall, 2),
        round(size / 1e6 / cpu, 1),
        round(most[0], 1),
        last,
    )


def _watch(pid: int, most: list[float], done: threading.Event) -> None:
    while not done.wait(0.1):
        most[0] = max(most[0], sum(map(_resident, _family(pid))) / 1024)


def _family(pid: int) -> Iterator[int]:
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield from _family(int(child))


def _resident(pid: int) -> int:
    """Return the memory (KiB) of a process, its share of what it shares."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _tools(folder: Path) -> Iterator[tuple[str, list[str] | str, Callable[[], bool]]]:
    files = f"find {folder} -name '*.json.gz' -print0 | sort -z"
    code = '"errorCode":"'
    yield (
        "zgrep -c",
        f"{files} | xargs -0 zgrep -c '{code}' | wc -l",
        lambda: bool(shutil.which("zgrep")),
    )
    yield (
        "zgrep -ao, C locale",
        f"{files} | LC_ALL=C xargs -0 zgrep -haoE '{code}[A-Za-z]+\"' | wc -l",
        lambda: bool(shutil.which("zgrep")),
    )
    jq = "jq -c '.Records[] | select(.errorCode != null and .eventSource == \"kms.amazonaws.com\")'"
    yield (
        "gzip | jq",
        f"{files} | xargs -0 -n 1 gzip -dc | {jq} | wc -l",
        lambda: bool(shutil.which("jq")),
    )
    query = (  # of a folder of our own
        'import duckdb; print(duckdb.sql("select count(*) from (select unnest(Records) r from '
        f"read_json('{folder}/**/*.json.gz', columns={{Records: 'JSON[]'}}, maximum_object_size=268435456)) "
        "where r->>'errorCode' is not null and r->>'eventSource' = 'kms.amazonaws.com'\").fetchall()[0][0])"
    )
    yield (
        "duckdb",
        [sys.executable, "-c", query],
        lambda: importlib.util.find_spec("duckdb") is not None,
    )


def _lines(found: list[Measure]) -> Iterator[str]:
    yield f"{'':28}{'MB':>8}{'CPU s':>8}{'wall s':>8}{'MB/s a core':>13}{'MiB':>7}{'times':>7}\n"
    for one in found:
        numbers = f"{one.megabytes:8.0f}{one.cpu:8.2f}{one.wall:8.2f}{one.per_core:13.1f}{one.memory:7.0f}"
        yield f"{one.tool:28}{numbers}{found[0].per_core / one.per_core:7.1f}\n"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--megabytes", type=int, default=1000)
    options.add_argument("--out", default="bench-scan.json")
    given = options.parse_args()
    found: list[Measure] = []
    with tempfile.TemporaryDirectory() as folder:
        whole, part = Path(folder, "year"), Path(folder, "part")
        size = trail.write(whole, given.megabytes)
        sample = trail.write(part, min(SAMPLE, given.megabytes))
        scan = [sys.executable, "-m", "cli", "scan", "--json"]
        found += [
            measured(f"keywatch scan, {jobs} processes", size, [*scan, "--jobs", jobs, str(whole)])
            for jobs in ("1", str(os.cpu_count()))
        ]
        found += [
            measured(tool, sample, command)
            for tool, command, is_there in _tools(part)
            if is_there()
        ]
    sys.stdout.writelines(_lines(found))
    Path(given.out).write_text(json.dumps([asdict(one) for one in found], indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
