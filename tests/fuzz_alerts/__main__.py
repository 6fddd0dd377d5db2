"""``python -m tests.fuzz_alerts --alerts 100000``: hostile alerts in every form, every command in a shell; prints the figures."""

import argparse
import os
import sys
from collections.abc import Sequence

from tests.fuzz_alerts.trial import Figures, run

KINDS = (
    "link",
    "mention",
    "markup",
    "extra line",
    "extra command",
    "extra argument",
    "extra effect",
)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz_alerts", description=__doc__)
    parser.add_argument("--alerts", type=int, default=2_000, help="how many (2,000)")
    parser.add_argument("--first", type=int, default=1, help="the seed of the first (1)")
    parser.add_argument("--jobs", default="1", help="processes, or auto (1)")
    options = parser.parse_args(arguments)
    jobs = int(options.jobs) if options.jobs.isdigit() else os.cpu_count() or 1
    figures = run(options.alerts, options.first, jobs)
    sys.stdout.write(report(figures, options.alerts))
    return 1 if figures.faults else 0


def report(figures: Figures, alerts: int) -> str:
    """Return the figures as text: what was looked at, and how many of each kind of fault, with examples."""
    kinds = dict.fromkeys((*KINDS, *(kind for _, kind in figures.faults)))
    total = {kind: sum(n for (_, of), n in figures.faults.items() if of == kind) for kind in kinds}
    lines = [
        f"{alerts:,} hostile alerts",
        *(f"  {n:>9,} {form}" for form, n in figures.looked_at.items()),
    ]
    lines += ["faults", *(f"  {n:>9,} {kind}" for kind, n in total.items())]
    for (form, kind), examples in figures.examples.items():
        lines += [
            f"{form}, {kind}: {figures.faults[form, kind]:,}",
            *(f"    {one}" for one in examples),
        ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
