"""Changes that made, will make or un-make a key unusable, from CloudTrail records of KMS's successful write calls.

Since December 2022 management writes carry the key ARN in ``responseElements.keyId``; service
events (DeleteKey, DeleteExpiredKeyMaterial) have no request and name the key in ``resources`` or
``serviceEventDetails`` (KMS Developer Guide, "Logging with CloudTrail").
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from keywatch.catalogue.changes import DETAILS
from keywatch.model.identifiers import parse, partition_of
from keywatch.model.signals import KeyChange, Subject, Unrelated
from keywatch.sources.callers import read_caller
from keywatch.sources.fields import mapping, moment, text
from keywatch.sources.resources import arns
from keywatch.sources.subjects import identifier_subject, key_subject, store_subject


def read_change(
    fields: Mapping[str, object], operation: str, received: datetime
) -> KeyChange | Unrelated:
    """Read one successful write; ``Unrelated`` where it names nothing that changed."""
    region = text(fields.get("awsRegion"), 32)
    who = read_caller(fields.get("userIdentity"))
    account = text(fields.get("recipientAccountId"), 20) or who.account
    subjects = tuple(dict.fromkeys(_subjects(fields, account, region)))
    if not subjects:
        return Unrelated("change_of_nothing")
    return KeyChange(
        source="cloudtrail",
        event_id=text(fields.get("eventID"), 64) or "",
        time=moment(fields.get("eventTime"), received),
        what=operation,
        who=who,
        subjects=subjects,
        account=account,
        region=region,
        partition=partition_of(region),
        details=_details(fields),
    )


def _subjects(
    fields: Mapping[str, object], account: str | None, region: str | None
) -> Iterator[Subject]:
    request, response = (
        mapping(fields.get("requestParameters")),
        mapping(fields.get("responseElements")),
    )
    service = mapping(fields.get("serviceEventDetails"))
    metadata = mapping(response.get("keyMetadata") or response.get("replicaKeyMetadata"))
    named = (
        response.get("keyId"),
        metadata.get("arn"),
        service.get("keyId"),
        request.get("keyId"),
        request.get("aliasName"),
    )
    known = {subject for arn in arns(fields.get("resources")) if (subject := key_subject(arn))}
    yield from sorted(known, key=lambda subject: subject.id)
    names = {subject.name for subject in known}
    for value in (*named, request.get("targetKeyId")):
        identifier = parse(text(value) or "")
        subject = identifier_subject(identifier, account, region)
        if subject.kind in {"key", "alias"} and (identifier.account or subject.name not in names):
            yield subject
    if replica := text(request.get("replicaRegion"), 32):
        # The keys of one family have one id in all their Regions.
        yield from (replace(subject, region=replica) for subject in known if subject.kind == "key")
    for store in (request.get("customKeyStoreId"), response.get("customKeyStoreId")):
        if name := text(store, 64):
            yield store_subject(name, account, region)


def _details(fields: Mapping[str, object]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, part, field in DETAILS:
        value = mapping(fields.get(part)).get(field)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if clean := text(value, 256):
            found[name] = clean
    return found
