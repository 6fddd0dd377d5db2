"""Events that need no trail: KMS's own, and EBS volume notifications that quote a key's state.

KMS announces a finished deletion and expired key material (EventBridge reference, KMS; the deletion
may be announced twice); EBS announces a volume that could not be created or attached, with the
key's state in ``cause`` (EBS User Guide).
"""

from collections.abc import Mapping
from datetime import datetime

from keywatch.catalogue.changes import NATIVE_CHANGES
from keywatch.model.identifiers import parse, partition_of
from keywatch.model.secrets import redacted
from keywatch.model.signals import Caller, KeyChange, KeyFailure, Signal, Unrelated
from keywatch.parsing.classify import read_error
from keywatch.sources.fields import mapping, moment, text
from keywatch.sources.source import Event, Reception, Source
from keywatch.sources.subjects import identifier_subject, key_subject, subject_of

EBS_VOLUME = "EBS Volume Notification"
_KMS_ITSELF = Caller("AWS KMS", service="kms.amazonaws.com")


def _is_native(event: Event) -> bool:
    kind = event.get("detail-type")
    return isinstance(kind, str) and (kind in NATIVE_CHANGES or kind == EBS_VOLUME)


def _read_native(event: Event, reception: Reception) -> tuple[Signal, ...]:
    change = NATIVE_CHANGES.get(str(event.get("detail-type")))
    if change is None:
        return (_volume(event, reception.received),)
    return (_change(event, change, reception.received),)


EVENTS = Source("events of KMS and EBS", _is_native, _read_native)


def _change(event: Mapping[str, object], what: str, received: datetime) -> Signal:
    account, region = text(event.get("account"), 20), text(event.get("region"), 32)
    key_id = text(mapping(event.get("detail")).get("key-id"))
    arn = _first_resource(event)
    subject = key_subject(arn) if arn else None
    if subject is None and key_id:
        subject = identifier_subject(parse(key_id), account, region)
    if subject is None or subject.kind != "key":
        return Unrelated("unknown_shape")
    return KeyChange(
        source="native",
        event_id=text(event.get("id"), 64) or "",
        time=moment(event.get("time"), received),
        what=what,
        who=_KMS_ITSELF,
        subjects=(subject,),
        account=subject.account,
        region=subject.region,
        partition=partition_of(subject.region),
    )


def _volume(event: Mapping[str, object], received: datetime) -> Signal:
    detail = mapping(event.get("detail"))
    message = text(detail.get("cause"), 1100)
    if detail.get("result") != "failed" or not message:
        return Unrelated("not_failed")
    classification = read_error(None, message, service="ec2.amazonaws.com", operation=None)
    if classification is None or classification.cause is None:
        return Unrelated("not_about_keys")
    account, region = text(event.get("account"), 20), text(event.get("region"), 32)
    named = classification.key_arn or classification.identifier
    identifier = parse(named) if named else None
    subject = subject_of(
        classification=classification,
        identifier=identifier,
        key_arn=classification.key_arn,
        account=account,
        region=region,
        key_store=None,
        caller="ec2.amazonaws.com",
    )
    return KeyFailure(
        source="native",
        event_id=text(event.get("id"), 64) or "",
        time=moment(event.get("time"), received),
        classification=classification,
        subject=subject,
        caller=Caller("ec2.amazonaws.com", account=account, service="ec2.amazonaws.com"),
        partition=partition_of(region),
        account=account,
        region=region,
        service="ec2.amazonaws.com",
        operation=text(detail.get("event"), 64),
        error_message=message and redacted(message),
        identifier=identifier,
        key_arn=classification.key_arn,
        resource=_first_resource(event),
    )


def _first_resource(event: Mapping[str, object]) -> str | None:
    resources = event.get("resources")
    return text(resources[0]) if isinstance(resources, list) and resources else None
