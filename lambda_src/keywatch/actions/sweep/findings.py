"""What a sweep finds: things at risk, how bad each is, and in which order to tell them. Pure.

How a key was used decides: a key that waits for its deletion and was used three days ago is an
outage with a date.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from keywatch.actions.check.answer import iso
from keywatch.catalogue.causes import remedies_for
from keywatch.catalogue.states import CONNECTED, STATE_CAUSES
from keywatch.diagnosis.reasons import stamp
from keywatch.model.evidence import KeyFacts, StoreFacts
from keywatch.model.identifiers import partition_of
from keywatch.model.levels import Severity

RECENTLY = timedelta(days=30)
EXPIRES_SOON = timedelta(days=30)
EXPIRES_VERY_SOON = timedelta(days=7)
_ORDER = (Severity.CRITICAL, Severity.HIGH, Severity.WARNING, Severity.INFO)
_NEVER = datetime.max.replace(tzinfo=UTC)
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Use:
    """When a key last did cryptography and since when KMS keeps track; both ``None`` where nobody could tell."""

    last: datetime | None = None
    tracked_since: datetime | None = None

    def recent(self, now: datetime) -> bool | None:
        """Tell whether the key was used lately; ``None`` where that is not known."""
        if self.last:
            return now - self.last <= RECENTLY
        return False if self.tracked_since and now - self.tracked_since >= RECENTLY else None

    def sentence(self, now: datetime) -> str:
        """Say when it was used last."""
        if self.last:
            days = (now - self.last).days
            ago = "today" if days == 0 else "1 day ago" if days == 1 else f"{days} days ago"
            return f"It was last used {ago} ({stamp(self.last)})."
        if self.tracked_since:
            return f"It was not used since {stamp(self.tracked_since)}, when KMS began to track its use."
        return "It is not known whether the key is in use."


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sweep looks: account and Region."""

    account: str
    region: str

    @property
    def partition(self) -> str:
        """Return the partition of the Region."""
        return partition_of(self.region)

    def facts(self) -> dict[str, str]:
        """Return the facts that commands need of a place."""
        return {"region": self.region, "account": self.account, "partition": self.partition}

    def arn(self, resource: str) -> str:
        """Return the ARN of a key or alias there."""
        return f"arn:{self.partition}:kms:{self.region}:{self.account}:{resource}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing at risk. ``cause`` is what its users will meet; ``deadline`` when they will; ``facts`` fill the remedies."""

    risk: str
    severity: Severity
    says: str
    name: str
    cause: str | None = None
    aliases: tuple[str, ...] = ()
    state: str | None = None
    deadline: datetime | None = None
    use: Use | None = None
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Return what tells it apart from all others, and is the same in the next sweep."""
        return f"{self.risk}#{self.name}"

    @property
    def rank(self) -> tuple[int, datetime, str]:
        """Return its place in the list: the worst first, then what comes first."""
        return _ORDER.index(self.severity), self.deadline or _NEVER, self.id

    def as_json(self) -> Answer:
        """Return the finding as plain JSON."""
        remedies = remedies_for(self.cause, self.facts) if self.cause else ()
        return {
            "risk": self.risk,
            "severity": self.severity.value,
            "says": self.says,
            "name": self.name,
            "cause": self.cause,
            "aliases": list(self.aliases),
            "state": self.state,
            "deadline": iso(self.deadline),
            "last_used": iso(self.use.last) if self.use else None,
            "remedies": [{"text": r.text, "command": r.command} for r in remedies],
            "facts": dict(self.facts),
        }


def alertable(finding: Finding) -> bool:
    """Tell whether a finding is worth a message: something that can break, and not just be untidy."""
    return finding.cause is not None and finding.severity is not Severity.INFO


def of_key(
    key: KeyFacts, aliases: tuple[str, ...], use: Use | None, place: Place, now: datetime
) -> tuple[Finding, ...]:
    """Return what is wrong with a key; ``use`` is needed for ``doubtful`` keys only."""
    if key.manager != "CUSTOMER":
        return ()
    if key.state in STATE_CAUSES:
        finding = _of_state(key, aliases, use or Use(), place, now)
        return (finding,) if finding else ()
    expiring = _expiring(key, aliases, place, now)
    lonely = () if aliases else (_nameless(key, place),)
    return (*((expiring,) if expiring else ()), *lonely)


def doubtful(key: KeyFacts) -> bool:
    """Tell whether the last use of a key decides how bad its state is."""
    return key.manager == "CUSTOMER" and key.state in {
        "PendingDeletion",
        "PendingReplicaDeletion",
        "Disabled",
        "PendingImport",
    }


def _of_state(
    key: KeyFacts, aliases: tuple[str, ...], use: Use, place: Place, now: datetime
) -> Finding | None:
    said = _STATES.get(key.state)
    if said is None:  # Creating passes by itself; Unavailable is the finding of its key store
        return None
    risk, words, used, unknown, unused = said
    recent = use.recent(now)
    severity = used if recent else unknown if recent is None else unused
    due = f", to be deleted on {stamp(key.deletion_date)}" if key.deletion_date else ""
    return Finding(
        risk=risk,
        severity=severity,
        says=f"{words}{due}. {use.sentence(now)}",
        name=key.arn,
        cause=STATE_CAUSES[key.state],
        aliases=aliases,
        state=key.state,
        deadline=key.deletion_date,
        use=use,
        facts=_facts(key, aliases, place)
        | ({"deletion_date": stamp(key.deletion_date)} if key.deletion_date else {}),
    )


# State → risk, words, and how bad it is where the key was used lately, where nobody knows, and
# where it was not.
_STATES = {
    "PendingDeletion": (
        "pending_deletion",
        "The key is pending deletion",
        Severity.CRITICAL,
        Severity.HIGH,
        Severity.WARNING,
    ),
    "PendingReplicaDeletion": (
        "pending_deletion",
        "The multi-Region key is pending deletion, which begins when its last replica is gone",
        Severity.CRITICAL,
        Severity.HIGH,
        Severity.WARNING,
    ),
    "Disabled": ("disabled", "The key is disabled", Severity.HIGH, Severity.WARNING, Severity.INFO),
    "PendingImport": (
        "no_material",
        "The key has no key material",
        Severity.HIGH,
        Severity.WARNING,
        Severity.INFO,
    ),
}


def _expiring(
    key: KeyFacts, aliases: tuple[str, ...], place: Place, now: datetime
) -> Finding | None:
    if key.valid_to is None or key.valid_to - now > EXPIRES_SOON:
        return None
    days = max(0, (key.valid_to - now).days)
    return Finding(
        risk="material_expiring",
        severity=Severity.CRITICAL if key.valid_to - now <= EXPIRES_VERY_SOON else Severity.HIGH,
        says=f"Its imported key material expires in {days} days ({stamp(key.valid_to)}); the key cannot be used after that.",
        name=key.arn,
        cause="key_material_missing",
        aliases=aliases,
        state=key.state,
        deadline=key.valid_to,
        facts=_facts(key, aliases, place),
    )


def _nameless(key: KeyFacts, place: Place) -> Finding:
    return Finding(
        risk="key_without_alias",
        severity=Severity.INFO,
        says="No alias points to the key. It can only be used by its id or ARN.",
        name=key.arn,
        state=key.state,
        facts=_facts(key, (), place),
    )


def of_store(store: StoreFacts, place: Place) -> Finding | None:
    """Return what is wrong with a key store: none of its keys can be used unless it is connected."""
    if store.state == CONNECTED:
        return None
    error = f" with {store.error}" if store.error else ""
    return Finding(
        risk="key_store_not_connected",
        severity=Severity.CRITICAL if store.state == "FAILED" else Severity.HIGH,
        says=f"Key store {store.name} is {store.state}{error}; none of its keys can be used.",
        name=store.id,
        cause="key_store_disconnected",
        state=store.state,
        facts={"key_store": store.id} | place.facts(),
    )


def of_alias(alias: str, target: str | None, place: Place) -> Finding:
    """Return the finding of an alias whose key does not exist."""
    points = f"points to {target}, which does not exist" if target else "points to no key"
    return Finding(
        risk="alias_without_key",
        severity=Severity.WARNING,
        says=f"The alias {points}; a call that uses it fails.",
        name=place.arn(alias),
        cause="key_not_found",
        aliases=(alias,),
        facts={
            "alias": alias,
            "identifier": alias,
            "region": place.region,
            "account": place.account,
            "partition": place.partition,
        },
    )


def _facts(key: KeyFacts, aliases: tuple[str, ...], place: Place) -> dict[str, str]:
    return {
        "key": key.arn,
        "alias": aliases[0] if aliases else "",
        "identifier": aliases[0] if aliases else key.arn,
        "region": place.region,
        "account": key.account or place.account,
        "partition": place.partition,
        "key_store": key.key_store or "",
        "xks_key": key.external_key or "",
    }
