"""Which keys, aliases and key stores are at risk, and how bad that is. Pure.

How a key was used decides: a key that waits for its deletion and was used three days ago is an
outage with a date.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from keywatch.actions.sweep.findings import AccountRegion, SweepFinding, Use
from keywatch.catalogue.states import CONNECTED, STATE_CAUSES
from keywatch.diagnosis.reasons import stamp
from keywatch.model.evidence import KeyFacts, StoreFacts
from keywatch.model.levels import Severity

EXPIRES_SOON = timedelta(days=30)
EXPIRES_VERY_SOON = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class _StateRisk:
    """What a state puts at risk, and how bad that is by whether the key was used lately."""

    risk: str
    says: str
    used: Severity
    unknown: Severity
    unused: Severity

    def severity(self, *, recently_used: bool | None) -> Severity:
        if recently_used is None:
            return self.unknown
        return self.used if recently_used else self.unused


# Not here: Creating passes by itself; Unavailable is the finding of its key store.
_STATES = {
    "PendingDeletion": _StateRisk(
        "pending_deletion",
        "The key is pending deletion",
        Severity.CRITICAL,
        Severity.HIGH,
        Severity.WARNING,
    ),
    "PendingReplicaDeletion": _StateRisk(
        "pending_deletion",
        "The multi-Region key is pending deletion, which begins when its last replica is gone",
        Severity.CRITICAL,
        Severity.HIGH,
        Severity.WARNING,
    ),
    "Disabled": _StateRisk(
        "disabled", "The key is disabled", Severity.HIGH, Severity.WARNING, Severity.INFO
    ),
    "PendingImport": _StateRisk(
        "no_material", "The key has no key material", Severity.HIGH, Severity.WARNING, Severity.INFO
    ),
}


def of_key(
    key: KeyFacts, aliases: tuple[str, ...], use: Use | None, place: AccountRegion, now: datetime
) -> tuple[SweepFinding, ...]:
    """Return what is wrong with a key; ``use`` is needed for ``doubtful`` keys only."""
    if key.manager != "CUSTOMER":
        return ()
    if key.state in STATE_CAUSES:
        finding = _of_state(key, aliases, use or Use(), place, now)
        return (finding,) if finding else ()
    expiring = _expiring(key, aliases, place, now)
    found = (expiring, None if aliases else _nameless(key, place))
    return tuple(finding for finding in found if finding)


def doubtful(key: KeyFacts) -> bool:
    """Tell whether the last use of a key decides how bad its state is."""
    return key.manager == "CUSTOMER" and key.state in _STATES


def _of_state(
    key: KeyFacts, aliases: tuple[str, ...], use: Use, place: AccountRegion, now: datetime
) -> SweepFinding | None:
    state = _STATES.get(key.state)
    if state is None:
        return None
    deletion = stamp(key.deletion_date) if key.deletion_date else ""
    due = f", to be deleted on {deletion}" if deletion else ""
    return SweepFinding(
        risk=state.risk,
        severity=state.severity(recently_used=use.recent(now)),
        says=f"{state.says}{due}. {use.sentence(now)}",
        name=key.arn,
        cause=STATE_CAUSES[key.state],
        aliases=aliases,
        state=key.state,
        deadline=key.deletion_date,
        use=use,
        facts=_facts(key, aliases, place) | ({"deletion_date": deletion} if deletion else {}),
    )


def _expiring(
    key: KeyFacts, aliases: tuple[str, ...], place: AccountRegion, now: datetime
) -> SweepFinding | None:
    if key.valid_to is None or key.valid_to - now > EXPIRES_SOON:
        return None
    days = max(0, (key.valid_to - now).days)
    return SweepFinding(
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


def _nameless(key: KeyFacts, place: AccountRegion) -> SweepFinding:
    return SweepFinding(
        risk="key_without_alias",
        severity=Severity.INFO,
        says="No alias points to the key. It can only be used by its id or ARN.",
        name=key.arn,
        state=key.state,
        facts=_facts(key, (), place),
    )


def of_store(store: StoreFacts, place: AccountRegion) -> SweepFinding | None:
    """Return what is wrong with a key store: none of its keys can be used unless it is connected."""
    if store.state == CONNECTED:
        return None
    error = f" with {store.error}" if store.error else ""
    return SweepFinding(
        risk="key_store_not_connected",
        severity=Severity.CRITICAL if store.state == "FAILED" else Severity.HIGH,
        says=f"Key store {store.name} is {store.state}{error}; none of its keys can be used.",
        name=store.id,
        cause="key_store_disconnected",
        state=store.state,
        facts={"key_store": store.id} | place.facts(),
    )


def of_alias(alias: str, target: str | None, place: AccountRegion) -> SweepFinding:
    """Return the finding of an alias whose key does not exist."""
    points = f"points to {target}, which does not exist" if target else "points to no key"
    return SweepFinding(
        risk="alias_without_key",
        severity=Severity.WARNING,
        says=f"The alias {points}; a call that uses it fails.",
        name=place.arn(alias),
        cause="key_not_found",
        aliases=(alias,),
        facts={"alias": alias, "identifier": alias} | place.facts(),
    )


def _facts(key: KeyFacts, aliases: tuple[str, ...], place: AccountRegion) -> dict[str, str]:
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
