"""The key, alias or key store that a name means, so that the id, the ARN and the alias of one key meet in one incident."""

from keywatch.model.identifiers import KeyIdentifier, Kind, parse
from keywatch.model.signals import Subject
from keywatch.model.text import one_line

UNKNOWN = "-"
MAX_NAME = 256


def identifier_subject(
    identifier: KeyIdentifier, account: str | None, region: str | None
) -> Subject:
    """Return the key, alias or malformed identifier that was asked for; ARNs bring their own account and Region."""
    if identifier.kind is Kind.MALFORMED:
        return subject("identifier", account, region, identifier.text)
    account, region = identifier.account or account, identifier.region or region
    if identifier.key_id:
        return subject("key", account, region, identifier.key_id)
    return subject("alias", account, region, identifier.alias or identifier.text)


def key_subject(arn: str) -> Subject | None:
    """Return the key or alias that a KMS ARN names; ``None`` for any other text."""
    identifier = parse(arn)
    return (
        identifier_subject(identifier, None, None)
        if identifier.kind in {Kind.KEY_ARN, Kind.ALIAS_ARN}
        else None
    )


def store_subject(key_store: str, account: str | None, region: str | None) -> Subject:
    """Return the custom key store of an account and Region, by its id (``cks-…``)."""
    return subject("key_store", account, region, key_store)


def subject(kind: str, account: str | None, region: str | None, name: str) -> Subject:
    """Return a subject of any kind, with what is not known as ``-`` and the name cleaned and bounded."""
    return Subject(kind, account or UNKNOWN, region or UNKNOWN, one_line(name, MAX_NAME) or UNKNOWN)
