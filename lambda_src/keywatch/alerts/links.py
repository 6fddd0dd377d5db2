"""Where to look next: console pages of a key, its key store and its CloudTrail events, in the right partition and Region."""

import re
from collections.abc import Sequence
from urllib.parse import quote

from keywatch.identifiers import KeyIdentifier, parse

# Hosts of the AWS Management Console by partition; other partitions have hosts that are not public, so they get no link.
_CONSOLES = {"aws": "console.aws.amazon.com", "aws-cn": "console.amazonaws.cn", "aws-us-gov": "console.amazonaws-us-gov.com"}
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]{1,12}){1,3}-\d{1,2}")
_EVENT_ID = re.compile(r"[0-9A-Za-z-]{8,64}")


def console(partition: str, region: str, page: str) -> str | None:
    """Return the address of a console page, or ``None`` where the partition is unknown or the Region is no Region."""
    host = _CONSOLES.get(partition)
    if host is None or not _REGION.fullmatch(region):
        return None
    service, _, fragment = page.partition("#")
    return f"https://{host}/{service}/home?region={region}#{fragment}"


def build(  # noqa: PLR0913 - the six names that a broken thing can have
    *, partition: str, region: str, key_arn: str | None, identifier: str | None, key_store: str | None, event_ids: Sequence[str]
) -> dict[str, str]:
    """Return the console links that make sense for a broken key, by what they show; ``event_ids`` are newest first."""
    key = _key(key_arn, identifier)
    key_region = key.region if key and key.region else region
    links = {
        "key": console(partition, key_region, f"kms#/kms/keys/{key.key_id}") if key else None,
        "keys": console(partition, region, "kms#/kms/keys") if not key else None,
        "key_store": console(partition, region, "kms#/kms/custom-key-stores") if key_store else None,
        "event": _event(partition, region, event_ids),
        "history": console(partition, key_region, f"cloudtrailv2#/events?{_filter(key_arn if key else None)}"),
    }
    return {name: link for name, link in links.items() if link}


def _key(key_arn: str | None, identifier: str | None) -> KeyIdentifier | None:
    named = (parse(text) for text in (key_arn, identifier) if text)
    return next((one for one in named if one.key_id), None)


def _event(partition: str, region: str, event_ids: Sequence[str]) -> str | None:
    event = next((one for one in event_ids if _EVENT_ID.fullmatch(one)), None)
    return console(partition, region, f"cloudtrailv2#/events/{event}") if event else None


def _filter(key_arn: str | None) -> str:
    return f"ResourceName={quote(key_arn, safe='')}" if key_arn else "EventSource=kms.amazonaws.com"
