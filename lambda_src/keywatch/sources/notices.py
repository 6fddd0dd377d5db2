"""Notices of services that lost a KMS key: RDS databases, OpenSearch domains, launches of Auto Scaling.

None of them says why: AWS does not tell a missing key from one that the service may not use.
"""

from keywatch.catalogue.notices import (
    LAUNCH_WORDS,
    OPENSEARCH_EVENT,
    RDS_EVENTS,
)
from keywatch.model.identifiers import parse, partition_of
from keywatch.model.levels import Confidence
from keywatch.model.secrets import redacted
from keywatch.model.signals import Caller, ErrorClassification, KeyFailure, Signal, Unrelated
from keywatch.parsing.classify import read_error
from keywatch.sources.fields import mapping, moment, text
from keywatch.sources.source import Event, Reception, Source
from keywatch.sources.subjects import subject_of

_SERVICES = {
    "aws.rds": "rds.amazonaws.com",
    "aws.es": "es.amazonaws.com",
    "aws.autoscaling": "autoscaling.amazonaws.com",
}
# Where a notice names what lost its key, if no ARN does.
_NAMES = ("SourceIdentifier", "AutoScalingGroupName")
_LOST = ErrorClassification("missing_or_not_authorized", Confidence.POSSIBLE, pattern="notice")


def _accepts(event: Event) -> bool:
    detail = event.get("detail")
    if not isinstance(detail, dict) or event.get("source") == "aws.kms":
        return False
    told, status = detail.get("EventID"), detail.get("StatusMessage")
    return (
        (isinstance(told, str) and told in RDS_EVENTS)
        or detail.get("event") == OPENSEARCH_EVENT
        or (isinstance(status, str) and any(words in status for words in LAUNCH_WORDS))
    )


def _read(event: Event, reception: Reception) -> tuple[Signal, ...]:
    detail = mapping(event.get("detail"))
    if RDS_EVENTS.get(str(detail.get("EventID"))) is False:
        return (Unrelated("key_found_again"),)
    return (_failure(event, detail, reception),)


EVENTS = Source("notices of services", _accepts, _read)


def _failure(event: Event, detail: Event, reception: Reception) -> KeyFailure:
    service = _SERVICES.get(str(event.get("source")), "aws")
    account, region = text(event.get("account"), 20), text(event.get("region"), 32)
    message = _message(detail)
    said = read_error(None, message, service=service) if message else None
    classification = said if said and said.cause else _classified(message)
    named = classification.key_arn or classification.identifier
    identifier = parse(named) if named else None
    resource = _resource(event, detail)
    return KeyFailure(
        source="native",
        event_id=text(event.get("id"), 64) or "",
        time=moment(event.get("time"), reception.received),
        classification=classification,
        subject=subject_of(
            classification=classification,
            identifier=identifier,
            key_arn=classification.key_arn,
            account=account,
            region=region,
            key_store=None,
            caller=resource or service,
        ),
        caller=Caller(service, account=account, service=service),
        partition=partition_of(region),
        account=account,
        region=region,
        service=service,
        operation=text(detail.get("EventID") or detail.get("event"), 64),
        error_message=message and redacted(message),
        identifier=identifier,
        key_arn=classification.key_arn,
        resource=resource,
    )


def _message(detail: Event) -> str | None:
    names = ("Message", "description", "StatusMessage")
    return next((found for name in names if (found := text(detail.get(name), 1100))), None)


def _classified(message: str | None) -> ErrorClassification:
    """Take a launch that failed for what its words may mean; a lost key for AWS's three cases."""
    cause = next((c for words, c in LAUNCH_WORDS.items() if message and words in message), None)
    return ErrorClassification(cause, Confidence.POSSIBLE, pattern="notice") if cause else _LOST


def _resource(event: Event, detail: Event) -> str | None:
    resources = event.get("resources")
    listed = resources[0] if isinstance(resources, list) and resources else None
    named = (detail.get("SourceArn"), listed, *map(detail.get, _NAMES))
    return next((found for value in named if (found := text(value))), None)
