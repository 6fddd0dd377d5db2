"""``XksKeyNotFoundException`` outside CreateKey: which of two troubles it names is settled by what DescribeKey says of the key.

AWS says it to CreateKey with an external key store only (KMS API Reference, CreateKey); articles and libraries give
its name to every missing key. Of an ordinary key it cannot mean an external key; of a key in an external key store
it can.
"""

from dataclasses import replace

from keywatch.catalogue.external_name import CODE
from keywatch.diagnosis.case import find_look
from keywatch.model.evidence import Evidence, LookupOutcome
from keywatch.model.levels import Confidence
from keywatch.model.signals import ErrorClassification, KeyFailure

_EXTERNAL = "EXTERNAL_KEY_STORE"  # KeyMetadata.Origin


def is_only_a_name(failure: KeyFailure) -> bool:
    """Tell whether nothing but the name of the error says that an external key is missing."""
    said = failure.classification
    named = (failure.error_code or "").rpartition(".")[2].startswith(CODE)
    return named and said.confidence is Confidence.POSSIBLE


def as_looked_up(failure: KeyFailure, evidence: Evidence) -> KeyFailure:
    """Return ``failure`` with what DescribeKey leaves of it, where only the name of the error speaks of an external key."""
    if not is_only_a_name(failure):
        return failure
    return replace(failure, classification=_settled(failure, evidence))


def _settled(failure: KeyFailure, evidence: Evidence) -> ErrorClassification:
    said, key = failure.classification, evidence.key
    look = find_look(evidence, "DescribeKey", failure.region)
    if look is not None and look.outcome is LookupOutcome.ABSENT:
        named_alias = failure.subject.kind == "alias"
        cause = "alias_not_found" if named_alias else "key_not_found"
        return replace(said, cause=cause, confidence=Confidence.LIKELY)
    if key is None:
        return said
    if key.origin == _EXTERNAL:
        return replace(said, confidence=Confidence.LIKELY)
    return replace(said, cause="unclassified")
