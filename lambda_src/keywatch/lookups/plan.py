"""Which look-ups a failure deserves: the fewest that settle what AWS's words leave open.

Bounded per incident: at most one DescribeKey where the call looked (two for a call with two keys),
one per other Region, one ListAliases, one DescribeCustomKeyStores, one GetKeyLastUsage and one
CloudTrail look-up.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from keywatch.catalogue.changes import EXPLAINS_ABSENCE, MADE_BY
from keywatch.diagnosis.case import AWS_ITSELF, Case
from keywatch.diagnosis.hypotheses.deletion import behind_alias
from keywatch.diagnosis.hypotheses.states import STATE_CAUSES
from keywatch.lookups.kms import Lookups
from keywatch.model.evidence import ChangeFact, Evidence, KeyFacts, LookupOutcome
from keywatch.model.identifiers import KeyIdentifier, Kind, parse
from keywatch.model.signals import KeyFailure, Subject
from keywatch.model.subjects import STORE_CAUSES, UNKNOWN, key_subject

MAX_REGIONS = 8
MISSING = frozenset(
    {"alias_not_found", "key_not_found", "key_deleted", "missing_or_not_authorized"}
)
_NEEDS_NO_KEY = frozenset({"malformed_identifier", "wrong_region", "key_store_not_found"})
_OF_THE_KEY_BEHIND = frozenset(
    {"DeleteKey", "ScheduleKeyDeletion", "CancelKeyDeletion", "CreateKey"}
)
SAME_MOMENT = timedelta(
    seconds=60
)  # KMS may announce one deletion twice within seconds (EventBridge reference, KMS)

Ledger = Callable[[Subject], tuple[ChangeFact, ...]]


@dataclass(frozen=True, slots=True)
class Scope:
    """Where KeyWatch runs, and in which other Regions it may look."""

    account: str
    region: str
    search_regions: tuple[str, ...] = ()


def investigate(
    failure: KeyFailure,
    lookups: Lookups,
    scope: Scope,
    changes: tuple[ChangeFact, ...],
    ledger: Ledger,
    *,
    ask_trail: bool = True,
) -> Evidence:
    """Look up what may explain ``failure``. ``changes`` are those known of its subject; ``ledger`` finds those of others.

    ``ask_trail`` allows to ask CloudTrail's event history, which is done only where the known
    changes explain nothing; its quota is small: once per incident (``Evidence.history_asked``) is
    enough.
    """
    evidence = Evidence(changes=merged(changes), own_account=scope.account)
    cause = failure.classification.cause or ""
    if cause == "malformed_identifier":
        return _corrected(failure, lookups, scope, evidence)
    if cause not in _NEEDS_NO_KEY:
        evidence = _key_asked_for(failure, lookups, scope, evidence)
    if evidence.key is None and (cause in MISSING or _gone(evidence)):
        evidence = _same_name_elsewhere(failure, lookups, scope, evidence)
    if cause == "wrong_region":
        evidence = _in_region_of_arn(failure, lookups, evidence)
    evidence = _aliases(failure, lookups, scope, evidence)
    evidence = _names(failure, lookups, scope, evidence)
    evidence = _store(failure, lookups, scope, evidence)
    evidence = _key_behind_alias(failure, evidence, ledger)
    if ask_trail:
        evidence = _key_behind_alias(failure, _history(failure, lookups, scope, evidence), ledger)
    return _last_use(lookups, evidence)


def merged(changes: Iterable[ChangeFact]) -> tuple[ChangeFact, ...]:
    """Return changes newest first, each once: CloudTrail and the ledger know the same event, KMS announces some twice."""
    kept: list[ChangeFact] = []
    for change in sorted(changes, key=lambda c: (c.when, c.event_id), reverse=True):
        if not any(_same(change, other) for other in kept):
            kept.append(change)
    return tuple(kept)


def _same(one: ChangeFact, other: ChangeFact) -> bool:
    if one.what != other.what:
        return False
    if one.event_id and one.event_id == other.event_id:
        return True
    return {one.who, other.who} <= AWS_ITSELF and abs(one.when - other.when) <= SAME_MOMENT


def _gone(evidence: Evidence) -> bool:
    look = evidence.look("DescribeKey")
    return look is not None and look.outcome is LookupOutcome.ABSENT


def _wanted(failure: KeyFailure) -> KeyIdentifier | None:
    """Return the key or alias in question: as the caller named it, or else the key that AWS named."""
    identifier = failure.identifier
    if identifier and identifier.kind is not Kind.MALFORMED:
        return identifier
    return parse(failure.key_arn) if failure.key_arn else None


def _account(failure: KeyFailure, scope: Scope) -> str:
    """Return the account in which KMS looked; where nobody says, it is taken to be KeyWatch's own."""
    account = failure.subject.account
    return account if account != UNKNOWN else failure.account or scope.account


