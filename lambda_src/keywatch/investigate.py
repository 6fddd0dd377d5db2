"""Which look-ups a failure deserves: the fewest that settle what AWS's words leave open.

Bounded per incident: at most one DescribeKey where the call looked, one per other Region, one ListAliases, one
DescribeCustomKeyStores, one GetKeyLastUsage and one CloudTrail look-up.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from keywatch.evidence import ChangeFact, Evidence, KeyFacts, Sight
from keywatch.hypotheses.states import STATE_CAUSES
from keywatch.identifiers import KeyIdentifier, Kind
from keywatch.lookups import Lookups
from keywatch.signals import KeyFailure, Subject
from keywatch.subjects import STORE_CAUSES, key_subject

MAX_REGIONS = 8
MISSING = frozenset({"alias_not_found", "key_not_found", "key_deleted", "missing_or_not_authorized"})
_NEEDS_NO_KEY = frozenset({"malformed_identifier", "wrong_region", "key_store_not_found"})

Ledger = Callable[[Subject], tuple[ChangeFact, ...]]


@dataclass(frozen=True, slots=True)
class Scope:
    """Where KeyWatch runs, and in which other Regions it may look."""

    account: str
    region: str
    search_regions: tuple[str, ...] = ()


def investigate(failure: KeyFailure, lookups: Lookups, scope: Scope, changes: tuple[ChangeFact, ...], ledger: Ledger) -> Evidence:
    """Look up what may explain ``failure``. ``changes`` are those known of its subject; ``ledger`` finds those of others."""
    evidence = Evidence(changes=changes)
    cause = failure.reading.cause or ""
    if cause == "malformed_identifier":
        return _corrected(failure, lookups, scope, evidence)
    if cause not in _NEEDS_NO_KEY:
        evidence = _key_asked_for(failure, lookups, scope, evidence)
    if cause in MISSING and evidence.key is None:
        evidence = _same_name_elsewhere(failure, lookups, scope, evidence)
        evidence = _key_behind_alias(failure, evidence, ledger)
    if cause == "wrong_region":
        evidence = _in_region_of_arn(failure, lookups, evidence)
    evidence = _aliases(failure, lookups, scope, evidence)
    evidence = _store(failure, lookups, scope, evidence)
    return _last_use(lookups, evidence)


def _name_for_lookup(failure: KeyFailure, scope: Scope) -> str | None:
    """Return how KeyWatch must name the key: in full where it belongs to another account than its own."""
    identifier = failure.identifier
    if failure.key_arn or identifier is None or identifier.kind is Kind.MALFORMED:
        return failure.key_arn
    account = identifier.account or failure.account or scope.account
    if account == scope.account or identifier.account:
        return identifier.text
    resource = identifier.alias or f"key/{identifier.key_id}"
    return f"arn:{failure.partition}:kms:{failure.region or scope.region}:{account}:{resource}"


def _key_asked_for(failure: KeyFailure, lookups: Lookups, scope: Scope, evidence: Evidence) -> Evidence:
    name = _name_for_lookup(failure, scope)
    if name is None:
        return evidence
    key, look = lookups.key(name, failure.region or scope.region)
    return replace(evidence, key=key, looks=(*evidence.looks, look))


def _bare(identifier: KeyIdentifier | None) -> str | None:
    return (identifier.key_id or identifier.alias) if identifier and identifier.kind is not Kind.MALFORMED else None


def _same_name_elsewhere(failure: KeyFailure, lookups: Lookups, scope: Scope, evidence: Evidence) -> Evidence:
    """Look for the same id or alias in the other Regions, and in KeyWatch's own account where the call looked in another."""
    name, here = _bare(failure.identifier), failure.region or scope.region
    if name is None:
        return evidence
    named = failure.identifier.region if failure.identifier else None
    regions = [r for r in dict.fromkeys((named, scope.region, *scope.search_regions)) if r and r != here][:MAX_REGIONS]
    for region in regions:
        key, look = lookups.key(name, region)
        evidence = replace(
            evidence,
            looks=(*evidence.looks, look),
            elsewhere=(*evidence.elsewhere, key) if key else evidence.elsewhere,
        )
    if failure.subject.account not in {scope.account, "-"}:
        own, look = lookups.key(name, here)
        evidence = replace(evidence, here=own, looks=(*evidence.looks, look))
    return evidence


