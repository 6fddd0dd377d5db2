"""``keywatch scan``: what happens in which order."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from ..terminal import Output, reader_may_leave
from .arguments import problem_of

if TYPE_CHECKING:
    from .inputs import Input
    from .s3 import Access
    from .workspace import Workspace

FOUND_NOTHING, FOUND, UNREADABLE = 0, 1, 2


def run(options: argparse.Namespace) -> int:
    """Scan what the options say, and return the exit code."""
    with tempfile.TemporaryDirectory(prefix="keywatch-scan-") as folder:
        path = Path(options.state) if options.state else Path(folder, "scan.sqlite")
        return _scan(options, path, Path(folder))


def _scan(options: argparse.Namespace, path: Path, folder: Path) -> int:
    from .find import find_incidents
    from .inputs import NoSuchSource, size_of
    from .progress import reading_with_progress
    from .summary import Summary
    from .work import jobs_here
    from .workspace import NoWorkspace, Workspace

    if problem := problem_of(options):
        return _cannot(problem)
    asks = bool(options.athena or options.lake)
    summary = Summary(only_matches=asks)
    try:
        size = None if asks else size_of(options.sources)
        opened = Workspace(path)
    except (NoSuchSource, NoWorkspace) as error:
        return _cannot(str(error))
    with closing(opened) as workspace:
        inputs = _inputs(options, folder, summary.add_problem)
        try:
            jobs = options.jobs or jobs_here()
            reading_with_progress(inputs, size, path, jobs, summary.add_reading)
        except NoSuchSource as error:
            return _cannot(str(error))
        if options.dry_run and asks:
            return FOUND_NOTHING
        find_incidents(workspace, summary, options.since, options.until)
        with reader_may_leave():
            _report(options, workspace, summary)
        if options.to_bus and not _replayed(options, workspace):
            return UNREADABLE
    return summary.exit_code


def _replayed(options: argparse.Namespace, workspace: "Workspace") -> bool:
    """Put what was found on the bus; tell whether all of it was put."""
    from .replay import Bus
    from .to_bus import put

    bus = Bus(options.to_bus, options.bus, options.per_second)
    span = (options.since, options.until)
    return put(workspace, span, bus, _access(options), dry=options.dry_run)


def _access(options: argparse.Namespace) -> "Access":
    from .s3 import Access

    return Access(options.profile, options.region, requester_pays=options.requester_pays)


def _inputs(
    options: argparse.Namespace, folder: Path, problem: Callable[[str, str], None]
) -> Iterator["Input"]:
    """Yield what there is to read; call ``problem`` with each source in which nothing is, and why that is one."""
    from .inputs import BUCKET, local

    span = (options.since, options.until)
    if options.athena:
        from . import athena

        limits = athena.Limits(options.max_gb, options.athena_output, options.dry_run)
        yield from athena.fetched(options.athena, span, limits, _access(options), folder)
    if options.lake:
        from . import lake

        yield from lake.fetched(options.lake, span, _access(options), folder, dry=options.dry_run)
    for source in options.sources:
        if source.startswith(BUCKET):
            from .s3 import stored

            found: Iterator[Input] = stored(source, *span, _access(options))
        else:
            found = local(source)
        first = next(found, None)
        if first is None:
            problem(source, "no log file is there" + (", of these days" if options.since else ""))
            continue
        yield first
        yield from found


def _cannot(problem: str) -> int:
    sys.stderr.write(f"{problem}\n")
    return UNREADABLE


def _report(options: argparse.Namespace, workspace: Any, summary: Any) -> None:  # noqa: ANN401 - imported when it is needed
    from . import lines

    if options.html:
        from .page import MOST_INCIDENTS, write_page

        with Path(options.html).open("w", encoding="utf-8") as out:
            write_page(out, summary, workspace.worst(MOST_INCIDENTS))
    if options.csv and options.csv != "-":
        with Path(options.csv).open("w", encoding="utf-8", newline="") as out:
            lines.write_csv(out, workspace.documents())
    if options.csv == "-":
        lines.write_csv(sys.stdout, workspace.documents())
    elif options.json:
        lines.write_json(sys.stdout, workspace.documents(), summary)
    else:
        _show(workspace, summary, sys.stdout)


def _show(workspace: Any, summary: Any, out: TextIO) -> None:  # noqa: ANN401 - as above
    from . import table

    table.show(Output(file=out), summary, workspace.worst(table.MOST_ROWS))
