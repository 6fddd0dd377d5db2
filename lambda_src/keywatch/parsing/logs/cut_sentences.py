"""AWS's sentences of which a line holds only the beginning or the end, where a console, a runtime or a router cut it.

Half of a sentence proves less than the whole: what is found here is never certain, and counts only in KMS's company.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from keywatch.catalogue.texts import TEXTS, ErrorText, Form
from keywatch.model.levels import Confidence
from keywatch.parsing.sentences import Match

_SHORTEST = 20  # characters of a sentence that are more than a coincidence
_LONG_ENOUGH = 30  # a shorter phrase is no sentence whose half could be known
_LEAST = 9  # characters, beside the names of things, that tell one sentence from another
_NOUNS = (
    "external key store proxy",
    "external key store",
    "external key manager",
    "external key",
    "key store proxy",
)
_MOST_PLACES = 50
_INDENT = 80  # blanks before a line in a column of a console
_FRAME = " \t\"'`|\u2502\u2503\u2026"

_ID = r"(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
_HEAD = r"arn:aws[a-z-]{0,20}:kms:[a-z0-9-]{2,32}:[A-Za-z0-9*_-]{0,32}:"
_END = r"[\"'`\\}\]) .,\u2026]{0,8}$"
# The beginning of "Alias <ARN> is not found." and of "Key '<ARN>' does not exist" at the end of a line,
# and both without the word before the name, which stands in another line.
_ALIAS_CUT = re.compile(
    rf"\b[aA]lias ({_HEAD}alias/[A-Za-z0-9/_-]{{1,250}}) is?(?: no?t?)?{_END}", re.MULTILINE
)
_KEY_CUT = re.compile(
    rf"(?:^|[\"'`])({_HEAD}key/{_ID})[\"'`] do?e?s?(?: no?t?)?{_END}", re.MULTILINE
)
_ALIAS_ALONE = re.compile(
    rf"^({_HEAD}alias/[A-Za-z0-9/_-]{{1,250}})\s(?:is\s(?:not(?:\sfound\.?)?)?){_END}", re.MULTILINE
)
_KEY_ALONE = re.compile(
    rf"^[\"'`]({_HEAD}key/{_ID})[\"'`]\s(?:does\s(?:not\s(?:exist)?)?){_END}", re.MULTILINE
)
_KEY_ID_CUT = re.compile(r"\bInvalid keyI(?:d '?[^'\s]{0,80})?\u2026?$", re.MULTILINE)
# "Value '' at 'keyId' failed to satisfy constraint", which ends or begins with its line.
_VALUE_CUT = re.compile(
    rf"[vV]alue (?:null|'([^'\n]{{0,300}})') at '(?:[tT]arget|[sS]ource|[dD]estination)?[kK]eyId'"
    rf"(?: fail?e?d?)?(?: to?)?(?: s[a-z]{{0,9}})?(?: c[a-z]{{0,9}})?{_END}",
    re.MULTILINE,
)
_VALUE_END = re.compile(r"^ ?'?keyId' failed to satisfy constraint", re.MULTILINE)
# The end of a sentence behind the rest of a key's id, or behind the end of its ARN.
_TAIL = re.compile(
    rf"^[ \t]{{0,60}}(?:(?!arn:)[0-9a-z:-]{{0,60}}[0-9]:key/({_ID})|[0-9a-zA-Z_/-]{{1,60}})[\"'`]?\s"
    r"(is (?:disabled|pending deletion|pending import|unavailable|creating|updating)|does not exist|is not found)\b",
    re.MULTILINE,
)
_NAMED_CUTS = ((_ALIAS_CUT, "alias_not_found"), (_KEY_CUT, "key_not_found"))
_NAMED_ALONE = ((_ALIAS_ALONE, "alias_not_found"), (_KEY_ALONE, "key_not_found"))
_ROWS = {row.id: row for row in TEXTS}
_BY_PHRASE = {row.phrase: row for row in TEXTS if row.form in {Form.STATE, Form.ALIAS, Form.KEY}}


def cut_hits(lines: str, low: str) -> Iterator[Match]:
    """Yield the sentences of which a line of ``lines`` (plain; ``low`` in lower case) holds a half at its end or beginning."""
    yield from _halves(low)
    if ":kms:" in lines:
        for pattern, row in (*_NAMED_CUTS, *_NAMED_ALONE):
            for found in pattern.finditer(lines):
                yield _match(row, found.start(), found.end(), found.group(1))
    for found in _KEY_ID_CUT.finditer(lines):
        yield _match("invalid_key_id", *found.span(), None)
    for found in _TAIL.finditer(lines):
        key, phrase = found.groups()
        yield replace(
            _match(_BY_PHRASE[phrase].id, found.start(2), found.end(2), key), sure=key is not None
        )
    yield from _cut_values(lines, low)


def _cut_values(lines: str, low: str) -> Iterator[Match]:
    if "keyid'" in low:
        for found in _VALUE_CUT.finditer(lines):
            yield _match("constraint", *found.span(), found.group(1))
        for found in _VALUE_END.finditer(lines):
            yield replace(_match("constraint", *found.span(), None), sure=True)


def _match(row: str, start: int, end: int, name: str | None) -> Match:
    return Match(_less(_ROWS[row]), start, end, sure=False, name=name)


def _less(row: ErrorText) -> ErrorText:
    """Return ``row`` with the proof that half of its sentence gives."""
    doubt = Confidence.LIKELY if row.confidence is Confidence.CERTAIN else row.confidence
    return replace(row, confidence=doubt)


def _halves(low: str) -> Iterator[Match]:
    found: dict[tuple[int, int], set[ErrorText]] = {}
    for row, half, is_head in _fragments():
        for place in _places(low, half):
            span = (
                _head(low, place, row.phrase)
                if is_head
                else _end(low, place + len(half), row.phrase)
            )
            if span:
                found.setdefault(span, set()).add(row)
    for (start, end), rows in found.items():
        (cause, *others) = {row.cause for row in rows}
        if cause and not others and _tells(low[start:end], cause):
            yield Match(_less(min(rows, key=lambda row: row.id)), start, end, sure=False)


@lru_cache(maxsize=1024)
def _tells(half: str, cause: str) -> bool:
    """Tell whether ``half`` of a sentence says more than whose it is, and could not go on as, or end, one of another cause."""
    rest = half
    for noun in _NOUNS:
        rest = rest.replace(noun, "")
    others = (row.phrase for row in TEXTS if row.cause != cause)
    return len(rest) >= _LEAST and not any(_is_part_of(half, other) for other in others)


def _is_part_of(half: str, other: str) -> bool:
    """Tell whether ``half`` ends as ``other`` begins, or begins as it ends, in more than the name of a thing."""
    sizes = range(_LEAST - 1, min(len(other), len(half)) + 1)
    shared = {other[:size] for size in sizes if half.endswith(other[:size])}
    shared |= {other[-size:] for size in sizes if half.startswith(other[-size:])}
    return any(not any(part in noun for noun in _NOUNS) for part in shared)


@lru_cache(maxsize=1)
def _fragments() -> tuple[tuple[ErrorText, str, bool], ...]:
    """Return the least that must be there of each sentence: row, half, and whether it is the first half."""
    found = []
    for row in TEXTS:
        if row.form in {Form.SENTENCE, Form.DENIAL} and len(row.phrase) >= _LONG_ENOUGH:
            least = max(_SHORTEST, len(row.phrase) // 2)
            found += [(row, row.phrase[:least], True), (row, row.phrase[-least:], False)]
    return tuple(found)


def _places(low: str, half: str) -> Iterator[int]:
    place = -1
    for _ in range(_MOST_PLACES):
        place = low.find(half, place + 1)
        if place < 0:
            return
        yield place


def _head(low: str, start: int, phrase: str) -> tuple[int, int] | None:
    """Return where the first part of ``phrase`` stands that begins at ``start`` and goes on to the end of its line."""
    stop = low.find("\n", start, start + len(phrase))
    end = stop if stop >= 0 else min(len(low), start + len(phrase))
    said = low[start:end].rstrip(_FRAME)
    is_half = end - start < len(phrase) and phrase.startswith(said)
    return (start, start + len(said)) if is_half else None


def _end(low: str, end: int, phrase: str) -> tuple[int, int] | None:
    """Return where the last part of ``phrase`` stands that ends at ``end`` and begins with its line."""
    begin = low.rfind("\n", max(0, end - len(phrase) - _INDENT), end) + 1
    if not begin and end > len(phrase) + _INDENT:
        return None
    said = low[begin:end].lstrip(_FRAME)
    is_half = bool(said) and len(said) < len(phrase) and phrase.endswith(said)
    return (end - len(said), end) if is_half else None
