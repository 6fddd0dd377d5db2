"""``./keywatch check|explain|sweep|doctor``: ask KeyWatch. The make targets of the same names call this too.

Exit codes: 0 usable, 1 not usable, 2 cannot tell (also: a bad request, no deployment, no
credentials).
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from cli import outcome, show
from cli.deployed import Answer, CannotAskError, Deployed

Ask = Callable[[Answer], Answer]
_RECORD_MARKS = ("eventSource", "detail-type", "Records", "detail")


def main(arguments: Sequence[str] | None = None, ask: Ask | None = None, stdin: Any = None) -> int:  # noqa: ANN401 - a text file
    """Run the command line; return the exit code. ``ask`` and ``stdin`` stand in for the function and the input in tests."""
    options = _parser().parse_args(arguments)
    console = Console(soft_wrap=False, stderr=False)
    try:
        answer = _ACTIONS[options.action](options, ask, stdin or sys.stdin)
    except CannotAskError as problem:
        Console(stderr=True).print(str(problem), style="red", markup=False, highlight=False)
        return outcome.CANNOT_TELL
    if options.json:
        sys.stdout.write(json.dumps(answer, indent=2, ensure_ascii=False) + "\n")
    else:
        show.show(console, options.action, answer)
    return outcome.of(options.action, answer)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./keywatch", description="Ask KeyWatch about KMS keys, risks, and its own health."
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="print the answer as JSON")
    common.add_argument(
        "--stack", help="the stack's name, if it is not KeyWatch or KeyWatch-<Region>"
    )
    actions = parser.add_subparsers(dest="action", required=True)
    check = actions.add_parser(
        "check", parents=[common], help="can these keys be used, and if not, why?"
    )
    check.add_argument("key", nargs="+", help="key ids, ARNs or aliases")
    check.add_argument("--region", help="look in this Region")
    check.add_argument(
        "--wait",
        type=float,
        default=0,
        metavar="SECONDS",
        help="wait until the keys are usable, at most 300 seconds",
    )
    check.add_argument(
        "--notify", action="store_true", help="also send the result to the alert topic"
    )
    actions.add_parser(
        "explain",
        parents=[common],
        help="what does the text or record on standard input mean? (no deployment)",
    )
    sweep = actions.add_parser(
        "sweep", parents=[common], help="every key, alias and key store at risk"
    )
    sweep.add_argument(
        "--notify", action="store_true", help="also send the result to the alert topic"
    )
    actions.add_parser("doctor", parents=[common], help="is this deployment working?")
    return parser


def _check(options: argparse.Namespace, ask: Ask | None, _stdin: object) -> Answer:
    request: Answer = {
        "action": "check",
        "key_id": options.key,
        "wait_seconds": options.wait,
        "notify": options.notify,
    }
    where: Answer = {"region": options.region} if options.region else {}
    return _asking(ask, options)(request | where)


def _explain(_options: argparse.Namespace, _ask: Ask | None, stdin: Any) -> Answer:  # noqa: ANN401 - a text file
    """Explain right here: it needs neither AWS nor a deployment."""
    from handler import handler

    text = stdin.read()
    answer = handler({"action": "explain", **_as_text_or_record(text)})
    return answer if isinstance(answer, dict) else {}


def _as_text_or_record(text: str) -> Answer:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {"text": text}
    return (
        {"record": value}
        if isinstance(value, dict) and any(mark in value for mark in _RECORD_MARKS)
        else {"text": text}
    )


def _sweep(options: argparse.Namespace, ask: Ask | None, _stdin: object) -> Answer:
    """Sweep until everything is seen, however many calls of the function that takes."""
    asking = _asking(ask, options)
    columns = (TextColumn("sweeping"), BarColumn(), MofNCompleteColumn(), TextColumn("keys"))
    parts: list[Answer] = []
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("sweep", total=None)
        while not parts or parts[-1].get("resume"):
            resume: Answer = {"resume": parts[-1]["resume"]} if parts else {}
            part = asking({"action": "sweep", "notify": options.notify, **resume})
            if "error" in part:
                return part
            parts.append(part)
            progress.update(
                task, completed=part["progress"]["keys_done"], total=part["progress"]["keys_total"]
            )
    return _joined(parts)


_SEVERITIES = ("critical", "high", "warning", "info")


def _joined(parts: Sequence[Answer]) -> Answer:
    """Return the answers of one sweep as one; the worst stays first, and what is due first comes before what is due later."""
    findings = [finding for part in parts for finding in part["findings"]]
    findings.sort(
        key=lambda found: (_SEVERITIES.index(found["severity"]), found["deadline"] or "9999")
    )
    counts: dict[str, int] = {}
    for part in parts:
        for risk, count in part["counts"].items():
            counts[risk] = counts.get(risk, 0) + count
    return parts[-1] | {
        "findings": findings,
        "counts": counts,
        "left_out": sum(part["left_out"] for part in parts),
        "unknowns": list(dict.fromkeys(unknown for part in parts for unknown in part["unknowns"])),
    }


def _doctor(options: argparse.Namespace, ask: Ask | None, _stdin: object) -> Answer:
    return _asking(ask, options)({"action": "doctor"})


def _asking(ask: Ask | None, options: argparse.Namespace) -> Ask:
    return ask or Deployed(stack=options.stack).ask


_ACTIONS = {"check": _check, "explain": _explain, "sweep": _sweep, "doctor": _doctor}

if __name__ == "__main__":
    sys.exit(main())
