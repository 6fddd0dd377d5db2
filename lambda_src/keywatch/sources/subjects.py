"""Which thing a failure or a change is about, so that the id, the ARN and the alias of one key meet in one incident."""

from functools import lru_cache

from keywatch.catalogue.causes import cause_of
from keywatch.model.identifiers import KeyIdentifier, Kind, parse
from keywatch.model.signals import UNKNOWN, ErrorClassification, Subject
from keywatch.model.text import one_line

MAX_NAME = 256


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
    key of it is broken: the store is the subject, not each key. It is in the account and Region of
    its keys, whoever called. A failure that names nothing at all is about its caller.
    """
    if key_store and cause_of(classification.cause).about_key_store:
        owner = key_subject(key_arn) if key_arn else None
        place = (owner.account, owner.region) if owner else (account, region)
        return store_subject(key_store, *place)
    if classification.cause == "wrong_region":
        typed = identifier.text if identifier else classification.identifier
        named = key_arn or typed or classification.region or caller
        return _subject("identifier", account, region, named)
    if key_arn and (key := key_subject(key_arn)):
        return key
    if identifier:
        return identifier_subject(identifier, account, region)
    return _subject("caller", account, region, caller)


def identifier_subject(
    identifier: KeyIdentifier, account: str | None, region: str | None
) -> Subject:
    """Return the key, alias or malformed identifier that was asked for; ARNs bring their own account and Region."""
    if identifier.kind is Kind.MALFORMED:
        return _subject("identifier", account, region, identifier.text)
    account, region = identifier.account or account, identifier.region or region
    if identifier.key_id:
        return _subject("key", account, region, identifier.key_id)
    return _subject("alias", account, region, identifier.alias or identifier.text)


def key_subject(arn: str) -> Subject | None:
    """Return the key or alias that a KMS ARN names; ``None`` for any other text."""
    identifier = parse(arn)
    if identifier.kind not in {Kind.KEY_ARN, Kind.ALIAS_ARN}:
        return None
    return identifier_subject(identifier, None, None)


def store_subject(key_store: str, account: str | None, region: str | None) -> Subject:
    """Return the custom key store of an account and Region, by its id (``cks-…``)."""
    return _subject("key_store", account, region, key_store)


@lru_cache(maxsize=1024)
def _subject(kind: str, account: str | None, region: str | None, name: str) -> Subject:
    return Subject(kind, account or UNKNOWN, region or UNKNOWN, one_line(name, MAX_NAME) or UNKNOWN)
