"""``python -m tests.scale --accounts 1000 --hours 2``: drive a hub with the traffic of many spokes and print what it did."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.scale.simulation import STORM, Size, as_json, simulate


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.scale", description=__doc__)
    parser.add_argument("--accounts", type=int, default=1_000, help="how many (1000)")
    parser.add_argument("--regions", type=int, default=5, help="of each account, at most 5 (5)")
    parser.add_argument("--hours", type=int, default=2, help="to live through (2)")
    parser.add_argument("--storm", type=int, default=STORM, help=f"failures of one key ({STORM})")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--clients", action="store_true", help="let sessions hold boto3's clients, for their memory"
    )
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    given = parser.parse_args(arguments)
    logging.getLogger("keywatch.tests").setLevel(logging.CRITICAL)
    figures = simulate(
        Size(given.accounts, given.regions, given.hours, given.storm, given.seed, given.clients)
    )
    for name, value in figures.rows():
        sys.stdout.write(f"{name:32} {value}\n")
    if given.json:
        given.json.write_text(as_json(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
