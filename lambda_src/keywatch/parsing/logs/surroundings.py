"""The Region, account, key and key store that stand around a sentence in a log.

Formats differ without end; what they share is that these words stand near the message, mostly
before it. Patterns are bounded, and only a window around the sentence is read.
"""

import re
from collections.abc import Iterable, Iterator
from typing import TypeVar

from keywatch.parsing.named import is_whole, whole_arns

BEFORE, AFTER = 700, 1000

_REGIONS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\bkms(?:-fips)?[.-]([a-z]{2,4}-[a-z-]{2,24}-[0-9]{1,2})\.(?:amazonaws|api\.aws)",
        r"[\"']?(?:awsRegion|aws_region|AWS_REGION|region|Region)[\"']? ?[:=] ?[\"']?([a-z]{2,4}-[a-z-]{2,24}-[0-9]{1,2})\b",
        r"--region[ =]([a-z]{2,4}-[a-z-]{2,24}-[0-9]{1,2})\b",
    )
)
_ACCOUNT = re.compile(
    r"arn:aws[a-z-]{0,20}:(?:iam|sts)::([0-9]{12}):|[\"'](?:accountId|account_id|recipientAccountId)[\"'] ?: ?[\"']([0-9]{12})"
)
_KEY_NAME = (
    r"arn:aws[a-z-]{0,20}:kms:[^\s\x22\x27,;)]{6,300}|alias/[A-Za-z0-9/_-]{1,250}|mrk-[0-9a-f]{32}"
    r"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
)
# Words before the name of a key, and fields that hold whatever the caller passed.
_SPOKEN = re.compile(
    rf"(?:KMS (?:[kK]ey|[aA]lias)|[mM]aster [kK]ey) ?\(?[\"']?({_KEY_NAME})(?![A-Za-z0-9\u2026])"
)
_FIELD = re.compile(
    r"(?<![A-Za-z])(?:(?:[kK][mM][sS]_?|KMS|SSEKMS|[mM]aster_?|[tT]arget_?|[sS]ource_?|[dD]estination_?|aws_?|AWS_?){0,3}"
    r"[kK][eE][yY]_?(?:[iI][dD]|[aA][rR][nN])|--key-id)(?:[\"']? ?: ?|[\"']?=|[ =])[\"']?"
    r"([A-Za-z0-9:/_*.-]{3,300})(?![A-Za-z0-9:/_*.\u2026-])"
)
_PLACEHOLDER = re.compile(
    r"(?i:null|none|nil|undefined|unset|unknown|redacted|masked|hidden|empty|missing|key_?id|key_?arn|default|true|false|n/a|na|string|secret|todo|tbd)"
    r"|[*xX.:_-]{1,300}|.{0,200}(?:Exception|Fault|Error):?"
)
_STORE = re.compile(r"\bcks-[0-9a-f]{17,20}\b")


def windows(text: str, start: int, end: int) -> tuple[str, str]:
    """Return what is read before and after ``text[start:end]``."""
    return text[max(0, start - BEFORE) : start], text[end : end + AFTER]


def nearest(patterns: tuple[re.Pattern[str], ...], before: str, after: str) -> str | None:
    """Return what the patterns capture nearest to the sentence: last before it, else first behind it."""
    last = max(
        (m for p in patterns for m in p.finditer(before)), key=lambda m: m.end(), default=None
    )
    best = last or min(
        (m for p in patterns if (m := p.search(after))), key=lambda m: m.start(), default=None
    )
    return str(best.group(1)) if best else None


def region_near(text: str, start: int, end: int) -> str | None:
    """Return the Region of the endpoint or setting that stands nearest to a sentence."""
    return nearest(_REGIONS, text[max(0, start - BEFORE) : start], text[start : end + AFTER])


def account_near(text: str, start: int, end: int) -> str | None:
    """Return the account of the caller that a sentence or its surroundings name, if it is only one."""
    return _only({a or b for a, b in _ACCOUNT.findall(_around(text, start, end))})


def key_store_near(text: str, start: int, end: int) -> str | None:
    """Return the custom key store id near a sentence, if it is only one."""
    return _only(set(_STORE.findall(_around(text, start, end))))


def key_near(text: str, start: int, end: int, region: str | None = None) -> str | None:
    """Return the one key that stands near a sentence which names none: its ARN, or what a key id field holds."""
    window = _around(text, start, end)
    arns = {arn for arn in whole_arns(window) if region is None or f":{region}:" in arn}
    return _only(arns or set(_spoken(window)) | set(_typed(window)))


def _spoken(window: str) -> Iterator[str]:
    """Yield the names behind the words "KMS key"."""
    return (name for name in _SPOKEN.findall(window) if is_whole(name))


def _typed(window: str) -> Iterator[str]:
    """Yield what the key fields in ``window`` hold; an empty field and what stands there for one name no key."""
    for value in _FIELD.findall(window):
        name = value.rstrip(":.,-_/")
        if value.endswith(".."):
            continue
        if name and is_whole(name) and not _PLACEHOLDER.fullmatch(name):
            yield name


def _around(text: str, start: int, end: int) -> str:
    return text[max(0, start - BEFORE) : end + AFTER]


def _only(found: set[str]) -> str | None:
    return found.pop() if len(found) == 1 else None


Item = TypeVar("Item")


class Looked:
    """How many places of one text were looked at, and whether any were left because they were too many."""

    def __init__(self) -> None:
        self.places = 0
        self.left_some = False

    def at_most(self, items: Iterable[Item], most: int) -> Iterator[Item]:
        """Yield the first ``most`` of ``items``."""
        for number, item in enumerate(items):
            if number == most:
                self.left_some = True
                return
            self.places += 1
            yield item


class Places:
    """The places of one text that were looked at; one whose surroundings are the same as another's has nothing new to say.

    So a phrase that is repeated a thousand times costs little more than once. The surroundings are
    all that is read around a place (see ``windows``).
    """

    def __init__(self) -> None:
        self._seen: set[tuple[str, int, str]] = set()
        self._last: dict[str, tuple[int, int]] = {}

    def is_new(self, kind: str, text: str, start: int, end: int) -> bool:
        """Tell whether ``text[start:end]``, found as ``kind``, stands in surroundings that were not seen yet."""
        begin = max(0, start - BEFORE)
        around = kind, start - begin, text[begin : end + AFTER]
        last = self._last.get(kind)
        self._last[kind] = start, end
        if around in self._seen or (last and _goes_on_alike(text, last, (start, end))):
            return False
        self._seen.add(around)
        return True


def _goes_on_alike(text: str, one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Tell whether ``text`` repeats itself from one place to the next, so that only its beginning or end differs."""
    (start, end), (next_start, next_end) = one, other
    before = min(start, BEFORE)
    after = min(len(text) - next_end, AFTER)
    if end - start != next_end - next_start or next_start - start > min(before, after):
        return False
    return text[start - before : end + after] == text[next_start - before : next_end + after]
