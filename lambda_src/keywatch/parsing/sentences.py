"""Find AWS's sentences in a text and the name of the key in each; the sentences themselves are rows in ``kms_texts``."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from keywatch.catalogue.texts import TEXTS, ErrorText, Form

LONGEST_NAME = 2200  # KMS API model: a key id in a request has 2,048 characters at most
_NEAR = 700  # how far from its phrase the rest of a sentence may stand
_QUOTES = "'\"`\u2018\u2019\u201c\u201d"
_WRAPPING = _QUOTES + "([{<"
_AFTER_NAME = set(" .,;:)]}>\n\t" + _QUOTES)
_REGION = re.compile(
    r"[a-z]{2,4}-[a-z-]{2,24}-[0-9]{1,2}(?![a-z0-9-])|<[a-z_-]{0,20}region[a-z0-9_-]{0,20}>",
    re.IGNORECASE,
)
_KEY_ID = re.compile(
    r"(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(r"<[a-z0-9_: -]{0,40}(?:key|alias|arn)[a-z0-9_: -]{0,40}>", re.IGNORECASE)
_CUT_ARN = re.compile(
    r"(?:\.{2,3}|\u2026|[0-9a-z:*-]{0,40}:)key/[0-9a-fmrk*x.-]{2,40}", re.IGNORECASE
)
_MASK = re.compile(r"<[^<>]{0,60}>")
_TEMPLATE = re.compile(r"[{}]|%[sdv]|\$\w|\" ?\+|\+ ?\"")
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


def _state(row: ErrorText, text: str, low: str, pos: int) -> Match | None:
    """``<key ARN> is disabled.``: sure when the sentence begins with the ARN of a KMS key and ends as AWS ends it."""
    end = pos + len(row.phrase)
    start, name = _name_before(text, pos)
    if not name or low[end : end + 1].isalnum() or not _names_a_key(name):
        return None
    whole = low[end : end + 1] in {".", ""} or low.startswith(
        (" (or pending", " because no key"), end
    )
    sure = whole and _is_kms_arn(name) and "<" not in name and not _word_before(text, start)
    return Match(row, start, end, sure, name)


def _denial(row: ErrorText, _text: str, low: str, pos: int) -> Match | None:
    """Accept AWS's three-way denial of a KMS action or of a ciphertext's key; other services' denials end alike."""
    before = low[max(0, pos - _NEAR) : pos]
    action = before.rfind("perform: ")
    if action < 0:
        action = before.rfind("perform ")
    if action >= 0:
        ours = before.startswith(
            ("kms:", "`kms:", "'kms:"), action + len(before[action:].split(" ", 1)[0]) + 1
        )
    else:
        ours = any(words in before for words in _CIPHERTEXT_KEY) or (
            "not authorized" in before
            and any(words in low[pos - len(before) : pos + 300] for words in _KMS_KEY)
        )
    return Match(row, pos, pos + len(row.phrase), sure=True) if ours else None


_CIPHERTEXT_KEY = ("customer master key", "associated with this ciphertext", "ciphertext refers to")
_KMS_KEY = ("kms:", "kms key", "kms api")


def _alias(row: ErrorText, text: str, low: str, pos: int) -> Match | None:
    end = pos + len(row.phrase)
    start, name = _name_before(text, pos)
    if not name or not low.endswith("alias ", 0, start) or not _names_an_alias(name):
        return None
    if _TEMPLATE.search(name.partition("alias/")[0]):
        return None
    sure = _is_kms_arn(name) and "<" not in name and (low[end : end + 1] in {".", ""})
    return Match(row, start - len("alias "), end, sure, name)


def _key(row: ErrorText, text: str, low: str, pos: int) -> Match | None:
    start, name = _name_before(text, pos)
    if not name or not low.endswith("key ", 0, start) or not _names_a_key(name):
        return None
    quoted = text[start] in _QUOTES
    sure = quoted and _is_kms_arn(name) and "<" not in name
    return Match(row, start - len("key "), pos + len(row.phrase), sure, name)


def _key_id(row: ErrorText, text: str, _low: str, pos: int) -> Match | None:
    """``Invalid keyId '<anything>'``, in older answers without quotes; the name may hold blanks and quotes itself."""
    end = pos + len(row.phrase)
    if text[end - 2 : end] != "Id":  # AWS writes keyId; others write KeyID, key id, keyid
        return None
    begin = end + len(text[end : end + 2]) - len(text[end : end + 2].lstrip(": "))
    if begin == end or begin >= len(text):
        return None
    name, stop = _quoted(text, begin) if text[begin] in _QUOTES else _bare(text, begin)
    if text[begin] not in _QUOTES and (name.lower() in _PROSE or name.startswith("{")):
        return None  # a sentence about the error, or a program's template of it
    return Match(row, pos, stop, sure=":kms:" in name, name=name)


_PROSE_WORDS = (
    "after and are as because before but by can error errors exception "
    "for from if in is may means on or to was when where"
)
_PROSE = frozenset(_PROSE_WORDS.split())


