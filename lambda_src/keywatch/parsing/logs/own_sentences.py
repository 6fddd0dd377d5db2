"""Sentences in which a program, a tool or a person says in words of their own that a KMS key is missing or unusable.

Nobody's fixed wording proves anything: with its name in the sentence the key is likely broken, without it possibly.
In a log a sentence counts only where it names the key and the line tells of a failure.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from keywatch.catalogue import external_name
from keywatch.catalogue.texts import TEXTS
from keywatch.model.levels import Confidence
from keywatch.model.signals import ErrorClassification
from keywatch.parsing.logs.context import context_of, names_another_product
from keywatch.parsing.logs.excuses import denies_existing_key
from keywatch.parsing.logs.logged_error import LoggedError, error_at
from keywatch.parsing.logs.surroundings import Places
from keywatch.parsing.logs.talk import is_talk
from keywatch.parsing.named import name_in, named, of_alias, whole_arns
from keywatch.parsing.normalise import flat, lowered
from keywatch.parsing.spoken import said_of_key

_MOST_PLACES = 100
_LONGEST = 400  # characters of a sentence on either side of the key that it speaks of
_FOLLOWS = r"\b(?! ?(?:polic|rotation|grant|spec|usage|tag|type|metadata|store|provider))"
_WITH_ID = (
    r"(?:(?<=[:;,(=\"'])|(?<=[:;,(=\"'] )|(?<=(?:the|for) )|(?<=with )|(?<=(?:using|under) )|(?<=encryption ))"
    r"key(?:[ _-]?id)?[ :=\"'`(]{1,4}(?=[0-9a-f]{8}-[0-9a-f-]{27}|mrk-[0-9a-f]{32})"
)
# How a key is spoken of, by the letters that it begins with.
_SUBJECTS = tuple(
    (letters, re.compile(rf"(?i)(?<![\w-]){pattern}{_FOLLOWS}"))
    for letters, pattern in (
        (
            "kms",
            "kms[ _-]?(?:master |customer |encryption |managed |data )?(?:key|cmk|alias)(?:_?id|_?arn)?",
        ),
        ("cmk", "cmk"),
        ("customer m", "customer (?:master|managed) key"),
        ("key", _WITH_ID),
        ("arn:aws", r"(?:(?<=key )|(?<=key: )|(?<=key [\"'`]))arn:aws[a-z-]{0,20}:kms:"),
    )
)
# Words that advise, suppose or document.
_SUPPOSED = re.compile(
    r"(?i)\b(?:if|whether|unless|until|when (?:the|a|an|your|you)|ensure|make sure|(?:check|verify) (?:that|if)"
    r"|should|would|so that|once|rotation|not pending|not disabled|no longer disabled"
    r"|request was rejected because the (?:specified|state))\b"
)
_SAYS_KMS = re.compile(r"(?i)kms|cmk|customer")
# Any other key with an id is one of KMS where KMS's name and its work stand beside it.
_WORK_OF_KMS = re.compile(r"(?i)crypt|data ?key|unwrap|unseal|cipher|\bin (?:aws )?kms\b")
_ASKED = re.compile(r"(?i)\b(?:how (?:do|to|can)|what happens)\b")
_END_OF_SENTENCE = re.compile(r"\. |\n|; ")
_EXCUSES = tuple(row.phrase for row in TEXTS if not row.cause)


def own_sentences(lines: str, *, named_only: bool) -> Iterator[LoggedError]:
    """Yield what sentences of nobody's fixed wording in ``lines`` (plain text) say of a KMS key.

    ``named_only``: as in a log, where the key must be named and the line tell of a failure.
    """
    low = lowered(lines)
    found = sorted(_subjects(lines, low))
    if not found or external_name.CODE in lines or denies_existing_key(lines):
        return
    if names_another_product(lines) or any(phrase in low for phrase in _EXCUSES):
        return
    line, places = flat(lines), Places()
    for place in found[:_MOST_PLACES]:
        if not places.is_new("", lines, *place) or is_talk(lines, *place):
            continue
        start, stop = _around(lines, *place)
        if _ASKED.search(lines, start, place[0]):
            continue
        context = context_of(lines, *place)
        at_work = context.kms_word and _WORK_OF_KMS.search(lines, start, stop)
        ours = at_work or _SAYS_KMS.search(lines, *place)
        error = _sentence(line, start, stop, context.operation) if ours else None
        if error and not (named_only and not (_names_it(error, lines) and context.error_word)):
            yield error


def _subjects(lines: str, low: str) -> Iterator[tuple[int, int]]:
    """Yield where a key is spoken of: begin and end, a bounded number of each kind."""
    for letters, pattern in _SUBJECTS:
        place = -1
        for _ in range(_MOST_PLACES):
            place = low.find(letters, place + 1)
            if place < 0:
                break
            if match := pattern.match(lines, place):
                yield match.span()


def _around(lines: str, start: int, end: int) -> tuple[int, int]:
    """Return where the sentence around ``lines[start:end]`` begins and stops."""
    floor = max(0, start - _LONGEST)
    ends = [floor + found.end() for found in _END_OF_SENTENCE.finditer(lines[floor:start])]
    stop = _END_OF_SENTENCE.search(lines, end, end + _LONGEST)
    return (ends[-1] if ends else floor), stop.start() if stop else end + _LONGEST


def _sentence(line: str, start: int, stop: int, operation: str | None) -> LoggedError | None:
    said = line[start:stop]
    meaning = None if _SUPPOSED.search(said) else said_of_key(said.lower())
    if meaning is None:
        return None
    meaning = _as_sure(meaning, _name(said))
    place = (start, start + len(said))
    error = error_at(meaning, said.strip(), line, place, code=None, operation=operation)
    return replace(error, own_words=True)


def _names_it(error: LoggedError, lines: str) -> bool:
    """Tell whether the key of ``error`` stands in the line of its sentence."""
    begin = lines.rfind("\n", 0, error.start) + 1
    stop = lines.find("\n", error.start + 1)
    return bool(error.thing) and error.thing in lines[begin : stop if stop >= 0 else None]


def _name(said: str) -> str | None:
    """Return the one key or alias that a sentence names."""
    arns = set(whole_arns(said))
    return arns.pop() if len(arns) == 1 else None if arns else name_in(said)


def _as_sure(meaning: ErrorClassification, name: str | None) -> ErrorClassification:
    if name is None:
        return replace(meaning, confidence=Confidence.POSSIBLE)
    return named(of_alias(meaning, name), name)
