"""An error code by itself, as people paste it, or in a question: it says what AWS may have meant, mostly not which key."""

import re
from dataclasses import replace

from keywatch.catalogue.code_lookup import KMS_MEANINGS, core_of, is_known_by_itself
from keywatch.model.levels import Confidence
from keywatch.parsing.classify import KMS, read_error
from keywatch.parsing.logs.context import names_another_product, names_kms_itself
from keywatch.parsing.logs.logged_error import LoggedError, error_at
from keywatch.parsing.logs.talk import is_talk_line
from keywatch.parsing.named import arn_in, name_in, named, of_alias
from keywatch.parsing.normalise import flat, plain

_LONGEST = 300
_LONGEST_QUESTION = 600
_AROUND = " \t\r\n\"'`:;.,!?()[]{}<>"
_CODE = re.compile(
    r"(?:[\w@/.-]{0,80}(?:kms|KMS)[\w/.-]{0,20}:? )?"
    r"[\w.$:#\\-]{0,200}?((?:KMS\.|Client\.)?[A-Z][A-Za-z]{5,80}(?:\.[A-Z][A-Za-z]{3,40})?)"
)
_WORD = re.compile(r"(?<![A-Za-z0-9])(?:KMS\.|Client\.)?[A-Z][A-Za-z]{5,80}(?![A-Za-z0-9])")
# How people tell what they got, or ask what it means.
_ASKS = re.compile(
    r"(?i)\b(?:get(?:ting)?|gets|got|(?:I|we|am|are|keep) see(?:ing)?|receiv(?:e|ed|ing)|hit(?:ting)?|throw(?:s|n|ing)|raise[sd]?"
    r"|fix|solve|means?|meaning|what(?:'s| is| are| does)|why|error is|exception is|errors? out|fails?|failed|help)\b"
)

# How documents tell when AWS answers a code.
_DOCUMENTS = re.compile(
    r"(?i)\b(?:is|are) (?:thrown|raised|returned)\b|\b(?:when|if) (?:the|a|your) "
)

_TELLS = re.compile(
    r"\bfail(?:s|ing) with |(?<!@)\bthrows |(?<!@)\braises "
)  # in a document; here somebody tells what he sees


def bare_code(text: str) -> LoggedError | None:
    """Return what the one code that ``text`` consists of, or asks about, may mean, at most ``possible``.

    ``None`` for any other text.
    """
    word = text[: _LONGEST + 1].strip(_AROUND)
    found = _CODE.fullmatch(word) if len(word) <= _LONGEST else None
    if found is not None and is_known_by_itself(found.group(1)):
        return _meaning(found.group(1), "", (0, 0))
    return _asked(text) if len(text) <= _LONGEST_QUESTION else None


def _asked(text: str) -> LoggedError | None:
    """Return what the only code means that somebody asks about in a sentence."""
    line = flat(plain(text))
    found = [match for match in _WORD.finditer(line) if is_known_by_itself(match.group(0))]
    if len({match.group(0) for match in found}) != 1 or names_another_product(line):
        return None
    code, place = found[0].group(0), found[0].span()
    by_itself = "kms" in code.lower() or "xks" in code.lower() or names_kms_itself(line)
    if (
        not (by_itself and _ASKS.search(line))
        or _DOCUMENTS.search(line)
        or is_talk_line(_TELLS.sub("", line))
    ):
        return None
    error = _meaning(code, line, place)
    name = arn_in(line) or name_in(line)
    if error is None or error.thing or name is None:
        return error
    return replace(error, classification=named(of_alias(error.classification, name), name))


def _meaning(code: str, line: str, place: tuple[int, int]) -> LoggedError | None:
    services = (KMS, "unknown") if core_of(code)[0] in KMS_MEANINGS else ("unknown", KMS)
    readings = (read_error(code, None, service=service) for service in services)
    said = next(filter(None, readings), None)
    if said is None or said.cause is None:
        return None
    doubtful = replace(said, confidence=Confidence.POSSIBLE)
    return error_at(doubtful, "", line, place, code=code, operation=None)
