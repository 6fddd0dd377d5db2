"""CloudTrail records of KMS calls, and of other services' calls that failed on a key.

Field facts: CloudTrail User Guide, record contents; KMS Developer Guide, "Logging with CloudTrail".
``requestParameters``, ``resources`` and ``errorMessage`` may each be missing or ``null``; ``keyId``
is what the caller typed; error texts are cut at 1 KB. Identity is therefore built from the error
text, then ``resources``, then ``requestParameters``.
"""

import marshal
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from keywatch.catalogue.changes import CHANGES
from keywatch.model.identifiers import KeyIdentifier, Kind, parse, partition_of
from keywatch.model.secrets import redacted
from keywatch.model.signals import (
    Caller,
    CanarySeen,
    ErrorClassification,
    KeyFailure,
    Signal,
    Unrelated,
)
from keywatch.parsing.classify import read_error
from keywatch.sources.callers import is_look_up, is_own, read_caller
from keywatch.sources.canary import canary_call
from keywatch.sources.changes import read_change
from keywatch.sources.fields import inner, mapping, moment, text, texts
from keywatch.sources.resources import (
    CONTEXTS,
    key_arns,
    keys_configured,
    keys_typed,
    protected_resource,
)
from keywatch.sources.source import EPOCH, Event, Reception, Source
from keywatch.sources.subjects import subject_of

KMS = "kms.amazonaws.com"
# What is kept of a failed call's record, and the longest that is kept of each text.
_LIMITS = {
    "errorCode": 128,
    "errorMessage": 1100,
    "eventSource": 128,
    "eventName": 64,
    "awsRegion": 32,
    "recipientAccountId": 20,
}
_EXTRA_LIMITS = {"customKeyStoreId": 64, "xksKeyId": 128}
_ID = 64
# On what the reading of a failure rests, beside its caller and request: what is the same in
# thousands of calls that fail alike.
_ALIKE = (*_LIMITS, "additionalEventData", "resources")
_LONGEST_REMEMBERED, _MOST_REMEMBERED = 4_096, 1_024
API_CALL, SERVICE_EVENT = "AWS API Call via CloudTrail", "AWS Service Event via CloudTrail"
DETAIL_TYPES = (API_CALL, SERVICE_EVENT)


def read_record(record: object, reception: Reception) -> Signal:
    """Read one CloudTrail record: a failure, a change, or nothing about a key. Never raises."""
    received = reception.received
    fields = mapping(record)
    operation, service = fields.get("eventName"), fields.get("eventSource")
    if not isinstance(operation, str) or not isinstance(service, str):
        return Unrelated("unknown_shape")
    code, message = fields.get("errorCode"), fields.get("errorMessage")
    if code in (None, "") and message in (None, ""):
        return _succeeded(fields, operation, service, received)
    if own := _own(fields, reception):
        return own
    classification = _classification(fields)
    if classification is None:
        return Unrelated("not_about_keys")
    if classification.cause is None:
        return Unrelated(classification.reason or "out_of_scope")
    return _failure(fields, received)


def _classification(fields: Mapping[str, object]) -> ErrorClassification | None:
    return read_error(
        text(fields.get("errorCode"), _LIMITS["errorCode"]),
        text(fields.get("errorMessage"), _LIMITS["errorMessage"]),
        service=str(fields.get("eventSource")),
        operation=str(fields.get("eventName")),
    )


def _succeeded(
    fields: Mapping[str, object], operation: str, service: str, received: datetime
) -> Signal:
    if service == KMS and operation in CHANGES:
        return read_change(fields, operation, received)
    return Unrelated("not_failed")


def _own(fields: Mapping[str, object], reception: Reception) -> Unrelated | None:
    """Return what a failing call of KeyWatch's own is; of a canary of a look-up role, where it was sent."""
    is_spokes = is_look_up(fields, reception.look_up_role)
    if not is_spokes and not is_own(fields.get("userIdentity"), reception.own_roles):
        return None
    if not (call := canary_call(fields)):
        return Unrelated("own_call")
    called = moment(fields.get("eventTime"), reception.received)
    if not is_spokes and (not reception.look_up_role or _is_here(fields, reception)):
        return CanarySeen("canary", called, call)
    account, region = str(fields.get("recipientAccountId")), str(fields.get("awsRegion"))
    return CanarySeen("canary", called, call, account, region)


def _is_here(fields: Mapping[str, object], reception: Reception) -> bool:
    """Tell whether a call was made in the hub's own Region: its function sends canaries in the other ones of its account."""
    return fields.get("awsRegion") == reception.region


def _failure(fields: Mapping[str, object], received: datetime) -> KeyFailure:
    caller, request = read_caller(fields.get("userIdentity")), inner(fields, "requestParameters")
    return _read_alike(fields, caller, request).of_call(
        caller=caller,
        # Each account's copy of a cross-account call has an eventID of its own; what they share
        # tells that they are one.
        event_id=text(fields.get("sharedEventID"), _ID) or text(fields.get("eventID"), _ID) or "",
        request_id=text(fields.get("requestID"), _ID),
        time=moment(fields.get("eventTime"), received),
        resource=protected_resource(request, fields.get("eventSource")),
    )


def _read_alike(
    fields: Mapping[str, object], caller: Caller, request: Mapping[str, object]
) -> KeyFailure:
    """Read what calls that fail alike have in common, once for all of them: a storm is thousands of such records."""
    if fields.get("eventSource") == KMS and not CONTEXTS.isdisjoint(request):
        # S3 has a context for each object.
        request = {name: value for name, value in request.items() if name not in CONTEXTS}
    alike: Any = (*map(fields.get, _ALIKE), caller.principal, caller.account, request)
    try:
        written = marshal.dumps(alike)
    except ValueError:  # no JSON
        written = b""
    if 0 < len(written) <= _LONGEST_REMEMBERED:
        return _remembered(written)
    return _read(alike)


