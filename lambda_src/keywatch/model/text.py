"""Make text from outside safe to keep: one line, printable, bounded.

Everything that KeyWatch reads from events and logs is chosen by whoever can call KMS or write a log
line (key ids, session names, user agents, messages). It is cleaned once, here, when it enters;
renderers then escape it for their own target.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

ELLIPSIS = "..."

# What nobody sees, or what changes how the rest is seen: control, format, surrogate, private-use and
# line-separator characters, all code points that are ignorable by default (Unicode Character
# Database, DerivedCoreProperties), noncharacters, and the blank of Braille.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u2028-\u202f\u2060-\u206f\u2800\u3164\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff\U000f0000-\U0010ffff]+"
)


def one_line(value: object, limit: int = 256) -> str:
    """Return ``value`` as one printable line of at most ``limit`` characters.

    Control, bidirectional, zero-width and surrogate characters become one space; what is cut off is
    marked by ``...``. Anything that is not a string gives the empty string: a wrong type in an
    event is no text.
    """
    if not isinstance(value, str):
        return ""
    text = visible(value[: 4 * limit + 64]).strip()
    if len(text) <= limit and len(value) <= 4 * limit + 64:
        return text
    return text[: max(0, limit - len(ELLIPSIS))].rstrip() + ELLIPSIS


def visible(text: str) -> str:
    """Return ``text`` with each run of characters that nobody sees, line breaks included, as one space."""
    return text if text.isascii() and text.isprintable() else _UNSAFE.sub(" ", text)


def code_points(text: str) -> str:
    """Return the characters of ``text`` that are not ASCII, each once, and with its code point (``U+0440``)."""
    return ", ".join(f"{sign} U+{ord(sign):04X}" for sign in dict.fromkeys(text) if ord(sign) > 127)  # noqa: PLR2004 - ASCII


def counted(count: int, what: str) -> str:
    """Return ``1 call``, ``12,000 calls``: a count and what was counted, in the right number."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


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
