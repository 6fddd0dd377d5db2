"""What a name in an error text says of the key: an ARN brings its Region and account."""

import re
from collections.abc import Iterator
from dataclasses import replace

from keywatch.model.key_names import is_well_formed
from keywatch.model.secrets import redacted
from keywatch.model.signals import ErrorClassification
from keywatch.model.text import one_line

MAX_NAME = 512

_ARN = re.compile(
    r"arn:(?:aws[a-z-]{0,20}):kms:[a-z0-9-]{0,32}:[A-Za-z0-9*_-]{0,32}:(?:key|alias)/[A-Za-z0-9/_-]{1,256}"
)
# A UUID is a key only where the text says so: request, trace and session ids are UUIDs too.
_BARE_NAME = re.compile(
    r"(?<![A-Za-z0-9/:-])(alias/[A-Za-z0-9/_-]{1,250}|mrk-[0-9a-f]{32})(?![A-Za-z0-9/_\u2026*-]|\.\.\.)"
    r"|(?<!access )(?<!routing )(?<!api )(?<!API )(?<![A-Za-z-])(?i:(?:kms_?)?key|cmk)(?:[ _-]?(?i:id|arn))?[ :=\"'(/]{1,4}"
    r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?![0-9a-f-])"
)
_PARTS = re.compile(r"arn:[^:]{1,40}:kms:([^:]{0,40}):([^:]{0,40}):(key|alias)/.{1,400}")
# The end of an ARN whose beginning a line break cut away: the id of the key is whole.
_TAIL_OF_ARN = re.compile(
    r"[0-9a-z:*-]{0,60}:key/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|mrk-[0-9a-f]{32})"
)
# A key that a logger cut or somebody masked: no key has such an id.
_NO_WHOLE_KEY = re.compile(
    r"(?![0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$)[0-9a-f-]{0,80}"
    r"|m|mr|mrk|mrk-(?![0-9a-f]{32}$)[0-9a-f]{0,80}"
    r"|.{0,256}(?:[*\u2026\[#]|\.\.|(?i:xxx|masked|redacted)).{0,256}"
)
_CUT_OFF = ("...", "\u2026", "*", "[")
_REGION = re.compile(r"[a-z]{2,4}-[a-z-]{2,24}-[0-9]{1,2}")
_ACCOUNT = re.compile(r"[0-9]{10}[0-9a-z]{2}")  # AWS's own samples write 0123456789ab


def is_region(name: str) -> bool:
    """Tell whether ``name`` is written as Regions are."""
    return _REGION.fullmatch(name) is not None


def arn_in(text: str) -> str | None:
    """Return the first whole ARN of a key or alias in a text."""
    return next((found for found in whole_arns(text)), None)


def whole_arns(text: str) -> Iterator[str]:
    """Yield the ARNs of keys and aliases in a text, but for those that a logger cut or somebody masked."""
    for found in _ARN.finditer(text):
        name = found.group(0)
        if is_whole(name) and not text.startswith(_CUT_OFF, found.end()):
            yield name


def is_whole(name: str) -> bool:
    """Tell whether ``name``, if it is an ARN, is a whole one."""
    before, is_key, key = name.partition(":key/")
    if not is_key and before.startswith("arn:"):
        return ":alias/" in before
    if not is_key or not before.startswith("arn:") or "<" in key:
        return True
    return _NO_WHOLE_KEY.fullmatch(key) is None


def name_in(text: str) -> str | None:
    """Return the one alias or key id that a text names."""
    found = {alias or key for alias, key in _BARE_NAME.findall(text)}
    return found.pop() if len(found) == 1 else None


def of_alias(classification: ErrorClassification, name: str) -> ErrorClassification:
    """Return ``classification`` as it is true of ``name``: a key that is missing under the name of an alias is an alias."""
    if classification.cause == "key_not_found" and "alias/" in name:
        return replace(classification, cause="alias_not_found")
    return classification


def named(classification: ErrorClassification, name: str | None) -> ErrorClassification:
    """Return ``classification`` with the name of its key, if any; the parts of an ARN are taken only where they are real."""
    if name is None:
        return classification
    name = one_line(name, MAX_NAME)
    if not is_well_formed(name):
        name = redacted(name)  # what names no key may be anything that stood in its place
    parts = _PARTS.fullmatch(name)
    if parts is None:
        tail = _TAIL_OF_ARN.fullmatch(name)
        return replace(classification, identifier=tail.group(1) if tail else name)
    region, account, kind = parts.groups()
    real = "<" not in name
    whole = is_whole(name) or classification.cause == "malformed_identifier"
    return replace(
        classification,
        identifier=name if whole else None,
        key_arn=name if kind == "key" and real and whole else None,
        alias_arn=name if kind == "alias" and real else None,
        region=region if is_region(region) else classification.region,
        account=account if _ACCOUNT.fullmatch(account) else None,
    )
