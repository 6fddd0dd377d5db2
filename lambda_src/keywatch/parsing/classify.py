"""What an error code and message say about a KMS key: the one place where AWS's words become a cause.

CloudTrail and the SDKs give the same failure different codes, other services wrap it in codes of
their own, and KMS packs every trouble of a custom key store into ``KMSInvalidStateException``: the
text therefore speaks first, wherever it stands, and the code only when the text is missing or new.
Texts and codes are rows of ``catalogue.texts`` and ``catalogue.codes``.
"""

from functools import lru_cache

from keywatch.catalogue.code_lookup import WORDS, core_of, kms_code, service_code
from keywatch.catalogue.codes import Meaning
from keywatch.catalogue.texts import Form
from keywatch.model.levels import Confidence
from keywatch.model.signals import ErrorClassification
from keywatch.parsing.named import arn_in, is_region, name_in, named
from keywatch.parsing.normalise import readable
from keywatch.parsing.sentences import Match, first_hit
from keywatch.parsing.spoken import said_of_key

KMS = "kms.amazonaws.com"
MAX_SCANNED = 8192  # CloudTrail cuts messages at 1 KB; a message in a log may be longer, but says it at the beginning


@lru_cache(maxsize=4096)
def read_error(
    code: str | None, message: str | None, *, service: str = KMS, operation: str | None = None
) -> ErrorClassification | None:
    """Return what a code and message say, or ``None`` when they say nothing about a KMS key.

    ``service`` is the event source that answered (``s3.amazonaws.com``), ``operation`` the call
    that failed. An answer without a cause is an error of KMS that is out of scope; its ``reason``
    names the kind.
    """
    text, low = readable(message[:MAX_SCANNED]) if message else ("", "")
    core, says_kms = core_of(code or "")
    from_kms = service == KMS or says_kms
    meaning = kms_code(core, operation) if from_kms else service_code(core, service)
    hit = first_hit(text, low, weak=meaning is not None) if text else None
    if hit and (hit.row.cause or meaning):
        return reading_of(hit, text)
    if not core:
        return None
    if meaning is None or (meaning.cause == "unclassified" and not from_kms):
        said = _of_another_service(low)
        if said:
            return named(said, arn_in(text))
    return _by_code(meaning, core, text) if meaning else None


def reading_of(hit: Match, text: str) -> ErrorClassification:
    """Return what a sentence says; where it names no key itself, the ARN of a KMS key in ``text`` is taken."""
    row = hit.row
    if row.cause is None:
        return ErrorClassification(None, row.confidence, row.id, row.reason)
    if row.form is Form.REGION:
        region = hit.name if hit.name and is_region(hit.name) else None
        confidence = row.confidence if hit.name else Confidence.LIKELY
        return ErrorClassification(row.cause, confidence, row.id, region=region)
    name = arn_in(text) if hit.name is None else hit.name
    return named(ErrorClassification(row.cause, row.confidence, row.id), name)


def _by_code(meaning: Meaning, core: str, text: str) -> ErrorClassification:
    if meaning.cause is None:
        return ErrorClassification(None, Confidence.CERTAIN, reason=meaning.reason)
    if not text and meaning.bare:
        return ErrorClassification(meaning.bare, Confidence.POSSIBLE)
    name = arn_in(text) or name_in(text)
    if cause := _by_words(core, text.lower()):
        return named(ErrorClassification(cause, Confidence.LIKELY), name)
    return named(ErrorClassification(meaning.cause, meaning.confidence), name)


def _by_words(core: str, low: str) -> str | None:
    """Read words that no row knows, under a code that does mean missing or unusable."""
    words = WORDS.get(core)
    if words is None or (words.also and not any(phrase in low for phrase in words.also)):
        return None
    return next((cause for phrase, cause in words.causes if phrase in low), None)


def _of_another_service(low: str) -> ErrorClassification | None:
    """Read a service's own sentence about "the KMS key"; AWS services word this in many ways, under codes of any kind."""
    start = low.find("kms key")
    return said_of_key(low[start : start + 300]) if start >= 0 else None