def _arn(failure: KeyFailure, wanted: KeyIdentifier, scope: Scope, region: str) -> str:
    """Return the full name in ``region`` of what is wanted, in the account in which KMS looked."""
    resource = wanted.alias or f"key/{wanted.key_id}"
    account = wanted.account or _account(failure, scope)
    return f"arn:{wanted.partition or failure.partition}:kms:{region}:{account}:{resource}"


def _name_in(failure: KeyFailure, wanted: KeyIdentifier, scope: Scope, region: str) -> str:
    """Return how KeyWatch must name it there: in full where it belongs to another account than its own."""
    if (wanted.account or _account(failure, scope)) == scope.account:
        return wanted.alias or wanted.key_id or wanted.text
    return _arn(failure, wanted, scope, region)


def _key_asked_for(
    failure: KeyFailure, lookups: Lookups, scope: Scope, evidence: Evidence
) -> Evidence:
    wanted, region = _wanted(failure), failure.region or scope.region
    name = failure.key_arn or (wanted.text if wanted and wanted.account else None)
    name = name or (_name_in(failure, wanted, scope, region) if wanted else None)
    if name is None:
        return evidence
    key, look = lookups.key(name, region)
    evidence = replace(evidence, key=key, lookup_results=(*evidence.lookup_results, look))
    if key is None or not key.usable or not failure.other_keys:
        return evidence
    other, look = lookups.key(failure.other_keys[0], region)
    return replace(evidence, other=other, lookup_results=(*evidence.lookup_results, look))


def _same_name_elsewhere(
    failure: KeyFailure, lookups: Lookups, scope: Scope, evidence: Evidence
) -> Evidence:
    """Look for the same id or alias in the other Regions, and in KeyWatch's own account where the call looked in another."""
    wanted, here = _wanted(failure), failure.region or scope.region
    if wanted is None:
        return evidence
    for region in _other_regions(wanted, here, scope, evidence):
        key, look = lookups.key(_name_in(failure, wanted, scope, region), region)
        elsewhere = (*evidence.elsewhere, key) if key else evidence.elsewhere
        evidence = replace(
            evidence, lookup_results=(*evidence.lookup_results, look), elsewhere=elsewhere
        )
    if (wanted.account or _account(failure, scope)) != scope.account:
        own, look = lookups.key(wanted.alias or wanted.key_id or wanted.text, here)
        evidence = replace(evidence, here=own, lookup_results=(*evidence.lookup_results, look))
    return evidence


def _other_regions(wanted: KeyIdentifier, here: str, scope: Scope, evidence: Evidence) -> list[str]:
    """Return where else to look: where the ARN says, where a replica was made, at home, and where the settings say."""
    replicas = (
        (change.details.get("replica_region") for change in evidence.changes)
        if wanted.multi_region
        else ()
    )
    regions = dict.fromkeys((wanted.region, *replicas, scope.region, *scope.search_regions))
    return [region for region in regions if region and region != here][:MAX_REGIONS]


def _key_behind_alias(failure: KeyFailure, evidence: Evidence, ledger: Ledger) -> Evidence:
    """Add the changes of the key that a vanished alias pointed to: deleting a key deletes its aliases."""
    if (
        failure.subject.kind != "alias"
        or evidence.key
        or any(c.what == "DeleteKey" for c in evidence.changes)
    ):
        return evidence
    target = behind_alias(Case(failure, evidence, failure.time))
    if target is None:
        return evidence
    subject = key_subject(target) or replace(failure.subject, kind="key", name=target)
    behind = tuple(change for change in ledger(subject) if change.what in _OF_THE_KEY_BEHIND)
    return replace(evidence, changes=merged((*evidence.changes, *behind)))


def _history(failure: KeyFailure, lookups: Lookups, scope: Scope, evidence: Evidence) -> Evidence:
    """Ask CloudTrail who changed the key or alias, where no known change explains what is seen."""
    wanted, region = _wanted(failure), failure.region or scope.region
    if (
        wanted is None
        or wanted.region not in {None, region}
        or _account(failure, scope) != scope.account
    ):
        return evidence
    wanting = _wanting(failure, evidence)
    if not wanting or Case(failure, evidence, failure.time).standing(*wanting):
        return evidence
    arn = (
        evidence.key.arn
        if evidence.key and evidence.key.arn
        else _arn(failure, wanted, scope, region)
    )
    found, look = lookups.history(arn, region)
    return replace(
        evidence,
        changes=merged((*evidence.changes, *found)),
        lookup_results=(*evidence.lookup_results, look),
    )


