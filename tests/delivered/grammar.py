"""CloudWatch Logs' documented grammar for filter patterns on unstructured log events.

Source: CloudWatch Logs User Guide, "Filter pattern syntax" (pages "Supported regular expressions" and "Using filter patterns to
match terms in unstructured log events"). What it does not say stays out: a regular expression beside other terms is refused,
since a regular expression is documented as a pattern of its own or inside JSON and space-delimited patterns only.

Undocumented: whether a plain term may match within a word. ``matches`` is strict (whole words), which is what a filter may rely
on; ``may_match`` is lenient, which is what may arrive.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

MAX_LENGTH = 1024
MAX_REGEX_PATTERNS = 5  # patterns with a regular expression, for one log group
MAX_FILTERS = 2  # subscription filters of one log group, by the lower of the two documented numbers

_TERM = re.compile(r'(?P<sign>[?-]?)(?:"(?P<phrase>[^"]*)"|(?P<word>[A-Za-z0-9_]+))(?=\s|$)')
_SYMBOLS = frozenset(":_#=@/;,- ")  # the blank is in AWS's own example: %^starting|^shutting down%
_OPERATORS = frozenset("^$?[]{}|*+.")
_CLASSES = frozenset("dDsSwW")
_HEX = re.compile(r"x[0-9A-Fa-f]{2}")


class PatternError(ValueError):
    """A pattern that the documented grammar does not know."""


@dataclass(frozen=True, slots=True)
class Term:
    """One word or phrase and its sign: none (required), ``?`` (one of several) or ``-`` (must not stand there)."""

    sign: str
    text: str

    def stands_in(self, message: str, *, whole_words: bool) -> bool:
        if not self.text.strip():
            return True
        if not whole_words:
            return self.text in message
        before = "(?<![A-Za-z0-9])" if self.text[0].isalnum() else ""
        behind = "(?![A-Za-z0-9])" if self.text[-1].isalnum() else ""
        return re.search(before + re.escape(self.text) + behind, message) is not None


@dataclass(frozen=True, slots=True)
class Filter:
    """A parsed pattern: either terms or one regular expression."""

    pattern: str
    terms: tuple[Term, ...] = ()
    regex: re.Pattern[str] | None = None

    def matches(self, message: str) -> bool:
        """Tell whether an event is delivered for certain: plain terms match whole words only."""
        return self._match(message, whole_words=True)

    def may_match(self, message: str) -> bool:
        """Tell whether an event may be delivered: plain terms match anywhere."""
        return self._match(message, whole_words=False)

    def _match(self, message: str, *, whole_words: bool) -> bool:
        if self.regex:
            return self.regex.search(message) is not None
        found = {
            sign: [
                t.stands_in(message, whole_words=whole_words) for t in self.terms if t.sign == sign
            ]
            for sign in "?-"
        }
        required = [t.stands_in(message, whole_words=whole_words) for t in self.terms if not t.sign]
        if (
            required or found["-"]
        ):  # "If you combine ? with other filter patterns, all question mark terms will be ignored"
            return all(required) and not any(found["-"])
        return any(found["?"])


def parse(pattern: str) -> Filter:
    """Return the filter of ``pattern``; raises ``PatternError`` where the grammar does not know it."""
    if len(pattern) > MAX_LENGTH:
        raise PatternError(f"{len(pattern)} characters; the limit is {MAX_LENGTH}")
    stripped = pattern.strip()
    if stripped[:1] in {"{", "["}:
        raise PatternError("a pattern for JSON or space-delimited events")
    if stripped.startswith("%"):
        return Filter(pattern, regex=_regex(stripped))
    return Filter(pattern, terms=tuple(_terms(stripped)))


def check_group(patterns: Sequence[str]) -> tuple[Filter, ...]:
    """Parse all patterns of one log group; raises ``PatternError`` where they are more than a log group takes."""
    filters = tuple(parse(pattern) for pattern in patterns)
    if len(filters) > MAX_FILTERS:
        raise PatternError(f"{len(filters)} subscription filters; a log group takes {MAX_FILTERS}")
    if sum(f.regex is not None for f in filters) > MAX_REGEX_PATTERNS:
        raise PatternError("too many patterns with a regular expression")
    return filters


def _terms(pattern: str) -> list[Term]:
    found, position = [], 0
    while position < len(pattern):
        term = _TERM.match(pattern, position)
        if term is None:
            raise PatternError(f"not a term: {pattern[position : position + 40]}")
        found.append(
            Term(term["sign"], term["phrase"] if term["phrase"] is not None else term["word"])
        )
        position = term.end() + len(pattern[term.end() :]) - len(pattern[term.end() :].lstrip())
    return found


def _regex(pattern: str) -> re.Pattern[str]:
    """Return Python's expression for ``%…%``: the same operators, ASCII classes, no groups."""
    body = pattern[1:-1]
    if len(pattern) < 3 or not pattern.endswith("%") or "%" in body:
        raise PatternError("a regular expression stands alone between two percent signs")
    parts, position = [], 0
    while position < len(body):
        part = _escape(body, position) if body[position] == "\\" else _plain(body[position])
        parts.append(part)
        position += len(part) if body[position] == "\\" else 1
    try:
        return re.compile(
            "".join(parts).replace("$|", r"\Z|")
            if body[-1] != "$"
            else "".join(parts)[:-1] + r"\Z",
            re.ASCII,
        )
    except re.error as error:
        raise PatternError(str(error)) from error


def _plain(character: str) -> str:
    if (
        (character.isascii() and character.isalnum())
        or character in _SYMBOLS
        or character in _OPERATORS
    ):
        return character
    raise PatternError(f"{character!r} is not supported in a regular expression")


def _escape(body: str, position: int) -> str:
    following = body[position + 1 : position + 2]
    if (
        following in _CLASSES
        or following in _OPERATORS
        or following in _SYMBOLS
        or following == "\\"
    ):
        return body[position : position + 2]
    if _HEX.match(body, position + 1):
        return body[position : position + 4]
    raise PatternError(f"not a documented escape: {body[position : position + 4]}")
