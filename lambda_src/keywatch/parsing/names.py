"""The name of a key in a sentence of AWS: where it begins and ends, and whether it can be what AWS puts there."""

import re

LONGEST_NAME = 2200  # KMS API model: a key id in a request has 2,048 characters at most
QUOTES = "'\"`\u2018\u2019\u201c\u201d"
_MOST_QUOTES = 16  # in one name
_WRAPPING = QUOTES + "([{<"
_AFTER_NAME = set(" .,;:)]}>\n\t" + QUOTES)
_KEY_ID = re.compile(
    r"(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(r"<[a-z0-9_: -]{0,40}(?:key|alias|arn)[a-z0-9_: -]{0,40}>", re.IGNORECASE)
_CUT_ARN = re.compile(
    r"(?:\.{2,3}|\u2026|[0-9a-z:*-]{0,40}:)key/[0-9a-fmrk*x.-]{2,40}", re.IGNORECASE
)
_RESOURCE = re.compile(r":(?:key|alias)/|<")  # what a line break cut before it names nothing
# What other programs call a key, right before its name.
_OTHER_KEY = re.compile(
    r"(?i)\b(?:access|api|cache|config|consumer|feature|foreign|gpg|hash|host|idempotency|licen[cs]e|lookup|object|partition"
    r"|primary|product|range|redis|registry|routing|row|session|sort|ssh|subscription)[ _-]key(?:[ _-]?id)? ?[\"'`]?$"
)
_MASK = re.compile(r"<[^<>]{0,60}>")
_TEMPLATE = re.compile(r"[{}]|%[sdv]|\$\w|\" ?\+|\+ ?\"")


def name_before(text: str, pos: int) -> tuple[int, str]:
    """Return where the name that ends before the blank at ``pos - 1`` starts (its opening quote included), and the name."""
    stop = pos - 1
    if stop < 1 or text[stop] != " ":
        return pos, ""
    if (masked := _masked_arn(text, stop)) is not None:
        return masked
    opening = text.rfind("<", max(0, stop - 80), stop) if text[stop - 1] == ">" else -1
    if opening >= 0 and " " in text[opening:stop]:
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
    name = text[begin:stop].rstrip(QUOTES)
    if begin < 0 or not is_kms_arn(name) or " " in _MASK.sub("", name):
        return None
    start = begin - 1 if begin and text[begin - 1] in QUOTES else begin
    return start, name


def _unwrapped(text: str, begin: int, stop: int) -> tuple[int, str]:
    """Cut what is glued to the name in ``text[begin:stop]``: ``message="Key`` style prefixes, quotes and brackets."""
    start = max(begin, text.rfind("arn:", begin, stop))
    if start == begin and (opening := text.find("<", begin, stop)) >= 0:
        start = opening
    name = text[start:stop].rstrip(QUOTES)
    bare = name if name.startswith("<") else name.lstrip(_WRAPPING)
    start += len(name) - len(bare)
    while start > begin and text[start - 1] in QUOTES:
        start -= 1
    return start, bare


def word_before(text: str, start: int) -> bool:
    """Tell whether a word of prose leads into the name: AWS's sentence begins with the ARN itself."""
    lead = text[max(0, start - 4) : start].rstrip(_WRAPPING + " ")
    return bool(lead) and (lead[-1].isalnum() or lead[-1] == ",")


def quoted_name(text: str, begin: int) -> tuple[str, int]:
    """Return what stands between the quote at ``begin`` and the next quote that ends something, and where it stops."""
    quote = {"\u2018": "\u2019", "\u201c": "\u201d"}.get(text[begin], text[begin])
    limit = min(len(text), begin + LONGEST_NAME)
    stop = begin
    for _ in range(_MOST_QUOTES):
        stop = text.find(quote, stop + 1, limit)
        if stop < 0:
            break
        if stop + 1 >= len(text) or (text[stop + 1] in _AFTER_NAME and text[stop + 1] != quote):
            return text[begin + 1 : stop], stop + 1
    return text[begin + 1 : limit], limit  # nothing ends it


def bare_name(text: str, begin: int) -> tuple[str, int]:
    """Return the name that begins at ``begin`` without a quote, and where it stops."""
    limit = min(len(text), begin + LONGEST_NAME)
    found = (text.find(mark, begin, limit) for mark in ' "`\n')
    stop = min((at for at in found if at >= 0), default=limit)
    name = text[begin:stop].rstrip(".,;:)'}]")
    return name, begin + len(name)


def is_other_key(text: str, start: int, name: str) -> bool:
    """Tell whether the words before the name at ``start`` say that it is some other program's key; an ARN of KMS is none."""
    return not is_kms_arn(name) and _OTHER_KEY.search(text, max(0, start - 40), start) is not None


def is_kms_arn(name: str) -> bool:
    """Tell whether ``name`` begins as the ARN of something in KMS."""
    return name.startswith("arn:") and ":kms:" in name[:60]


def is_whole_kms_arn(name: str) -> bool:
    """Tell whether ``name`` is the ARN of something in KMS and nobody masked a part of it."""
    return is_kms_arn(name) and "<" not in name


def names_a_key(name: str) -> bool:
    """Tell whether ``name`` can be what AWS puts there: a KMS ARN, a key id, or a placeholder of a recorded answer."""
    if is_kms_arn(name):
        return _RESOURCE.search(name) is not None and not _TEMPLATE.search(name)
    return bool(_KEY_ID.fullmatch(name) or _PLACEHOLDER.fullmatch(name) or _CUT_ARN.match(name))


def names_an_alias(name: str) -> bool:
    """Tell whether ``name`` can be an alias that AWS names, and no program's template of one."""
    if not is_kms_arn(name) and ("alias" not in name.lower() or name.startswith("arn:")):
        return False
    return not _TEMPLATE.search(name.partition("alias/")[0])
