"""Where to look next: console pages of a key, its key store and its CloudTrail events, in the right partition and Region."""

import re
from collections.abc import Sequence
from urllib.parse import quote

from keywatch.alerts.alert import SubjectView
from keywatch.catalogue.causes import Cause
from keywatch.model.evidence import ChangeFact
from keywatch.model.identifiers import KeyIdentifier, Kind, parse

# Hosts of the AWS Management Console by partition; other partitions have hosts that are not public,
# so they get no link.
_CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]{1,12}){1,3}-\d{1,2}")
_EVENT_ID = re.compile(r"[0-9A-Za-z-]{8,64}")

# What each link shows.
LABELS = {
    "key": "Key",
    "keys": "Keys of the Region",
    "key_store": "Key stores of the Region",
    "event": "CloudTrail event of the last change",
    "history": "CloudTrail history",
    "documentation": "Documentation",
}


def build(subject: SubjectView, cause: Cause, changes: Sequence[ChangeFact]) -> dict[str, str]:
    """Return the console links that make sense for a broken key, by what they show (``LABELS``).

    ``changes`` are newest first; the newest with an event id is linked. A key that is gone has no
    page of its own, but still a history.
    """
    key = _key(subject)
    region = key.region if key and key.region else subject.region
    pages = {}
    if key and cause.has_key_page:
        pages["key"] = (region, f"kms#/kms/keys/{key.key_id}")
    else:
        pages["keys"] = (subject.region, "kms#/kms/keys")
    if subject.key_store:
        pages["key_store"] = (subject.region, "kms#/kms/custom-key-stores")
    for change in changes:
        if _EVENT_ID.fullmatch(change.event_id):
            pages["event"] = (subject.region, f"cloudtrailv2#/events/{change.event_id}")
            break
    by_key = key and key.kind is Kind.KEY_ARN
    asked = f"ResourceName={quote(key.text, safe='')}" if key and by_key else _ALL_OF_KMS
    pages["history"] = (region, f"cloudtrailv2#/events?{asked}")
    found = {name: console(subject.partition, *page) for name, page in pages.items()}
    return {name: address for name, address in found.items() if address}


_ALL_OF_KMS = "EventSource=kms.amazonaws.com"


def console(partition: str, region: str, page: str) -> str | None:
    """Return the address of a console page, or ``None`` where the partition is unknown or the Region is no Region."""
    host = _CONSOLES.get(partition)
    if host is None or not _REGION.fullmatch(region):
        return None
    service, _, fragment = page.partition("#")
    return f"https://{host}/{service}/home?region={region}#{fragment}"


def _key(subject: SubjectView) -> KeyIdentifier | None:
    for text in (subject.key_arn, subject.identifier):
        named = parse(text) if text else None
        if named and named.key_id:
            return named
    return None
