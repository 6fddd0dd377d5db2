"""The options of ``keywatch scan``."""

import argparse
from datetime import UTC, datetime, timedelta
from typing import Any

from ..help import Help, examples, exit_codes

NAME = "scan"
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


def problem_of(options: argparse.Namespace) -> str | None:
    """Return what is wrong between options that are right each by itself."""
    if not (options.sources or options.athena or options.lake):
        return "Name a SOURCE to read, or --athena DATABASE.TABLE, or --lake EVENT_DATA_STORE."
    if options.since and options.until and options.since >= options.until:
        return "--until must be later than --since."
    return None
