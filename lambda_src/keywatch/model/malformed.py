"""What is wrong with text that names no KMS key, and what was most likely meant by it.

The texts are what people and programs really write: unexpanded variables, quotes, names of other
tools, ARNs of other services. A guess is made only where it is itself well formed.
"""

import re
from typing import NamedTuple

from keywatch.model.key_names import MAX_IDENTIFIER, UUID, is_well_formed
from keywatch.model.malformed_names import BRACKETS, NAME, Problem, in_alias, in_arn, in_key_id


class Slip(NamedTuple):
    """The most telling problem of a malformed identifier and, where there is one, its corrected form."""

    problem: str
    corrected: str | None = None


_UNEXPANDED = re.compile(
    r"\$\{?[A-Za-z_(][^ ]{0,80}|%[A-Za-z_]{1,80}%|\{\{?[^{}]{0,80}\}?\}|<[A-Za-z][^<>]{0,80}>|!(?:Ref|Sub|GetAtt)\b"
)
_QUOTES = "\"'`\u2018\u2019\u201c\u201d"
_BYTES = re.compile(r"b(['\"])(.{1,400})\1")
_NEITHER = "it is neither a key id (a UUID, or mrk- and 32 hexadecimal digits), an alias (alias/<name>) nor an ARN of either"
_EMPTY_VALUES = frozenset(
    {"none", "null", "undefined", "nil", "nan", "true", "false", "[object object]"}
)
# Names of keys in other tools: sigstore, sops, HashiCorp's and Google's libraries.
_SCHEMES = (
    "awskms:///",
    "awskms://",
    "aws-kms://",
    "awskms:",
    "kms://",
    "hashivault://",
    "file://",
)


def in_text(text: str) -> Slip:
    """Return what is wrong with a clean text that is no KMS ARN."""
    problem, meant = _what_is_wrong(text)
    return Slip(problem, _well_formed(meant))


def _well_formed(text: str | None) -> str | None:
    return text if text and is_well_formed(text) else None


def in_resource(resource: str) -> Slip:
    """Return what is wrong with the last part of a KMS ARN; the corrected form is that part as it stands in ARNs."""
    problem, meant = _wrong_resource(resource)
    if meant and not meant.startswith("alias/"):
        meant = f"key/{meant}"
    return Slip(problem, meant)


def _wrong_resource(resource: str) -> Problem:
    if resource.endswith("*"):
        return "it is a pattern (*) and names no single key", None
    head, mark, name = resource.partition(":")
    if mark and head in {"key", "alias"}:
        fixed = name if head == "key" else f"alias/{name}"
        return f"after {head} it has a colon instead of a slash", _well_formed(fixed)
    bare = resource.removeprefix("key/")
    if is_well_formed(bare):
        misplaced = bare != resource
        return "key/ stands before an alias" if misplaced else _NO_KEY_PREFIX, bare
    problem, meant = _what_is_wrong(bare)
    if problem == _NEITHER:
        problem = "the part of the ARN after the account is neither key/<key id> nor alias/<name>"
        meant = None if resource.startswith("key/") else meant
    return problem, _well_formed(meant)


_NO_KEY_PREFIX = "key/ is missing before the key id"


def in_unclean_text(raw: str, text: str) -> Slip:
    """Return what kind of invisible or overlong text stands around or inside ``raw``, of which ``text`` is the clean form."""
    if len(raw.strip()) > MAX_IDENTIFIER:
        return Slip("it is too long for any key id, alias or ARN")
    if raw.strip() != text:
        visible = "".join(part for part in raw if part.isprintable()).strip()
        return Slip("it has control or invisible characters in it", _well_formed(visible))
    if not text:
        return Slip("it is empty")
    if any(mark in raw for mark in "\r\n"):
        return Slip(f"there is a line break {_side(raw)} it", _well_formed(text))
    return Slip(f"there are blanks {_side(raw)} it", _well_formed(text))


def _side(raw: str) -> str:
    """Return on which side of an identifier there is what does not belong to it."""
    if raw == raw.rstrip():
        return "before"
    return "after" if raw == raw.lstrip() else "around"


def _what_is_wrong(text: str) -> Problem:
    bare = text.strip(_QUOTES + " ")
    found = _not_filled_in(text) or _wrapped(text, bare) or in_arn(text)
    if found := found or in_alias(bare) or in_key_id(bare):
        return found
    if NAME.fullmatch(bare):
        return "the prefix alias/ is missing, if it is meant as an alias", f"alias/{bare}"
    return _NEITHER, None


def _not_filled_in(text: str) -> Problem | None:
    if not text:
        return "it is empty", None
    if _UNEXPANDED.search(text) and not UUID.fullmatch(text.lower().strip(BRACKETS)):
        return "a variable or placeholder in it was left unexpanded", None
    if text.lower() in _EMPTY_VALUES:
        return "a program wrote an empty value into it as text", None
    return None


def _wrapped(text: str, bare: str) -> Problem | None:
    if in_bytes := _BYTES.fullmatch(text):
        return "a program wrote bytes into it as text (b'...')", in_bytes.group(2)
    if bare != text:
        return "it has stray quotes or blanks around it", bare
    if scheme := next((scheme for scheme in _SCHEMES if text.lower().startswith(scheme)), None):
        return f"the prefix {scheme} belongs to another tool", text[len(scheme) :].lstrip("/")
    if "%2f" in text.lower() or "%3a" in text.lower():
        return "it is still URL-encoded", re.sub(
            "%3a", ":", re.sub("%2f", "/", text, flags=re.IGNORECASE), flags=re.IGNORECASE
        )
    return None
