"""Which thing a failure is about: the incident that it belongs to."""

from keywatch.catalogue.causes import cause_of
from keywatch.model.identifiers import KeyIdentifier
from keywatch.model.signals import ErrorClassification, Subject
from keywatch.model.subjects import identifier_subject, key_subject, store_subject, subject


def subject_of(
    *,
    classification: ErrorClassification,
    identifier: KeyIdentifier | None,
    key_arn: str | None,
    account: str | None,
    region: str | None,
    key_store: str | None,
    caller: str,
) -> Subject:
    """Return what a failure is about.

    ``key_arn`` is the key that AWS named, ``account`` and ``region`` those of the call: a bare id
    or alias always resolves there (KMS API Reference, DescribeKey). When a key store broke, every
    key of it is broken: the store is the subject, not each key. A failure that names nothing at all
    is about its caller.
    """
    if key_store and cause_of(classification.cause).about_key_store:
        return store_subject(key_store, account, region)
    if classification.cause == "wrong_region":
        typed = identifier.text if identifier else classification.identifier
        named = key_arn or typed or classification.region or caller
        return subject("identifier", account, region, named)
    if key_arn and (key := key_subject(key_arn)):
        return key
    if identifier:
        return identifier_subject(identifier, account, region)
    return subject("caller", account, region, caller)
