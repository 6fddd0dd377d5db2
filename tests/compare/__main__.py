"""``python -m tests.compare``: do two versions of KeyWatch behave alike? Also ``hops`` and ``sizes``.

Exit code 1 where anything differs that was not reviewed. Reviewed are ``reworded.json`` (``old`` and ``new`` texts;
``{*}`` in one stands for what the case fills in) and
``accepted.json`` (changes of behaviour: ``case``, a pattern of names as the summary shows them; ``drop``, an expression
for the text that is not compared there; ``why``).
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tests.compare import report, snapshots, trees
from tests.compare.given import given
from tests.compare.report import Cases, Compared, Reviewed
from tests.compare.sizes import sizes
from tests.compare.trees import Tree

PARTS = ("explain", "scenarios", "tables", "templates", "snapshots")


def compare(
    revision: str, parts: Sequence[str] = PARTS, *, reduced: bool = False
) -> dict[str, Compared]:
    """Compare ``revision`` with the work tree; return what was found, by part."""
    reviewed = Reviewed.read()
    with trees.laid_out(revision) as before:
        sides = _sides(revision, before, parts, given(reduced=reduced))
        return {part: report.compared(old, new, reviewed) for part, old, new in sides}


def _sides(
    revision: str, before: Tree, parts: Sequence[str], inputs: dict[str, Any]
) -> Iterator[tuple[str, Cases, Cases]]:
    """Yield what the version before did and what the work tree does, by part."""
    for part in ("explain", "templates"):
        if part in parts:
            old, new = (tree.capture(part, inputs)["cases"] for tree in (before, trees.NOW))
            yield part, old, new
    if "scenarios" in parts or "tables" in parts:
        old, new = (tree.capture("scenarios", inputs) for tree in (before, trees.NOW))
        yield "scenarios", old["cases"], new["cases"]
        if "tables" in parts:
            onward = trees.NOW.capture("scenarios", inputs | {"tables": old["tables"]})["cases"]
            back = before.capture("scenarios", inputs | {"tables": new["tables"]})["cases"]
            yield (
                "tables of before, read now",
                {name: old["cases"][name] for name in onward},
                onward,
            )
            yield "tables of now, read before", back, {name: new["cases"][name] for name in back}
    if "snapshots" in parts:
        was = snapshots.before(revision)
        yield "snapshots", was, snapshots.followed(was, snapshots.now())


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
    compared = compare(options.before, options.only or PARTS)
    for part in compared.values():
        for text in report.diffs(part.found, options.most):
            sys.stdout.write(text + "\n")
    for line in report.summary(compared):
        sys.stdout.write(line + "\n")
    return int(any(part.found for part in compared.values()))


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
