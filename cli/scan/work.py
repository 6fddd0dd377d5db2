"""Many files, read by as many processes as there are processors; each writes what it found by itself."""

import json
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from .inputs import Input
from .log_file import Reading, read_file
from .workspace import Workspace

BATCH = 4 << 20  # bytes as stored
MOST_FILES = 64  # in a batch
DOWNLOADS = 8  # at once by each process
MOST_JOBS = 8  # more would need more than 300 MiB
WORTH_IT = 8 << 20  # bytes: less is read sooner than processes start

Done = Callable[[Reading], None]


def jobs_here() -> int:
    """Return how many processes read at once on this machine."""
    return min(os.cpu_count() or 1, MOST_JOBS)


def read_all(inputs: Iterable[Input], workspace: Path, jobs: int, done: Done) -> None:
    """Read all ``inputs`` into the file ``workspace``, by so many processes; call ``done`` with what became of each."""
    batches = _batches(inputs)
    first = next(batches, None)
    if first is None:
        return
    second = next(batches, None)
    if jobs == 1 or (second is None and sum(one.size for one in first) < WORTH_IT):
        for batch in filter(None, (first, second, *batches)):
            for reading in read_batch(batch, workspace):
                done(reading)
        return
    _in_processes(_chain(first, second, batches), workspace, jobs, done)


def _chain(
    first: Sequence[Input], second: Sequence[Input] | None, rest: Iterator[Sequence[Input]]
) -> Iterator[Sequence[Input]]:
    yield first
    if second:
        yield second
    yield from rest


def _batches(inputs: Iterable[Input]) -> Iterator[list[Input]]:
    batch: list[Input] = []
    size = 0
    for one in inputs:
        batch.append(one)
        size += one.size
        if size >= BATCH or len(batch) >= MOST_FILES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _in_processes(
    batches: Iterator[Sequence[Input]], workspace: Path, jobs: int, done: Done
) -> None:
    context = multiprocessing.get_context("spawn")
    running: dict[Future[list[Reading]], Sequence[Input]] = {}
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        for batch in batches:
            running[pool.submit(read_batch, batch, workspace)] = batch
            if len(running) >= 2 * jobs:
                _collect(running, done)
        while running:
            _collect(running, done)


def _collect(running: dict[Future[list[Reading]], Sequence[Input]], done: Done) -> None:
    for future in wait(running, return_when=FIRST_COMPLETED).done:
        batch = running.pop(future)
        try:
            readings = future.result()
        except BrokenProcessPool:
            problem = "the process that read it died"
            readings = [Reading(one.name, one.size, problem=problem) for one in batch]
        for reading in readings:
            done(reading)


def read_batch(batch: Sequence[Input], workspace: Path) -> list[Reading]:
    """Read some files; what an earlier run has read already is not read again."""
    with closing(Workspace(workspace)) as kept:
        known = [kept.outcome_of(one.name, one.mark) for one in batch]
        new = [one for one, outcome in zip(batch, known, strict=True) if outcome is None]
        readings = [_known(outcome) for outcome in known if outcome is not None]
        with ThreadPoolExecutor(DOWNLOADS) as pool:
            # What is far away comes while other things are read.
            opened = [pool.submit(one.open) if one.is_far else None for one in new]
            readings += [
                _read(one, kept, coming.result if coming else one.open)
                for one, coming in zip(new, opened, strict=True)
            ]
        return readings


def _read(one: Input, kept: Workspace, opening: Callable[[], BinaryIO]) -> Reading:
    reading = Reading(one.name, one.size)
    try:
        with opening() as file:
            kept.keep(read_file(file, reading))
    except OSError as error:
        reading.problem = f"it cannot be opened ({error.strerror or type(error).__name__})"
        return reading
    kept.mark_read([(one.name, one.mark, _outcome(reading))])
    return reading


def _outcome(reading: Reading) -> str:
    return json.dumps(
        {
            "size": reading.size,
            "unpacked": reading.unpacked,
            "records": reading.records,
            "failures": reading.failures,
            "changes": reading.changes,
            "broken": reading.broken,
            "hours": sorted(reading.hours),
            "ignored": reading.ignored,
            "problem": reading.problem,
            "skipped": reading.skipped,
            "name": reading.name,
        }
    )


def _known(outcome: str) -> Reading:
    fields = json.loads(outcome)
    hours = {(account, region, hour) for account, region, hour in fields.pop("hours")}
    ignored = fields.pop("ignored")
    reading = Reading(**fields, hours=hours)
    reading.ignored.update(ignored)
    return reading
