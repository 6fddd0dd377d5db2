"""``python -m tests.worlds --worlds 300 --first 1``: live through worlds, judge them, print the figures and examples.

``--seed N -v`` tells one world's story: who did what, which calls failed and why, what was sent, and what is wrong with it.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.worlds.report import report, tell
from tests.worlds.trial import run


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.worlds", description=__doc__)
    parser.add_argument("--worlds", type=int, default=300, help="how many (300)")
    parser.add_argument("--first", type=int, default=1, help="the first seed (1)")
    parser.add_argument("--seed", type=int, help="one world only")
    parser.add_argument("--jobs", default="1", help="processes, or auto (1)")
    parser.add_argument(
        "--only", default="", help="episodes to tell in every world, apart by commas"
    )
    parser.add_argument("--examples", type=int, default=5, help="examples of each kind (5)")
    parser.add_argument("--json", type=Path, help="write the figures and all findings to this file")
    parser.add_argument("-v", "--verbose", action="store_true", help="tell each world's story")
    options = parser.parse_args(arguments)
    only = tuple(filter(None, options.only.split(",")))
    if options.seed is not None:
        sys.stdout.write(tell(options.seed, only))
        return 0
    trial = run(options.worlds, options.first, only=only, jobs=_jobs(options.jobs))
    sys.stdout.write(report(trial, options.examples))
    if options.json:
        options.json.write_text(json.dumps(trial.as_json(), indent=1))
    return 0 if trial.good else 1


def _jobs(text: str) -> int:
    return int(text) if text.isdigit() else os.cpu_count() or 1


if __name__ == "__main__":
    sys.exit(main())
