"""What words that are no sentence of AWS say of "the KMS key": see ``catalogue.spoken``."""

import re

from keywatch.catalogue.spoken import MISSING, NOT_ALLOWED, SAID, UNUSABLE
from keywatch.model.levels import Confidence
from keywatch.model.signals import ErrorClassification

# As sure as "is" when people write it.
_IS = re.compile(r"\b(?:seems to be|appears to be|turned out to be|turns out to be|got)\b")
_UNKNOWN = ErrorClassification("unclassified", Confidence.POSSIBLE)
_EITHER = ErrorClassification("missing_or_not_authorized", Confidence.POSSIBLE)


def said_of_key(said: str) -> ErrorClassification | None:
    """Return what ``said`` (words about a KMS key, in lower case) means, or ``None`` where it is no complaint.

    Words that leave open which of several troubles it is prove none of them.
    """
    said = _IS.sub("is", said)
    found = [cause for cause, phrases in SAID if any(phrase in said for phrase in phrases)]
    if MISSING in found:
        open_what = len(found) > 1 or any(word in said for word in NOT_ALLOWED)
        return _EITHER if open_what else ErrorClassification("key_not_found", Confidence.LIKELY)
    causes = [cause for cause in found if cause != UNUSABLE]
    if "missing_or_not_authorized" in causes:
        return _EITHER
    if len(causes) == 1:
        return ErrorClassification(causes[0], Confidence.LIKELY)
    return _UNKNOWN if found else None
