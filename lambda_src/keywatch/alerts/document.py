"""The alert document ``keywatch.alert/1``: its members, and how much of everything it may hold.

The JSON Schema that is published, ``docs/alert.schema.json``, says the same. Members are only ever
added. All text is one cleaned, bounded line; all times are ISO 8601 in UTC.
"""

from dataclasses import dataclass
from typing import NotRequired, TypedDict

from keywatch.alerts.escape import MAX_COMMAND
from keywatch.model.text import AS_IS, Kept

SCHEMA = "keywatch.alert/1"
UNKNOWN = "unknown"
GONE = "The key is gone for good"  # how the note begins of an incident that ended without being resolved
SHORTENED = "Shortened"  # how the note begins that tells of a list which was cut


MAX_OWNER = 128


class AffectedSubject(TypedDict):
    """The broken thing by all its names; account and Region are ``unknown`` where nobody knows them."""

    identifier: str | None
    key_arn: str | None
    alias: str | None
    key_store: str | None
    account: str
    region: str


class Step(TypedDict):
    """One step of a remedy; the command is to be pasted as it stands."""

    text: str
    command: str | None


class Count(TypedDict):
    """How many failures a caller, operation, service or resource had."""

    name: str
    count: int


class ImpactCounts(TypedDict):
    """How many calls failed, from when to when, and whose."""

    failures: int
    first_seen: str
    last_seen: str
    callers: list[Count]
    operations: list[Count]
    services: list[Count]
    resources: list[Count]


class RecordedChange(TypedDict):
    """A change made to the subject: the KMS operation, who called it, when, and its CloudTrail event."""

    what: str
    who: str
    when: str
    event_id: str


class GroupMembers(TypedDict):
    """Many subjects that broke together: how many, what they have in common, and the names of as many as fit."""

    id: str
    size: int
    by: str
    members: list[str]


class Party(TypedDict):
    """One of the two accounts of a call, and what the organisation calls it (empty where that is not known)."""

    account: str
    name: str


class CrossAccount(TypedDict):
    """A call from one account to the key of another: who called, who owns the key, and who must act.

    ``acts`` is owner, caller, both or nobody.
    """

    caller: Party
    owner: Party
    acts: str


class Document(TypedDict):
    """An alert as every channel gets it; ``previous_incident_id`` only where the same subject had an incident before.

    ``owner`` is there where a tag of the key names one (setting owner_tags), ``account_name`` where
    the organisation's names of accounts may be read. ``replayed`` is there where AWS did not tell of
    it: the private event source that did.
    """

    schema: str
    status: str
    severity: str
    incident_id: str
    cause: str
    confidence: str
    title: str
    summary: str
    subject: AffectedSubject
    because: list[str]
    unknowns: list[str]
    remedies: list[Step]
    impact: ImpactCounts
    changes: list[RecordedChange]
    links: dict[str, str]
    notes: list[str]
    group: NotRequired[GroupMembers]
    previous_incident_id: NotRequired[str]
    replayed: NotRequired[str]
    owner: NotRequired[str]
    account_name: NotRequired[str]
    cross_account: NotRequired[CrossAccount]


@dataclass(frozen=True, slots=True)
class SizeLimits:
    """How much of everything a document may hold: items in a list, names in a count, characters in a text, name, command.

    ``members`` is the most names of a group.
    """

    items: int
    names: int
    text: int
    name: int
    command: int
    members: int


def kept(limits: SizeLimits) -> dict[str, Kept]:
    """Return what is kept of each text of a document, by its member."""
    text, named = Kept(limits.text), Kept(limits.name, UNKNOWN)
    return {
        "schema": AS_IS,
        "incident_id": Kept(255, UNKNOWN),
        "title": text,
        "summary": Kept(max(limits.text, 500)),
        "subject": Kept(512),
        "because": text,
        "unknowns": text,
        "notes": text,
        "text": Kept(limits.text, "Run this."),
        "command": AS_IS,  # one that was cut or cleaned is another command
        "impact": named,
        "members": named,
        "id": AS_IS,
        "by": Kept(limits.text, ""),
        "what": Kept(128, UNKNOWN),
        "who": named,
        "event_id": Kept(128, ""),
        "links": AS_IS,
        "previous_incident_id": Kept(255),
        "replayed": Kept(64),
        "owner": Kept(MAX_OWNER),
        "account_name": Kept(50),
        "cross_account": Kept(50, ""),
    }


# From everything that people and tools read down to what always fits; a message too big for SNS is
# built anew one step down.
SIZE_LIMITS = (
    SizeLimits(12, 25, 1_000, 300, MAX_COMMAND, 800),
    SizeLimits(5, 10, 400, 200, 1_200, 300),
    SizeLimits(3, 5, 200, 120, 800, 60),
    SizeLimits(1, 1, 120, 80, 500, 5),
)