@lru_cache(maxsize=_MOST_REMEMBERED)
def _remembered(written: bytes) -> KeyFailure:
    return _read(marshal.loads(written))  # noqa: S302 - written a moment ago


def _read(alike: tuple[object, ...]) -> KeyFailure:
    """Return a failure without what tells its call from others."""
    *values, principal, account, request = alike
    fields = dict(zip(_ALIKE, values, strict=True)) | {"requestParameters": request}
    caller = Caller(str(principal), account=account if isinstance(account, str) else None)
    classification = _classification(fields) or ErrorClassification(None)
    said, request = texts(fields, _LIMITS), inner(fields, "requestParameters")
    extra = texts(fields.get("additionalEventData"), _EXTRA_LIMITS)
    account, region = caller.account or said["recipientAccountId"], said["awsRegion"]
    keys = _keys(fields, request, classification)
    key_store = extra["customKeyStoreId"] or text(request.get("customKeyStoreId"), 64)
    subject = subject_of(
        classification=classification,
        identifier=keys.identifier,
        key_arn=keys.arn,
        account=classification.account or account,
        region=region,
        key_store=key_store,
        caller=caller.principal,
    )
    return KeyFailure(
        source="cloudtrail",
        event_id="",
        time=EPOCH,
        classification=classification,
        subject=subject,
        caller=caller,
        partition=_partition(keys.arn, region),
        account=account,
        region=region,
        service=said["eventSource"] or KMS,
        operation=said["eventName"],
        error_code=said["errorCode"],
        error_message=said["errorMessage"] and redacted(said["errorMessage"]),
        identifier=keys.identifier,
        key_arn=keys.arn,
        key_store=key_store,
        external_key=extra["xksKeyId"],
        other_keys=keys.others,
        grant=text(request.get("grantId"), 128),
    )


@dataclass(frozen=True, slots=True)
class _Keys:
    """The key of a failed call: as typed, as AWS resolved it, and further keys where AWS did not say which one failed."""

    identifier: KeyIdentifier | None
    arn: str | None
    others: tuple[str, ...] = ()


def _keys(
    fields: Mapping[str, object], request: Mapping[str, object], classification: ErrorClassification
) -> _Keys:
    """Find the key in the error text first, then in ``resources``, then in the request."""
    resolved = key_arns(fields.get("resources"))
    service, message = fields.get("eventSource"), fields.get("errorMessage")
    typed = keys_typed(request) if service == KMS else keys_configured(request)
    named = classification.identifier or classification.alias_arn or classification.key_arn
    if named:
        return _Keys(
            _as_typed(typed, named), classification.key_arn or _only(resolved) or _arn_typed(typed)
        )
    if fields.get("eventName") == "ReEncrypt" and isinstance(message, str):
        resolved, typed = _one_of_two(message, resolved, typed, request)
    identifier = parse(typed[0]) if typed and len(resolved) < 2 else None  # noqa: PLR2004 - of two keys the typed one may be either
    arn = resolved[0] if resolved else _arn_typed(typed[:1])
    return _Keys(identifier or (parse(arn) if arn else None), arn, resolved[1:] or typed[1:])


def _one_of_two(
    message: str, resolved: tuple[str, ...], typed: tuple[str, ...], request: Mapping[str, object]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Tell by the denied action which key of a ReEncrypt failed: it needs ReEncryptFrom on one and ReEncryptTo on the other."""
    for action, field, place in (
        ("kms:ReEncryptFrom", "sourceKeyId", 0),
        ("kms:ReEncryptTo", "destinationKeyId", -1),
    ):
        if action in message:
            named = request.get(field)
            typed = (named,) if isinstance(named, str) and named else ()
            return (resolved[place],) if resolved else (), typed
    return resolved, typed


def _as_typed(typed: tuple[str, ...], named: str) -> KeyIdentifier:
    """Return what the caller typed for the key that AWS names, or AWS's own name of it."""
    tail = named.rpartition("/")[2] or named
    same = [value for value in typed if value == named or value.rpartition("/")[2] == tail]
    if same:
        return parse(same[0])
    return parse(typed[0] if len(typed) == 1 else named)


def _only(resolved: tuple[str, ...]) -> str | None:
    return resolved[0] if len(resolved) == 1 else None


def _arn_typed(typed: tuple[str, ...]) -> str | None:
    identifier = parse(typed[0]) if len(typed) == 1 else None
    return identifier.text if identifier and identifier.kind is Kind.KEY_ARN else None


def _partition(key_arn: str | None, region: str | None) -> str:
    if key_arn and (partition := parse(key_arn).partition):
        return partition
    return partition_of(region)


def _is_log_file(event: Event) -> bool:
    return event.get("detail-type") is None and isinstance(event.get("Records"), list)


def _read_log_file(event: Event, reception: Reception) -> tuple[Signal, ...]:
    records = event.get("Records")
    return tuple(
        read_record(record, reception) for record in (records if isinstance(records, list) else ())
    )


EVENTS = Source(
    "CloudTrail events on the bus",
    lambda event: event.get("detail-type") in DETAIL_TYPES,
    lambda event, reception: (read_record(event.get("detail"), reception),),
)
LOG_FILES = Source("CloudTrail log files", _is_log_file, _read_log_file)
RECORDS = Source(
    "CloudTrail records",
    lambda event: event.get("detail-type") is None,
    lambda event, reception: (read_record(event, reception),),
)
