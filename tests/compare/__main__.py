"""``python -m tests.compare``: do two versions of KeyWatch behave alike? Also ``hops`` and ``sizes``.

Exit code 1 where anything differs that was not reviewed (``reworded.json``: old and new texts).
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from typing import Any

from tests.compare import report, snapshots, trees
from tests.compare.given import given
from tests.compare.report import Cases, Difference
from tests.compare.sizes import sizes
from tests.compare.trees import Tree

Compared = dict[str, tuple[Cases, list[Difference]]]
PARTS = ("explain", "scenarios", "tables", "templates", "snapshots")


def compare(revision: str, parts: tuple[str, ...] = PARTS, *, reduced: bool = False) -> Compared:
    """Compare ``revision`` with the work tree."""
    with trees.laid_out(revision) as before:
        return dict(_compared(revision, before, parts, given(reduced=reduced)))


def _compared(
    revision: str, before: Tree, parts: tuple[str, ...], inputs: dict[str, Any]
) -> Iterator[Any]:
    pairs = report.reviewed()

    def judged(old: Cases, new: Cases) -> tuple[Cases, list[Difference]]:
        return old, list(report.differences(old, new, pairs))

    for part in ("explain", "templates"):
        if part in parts:
            yield (
                part,
                judged(*(tree.capture(part, inputs)["cases"] for tree in (before, trees.NOW))),
            )
    if "scenarios" in parts or "tables" in parts:
        old, new = (tree.capture("scenarios", inputs) for tree in (before, trees.NOW))
        yield "scenarios", judged(old["cases"], new["cases"])
        if "tables" in parts:
            onward = trees.NOW.capture("scenarios", inputs | {"tables": old["tables"]})["cases"]
            back = before.capture("scenarios", inputs | {"tables": new["tables"]})["cases"]
            yield (
                "tables of before, read now",
                judged({name: old["cases"][name] for name in onward}, onward),
            )
            yield (
                "tables of now, read before",
                judged(back, {name: new["cases"][name] for name in back}),
            )
    if "snapshots" in parts:
        was = snapshots.before(revision)
        yield "snapshots", judged(was, snapshots.followed(was, snapshots.now()))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.compare", description=__doc__)
    parser.add_argument("what", nargs="?", default="behaviour", choices=sorted(_WHAT))
    parser.add_argument(
        "--before", default=trees.BEFORE, metavar="REVISION", help="the version to compare with"
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=PARTS,
        help="compare only this (may be given several times)",
    )
    parser.add_argument(
        "--most", type=int, default=20, help="how many differences of each part to show"
    )
    return _WHAT[(options := parser.parse_args(arguments)).what](options)


def _behaviour(options: argparse.Namespace) -> int:
    compared = compare(options.before, tuple(options.only or PARTS))
    for _, found in compared.values():
        for text in report.diffs(found, options.most):
            sys.stdout.write(text + "\n")
    for line in report.summary(compared):
        sys.stdout.write(line + "\n")
    return int(any(found for _, found in compared.values()))


def _hops(options: argparse.Namespace) -> int:
    with trees.laid_out(options.before) as before:
        for name, tree in ((options.before, before), ("now", trees.NOW)):
            for warmth, counts in tree.capture("hops", {}).items():
                said = ", ".join(f"{count} {what}" for what, count in counts.items())
                sys.stdout.write(f"{name:<10} one record to its alert, {warmth}: {said}\n")
    return 0


def _sizes(options: argparse.Namespace) -> int:
    with trees.laid_out(options.before) as before:
        trees.formatted(before)
        for name, tree in ((options.before, before), ("now", trees.NOW)):
            sys.stdout.writelines(f"{name:<10} {line}\n" for line in sizes(tree.path).lines())
    return 0


_WHAT: dict[str, Callable[[argparse.Namespace], int]] = {
    "behaviour": _behaviour,
    "hops": _hops,
    "sizes": _sizes,
}

if __name__ == "__main__":
    sys.exit(main())