def _region(row: ErrorText, text: str, low: str, pos: int) -> Match | None:
    """``Invalid arn <Region>``; older answers end after ``arn``, where a log goes on with a line break or a bracket."""
    end = pos + len(row.phrase)
    if found := _REGION.match(text, end + 1):
        return (
            Match(row, pos, found.end(), sure=False, name=found.group(0))
            if text[end] == " "
            else None
        )
    if end == len(text) or low.startswith(
        (" (service:", "\n", " status code:", '"', "'", "<", " - {"), end
    ):
        return Match(row, pos, end, sure=False)
    return None


def _value(row: ErrorText, text: str, low: str, pos: int) -> Match | None:
    """``Value '<anything>' at 'keyId' failed to satisfy constraint``: only where the field names a key."""
    at = low.rfind("' at '", max(0, pos - 80), pos)
    start = low.rfind("value '", max(0, at - LONGEST_NAME), at)
    field = low[at + 6 : pos].strip(" '").rpartition(".")[2]
    if min(at, start) < 0 or not _KEY_FIELD.fullmatch(field):
        return None
    return Match(row, start, pos + len(row.phrase), sure="kms" in field, name=text[start + 7 : at])


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


def _name_before(text: str, pos: int) -> tuple[int, str]:
    """Return where the name that ends before the blank at ``pos - 1`` starts (its opening quote included), and the name."""
    stop = pos - 1
    if stop < 1 or text[stop] != " ":
        return pos, ""
    if (masked := _masked_arn(text, stop)) is not None:
        return masked
    if (
        text[stop - 1] == ">"
        and (opening := text.rfind("<", max(0, stop - 80), stop)) >= 0
        and " " in text[opening:stop]
    ):
        return opening, text[opening:stop]
    begin = text.rfind(" ", max(0, stop - LONGEST_NAME), stop) + 1
    if begin == 0 and stop > LONGEST_NAME:
        return pos, ""
    return _unwrapped(text, begin, stop)


def _masked_arn(text: str, stop: int) -> tuple[int, str] | None:
    """Return an ARN that ends at ``stop`` and has blanks inside ``<…>``, where somebody masked an account or a key."""
    if "<" not in text[max(0, stop - 400) : stop]:
        return None
    begin = text.rfind("arn:", max(0, stop - 400), stop)
    name = text[begin:stop].rstrip(_QUOTES)
    if begin < 0 or not _is_kms_arn(name) or " " in _MASK.sub("", name):
        return None
    start = begin - 1 if begin and text[begin - 1] in _QUOTES else begin
    return start, name


def _unwrapped(text: str, begin: int, stop: int) -> tuple[int, str]:
    """Cut what is glued to the name in ``text[begin:stop]``: ``message="Key`` style prefixes, quotes and brackets."""
    start = max(begin, text.rfind("arn:", begin, stop))
    if start == begin and (opening := text.find("<", begin, stop)) >= 0:
        start = opening
    name = text[start:stop].rstrip(_QUOTES)
    bare = name if name.startswith("<") else name.lstrip(_WRAPPING)
    start += len(name) - len(bare)
    while start > begin and text[start - 1] in _QUOTES:
        start -= 1
    return start, bare


def _word_before(text: str, start: int) -> bool:
    """Tell whether a word of prose leads into the name: AWS's sentence begins with the ARN itself."""
    lead = text[max(0, start - 4) : start].rstrip(_WRAPPING + " ")
    return bool(lead) and (lead[-1].isalnum() or lead[-1] == ",")


def _quoted(text: str, begin: int) -> tuple[str, int]:
    """Return what stands between the quote at ``begin`` and the next quote that ends something."""
    quote = {"\u2018": "\u2019", "\u201c": "\u201d"}.get(text[begin], text[begin])
    limit = min(len(text), begin + LONGEST_NAME)
    stop = begin
    while (stop := text.find(quote, stop + 1, limit)) >= 0:
        if stop + 1 >= len(text) or (text[stop + 1] in _AFTER_NAME and text[stop + 1] != quote):
            return text[begin + 1 : stop], stop + 1
    return text[begin + 1 : limit], limit


def _bare(text: str, begin: int) -> tuple[str, int]:
    limit = min(len(text), begin + LONGEST_NAME)
    stop = min(
        (at for mark in ' "`\n' if (at := text.find(mark, begin, limit)) >= 0), default=limit
    )
    name = text[begin:stop].rstrip(".,;:)'")
    return name, begin + len(name)


def _is_kms_arn(name: str) -> bool:
    return name.startswith("arn:") and ":kms:" in name[:60]


def _names_a_key(name: str) -> bool:
    """Tell whether ``name`` can be what AWS puts there: a KMS ARN, a key id, or a placeholder of a recorded answer."""
    if _is_kms_arn(name):
        return not _TEMPLATE.search(name)
    return bool(_KEY_ID.fullmatch(name) or _PLACEHOLDER.fullmatch(name) or _CUT_ARN.match(name))


def _names_an_alias(name: str) -> bool:
    return _is_kms_arn(name) or ("alias" in name.lower() and not name.startswith("arn:"))
