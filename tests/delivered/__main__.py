"""``python -m tests.delivered``: what the present product makes of logs as they really arrive.

``-v`` lists every miss with the lines that were delivered, ``--by`` groups the table, ``--alone`` delivers each event by itself,
``--full`` takes every pair of call and logger, ``--corpus`` judges the collected texts, ``--grid``
the print formats, ``--ordinary`` the false alarms and ``--reports`` our own reports.
"""

import argparse
import sys

from tests.delivered import delivery, formats, measure, ordinary, outputs, reports, streams

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
    parser.add_argument("--carriers", nargs="*", default=list(delivery.CARRIERS), metavar="CARRIER")
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
    table = measure.scores(
        measure.cases(found, options.carriers, alone=options.alone), keys[options.by]
    )
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


def grid(options: argparse.Namespace) -> None:
    """Print the table of the print formats: delivered line by line, and explained as a whole."""
    cells = list(formats.grid(every=1 if options.full else 8))
    by_prefix = options.by != "logger"
    texts = [(cell.id, (cell.sdk, cell.prefix, "grid"), cell.text, cell.truth) for cell in cells]
    show(
        measure.scores(measure.delivered_texts(texts), lambda c: c.kind[1 if by_prefix else 0]),
        verbose=options.verbose,
    )
    show(
        measure.scores(measure.explained(texts), lambda c: c.kind[1 if by_prefix else 0]),
        verbose=False,
    )


def ordinary_lines(options: argparse.Namespace) -> None:
    """Print how many ordinary lines give a signal, each line judged alone and in its stream."""
    found = [*ordinary.lines(40_000 if options.full else 10_000), *ordinary.own_lines()]
    for kind, alarms, count in measure.false_alarms(found):
        say(f"{kind:12} {len(alarms):5} false in {count:6} lines ({len(alarms) / count:.3%})")
        if options.verbose:
            for line, said in alarms:
                say(f"    {said.cause} ({said.confidence}) {said.identifier}\n    | {line[:300]}")


def own_reports(options: argparse.Namespace) -> None:
    """Print how our own reports are explained and read from a log, by kind of fault."""
    _judged(list(reports.own()), verbose=options.verbose)


def collected(options: argparse.Namespace) -> None:
    """Print which collected texts deviate from their labels; doubtful ones too in a full run."""
    found = list(reports.collected(unsure=options.full))
    if not found:
        say("The collected texts are not part of a clone; there is nothing to judge.")
        return
    _judged(found, verbose=True)


def _judged(found: list, *, verbose: bool) -> None:
    table: dict[str, list[int]] = {}
    for report in found:
        row = table.setdefault(report.kind, [0, 0, 0])
        row[0] += 1
        for column, judge in ((1, reports.explained), (2, reports.arrived)):
            wrong = judge(report)
            row[column] += not wrong
            if wrong and verbose:
                say(f"{report.kind} {report.id} {judge.__name__}: {'; '.join(wrong)}")
                say(f"    | {report.text[:400]!r}")
    table["all"] = [sum(row[column] for row in table.values()) for column in range(3)]
    say(f"\n{'':8}{'reports':>8}{'explained':>11}{'arrived':>9}")
    for kind, (count, explained, arrived) in sorted(table.items()):
        say(f"{kind:8}{count:8}{explained:11}{arrived:9}")


def several(options: argparse.Namespace) -> None:
    """Print whether several failing calls in one stream are as many signals."""
    found = list(streams.streams(outputs.outputs(every=1 if options.full else outputs.SAMPLE)))
    for kind in ("repeated", "different", "at once"):
        judged = [(stream, streams.judge(stream)) for stream in found if stream.kind == kind]
        calls, seen, signals = (sum(row[column] for _, row in judged) for column in range(3))
        say(
            f"{kind:10} {calls:5} calls, {seen / calls:.3f} of them have a signal, {signals / calls:.3f} signals a call"
        )
        for stream, (count, known, said) in judged if options.verbose else ():
            if not count == known == said:
                say(f"    {stream.id}: {count} calls, {known} known, {said} signals")


_TABLES = {
    "programs": programs,
    "grid": grid,
    "ordinary": ordinary_lines,
    "reports": own_reports,
    "corpus": collected,
    "streams": several,
}

if __name__ == "__main__":
    main()
