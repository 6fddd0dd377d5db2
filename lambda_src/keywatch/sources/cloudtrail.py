"""CloudTrail records of KMS calls, and of other services' calls that failed on a key.

Field facts: CloudTrail User Guide, record contents; KMS Developer Guide, "Logging with CloudTrail". ``requestParameters``,
``resources`` and ``errorMessage`` may each be missing or ``null``; ``keyId`` is what the caller typed; error texts are cut
at 1 KB. Identity is therefore built from the error text, then ``resources``, then ``requestParameters``.
"""

from collections.abc import Mapping
from datetime import datetime

from keywatch.identifiers import KeyIdentifier, Kind, parse, partition_of
from keywatch.signals import CanarySeen, KeyFailure, NotOurs, Reading, Signal
from keywatch.sources.callers import is_own, read_caller
from keywatch.sources.canary import is_canary
from keywatch.sources.changes import CHANGES, read_change
from keywatch.sources.error_texts import read_error
from keywatch.sources.fields import mapping, moment, text
from keywatch.sources.resources import key_arns, protected_resource
from keywatch.subjects import subject_of

KMS = "kms.amazonaws.com"
MAX_MESSAGE = 1100


def read_record(record: object, *, received: datetime, own_role: str | None = None) -> Signal:
    """Read one CloudTrail record: a failure, a change, or nothing about a key. Never raises."""
    fields = mapping(record)
    operation, service = fields.get("eventName"), fields.get("eventSource")
    if not isinstance(operation, str) or not isinstance(service, str):
        return NotOurs("unknown_shape")
    code, message = fields.get("errorCode"), fields.get("errorMessage")
    if code is None and message is None:
        return _succeeded(fields, operation, service, received)
    if is_own(fields.get("userIdentity"), own_role):
        return CanarySeen("canary", moment(fields.get("eventTime"), received)) if is_canary(fields) else NotOurs("own_call")
    code, message = text(code, 128), text(message, MAX_MESSAGE)
    reading = read_error(code, message, service=service, operation=operation)
    if reading is None:
        return NotOurs("not_about_keys")
    if reading.cause is None:
        return NotOurs(reading.reason or "out_of_scope")
    return _failure(fields, reading, received)


def _succeeded(fields: Mapping[str, object], operation: str, service: str, received: datetime) -> Signal:
    if service == KMS and operation in CHANGES:
        return read_change(fields, operation, received)
    return NotOurs("not_failed")


def _failure(fields: Mapping[str, object], reading: Reading, received: datetime) -> KeyFailure:
    request = mapping(fields.get("requestParameters"))
    extra = mapping(fields.get("additionalEventData"))
    caller = read_caller(fields.get("userIdentity"))
    region = text(fields.get("awsRegion"), 32)
    account = caller.account or text(fields.get("recipientAccountId"), 20)
    identifier = _identifier(request, reading)
    arns = key_arns(fields.get("resources"))
    key_arn = reading.key_arn or (arns[0] if arns else None) or _arn_typed(identifier)
    key_store = text(extra.get("customKeyStoreId"), 64) or text(request.get("customKeyStoreId"), 64)
    subject = subject_of(
        reading=reading,
        identifier=identifier,
        key_arn=key_arn,
        account=account,
        region=region,
        key_store=key_store,
        caller=caller.principal,
    )
    return KeyFailure(
        source="cloudtrail",
        event_id=text(fields.get("eventID"), 64) or "",
        time=moment(fields.get("eventTime"), received),
        reading=reading,
        subject=subject,
        caller=caller,
        partition=_partition(key_arn, region),
        account=account,
        region=region,
        service=text(fields.get("eventSource"), 128) or KMS,
        operation=text(fields.get("eventName"), 64),
        error_code=text(fields.get("errorCode"), 128),
        error_message=text(fields.get("errorMessage"), MAX_MESSAGE),
        identifier=identifier,
        key_arn=key_arn,
        key_store=key_store,
        external_key=text(extra.get("xksKeyId"), 128),
        resource=protected_resource(request),
        other_keys=() if reading.key_arn else arns[1:],
    )


# Where a request names its key, in order of trust; other services name theirs with the last ones.
_KEY_FIELDS = (
    "keyId",
    "aliasName",
    "destinationKeyId",
    "sourceKeyId",
    "targetKeyId",
    "kmsKeyId",
    "KMSKeyId",
    "kmsMasterKeyId",
    "KmsMasterKeyId",
    "x-amz-server-side-encryption-aws-kms-key-id",
)


def _identifier(request: Mapping[str, object], reading: Reading) -> KeyIdentifier | None:
    """Return what the caller asked for: the request's own words, but of two keys the one that the error text names."""
    typed = [value for name in _KEY_FIELDS if isinstance(value := request.get(name), str) and value]
    named = reading.identifier or reading.alias_arn or reading.key_arn
    if not typed:
        return parse(named[:_LONGEST]) if named else None
    chosen = typed[0]
    if named and len(typed) > 1:
        chosen = next((value for value in typed if value == named or named.endswith(f"/{value.rpartition('/')[2]}")), chosen)
    return parse(chosen[:_LONGEST])


_LONGEST = 2048  # KMS API model: KeyIdType


def _arn_typed(identifier: KeyIdentifier | None) -> str | None:
    return identifier.text if identifier and identifier.kind is Kind.KEY_ARN else None


def _partition(key_arn: str | None, region: str | None) -> str:
    if key_arn and (partition := parse(key_arn).partition):
        return partition
    return partition_of(region)
