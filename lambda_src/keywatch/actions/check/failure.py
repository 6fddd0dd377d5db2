"""A key that cannot be used, as the failure that a caller would have met: what an alert is made of."""

from keywatch.actions.check.observation import KeyObservation
from keywatch.catalogue.states import STATE_CAUSES
from keywatch.model.evidence import LookupOutcome
from keywatch.model.identifiers import Kind, parse, partition_of
from keywatch.model.levels import Confidence
from keywatch.model.signals import Caller, ErrorClassification, KeyFailure
from keywatch.parsing.classify import read_error
from keywatch.services import Services
from keywatch.sources.subjects import subject_of

_ASKER = Caller("manual check")
_LONGEST_NAME = 2048  # KMS takes none that is longer (KMS API Reference, DescribeKey)


def classification_of(observation: KeyObservation) -> ErrorClassification | None:
    """Return what DescribeKey's answer means, in the terms of an error text; ``None`` where there was no answer."""
    facts, result = observation.facts, observation.result
    if facts:
        return ErrorClassification(STATE_CAUSES[facts.state], Confidence.CERTAIN, key_arn=facts.arn)
    classification = read_error(result.error, result.message, operation="DescribeKey")
    if classification and classification.cause:
        return classification
    if result.outcome is LookupOutcome.DENIED:
        return ErrorClassification("missing_or_not_authorized", Confidence.POSSIBLE)
    unasked = {LookupOutcome.THROTTLED, LookupOutcome.SKIPPED}
    if result.outcome not in unasked and parse(observation.key).kind is Kind.MALFORMED:
        return ErrorClassification("malformed_identifier", Confidence.LIKELY)
    if result.outcome is LookupOutcome.ABSENT:
        return ErrorClassification("unclassified", Confidence.POSSIBLE)
    return None


def as_failure(
    observation: KeyObservation, classification: ErrorClassification, services: Services
) -> KeyFailure:
    """Return the failure that a caller would have met."""
    facts, result = observation.facts, observation.result
    identifier = parse(observation.key[:_LONGEST_NAME])
    arn = facts.arn if facts else classification.key_arn
    # A bare id or alias always resolves in the caller's own account (KMS API Reference,
    # DescribeKey).
    account = (
        classification.account
        or identifier.account
        or (facts.account if facts else None)
        or observation.account
        or services.settings.account
    )
    store = facts.key_store if facts else None
    subject = subject_of(
        classification=classification,
        identifier=identifier,
        key_arn=arn,
        account=account,
        region=observation.region,
        key_store=store,
        caller="check",
    )
    return KeyFailure(
        source="manual",
        event_id="",
        time=services.now(),
        classification=classification,
        subject=subject,
        caller=_ASKER,
        partition=identifier.partition or partition_of(observation.region),
        account=account,
        region=observation.region,
        operation="DescribeKey",
        error_code=result.error or None,
        error_message=result.message or None,
        identifier=identifier,
        key_arn=arn,
        key_store=store,
        recorded_in=observation.account if services.settings.hub else None,
    )
