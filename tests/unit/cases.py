"""Failures, facts and a scripted AWS for tests of evidence and diagnosis."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zlib import crc32

from keywatch.lookups.history import REACH, Answer, Concerns
from keywatch.lookups.scope import Scope
from keywatch.model.evidence import (
    AliasFacts,
    ChangeFact,
    KeyFacts,
    LookupOutcome,
    LookupResult,
    StoreFacts,
)
from keywatch.model.identifiers import parse
from keywatch.model.signals import Caller, KeyChange, KeyFailure
from keywatch.parsing.classify import read_error
from keywatch.sources.subjects import identifier_subject, subject_of

ACCOUNT, OTHER_ACCOUNT = "111122223333", "444455556666"
REGION, OTHER_REGION = "eu-west-1", "us-east-1"
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER_KEY_ID = "0987dcba-09fe-87dc-65ba-ab0987654321"
MRK = "mrk-1234abcd12ab34cd56ef1234567890ab"
STORE = "cks-1234567890abcdef0"
ALIAS = "alias/payments"
APP = f"arn:aws:iam::{ACCOUNT}:role/app"
BOB = f"arn:aws:iam::{ACCOUNT}:user/bob"
THEN = datetime(2026, 11, 23, 3, tzinfo=UTC)  # when the call failed
NOW = THEN + timedelta(seconds=40)
OLD = datetime(2024, 1, 1, tzinfo=UTC)
SCOPE = Scope(ACCOUNT, REGION, (OTHER_REGION,))
DENIED = (
    f"User: {APP} is not authorized to perform: kms:Decrypt on this resource because the resource does not exist in this "
    "Region, no resource-based policies allow access, or a resource-based policy explicitly denies access"
)


def arn(key_id: str = KEY_ID, region: str = REGION, account: str = ACCOUNT) -> str:
    return f"arn:aws:kms:{region}:{account}:key/{key_id}"


KEY = arn()
ALIAS_ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:{ALIAS}"
ALIAS_GONE = f"Alias {ALIAS_ARN} is not found."
KEY_GONE = f"Key '{KEY}' does not exist"


def failed(
    code: str,
    message: str | None = None,
    typed: str | None = None,
    *,
    account: str = ACCOUNT,
    region: str | None = REGION,
    key_arn: str | None = None,
    **parts: Any,
) -> KeyFailure:
    """A failure as the sources make it from AWS's code and text, and what the caller typed."""
    operation = parts.pop("operation", "Decrypt")
    classification = read_error(code, message, operation=operation)
    assert classification is not None
    identifier = (
        parse(typed or classification.identifier or "")
        if typed or classification.identifier
        else None
    )
    key_arn = (
        classification.key_arn
        or key_arn
        or (identifier.text if identifier and identifier.key_id and identifier.account else None)
    )
    return KeyFailure(
        source=parts.pop("source", "cloudtrail"),
        event_id="e-1",
        time=THEN,
        classification=classification,
        subject=subject_of(
            classification=classification,
            identifier=identifier,
            key_arn=key_arn,
            account=classification.account or account,
            region=region,
            key_store=parts.get("key_store"),
            caller=APP,
        ),
        caller=Caller(APP, account=account),
        account=account,
        region=region,
        operation=operation,
        error_code=code,
        error_message=message,
        identifier=identifier,
        key_arn=key_arn,
        **parts,
    )


def no_alias(typed: str = ALIAS, **parts: Any) -> KeyFailure:
    return failed(
        "NotFoundException", ALIAS_GONE.replace(ALIAS, typed.rpartition(":")[2]), typed, **parts
    )


def no_key(typed: str = KEY_ID, **parts: Any) -> KeyFailure:
    return failed(
        "NotFoundException", KEY_GONE.replace(KEY_ID, typed.rpartition("/")[2]), typed, **parts
    )


def denied(typed: str | None = KEY, **parts: Any) -> KeyFailure:
    return failed("AccessDenied", DENIED, typed, **parts)


def in_state(text: str, **parts: Any) -> KeyFailure:
    code = "DisabledException" if "disabled" in text else "KMSInvalidStateException"
    return failed(code, f"{KEY} {text}", KEY_ID, **parts)


def key(
    state: str = "Enabled",
    key_id: str = KEY_ID,
    region: str = REGION,
    account: str = ACCOUNT,
    **facts: Any,
) -> KeyFacts:
    return KeyFacts(
        arn(key_id, region, account), key_id, state, region, account, **({"created": OLD} | facts)
    )


