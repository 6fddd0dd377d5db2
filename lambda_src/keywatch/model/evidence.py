"""What read-only look-ups found out about a failure. Facts only: what they mean is for the diagnosis to say.

Each look-up may be denied, throttled, slow or pointless; that is recorded as a ``LookupResult`` and
never an error.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from keywatch.model.signals import Caller

# Where a change is known from.
FROM_LEDGER, FROM_TRAIL = "change ledger", "CloudTrail"


class LookupOutcome(StrEnum):
    """How a look-up ended."""

    SEEN = "seen"
    ABSENT = "absent"
    REFUSED = "refused"  # KMS takes the name for none, or for one of another Region: that says nothing of the key
    DENIED = "denied"
    THROTTLED = "throttled"
    FAILED = "failed"
    SKIPPED = "skipped"  # KeyWatch did not ask: others of the same group were looked at, or there was no room or time


# The error of a look-up that was not made for want of a session in the account; its message is a sentence.
NO_SESSION = "NoSession"

# AWS gave an answer, be it "there is none".
ANSWERED = frozenset({LookupOutcome.SEEN, LookupOutcome.ABSENT, LookupOutcome.REFUSED})


@dataclass(frozen=True, slots=True)
class LookupResult:
    """One look-up: the operation, what it asked for, the Region, how it ended, and AWS's error code and text if it failed."""

    operation: str
    asked: str
    region: str
    outcome: LookupOutcome
    error: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What DescribeKey says of a key (KMS API Reference, KeyMetadata). Times are UTC; ``state`` is KeyState."""

    arn: str
    key_id: str
    state: str
    region: str
    account: str
    created: datetime | None = None
    manager: str = "CUSTOMER"
    origin: str = "AWS_KMS"
    usage: str = ""
    deletion_date: datetime | None = None
    pending_days: int | None = None
    valid_to: datetime | None = None
    key_store: str | None = None
    external_key: str | None = None
    replicas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AliasFacts:
    """What ListAliases says of one alias. ``name`` includes ``alias/``; times are UTC."""

    name: str
    target: str | None = None
    created: datetime | None = None
    updated: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """What DescribeCustomKeyStores says of a key store; ``error`` is its ConnectionErrorCode (only when FAILED)."""

    id: str
    name: str
    kind: str
    state: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    """What Lambda and IAM say of a function and its role. Times are UTC; ``role_created`` is ``None`` where unknown."""

    arn: str
    role: str
    modified: datetime | None
    role_created: datetime | None = None


@dataclass(frozen=True, slots=True)
class ChangeFact:
    """One change that was seen earlier (``source`` ledger) or that CloudTrail remembers. ``when`` is UTC."""

    what: str
    who: str
    when: datetime
    event_id: str
    source: str = FROM_LEDGER
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HistoryRead:
    """What was read of CloudTrail's event history about one key or alias. Times are UTC.

    ``names`` are the kinds of change that were asked for; from ``since`` to ``until`` all of them
    were read. ``complete`` tells that nothing which CloudTrail keeps was left unread; what happened
    shortly before ``until`` it may not show yet (``shown_until`` allows for that).
    """

    names: tuple[str, ...]
    region: str
    since: datetime
    until: datetime
    shown_until: datetime
    complete: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that was found.

    ``key`` is the key asked for, where it was asked for; ``elsewhere`` the same in other Regions;
    ``here`` the same in KeyWatch's own account where the call looked in another; ``other`` the
    second key of a call that used two; ``corrected`` the key under a corrected identifier;
    ``names`` are the aliases of ``key``; ``own_account`` is where KeyWatch can look; ``history`` is
    what was read of CloudTrail; ``function`` the Lambda function that the call was made for;
    ``account_names`` are the names of accounts, by their ids; ``other_callers`` are callers of other
    accounts that used the key lately.
    """

    key: KeyFacts | None = None
    names: tuple[str, ...] = ()
    alias: AliasFacts | None = None
    aliases: tuple[str, ...] = ()
    store: StoreFacts | None = None
    elsewhere: tuple[KeyFacts, ...] = ()
    here: KeyFacts | None = None
    other: KeyFacts | None = None
    corrected: KeyFacts | None = None
    changes: tuple[ChangeFact, ...] = ()
    last_used: datetime | None = None
    tracking_since: datetime | None = None
    lookup_results: tuple[LookupResult, ...] = ()
    own_account: str | None = None
    history: HistoryRead | None = None
    function: FunctionFacts | None = None
    account_names: Mapping[str, str] = field(default_factory=dict)
    other_callers: tuple[Caller, ...] = ()


NO_EVIDENCE = Evidence()