def _wanting(failure: KeyFailure, evidence: Evidence) -> tuple[str, ...]:
    """Return the changes of which one would explain the failure, as far as it is seen; none where changes explain nothing."""
    cause = failure.classification.cause or ""
    if evidence.key is not None:
        return MADE_BY.get(STATE_CAUSES.get(evidence.key.state, ""), ())
    if cause in MISSING or _gone(evidence):
        return () if evidence.elsewhere or evidence.here else EXPLAINS_ABSENCE
    return MADE_BY.get(cause, ()) if cause in STATE_CAUSES.values() else ()


def _in_region_of_arn(failure: KeyFailure, lookups: Lookups, evidence: Evidence) -> Evidence:
    identifier = failure.identifier
    if identifier is None or identifier.region is None or identifier.kind is Kind.MALFORMED:
        return evidence
    key, look = lookups.key(identifier.text, identifier.region)
    return replace(
        evidence, elsewhere=(key,) if key else (), lookup_results=(*evidence.lookup_results, look)
    )


def _aliases(failure: KeyFailure, lookups: Lookups, scope: Scope, evidence: Evidence) -> Evidence:
    """List aliases where one was asked for: to see when it was made, or which other may have been meant."""
    alias = failure.identifier.alias if failure.identifier else None
    if (
        alias is None
        or failure.classification.cause not in MISSING
        or failure.subject.account != scope.account
    ):
        return evidence
    listed, look = lookups.aliases(
        failure.region or scope.region, fresh=evidence.key is not None or failure.source == "manual"
    )
    return replace(
        evidence,
        alias=next((facts for facts in listed if facts.name == alias), None),
        aliases=tuple(facts.name for facts in listed),
        lookup_results=(*evidence.lookup_results, look),
    )


def _names(failure: KeyFailure, lookups: Lookups, scope: Scope, evidence: Evidence) -> Evidence:
    """Ask what people call a key that was named by its id; that nobody could tell is no loss to the diagnosis."""
    key = evidence.key
    named = failure.identifier is not None and failure.identifier.alias is not None
    if key is None or named or key.account != scope.account:
        return evidence
    return replace(evidence, names=lookups.names(key)[0])


def _corrected(failure: KeyFailure, lookups: Lookups, scope: Scope, evidence: Evidence) -> Evidence:
    """Try the corrected form of a malformed identifier, and list the aliases that may have been meant."""
    identifier, region = failure.identifier, failure.region or scope.region
    if identifier is None or failure.account not in {scope.account, None}:
        return evidence
    if identifier.alias and identifier.kind is not Kind.MALFORMED:
        key, look = lookups.key(identifier.text, region)
        return replace(evidence, corrected=key, lookup_results=(look,))
    listed, look = lookups.aliases(region)
    evidence = replace(
        evidence, aliases=tuple(facts.name for facts in listed), lookup_results=(look,)
    )
    if identifier.corrected is None or identifier.corrected.startswith("alias/"):
        known = identifier.corrected in evidence.aliases
        return (
            replace(evidence, corrected=_listed(identifier.corrected, region, scope))
            if known
            else evidence
        )
    if identifier.region not in {None, region} or identifier.account not in {None, scope.account}:
        return evidence
    key, look = lookups.key(identifier.corrected, region)
    return replace(
        evidence,
        corrected=key,
        lookup_results=(*evidence.lookup_results, look)
        if look.outcome is LookupOutcome.SEEN
        else evidence.lookup_results,
    )


def _listed(alias: str | None, region: str, scope: Scope) -> KeyFacts:
    """Stand for a key that was not described, but whose alias was listed."""
    return KeyFacts(arn="", key_id=alias or "", state="", region=region, account=scope.account)


def _store(failure: KeyFailure, lookups: Lookups, scope: Scope, evidence: Evidence) -> Evidence:
    """Describe the key store where the failure or the key names one and it may be to blame."""
    store = failure.key_store or (evidence.key.key_store if evidence.key else None)
    cause = failure.classification.cause or ""
    wanted = (
        cause in STORE_CAUSES
        or cause.startswith(("external_", "xks_"))
        or cause in {"unclassified", "kms_unavailable"}
    )
    wanted = wanted or (evidence.key is not None and evidence.key.state == "Unavailable")
    if store is None or not wanted or failure.subject.account not in {scope.account, "-"}:
        return evidence
    facts, look = lookups.store(store, failure.region or scope.region)
    return replace(evidence, store=facts, lookup_results=(*evidence.lookup_results, look))


def _last_use(lookups: Lookups, evidence: Evidence) -> Evidence:
    """Ask when a key that cannot be used now was last used: it tells a forgotten key from a needed one."""
    key = evidence.key
    if key is None or key.state not in STATE_CAUSES or not key.arn:
        return evidence
    used, since, look = lookups.last_use(key.arn, key.region)
    lookup_results = (*evidence.lookup_results, look) if look else evidence.lookup_results
    return replace(evidence, last_used=used, tracking_since=since, lookup_results=lookup_results)
