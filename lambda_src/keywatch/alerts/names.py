"""What an alert calls things, and where to look next: console pages in the right partition and Region."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from urllib.parse import quote

from keywatch.alerts.alert import SubjectView
from keywatch.alerts.document import UNKNOWN, AffectedSubject
from keywatch.catalogue.causes import Cause
from keywatch.model.evidence import ChangeFact
from keywatch.model.identifiers import KeyIdentifier, Kind, parse
from keywatch.model.text import one_line

_MAX_NAME = 100
_PLACE = re.compile(r"[A-Za-z0-9*][A-Za-z0-9*-]{0,63}")
_WORD = re.compile(r"[A-Za-z0-9._-]{1,100}")


def display_name(cause: Cause, subject: SubjectView) -> str:
    """Return the most human name of what is broken: its alias, else its key id, else what the caller typed, in quotes."""
    if subject.key_store and cause.about_key_store:
        return _quoted_if_odd(subject.key_store)
    names = [name for name in (subject.alias, subject.identifier, subject.key_arn) if name]
    for parsed in map(parse, names):
        if name := parsed.alias or parsed.key_id:
            return one_line(name, _MAX_NAME)
    typed = one_line(names[0], _MAX_NAME) if names else ""
    if typed:
        return f'"{typed}"'
    if subject.key_store:
        return f"key store {_quoted_if_odd(subject.key_store)}"
    return "a key that AWS did not name"


def id_of(subject: AffectedSubject) -> str | None:
    """Return by what a program tells this from other broken things; ``None`` where nothing names it."""
    return subject["alias"] or subject["key_arn"] or subject["key_store"] or subject["identifier"]


def _quoted_if_odd(name: str) -> str:
    short = one_line(name, _MAX_NAME)
    return short if _WORD.fullmatch(name) else f'"{short}"'


def known_place(value: str | None) -> str:
    """Return an account or Region, or ``unknown`` where nobody knows it."""
    return value if value and _PLACE.fullmatch(value) else UNKNOWN


def named(account: str, name: str | None) -> str:
    """Return an account as people know it: its number, and the organisation's name of it where that is known."""
    return f"{account} ({one_line(name, _MAX_NAME)})" if name else account


def arn_shortener(subject: AffectedSubject) -> Callable[[str], str]:
    """Return what cuts the ARNs of the alert's own account and Region down to what people say: ``role/payments``."""
    account, region = subject["account"], subject["region"]
    if UNKNOWN in (account, region):
        return str
    here = f"(?:kms:{re.escape(region)}|iam:|sts:):{re.escape(account)}"
    return partial(re.compile(rf"\barn:aws[a-z-]{{0,20}}:{here}:(?=[a-z])").sub, "")


# Hosts of the AWS Management Console by partition; other partitions have hosts that are not public,
# so they get no link.
_CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}
_REGION_NAME = re.compile(r"[a-z]{2}(?:-[a-z]{1,12}){1,3}-\d{1,2}")
_EVENT_ID = re.compile(r"[0-9A-Za-z-]{8,64}")

# What each link shows.
LABELS = {
    "runbook": "Runbook",
    "key": "Key",
    "keys": "Keys of the Region",
    "key_store": "Key stores of the Region",
    "event": "CloudTrail event of the last change",
    "history": "CloudTrail history",
    "documentation": "Documentation",
}


def links_of(subject: SubjectView, cause: Cause, changes: Sequence[ChangeFact]) -> dict[str, str]:
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
    if host is None or not _REGION_NAME.fullmatch(region):
        return None
    service, _, fragment = page.partition("#")
    return f"https://{host}/{service}/home?region={region}#{fragment}"


def _key(subject: SubjectView) -> KeyIdentifier | None:
    for text in (subject.key_arn, subject.identifier):
        named = parse(text) if text else None
        if named and named.key_id:
            return named
    return None