def store(state: str = "CONNECTED", error: str = "") -> StoreFacts:
    return StoreFacts(STORE, "vault", "EXTERNAL_KEY_STORE", state, error)


def alias(
    name: str = ALIAS, created: datetime = OLD, updated: datetime | None = None
) -> AliasFacts:
    return AliasFacts(name, KEY_ID, created, updated or created)


def change(
    what: str, ago: timedelta = timedelta(days=1), who: str = BOB, **details: str
) -> ChangeFact:
    """A change, that long before the failing call."""
    number = crc32(f"{what} {ago} {who}".encode()) % 10_000
    return ChangeFact(what, who, THEN - ago, f"event-{number}", "change ledger", details)


def seen(region: str = REGION, operation: str = "DescribeKey", asked: str = KEY_ID) -> LookupResult:
    return LookupResult(operation, asked, region, LookupOutcome.SEEN)


def absent(
    region: str = REGION, operation: str = "DescribeKey", asked: str = KEY_ID
) -> LookupResult:
    return LookupResult(
        operation, asked, region, LookupOutcome.ABSENT, "NotFoundException", KEY_GONE
    )


def blind(
    region: str = REGION,
    operation: str = "DescribeKey",
    asked: str = KEY_ID,
    outcome: LookupOutcome = LookupOutcome.DENIED,
) -> LookupResult:
    return LookupResult(
        operation,
        asked,
        region,
        outcome,
        "AccessDeniedException" if outcome is LookupOutcome.DENIED else "ThrottlingException",
    )


@dataclass
class ScriptedLookups:
    """What look-ups find, by (name, Region); everything else is absent. ``asked`` are the questions, in order."""

    keys: dict[tuple[str, str], KeyFacts | LookupResult] = field(default_factory=dict)
    listed: tuple[AliasFacts, ...] = ()
    stores: dict[str, StoreFacts] = field(default_factory=dict)
    histories: dict[str, tuple[ChangeFact, ...]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def key(self, key_id: str, region: str) -> tuple[KeyFacts | None, LookupResult]:
        self.asked.append(f"DescribeKey {key_id} {region}")
        found = self.keys.get((key_id, region))
        if isinstance(found, LookupResult):
            return None, found
        return found, seen(region, asked=key_id) if found else absent(region, asked=key_id)

    def aliases(
        self, region: str, *, fresh: bool = False
    ) -> tuple[tuple[AliasFacts, ...], LookupResult]:
        self.asked.append(f"ListAliases {region}{' fresh' if fresh else ''}")
        return self.listed, seen(region, "ListAliases", "all")

    def names(self, key: KeyFacts) -> tuple[tuple[str, ...], LookupResult]:
        self.asked.append(f"ListAliases of {key.arn}")
        return (ALIAS,), seen(key.region, "ListAliases", key.key_id)

    def store(self, store_id: str, region: str) -> tuple[StoreFacts | None, LookupResult]:
        self.asked.append(f"DescribeCustomKeyStores {store_id} {region}")
        found = self.stores.get(store_id)
        operation = "DescribeCustomKeyStores"
        return found, seen(region, operation, store_id) if found else absent(
            region, operation, store_id
        )

    def last_use(
        self, key_arn: str, region: str
    ) -> tuple[datetime | None, datetime | None, LookupResult | None]:
        self.asked.append(f"GetKeyLastUsage {key_arn} {region}")
        return OLD, OLD, seen(region, "GetKeyLastUsage", key_arn)

    @property
    def history(self) -> "ScriptedLookups":
        return self

    def find_standing(
        self, names: Sequence[str], undoing: Sequence[str], concerns: Concerns, region: str
    ) -> Answer:
        self.asked.append(f"LookupEvents {' '.join(names)} {region}")
        known = [
            _as_recorded(fact, name, region)
            for name, facts in self.histories.items()
            for fact in facts
        ]
        found = tuple(c for c in known if c.what in {*names, *undoing} and concerns(c))
        return Answer(found, tuple(names), (), NOW - REACH, NOW)


def _as_recorded(fact: ChangeFact, name: str, region: str) -> KeyChange:
    subject = identifier_subject(parse(name), ACCOUNT, region)
    caller = Caller(fact.who)
    return KeyChange(
        "cloudtrail", fact.event_id, fact.when, fact.what, caller, (subject,), details=fact.details
    )
