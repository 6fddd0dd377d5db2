"""What two versions did, side by side: reviewed texts are taken for equal, all else that differs is printed."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

REVIEWED = Path(__file__).parent / "reworded.json"
Cases = Mapping[str, str]


@dataclass(frozen=True)
class Difference:
    """One case in which the two versions differ; ``None`` where one of them has no such case."""

    name: str
    before: str | None
    after: str | None

    def diff(self, context: int = 2) -> str:
        """Return it as a unified diff."""
        sides = ((self.before or "").splitlines(), (self.after or "").splitlines())
        return "\n".join(
            unified_diff(
                *sides, f"before: {self.name}", f"after: {self.name}", lineterm="", n=context
            )
        )


def reviewed() -> dict[str, str]:
    """Return the reviewed texts: old → new, the longest first, so that none spoils another that it is part of."""
    pairs: list[dict[str, str]] = json.loads(REVIEWED.read_text(encoding="utf-8"))
    return {pair["old"]: pair["new"] for pair in sorted(pairs, key=lambda pair: -len(pair["old"]))}


def reworded(text: str, pairs: Mapping[str, str]) -> str:
    """Return what the version before said in the words of today."""
    for old, new in pairs.items():
        text = text.replace(_inside(old), _inside(new))
    return text


def _inside(text: str) -> str:
    """Return a text as it stands within JSON."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def differences(before: Cases, after: Cases, pairs: Mapping[str, str]) -> Iterator[Difference]:
    """Yield the cases that differ, in the order of the version before."""
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name), after.get(name)
        said = reworded(old, pairs) if old is not None else None
        if said != new:
            yield Difference(name, said, new)


def summary(compared: Mapping[str, tuple[Cases, list[Difference]]]) -> Iterator[str]:
    """Yield a line for each part that was compared, and the groups in which something differs."""
    for part, (cases, found) in compared.items():
        yield f"{part:<28} {len(cases):>6} cases, {len(found)} differ"
        groups = Counter(difference.name.partition(" / ")[0] for difference in found)
        yield from (f"    {count:>5}  {group}" for group, count in groups.most_common(12))


def diffs(found: Iterable[Difference], most: int) -> Iterator[str]:
    """Yield the unified diffs of the first ``most`` differences, and how many are left."""
    listed = list(found)
    yield from (difference.diff() for difference in listed[:most])
    if len(listed) > most:
        yield f"... and {len(listed) - most} more (--most {len(listed)} shows all)"
