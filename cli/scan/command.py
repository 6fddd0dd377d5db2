"""``keywatch scan``: the options, and what happens in which order."""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from ..help import Help, examples, exit_codes
from ..terminal import Output, reader_may_leave

if TYPE_CHECKING:
    from .inputs import Input
    from .s3 import Access
    from .workspace import Workspace

NAME = "scan"
FOUND_NOTHING, FOUND, UNREADABLE = 0, 1, 2
_DESCRIPTION = (
    "Read CloudTrail's log files, and tell what KeyWatch would have told: which calls failed because a KMS key "
    "was missing or unusable, why, since when, and who changed it. Needs no deployment."
)
_HELP = "What happened before it was deployed, from CloudTrail's log files."
_EXAMPLES = (
    "scan ./logs",
    "scan s3://bucket/AWSLogs --since 90d --html report.html",
    "scan --athena default.cloudtrail_logs --since 2026-03-01 --json",
)
_EXIT_CODES = ("nothing found", "something found", "something could not be read")


def add_parser(names: Any) -> None:  # noqa: ANN401 - argparse keeps the type of sub-parsers for itself
    """Add ``scan`` to the command line."""
    epilog = f"{examples(*_EXAMPLES)}\n\n{exit_codes(*_EXIT_CODES)}"
    one = names.add_parser(
        NAME,
        help=_HELP,
        description=_DESCRIPTION,
        epilog=epilog,
        formatter_class=Help,
    )
    one.add_argument(
        "sources",
        nargs="*",
        metavar="SOURCE",
        help="a log file (.json.gz, .json), a folder, or s3://bucket/prefix",
    )
    one.add_argument(
        "--since",
        type=moment,
        metavar="TIME",
        help="failures from this day or time on (UTC), or the last 90d, 12h",
    )
    one.add_argument(
        "--until", type=moment, metavar="TIME", help="failures before this day or time (UTC)"
    )
    one.add_argument(
        "--json",
        action="store_true",
        help="print JSON Lines: one incident a line, the summary last",
    )
    one.add_argument(
        "--csv", metavar="FILE", help="write the incidents as CSV (- for standard output)"
    )
    one.add_argument(
        "--html", metavar="FILE", help="write the report as one HTML page that needs nothing else"
    )
    one.add_argument(
        "--jobs",
        type=_jobs,
        metavar="N",
        help="how many processes read (default: one a processor, at most 8)",
    )
    one.add_argument(
        "--state", metavar="FILE", help="keep what is read in FILE, and go on from there next time"
    )

    one.add_argument(
        "--athena",
        metavar="DATABASE.TABLE",
        help="run the filter as SQL in Athena, on a table of CloudTrail's logs",
    )
    one.add_argument(
        "--max-gb",
        type=float,
        default=100.0,
        metavar="GB",
        help="the most that --athena may read (default: 100)",
    )
    one.add_argument(
        "--athena-output",
        metavar="S3_URL",
        help="where Athena writes its results, if the workgroup does not say it",
    )
    one.add_argument(
        "--lake",
        metavar="EVENT_DATA_STORE",
        help="run the filter as SQL in CloudTrail Lake, on an event data store (its id or ARN)",
    )
    one.add_argument("--profile", help="the profile of the AWS configuration to ask AWS with")
    one.add_argument("--region", help="the Region of Athena, of the event data store, of the bus")
    one.add_argument(
        "--requester-pays", action="store_true", help="pay for what is read of a bucket of others"
    )
    one.add_argument(
        "--to-bus",
        type=_source,
        metavar="SOURCE",
        help="put what failed, and the changes of it, on an event bus under this private source "
        "(extra_event_sources), to try a deployment",
    )
    one.add_argument("--bus", default="default", metavar="NAME", help="the bus (default: default)")
    one.add_argument(
        "--per-second",
        type=_pace,
        default=100.0,
        metavar="N",
        help="the most events that --to-bus puts in a second (default: 100)",
    )
    one.add_argument(
        "--dry-run",
        action="store_true",
        help="only say what --to-bus would put, or what --athena or --lake would run",
    )


def moment(text: str) -> datetime:
    """Read a day, a time or a span (``90d``, ``12h``) before now as a time in UTC. Raises ``ArgumentTypeError``."""
    if text[-1:] in {"d", "h"} and text[:-1].isdecimal() and len(text) < 6:  # noqa: PLR2004 - 9999 days at most
        unit = "days" if text.endswith("d") else "hours"
        return datetime.now(UTC) - timedelta(**{unit: int(text[:-1])})
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            "must be like 2026-03-01, 2026-03-01T12:00 or 90d"
        ) from None
    return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)


def _jobs(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 64:  # noqa: PLR2004 - no machine is better served by more
        raise argparse.ArgumentTypeError("must be a number from 1 to 64")
    return int(text)


def _source(text: str) -> str:
    from .replay import source_problem

    if problem := source_problem(text):
        raise argparse.ArgumentTypeError(problem)
    return text


def _pace(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0.01 <= number <= 10_000:  # noqa: PLR2004 - PutEvents takes no more in any Region
        raise argparse.ArgumentTypeError("must be a number from 0.01 to 10000")
    return number


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

    asks = bool(options.athena or options.lake)
    if not (options.sources or asks):
        return _cannot(
            "Name a SOURCE to read, or --athena DATABASE.TABLE, or --lake EVENT_DATA_STORE."
        )
    summary = Summary()
    try:
        size = None if asks else size_of(options.sources)
        opened = Workspace(path)
    except (NoSuchSource, NoWorkspace) as problem:
        return _cannot(str(problem))
    with closing(opened) as workspace:
        inputs = _inputs(options, folder)
        try:
            jobs = options.jobs or jobs_here()
            reading_with_progress(inputs, size, path, jobs, summary.add_reading)
        except NoSuchSource as problem:
            return _cannot(str(problem))
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


def _inputs(options: argparse.Namespace, folder: Path) -> Iterator["Input"]:
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

            yield from stored(source, options.since, options.until, _access(options))
        else:
            yield from local(source)


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
