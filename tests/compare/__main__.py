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
    before: str, after: str | None = None, parts: Sequence[str] = PARTS, *, reduced: bool = False
) -> dict[str, Compared]:
    """Compare the revision ``before`` with another, or with the work tree; return what was found, by part."""
    reviewed = Reviewed.read()
    with trees.laid_out(before) as old_tree, trees.laid_out(after) as new_tree:
        sides = _sides(old_tree, new_tree, parts, given(reduced=reduced))
        return {part: report.compared(old, new, reviewed) for part, old, new in sides}


def _sides(
    before: Tree, after: Tree, parts: Sequence[str], inputs: dict[str, Any]
) -> Iterator[tuple[str, Cases, Cases]]:
    """Yield what the two versions did, by part."""
    for part in ("explain", "templates"):
        if part in parts:
            old, new = (tree.capture(part, inputs)["cases"] for tree in (before, after))
            yield part, old, new
    if "scenarios" in parts or "tables" in parts:
        old, new = (tree.capture("scenarios", inputs) for tree in (before, after))
        yield "scenarios", old["cases"], new["cases"]
        if "tables" in parts:
            onward = after.capture("scenarios", inputs | {"tables": old["tables"]})["cases"]
            back = before.capture("scenarios", inputs | {"tables": new["tables"]})["cases"]
            yield (
                "tables of before, read after",
                {n: old["cases"].get(n, "") for n in onward},
                onward,
            )
            yield "tables of after, read before", back, {n: new["cases"].get(n, "") for n in back}
    if "snapshots" in parts:
        was = snapshots.of(before.path)
        yield "snapshots", was, snapshots.followed(was, snapshots.of(after.path))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.compare", description=__doc__)
    parser.add_argument("what", nargs="?", default="behaviour", choices=sorted(_WHAT))
    parser.add_argument(
        "--before", default=trees.BEFORE, metavar="REVISION", help="the version to compare with"
    )
    parser.add_argument(
        "--after", metavar="REVISION", help="the other one; without it, the work tree"
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
    compared = compare(options.before, options.after, options.only or PARTS)
    for part in compared.values():
        for text in report.diffs(part.found, options.most):
            sys.stdout.write(text + "\n")
    for line in report.summary(compared):
        sys.stdout.write(line + "\n")
    return int(any(part.found for part in compared.values()))


def _hops(options: argparse.Namespace) -> int:
    for name, tree in _both(options):
        for warmth, counts in tree.capture("hops", {}).items():
            said = ", ".join(f"{count} {what}" for what, count in counts.items())
            sys.stdout.write(f"{name:<10} one record to its alert, {warmth}: {said}\n")
    return 0


def _sizes(options: argparse.Namespace) -> int:
    for name, tree in _both(options):
        if tree.commit:
            trees.formatted(tree)
        sys.stdout.writelines(f"{name:<10} {line}\n" for line in sizes(tree.path).lines())
    return 0


def _both(options: argparse.Namespace) -> Iterator[tuple[str, Tree]]:
    for revision in (options.before, options.after):
        with trees.laid_out(revision) as tree:
            yield revision or "now", tree


_WHAT: dict[str, Callable[[argparse.Namespace], int]] = {
    "behaviour": _behaviour,
    "hops": _hops,
    "sizes": _sizes,
}

if __name__ == "__main__":
    sys.exit(main())
