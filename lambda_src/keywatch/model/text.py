"""Make text from outside safe to keep: one line, printable, bounded.

Everything that KeyWatch reads from events and logs is chosen by whoever can call KMS or write a log
line (key ids, session names, user agents, messages). It is cleaned once, here, when it enters;
renderers then escape it for their own target.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

ELLIPSIS = "..."

# Control, format (bidirectional overrides, zero-width, tags), surrogate and line-separator
# characters.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202f\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\ud800-\udfff\U000e0000-\U000e0fff]+"
)


def one_line(value: object, limit: int = 256) -> str:
    """Return ``value`` as one printable line of at most ``limit`` characters.

    Control, bidirectional, zero-width and surrogate characters become one space; what is cut off is
    marked by ``...``. Anything that is not a string gives the empty string: a wrong type in an
    event is no text.
    """
    if not isinstance(value, str):
        return ""
    text = value[: 4 * limit + 64]
    if not (text.isascii() and text.isprintable()):
        text = _UNSAFE.sub(" ", text)
    text = text.strip()
    if len(text) <= limit and len(value) <= 4 * limit + 64:
        return text
    return text[: max(0, limit - len(ELLIPSIS))].rstrip() + ELLIPSIS


def counted(count: int, what: str) -> str:
    """Return ``1 call``, ``12,000 calls``: a count and what was counted, in the right number."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def one_lines(values: Iterable[object], limit: int = 256) -> list[str]:
    """Return each of ``values`` as ``one_line`` does, in their order."""
    return [one_line(value, limit) for value in values]


class Kept(NamedTuple):
    """What is kept of a text: at most so many characters; ``otherwise`` stands in where nothing is left of it."""

    most: int = 256
    otherwise: str | None = None


AS_IS = Kept(0)


def cleaned(value: object, rules: Mapping[str, Kept], rule: Kept = Kept()) -> object:  # noqa: B008 - a constant
    """Return JSON in which every text is one line, kept as the rule for its member says.

    A list has the rule of its member for each of its texts; one of which nothing is left, and for
    which nothing stands in, is dropped from it. Where the rule is ``AS_IS`` all stays as it is.
    """
    if rule is AS_IS:
        return value
    if isinstance(value, dict):
        return {name: cleaned(part, rules, rules.get(name, rule)) for name, part in value.items()}
    if isinstance(value, list):
        parts = [cleaned(part, rules, rule) for part in value]
        return [part for part in parts if part is not None]
    return one_line(value, rule.most) or rule.otherwise if isinstance(value, str) else value
