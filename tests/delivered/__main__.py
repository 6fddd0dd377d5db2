"""``python -m tests.delivered``: what the present product makes of logs as they really arrive.

``-v`` lists every miss with the lines that were delivered, ``--by`` groups the table, ``--alone`` delivers each event by itself,
``--full`` takes every pair of call and logger, ``--corpus`` judges the collected texts, ``--grid``
the print formats, ``--ordinary`` the false alarms and ``--reports`` our own reports.
"""

import argparse
import sys

from tests.delivered import measure, outputs

_HEAD = f"{'':34} {'calls':>6} {'recall':>7} {'cause':>7} {'ident.':>7} {'signals':>8} {'req.id':>6} {'certain':>7} {'false':>9}"


def main() -> None:
    """Print the tables that were asked for."""
    options = _options()
    chosen = [name for name in _TABLES if getattr(options, name)] or ["programs"]
    for name in chosen:
        _TABLES[name](options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.delivered", description=__doc__)
    parser.add_argument("-v", "--verbose", action="store_true", help="list the misses")
    parser.add_argument("--full", action="store_true", help="every pair of call and logger")
    parser.add_argument("--alone", action="store_true", help="each event in a delivery of its own")
    parser.add_argument("--by", choices=("sdk", "logger", "carrier", "call"), default="logger")
    for name in _TABLES:
        parser.add_argument(f"--{name}", action="store_true")
    return parser.parse_args()


def programs(options: argparse.Namespace) -> None:
    """Print the table of the programs with real SDKs."""
    found = outputs.outputs(every=1 if options.full else outputs.SAMPLE)
    keys = {
        "sdk": lambda c: c.kind[0],
        "logger": lambda c: f"{c.kind[0]} {c.kind[1]}",
        "carrier": lambda c: c.kind[2],
        "call": lambda c: c.id.split("/")[2],
    }
    table = measure.scores(measure.cases(found, alone=options.alone), keys[options.by])
    show(table, verbose=options.verbose)


def show(table: dict, *, verbose: bool) -> None:
    """Print one row for each group, and the misses where asked for."""
    say(_HEAD)
    for name, score in sorted(table.items(), key=lambda item: (item[0] == "all", str(item[0]))):
        rates = [score.rate(rate) for rate in ("recall", "cause", "identifier", "signals")]
        false = f"{score.false}/{score.quiet}"
        say(
            f"{name!s:34.34} {score.calls:6} {rates[0]:7.3f} {rates[1]:7.3f} {rates[2]:7.3f} {rates[3]:8.3f} "
            f"{score.request_ids:6} {score.certain_wrong:7} {false:>9}"
        )
    say(f"\n{dict(measure.problems(table['all']))}")
    if verbose:
        for problem, case, said in table["all"].misses:
            _miss(problem, case, said)


def _miss(problem: str, case: measure.Case, said: list) -> None:
    say(
        f"\n--- {problem}: {case.id}\n    expected {case.truth.causes} {sorted(case.truth.names) if case.truth.named else ''}"
    )
    for one in said:
        say(f"    said {one.cause} ({one.confidence}) {one.identifier} {one.code or ''}")
    shown = case.passed or case.events
    say(
        f"    {len(case.passed)} of {len(case.events)} events passed the filter"
        + ("" if case.passed else "; none of:")
    )
    for event in shown[:12]:
        say(f"    | {event.message[:600]}")


def say(text: str) -> None:
    """Print one line."""
    sys.stdout.write(text + "\n")


_TABLES = {"programs": programs}

if __name__ == "__main__":
    main()
