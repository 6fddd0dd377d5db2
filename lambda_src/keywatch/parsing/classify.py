"""What an error code and message say about a KMS key: the one place where AWS's words become a cause.

CloudTrail and the SDKs give the same failure different codes, other services wrap it in codes of
their own, and KMS packs every trouble of a custom key store into ``KMSInvalidStateException``: the
text therefore speaks first, wherever it stands, and the code only when the text is missing or new.
Rows and codes are data in ``kms_texts`` and ``kms_codes``.
"""

import re
from dataclasses import replace
from functools import lru_cache

from keywatch.catalogue.codes import Code, core_of, kms_code, service_code
from keywatch.catalogue.texts import Form
from keywatch.model.levels import Confidence
from keywatch.model.signals import ErrorClassification
from keywatch.model.text import one_line
from keywatch.parsing.normalise import flat, lowered, plain
from keywatch.parsing.sentences import Match, first_hit

KMS = "kms.amazonaws.com"
MAX_SCANNED = 8192  # CloudTrail cuts messages at 1 KB; a message in a log may be longer, but says it at the beginning
MAX_NAME = 512

_ARN = re.compile(
    r"arn:(?:aws[a-z-]{0,20}):kms:[a-z0-9-]{0,32}:[A-Za-z0-9*_-]{0,32}:(?:key|alias)/[A-Za-z0-9/_-]{1,256}"
)
_BARE_NAME = re.compile(
    r"(?<![A-Za-z0-9/:-])(alias/[A-Za-z0-9/_-]{1,250}|mrk-[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
)
_PARTS = re.compile(r"arn:[^:]{1,40}:kms:([^:]{0,40}):([^:]{0,40}):(key|alias)/.{1,400}")
_REGION = re.compile(r"[a-z]{2,4}-[a-z-]{2,24}-[0-9]{1,2}")
_ACCOUNT = re.compile(r"[0-9]{10}[0-9a-z]{2}")  # AWS's own samples write 0123456789ab


@lru_cache(maxsize=4096)
def read_error(
    code: str | None, message: str | None, *, service: str = KMS, operation: str | None = None
) -> ErrorClassification | None:
    """Return what a code and message say, or ``None`` when they say nothing about a KMS key.

    ``service`` is the event source that answered (``s3.amazonaws.com``), ``operation`` the call
    that failed. A reading without a cause is an error of KMS that is out of scope; its ``reason``
    names the kind.
    """
    text = flat(plain(message[:MAX_SCANNED])).strip() if message else ""
    core, says_kms = core_of(code or "")
    from_kms = service == KMS or says_kms
    about_kms = from_kms or service_code(core, service) is not None
    hit = first_hit(text, lowered(text), weak=about_kms) if text else None
    if hit and (hit.row.cause or about_kms):
        return reading_of(hit, text)
    if not core:
        return None
    entry = kms_code(core, operation) if from_kms else service_code(core, service)
    if entry is None or (entry.cause == "unclassified" and not from_kms):
        said = _of_another_service(lowered(text))
        if said and said.cause:
            return _named(said.cause, said.confidence, "", _arn_in(text))
    return _from_code(entry, core, text) if entry else None


def reading_of(hit: Match, text: str) -> ErrorClassification:
    """Return what a sentence says; where it names no key itself, the ARN of a KMS key in ``text`` is taken."""
    row = hit.row
    if row.cause is None:
        return ErrorClassification(None, row.confidence, row.id, row.reason)
    if row.form is Form.REGION:
        region = hit.name if hit.name and _REGION.fullmatch(hit.name) else None
        return ErrorClassification(
            row.cause, row.confidence if hit.name else Confidence.LIKELY, row.id, region=region
        )
    return _named(
        row.cause, row.confidence, row.id, _arn_in(text) if hit.name is None else hit.name
    )


def _from_code(entry: Code, core: str, text: str) -> ErrorClassification:
    if entry.cause is None:
        return ErrorClassification(None, Confidence.CERTAIN, reason=entry.reason)
    if not text and entry.bare:
        return ErrorClassification(entry.bare, Confidence.POSSIBLE)
    name = _arn_in(text) or _name_in(text)
    if cause := _new_wording(core, text.lower()):
        return _named(cause, Confidence.LIKELY, "", name)
    return _named(entry.cause, entry.confidence, "", name)


# Words that no row knows, under a code that does mean missing or unusable: what they speak of, most
# telling word first.
_MISSING = (
    "not found",
    "not exist",
    "unable to find",
    "cannot find",
    "could not find",
    "no such",
    "couldn't find",
    "not be found",
)
_THINGS = (
    ("key store", "key_store_not_found"),
    ("grant", "grant_not_found"),
    ("alias", "alias_not_found"),
    ("key", "key_not_found"),
)
_STATES = (
    ("pending deletion", "key_pending_deletion"),
    ("pendingdeletion", "key_pending_deletion"),
    ("pending replica deletion", "key_pending_deletion"),
    ("pending import", "key_material_missing"),
    ("pendingimport", "key_material_missing"),
    ("is disabled", "key_disabled"),
)
_WORDS = {
    "notfound": _THINGS,
    "kmsnotfound": _THINGS,
    "disabled": _STATES,
    "kmsinvalidstate": _STATES,
    "invalidstate": _STATES,
}


def _new_wording(core: str, low: str) -> str | None:
    if core == "invalidkeyid" and "invalid keyid" in low:
        return "malformed_identifier"
    words = _WORDS.get(core, ())
    if words is _THINGS and not any(phrase in low for phrase in _MISSING):
        return None
    return next((cause for word, cause in words if word in low), None)


def _of_another_service(low: str) -> ErrorClassification | None:
    """Read a service's own sentence about "the KMS key"; AWS services word this in many ways, under codes of any kind."""
    start = low.find("kms key")
    if start < 0:
        return None
    said = low[start : start + 300]
    if any(words in said for words in ("pending deletion", "pendingdeletion")):
        return ErrorClassification("key_pending_deletion", Confidence.LIKELY)
    if "is disabled" in said or "not enabled" in said:
        return ErrorClassification("key_disabled", Confidence.LIKELY)
    if not any(words in said for words in _MISSING):
        return None
    if any(words in said for words in ("permission", "authorized", "allowed", "access")):
        return ErrorClassification("missing_or_not_authorized", Confidence.POSSIBLE)
    return ErrorClassification("key_not_found", Confidence.LIKELY)


def _arn_in(text: str) -> str | None:
    found = _ARN.search(text)
    return found.group(0) if found else None


def _name_in(text: str) -> str | None:
    """Return the one alias or key id that a text names."""
    found = set(_BARE_NAME.findall(text))
    return found.pop() if len(found) == 1 else None


def _named(
    cause: str, confidence: Confidence, pattern: str, name: str | None
) -> ErrorClassification:
    classification = ErrorClassification(cause, confidence, pattern)
    return classification if name is None else named(classification, name)


def named(classification: ErrorClassification, name: str) -> ErrorClassification:
    """Return ``classification`` with the name of its key; the parts of an ARN are taken only where they are real."""
    name = one_line(name, MAX_NAME)
    parts = _PARTS.fullmatch(name)
    if parts is None:
        return replace(classification, identifier=name)
    region, account, kind = parts.groups()
    real = "<" not in name
    return replace(
        classification,
        identifier=name,
        key_arn=name if kind == "key" and real else None,
        alias_arn=name if kind == "alias" and real else None,
        region=region if _REGION.fullmatch(region) else classification.region,
        account=account if _ACCOUNT.fullmatch(account) else None,
    )
