"""What two versions did, side by side: reviewed texts and changes are taken for equal, all else that differs is printed."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import unified_diff
from fnmatch import fnmatchcase
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

REWORDED = Path(__file__).parent / "reworded.json"
ACCEPTED = Path(__file__).parent / "accepted.json"
Cases = Mapping[str, str]
ANYTHING = "{*}"  # in a reviewed text: what the case at hand fills in
_BREAKS = re.compile(r"(?:\\n|\s)+")
_OWN = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+")


@dataclass(frozen=True)
class Difference:
    """One case in which the two versions differ; ``None`` where one of them has no such case."""

    name: str
    before: str | None
    after: str | None

    def diff(self, context: int = 2) -> str:
        """Return it as a unified diff; texts of several lines are shown as such."""
        sides = (_lines(self.before), _lines(self.after))
        titles = (f"before: {self.name}", f"after: {self.name}")
        return "\n".join(unified_diff(*sides, *titles, lineterm="", n=context))

    def changed(self) -> list[str]:
        """Return the lines that are gone (``-``) or new (``+``)."""
        return [line for line in self.diff(0).splitlines()[2:] if line[:1] in {"-", "+"}]


def _lines(text: str | None) -> list[str]:
    return (text or "").replace("\\n", "\n").splitlines()


@dataclass(frozen=True)
class Accepted:
    """A reviewed change of behaviour: in cases whose name fits ``case``, what fits ``drop`` is left out; ``why`` that is right.

    ``drop`` is an expression for text in one line: breaks are blanks by then.
    """

    case: str
    drop: str
    why: str

    def without(self, name: str, text: str) -> str:
        """Return what is left to compare of a case."""
        return re.sub(self.drop, "", text) if fnmatchcase(name, self.case) else text


@dataclass(frozen=True)
class Reviewed:
    """What was reviewed: texts (old → new, the longest first, as one may be part of another) and changes of behaviour."""

    texts: Mapping[str, str] = field(default_factory=dict)
    changes: tuple[Accepted, ...] = ()

    @classmethod
    def read(cls) -> "Reviewed":
        """Read ``reworded.json`` and ``accepted.json``."""
        pairs: list[dict[str, str]] = json.loads(REWORDED.read_text(encoding="utf-8"))
        texts = {
            pair["old"]: pair["new"] for pair in sorted(pairs, key=lambda pair: -len(pair["old"]))
        }
        changes: list[dict[str, Any]] = json.loads(ACCEPTED.read_text(encoding="utf-8"))
        return cls(texts, tuple(Accepted(**change) for change in changes))

    def reworded(self, text: str) -> str:
        """Return what the version before said in the words of today."""
        for old, new in self._old:
            text = old.sub(lambda _, new=new: new, text)
        return self.canonical(text)

    def canonical(self, text: str) -> str:
        """Return what today's version says, with ``{*}`` for what a reviewed text fills in there."""
        for filled, new in self._new:
            text = filled.sub(lambda _, new=new: new, text)
        return text

    @cached_property
    def _old(self) -> list[tuple[re.Pattern[str], str]]:
        texts = {
            shown(old): shown(new) for old, new in self.texts.items() for shown in reversed(_SHOWN)
        }
        return [(_expression(old), new) for old, new in texts.items()]

    @cached_property
    def _new(self) -> list[tuple[re.Pattern[str], str]]:
        filled = [new for new in self.texts.values() if ANYTHING in new]
        texts = dict.fromkeys(shown(new) for new in filled for shown in _SHOWN)
        return [(_expression(new), new) for new in texts]

    def alike(self, before: str, after: str) -> bool:
        """Tell whether two answers are the same but for reviewed texts.

        A text that was reworded may break its lines anew, and an item that the version before stored keeps its words.
        """
        if self.reworded(before) == self.canonical(after):
            return True
        said, says = self.reworded(_flat(before)), self.canonical(_flat(after))
        return said != _flat(before) and said in (says, self.reworded(says))

    def accepts(self, name: str, before: str, after: str) -> bool:
        """Tell whether two answers differ in nothing but reviewed changes of behaviour, and texts."""
        said, says = self.reworded(_flat(before)), self.canonical(_flat(after))
        left = said, says
        for change in self.changes:
            said, says = change.without(name, said), change.without(name, says)
        return left != (said, says) and _flat(said) == _flat(says)


def _expression(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text).replace(re.escape(ANYTHING), r'(?!\{\*\})[^"\n]{1,300}?'))


def _flat(text: str) -> str:
    return _BREAKS.sub(" ", text)


def _in_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _in_chat(text: str) -> str:
    return _in_json(
        text.replace("<", "\N{FULLWIDTH LESS-THAN SIGN}").replace(
            ">", "\N{FULLWIDTH GREATER-THAN SIGN}"
        )
    )


def _in_html(text: str) -> str:
    return _in_json(escape(text))


# How a text may stand in an answer or a snapshot.
_SHOWN: tuple[Callable[[str], str], ...] = (_in_json, _in_chat, _in_html, str)


@dataclass
class Compared:
    """One part that was compared: how many cases, what differs, and what differs as reviewed."""

    cases: int
    found: list[Difference]
    accepted: list[Difference] = field(default_factory=list)


def compared(before: Cases, after: Cases, reviewed: Reviewed) -> Compared:
    """Compare the cases of two versions, in the order of the version before."""
    result = Compared(len(before), [])
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            result.found.append(Difference(name, old, new))
        elif not reviewed.alike(old, new):
            known = reviewed.accepts(name, old, new)
            difference = Difference(name, reviewed.reworded(old), reviewed.canonical(new))
            (result.accepted if known else result.found).append(difference)
    return result


def summary(parts: Mapping[str, Compared]) -> Iterator[str]:
    """Yield a line for each part that was compared, the groups in which something differs, and which lines do most often."""
    for part, of in parts.items():
        accepted = f", {len(of.accepted)} as reviewed" if of.accepted else ""
        yield f"{part:<28} {of.cases:>6} cases, {len(of.found)} differ{accepted}"
        groups = Counter(difference.name.partition(" / ")[0] for difference in of.found)
        yield from (f"    {count:>5}  {group}" for group, count in groups.most_common(12))
    every = (
        line for of in parts.values() for difference in of.found for line in difference.changed()
    )
    lines = Counter(_OWN.sub("#", line)[:160] for line in every)
    if lines:
        yield "the lines that differ most often (numbers and ids as #):"
        yield from (f"    {count:>5}  {line}" for line, count in lines.most_common(20))


def diffs(found: Iterable[Difference], most: int) -> Iterator[str]:
    """Yield the unified diffs of the first ``most`` differences, and how many are left."""
    listed = list(found)
    yield from (difference.diff() for difference in listed[:most])
    if len(listed) > most:
        yield f"... and {len(listed) - most} more (--most {len(listed)} shows all)"
