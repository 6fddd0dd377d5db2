"""Find AWS's sentences in a text and the name of the key in each; the sentences themselves are rows of ``catalogue.texts``."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from keywatch.catalogue.texts import TEXTS, ErrorText, Form
from keywatch.parsing.names import (
    LONGEST_NAME,
    QUOTES,
    bare_name,
    is_other_key,
    is_whole_kms_arn,
    name_before,
    names_a_key,
    names_an_alias,
    quoted_name,
    word_before,
)

_NEAR = 700  # how far from its phrase the rest of a sentence may stand
_REGION = re.compile(
    r"[a-z]{2,4}-[a-z-]{2,24}-[0-9]{1,2}(?![a-z0-9-])|<[a-z_-]{0,20}region[a-z0-9_-]{0,20}>",
    re.IGNORECASE,
)
_KEY_FIELD = re.compile(
    r"(?:target|source|destination|sse|aws)?(?:kms)?(?:master)?(?:encryption)?key(?:id|arn)|aliasname|encryptionkey"
)


@dataclass(frozen=True, slots=True)
class Match:
    """One sentence found. ``sure``: the words alone say that KMS spoke; else only KMS's code or name beside them does."""

    row: ErrorText
    start: int
    end: int
    sure: bool
    name: str | None = None


def first_hit(text: str, low: str, *, weak: bool) -> Match | None:
    """Return the sentence that begins first in one error message; ``weak`` sentences count when KMS is known to speak."""
    best: Match | None = None
    for row in TEXTS:
        if row.phrase not in low:
            continue
        for hit in hits(row, text, low):
            if (hit.sure or weak) and (best is None or hit.start < best.start):
                best = hit
    return best


def hits(row: ErrorText, text: str, low: str, most: int = 64) -> Iterator[Match]:
    """Yield where ``row`` stands in ``text`` (``low`` is its lower case), looking at no more than ``most`` places."""
    pos = -1
    for _ in range(most):
        pos = low.find(row.phrase, pos + 1)
        if pos < 0:
            return
        if row.also and not _stands_near(low, pos, row.also):
            continue
        if hit := _FORMS[row.form](row, text, low, pos):
            yield hit


def _stands_near(low: str, pos: int, phrases: tuple[str, ...]) -> bool:
    return any(low.find(phrase, max(0, pos - _NEAR), pos + _NEAR) >= 0 for phrase in phrases)


def _sentence(row: ErrorText, _text: str, _low: str, pos: int) -> Match:
    return Match(row, pos, pos + len(row.phrase), sure=True)


def _hint(row: ErrorText, _text: str, _low: str, pos: int) -> Match:
    return Match(row, pos, pos + len(row.phrase), sure=False)


# Behind these words stands another trouble that it may be: nobody's certainty, and no sentence of KMS.
_GOES_ON_OTHERWISE = (" or ", ", or ", " and/or ", "/", ", is not", ", does not")
_STATE_GOES_ON = (" (or pending", " because no key")


def _state(row: ErrorText, text: str, low: str, pos: int) -> Match | None:
    """``<key ARN> is disabled.``: sure when the sentence begins with the ARN of a KMS key and ends as AWS ends it."""
    end = pos + len(row.phrase)
    start, name = name_before(text, pos)
    if not name or low[end : end + 1].isalnum() or not names_a_key(name):
        return None
    if low.startswith(_GOES_ON_OTHERWISE, end) or is_other_key(text, start, name):
        return None
    whole = low[end : end + 1] in {".", ""} or low.startswith(_STATE_GOES_ON, end)
    sure = whole and is_whole_kms_arn(name) and not word_before(text, start)
    return Match(row, start, end, sure, name)


_KMS_ACTIONS = ("kms:", "`kms:", "'kms:")
_CIPHERTEXT_KEY = ("customer master key", "associated with this ciphertext", "ciphertext refers to")
_KMS_KEY = ("kms:", "kms key", "kms api")


_RESOURCE = re.compile(r"on resource:? (arn:aws[a-z-]{0,20}:kms:[^\s\"']{6,400}?)[.,;]?(?= |$)")


def _denial(row: ErrorText, text: str, low: str, pos: int) -> Match | None:
    """Accept AWS's three-way denial of a KMS action or of a ciphertext's key; other services' denials end alike."""
    begin = max(0, pos - _NEAR)
    before = low[begin:pos]
    action = before.rfind("perform: ")
    if action < 0:
        action = before.rfind("perform ")
    if action >= 0:
        ours = before.startswith(_KMS_ACTIONS, before.index(" ", action) + 1)
        found = _RESOURCE.search(text, begin + action, pos)
        name = found.group(1) if found else None
        return Match(row, pos, pos + len(row.phrase), sure=True, name=name) if ours else None
    around = low[begin : pos + 300]
    unnamed = "not authorized" in before and any(words in around for words in _KMS_KEY)
    ours = unnamed or any(words in before for words in _CIPHERTEXT_KEY)
    return Match(row, pos, pos + len(row.phrase), sure=True) if ours else None