def _key_behind_alias(failure: KeyFailure, evidence: Evidence, ledger: Ledger) -> Evidence:
    """Add the changes of the key that a vanished alias pointed to: deleting a key deletes its aliases."""
    if failure.subject.kind != "alias":
        return evidence
    target = next(
        (
            c.details["target_key"]
            for c in sorted(evidence.changes, key=lambda c: c.when, reverse=True)
            if c.details.get("target_key")
        ),
        None,
    )
    if target is None:
        return evidence
    subject = key_subject(target) or replace(failure.subject, kind="key", name=target)
    behind = tuple(
        change for change in ledger(subject) if change.what in {"DeleteKey", "ScheduleKeyDeletion", "CancelKeyDeletion"}
    )
    return replace(evidence, changes=(*evidence.changes, *behind))


def _in_region_of_arn(failure: KeyFailure, lookups: Lookups, evidence: Evidence) -> Evidence:
    identifier = failure.identifier
    if identifier is None or identifier.region is None or identifier.kind is Kind.MALFORMED:
        return evidence
    key, look = lookups.key(identifier.text, identifier.region)
    return replace(evidence, elsewhere=(key,) if key else (), looks=(*evidence.looks, look))


def _aliases(failure: KeyFailure, lookups: Lookups, scope: Scope, evidence: Evidence) -> Evidence:
    """List aliases where one was asked for: to see when it was made, or which other may have been meant."""
    alias = failure.identifier.alias if failure.identifier else None
    if alias is None or failure.reading.cause not in MISSING or failure.subject.account != scope.account:
        return evidence
    listed, look = lookups.aliases(failure.region or scope.region, fresh=evidence.key is not None)
    return replace(
        evidence,
        alias=next((facts for facts in listed if facts.name == alias), None),
        aliases=tuple(facts.name for facts in listed),
        looks=(*evidence.looks, look),
    )


def _corrected(failure: KeyFailure, lookups: Lookups, scope: Scope, evidence: Evidence) -> Evidence:
    """Try the corrected form of a malformed identifier, and list the aliases that may have been meant."""
    identifier, region = failure.identifier, failure.region or scope.region
    if identifier is None or failure.account not in {scope.account, None}:
        return evidence
    listed, look = lookups.aliases(region)
    evidence = replace(evidence, aliases=tuple(facts.name for facts in listed), looks=(look,))
    if identifier.corrected is None or identifier.corrected.startswith("alias/"):
        known = identifier.corrected in evidence.aliases
        return replace(evidence, corrected=_listed(identifier.corrected, region, scope)) if known else evidence
    key, look = lookups.key(identifier.corrected, identifier.region or region)
    return replace(evidence, corrected=key, looks=(*evidence.looks, look) if look.sight is Sight.SEEN else evidence.looks)


def _listed(alias: str | None, region: str, scope: Scope) -> KeyFacts:
    """Stand for a key that was not described, but whose alias was listed."""
    return KeyFacts(arn="", key_id=alias or "", state="", region=region, account=scope.account)


def _store(failure: KeyFailure, lookups: Lookups, scope: Scope, evidence: Evidence) -> Evidence:
    """Describe the key store where the failure or the key names one and it may be to blame."""
    store = failure.key_store or (evidence.key.key_store if evidence.key else None)
    cause = failure.reading.cause or ""
    wanted = cause in STORE_CAUSES or cause.startswith(("external_", "xks_")) or cause in {"unclassified", "kms_unavailable"}
    if store is None or not wanted or failure.subject.account not in {scope.account, "-"}:
        return evidence
    facts, look = lookups.store(store, failure.region or scope.region)
    return replace(evidence, store=facts, looks=(*evidence.looks, look))


def _last_use(lookups: Lookups, evidence: Evidence) -> Evidence:
    """Ask when a key that cannot be used now was last used: it tells a forgotten key from a needed one."""
    key = evidence.key
    if key is None or key.state not in STATE_CAUSES or not key.arn:
        return evidence
    used, since, look = lookups.last_use(key.arn, key.region)
    looks = (*evidence.looks, look) if look else evidence.looks
    return replace(evidence, last_used=used, tracking_since=since, looks=looks)
