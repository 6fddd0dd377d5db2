"""What the sources say: a failed use of a key, a change to a key, or nothing about a key."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from keywatch.model.identifiers import KeyIdentifier
from keywatch.model.levels import Confidence


@dataclass(frozen=True, slots=True)
class ErrorClassification:
    """What an error code and text say by themselves.

    ``cause`` is a cause id, or ``None`` for errors out of scope (``reason`` then says which kind:
    throttling, plain denial…). ``confidence`` is how much the text alone proves. ``identifier``,
    ``key_arn`` and ``alias_arn`` are what the text names; ``pattern`` is the id of the table row
    that matched (for evidence and tests), empty when only the code was known.
    """

    cause: str | None
    confidence: Confidence = Confidence.POSSIBLE
    pattern: str = ""
    reason: str = ""
    identifier: str | None = None
    key_arn: str | None = None
    alias_arn: str | None = None
    region: str | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who made a call. ``principal`` is the ARN of a user or role (sessions removed), a service name, or ``unknown``.

    ``service`` is set when an AWS service made the call for the principal (CloudTrail
    ``invokedBy``).
    """

    principal: str
    session: str | None = None
    account: str | None = None
    service: str | None = None


_REPLAYED = "replayed:"
UNKNOWN = "-"  # the account, Region or name of a subject that nobody told
REPORTED = "app_log"  # the source of a failure of which only an application's log tells: a report, not AWS's word
EARLY_WARNING = "change"  # the source of a failure that has not happened yet


@dataclass(frozen=True)  # without slots: its id is kept
class Subject:
    """What an incident is about: the thing that is missing or broken, as seen from one account and Region.

    ``kind`` is key, alias, key_store, identifier (something that names no key) or caller (AWS did
    not say which key). ``replayed`` is the private event source of what was not told by AWS: such
    events have incidents and changes of their own, so that who may send them can neither hide a real
    failure among them nor be taken for one.
    """

    kind: str
    account: str
    region: str
    name: str
    replayed: str = ""

    @cached_property
    def id(self) -> str:
        """Return the identity of the subject: the partition key of its incident and its changes."""
        origin = f"{_REPLAYED}{self.replayed}|" if self.replayed else ""
        return f"{origin}{self.kind}|{self.account}|{self.region}|{self.name}"

    @classmethod
    def from_id(cls, text: str) -> "Subject":
        """Read a subject back from its ``id``; raises ``ValueError`` on any other text."""
        replayed = ""
        if text.startswith(_REPLAYED):
            replayed, _, text = text.removeprefix(_REPLAYED).partition("|")
        kind, account, region, name = text.split("|", 3)
        return cls(kind, account, region, name, replayed)

    def with_origin_of(self, other: "Subject") -> "Subject":
        """Return this subject as the events that ``other`` is known from would tell of it."""
        return replace(self, replayed=other.replayed)


@dataclass(frozen=True)  # without slots: it is copied as a whole
class KeyFailure:
    """One call that failed because a key was missing or unusable. Text is cleaned and bounded; ``time`` is UTC.

    ``identifier`` is what the caller asked for, as far as known; ``key_arn`` is the key that AWS
    resolved it to, if it did. ``resource`` is what an AWS service was encrypting; ``other_keys``
    are further keys of the same call (ReEncrypt has two), where AWS did not say which one failed.
    ``request_id`` is what AWS gave the call: the same in its record and in a program's log.
    ``printed_ids`` are the request ids that a log prints beside a failure, its own maybe among them.
    ``grant`` is the id of the grant that the call names, where it names one. ``recorded_in`` is the
    account whose CloudTrail told of it, where a hub hears of several: look-ups are made there.
    """

    source: str
    event_id: str
    time: datetime
    classification: ErrorClassification
    subject: Subject
    caller: Caller
    partition: str = "aws"
    account: str | None = None
    region: str | None = None
    service: str = "kms.amazonaws.com"
    operation: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    identifier: KeyIdentifier | None = None
    key_arn: str | None = None
    key_store: str | None = None
    external_key: str | None = None
    resource: str | None = None
    other_keys: tuple[str, ...] = ()
    request_id: str | None = None
    grant: str | None = None
    printed_ids: tuple[str, ...] = ()
    recorded_in: str | None = None

    def of_call(self, **told: object) -> "KeyFailure":
        """Return the same failure of another call: with the fields that are ``told``.

        ``dataclasses.replace`` would set all fields one by one: in a storm that is a fifth of the cost.
        """
        other = object.__new__(KeyFailure)
        object.__setattr__(other, "__dict__", self.__dict__ | told)
        return other


@dataclass(frozen=True, slots=True)
class KeyChange:
    """One change that made, will make or un-makes something unusable. ``what`` is the KMS operation or native event.

    ``subjects`` are all things it touches (a DeleteAlias touches the alias and its key);
    ``details`` are cleaned facts (``deletion_date``, ``target_key``…) as text; ``time`` is UTC.
    ``recorded_in`` is as that of a ``KeyFailure``.
    """

    source: str
    event_id: str
    time: datetime
    what: str
    who: Caller
    subjects: tuple[Subject, ...]
    account: str | None = None
    region: str | None = None
    partition: str = "aws"
    details: Mapping[str, str] = field(default_factory=dict)
    recorded_in: str | None = None


@dataclass(frozen=True, slots=True)
class Unrelated:
    """An input that says nothing about a missing or unusable key. ``reason`` is the name of the metric that counts it."""

    reason: str


@dataclass(frozen=True, slots=True)
class CanarySeen(Unrelated):
    """KeyWatch's own failing call came back as an event: proof that failing calls still arrive. ``called`` is UTC.

    ``call`` is which of the two: that of something ``missing``, or the one that is ``denied``.
    ``account`` and ``region`` are where a look-up role made it; empty where the function itself did.
    """

    called: datetime
    call: str = "missing"
    account: str = ""
    region: str = ""


Signal = KeyFailure | KeyChange | Unrelated