def _alias(row: ErrorText, text: str, low: str, pos: int) -> Match | None:
    end = pos + len(row.phrase)
    start, name = name_before(text, pos)
    if not name or not low.endswith("alias ", 0, start) or not names_an_alias(name):
        return None
    sure = is_whole_kms_arn(name) and low[end : end + 1] in {".", ""}
    return Match(row, start - len("alias "), end, sure, name)


def _key(row: ErrorText, text: str, low: str, pos: int) -> Match | None:
    start, name = name_before(text, pos)
    if not name or not low.endswith("key ", 0, start) or not names_a_key(name):
        return None
    if low.startswith(_GOES_ON_OTHERWISE, pos + len(row.phrase)) or is_other_key(text, start, name):
        return None
    sure = text[start] in QUOTES and is_whole_kms_arn(name)
    return Match(row, start - len("key "), pos + len(row.phrase), sure, name)


# Words that follow "Invalid keyId" in a sentence about the error.
_PROSE_WORDS = (
    "after and are as because before but by can error errors exception "
    "for from if in is may means on or to was when where"
)
_PROSE = frozenset(_PROSE_WORDS.split())


def _key_id(row: ErrorText, text: str, _low: str, pos: int) -> Match | None:
    """``Invalid keyId '<anything>'``, in older answers without quotes; the name may hold blanks and quotes itself."""
    end = pos + len(row.phrase)
    if text[end - 2 : end] != "Id":  # AWS writes keyId; others write KeyID, key id, keyid
        return None
    begin = end + len(text[end : end + 2]) - len(text[end : end + 2].lstrip(": "))
    if begin == end or begin >= len(text):
        return None
    if text[begin] in QUOTES:
        return _quoted_key_id(row, text, pos, begin)
    name, stop = bare_name(text, begin)
    if name.lower() in _PROSE or name.startswith("{"):
        return None  # a sentence about the error, or a program's template of it
    return Match(row, pos, stop, sure=":kms:" in name, name=name)


def _quoted_key_id(row: ErrorText, text: str, pos: int, begin: int) -> Match | None:
    name, stop = quoted_name(text, begin)
    if row.phrase in name.lower():
        return None  # the sentence within its own name: nobody passes that as a key
    if stop == len(text) and text[stop - 1] != text[begin] and text[begin] in "'\"`":
        return Match(row, pos, stop, sure=False)  # cut within the name
    return Match(row, pos, stop, sure=":kms:" in name, name=name)


_AFTER_REGIONLESS = (" (service:", "\n", " status code:", '"', "'", "<", " - {")


def _region(row: ErrorText, text: str, low: str, pos: int) -> Match | None:
    """``Invalid arn <Region>``; older answers end after ``arn``, where a log goes on with a line break or a bracket."""
    end = pos + len(row.phrase)
    if found := _REGION.match(text, end + 1):
        if text[end] != " ":
            return None
        return Match(row, pos, found.end(), sure=False, name=found.group(0))
    if end == len(text) or low.startswith(_AFTER_REGIONLESS, end):
        return Match(row, pos, end, sure=False)
    return None


def _value(row: ErrorText, text: str, low: str, pos: int) -> Match | None:
    """``Value '<anything>' at 'keyId' failed to satisfy constraint``: only where the field names a key."""
    at = low.rfind(" at '", max(0, pos - 80), pos)
    field = low[at + 5 : pos].strip(" '").rpartition(".")[2]
    if at < 0 or not _KEY_FIELD.fullmatch(field):
        return None
    if low.endswith("value null", 0, at):
        return Match(row, at - len("value null"), pos + len(row.phrase), sure="kms" in field)
    start = low.rfind("value '", max(0, at - LONGEST_NAME), at)
    if start < 0 or low[at - 1] != "'":
        return None
    name = text[start + 7 : at - 1]
    return Match(row, start, pos + len(row.phrase), sure="kms" in field, name=name)


def _tool(row: ErrorText, text: str, low: str, pos: int) -> Match | None:
    begin = pos + len(row.phrase)
    close = low.find("): ", begin, begin + 400)
    if close < 0 or not low.startswith(("empty result", "couldn't find resource"), close + 3):
        return None
    return Match(row, pos, close + 3, sure=True, name=text[begin:close])


_FORMS: dict[Form, Callable[[ErrorText, str, str, int], Match | None]] = {
    Form.SENTENCE: _sentence,
    Form.HINT: _hint,
    Form.STATE: _state,
    Form.DENIAL: _denial,
    Form.ALIAS: _alias,
    Form.KEY: _key,
    Form.KEY_ID: _key_id,
    Form.REGION: _region,
    Form.VALUE: _value,
    Form.TOOL: _tool,
}
