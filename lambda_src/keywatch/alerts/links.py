"""Where to look next: console pages of a key, its key store and its CloudTrail events, in the right partition and Region."""

import re
from collections.abc import Sequence
from urllib.parse import quote

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


def console(partition: str, region: str, page: str) -> str | None:
    """Return the address of a console page, or ``None`` where the partition is unknown or the Region is no Region."""
    host = _CONSOLES.get(partition)
    if host is None or not _REGION.fullmatch(region):
        return None
    service, _, fragment = page.partition("#")
    return f"https://{host}/{service}/home?region={region}#{fragment}"


def build(
    *,
    partition: str,
    region: str,
    key_arn: str | None,
    identifier: str | None,
    key_store: str | None,
    gone: bool,
    event_ids: Sequence[str],
) -> dict[str, str]:
    """Return the console links that make sense for a broken key, by what they show; ``event_ids`` are newest first.

    A key that is ``gone`` has no page of its own, but still a history.
    """
    key = _key(key_arn, identifier)
    key_region = key.region if key and key.region else region
    key_page = f"kms#/kms/keys/{key.key_id}" if key and not gone else None
    named = {
        "key": console(partition, key_region, key_page) if key_page else None,
        "keys": console(partition, region, "kms#/kms/keys") if not key_page else None,
        "key_store": console(partition, region, "kms#/kms/custom-key-stores")
        if key_store
        else None,
        "event": _event(partition, region, event_ids),
        "history": console(partition, key_region, f"cloudtrailv2#/events?{_filter(key)}"),
    }
    return {name: address for name, address in named.items() if address}


def _key(key_arn: str | None, identifier: str | None) -> KeyIdentifier | None:
    named = (parse(text) for text in (key_arn, identifier) if text)
    return next((one for one in named if one.key_id), None)


def _event(partition: str, region: str, event_ids: Sequence[str]) -> str | None:
    event = next((one for one in event_ids if _EVENT_ID.fullmatch(one)), None)
    return console(partition, region, f"cloudtrailv2#/events/{event}") if event else None


def _filter(key: KeyIdentifier | None) -> str:
    known_arn = key is not None and key.kind is Kind.KEY_ARN
    return (
        f"ResourceName={quote(key.text, safe='')}"
        if key and known_arn
        else "EventSource=kms.amazonaws.com"
    )
