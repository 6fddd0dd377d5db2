"""When a key last did cryptography, as far as KMS kept track."""

from dataclasses import replace
from datetime import datetime

from keywatch.actions.check.answer import KeyAnswer, Usage
from keywatch.actions.rate_limiter import RateLimiter
from keywatch.diagnosis.reasons import stamp
from keywatch.lookups.kms import Lookups
from keywatch.model.evidence import LookupOutcome

NO_LAST_USAGE = "This version of boto3 does not have GetKeyLastUsage."


def with_last_usage(answer: KeyAnswer, lookups: Lookups, limiter: RateLimiter) -> KeyAnswer:
    """Add when a key last did cryptography, unless the diagnosis has asked already."""
    facts = answer.facts
    if facts is None or not facts.arn or answer.usage:
        return answer
    limiter.wait()
    used, since, result = lookups.last_use(facts.arn, facts.region)
    if result is None:
        return replace(answer, unknowns=(*answer.unknowns, NO_LAST_USAGE))
    if result.outcome is LookupOutcome.SEEN:
        return with_usage(answer, used, since)
    return answer.unseen(result)


def with_usage(answer: KeyAnswer, used: datetime | None, since: datetime | None) -> KeyAnswer:
    """Add a last use, and since when KMS keeps track of it (both UTC)."""
    created = answer.facts.created if answer.facts else None
    usage = Usage(
        used, since, known=used is not None or bool(since and created and since <= created)
    )
    if usage.known:
        return replace(answer, usage=usage)
    unknown = f"Whether the key was used before {stamp(since)}, when KMS began to track its use, is not known."
    return replace(answer, usage=usage, unknowns=(*answer.unknowns, unknown))
