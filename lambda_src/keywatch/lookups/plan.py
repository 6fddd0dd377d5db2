"""Which look-ups a failure deserves: the fewest that settle what AWS's words leave open.

Bounded per incident: at most one DescribeKey where the call looked (two for a call with two keys),
one per other Region, one ListAliases, one DescribeCustomKeyStores, one GetKeyLastUsage and one
CloudTrail look-up.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.catalogue.causes import Lookup, cause_of
from keywatch.catalogue.states import STATE_CAUSES, is_usable
from keywatch.diagnosis.case import TRAIL_LAG, Case, case_of, find_look
from keywatch.lookups.functions import is_function
from keywatch.lookups.history import change_fact, joined, outcome_of_history
from keywatch.lookups.kms import Lookups
from keywatch.lookups.known_changes import (
    OF_THE_KEY_BEHIND,
    merged,
    names_to_ask,
    of_key_behind_alias,
    that_would_explain,
    undoing,
)
from keywatch.lookups.outcomes import outcome_of
from keywatch.lookups.scope import Scope, Target, target_of
from keywatch.model.evidence import ChangeFact, Evidence, KeyFacts, LookupOutcome, LookupResult
from keywatch.model.identifiers import Kind
from keywatch.model.signals import EARLY_WARNING, UNKNOWN, KeyChange, KeyFailure, Subject
from keywatch.sources.subjects import identifier_subject, key_subject

MAX_REGIONS = 8

Ledger = Callable[[Subject], tuple[ChangeFact, ...]]


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
    changes explain nothing; its quota is small: once per incident is
    enough.
    """
    evidence = Evidence(changes=merged(changes), own_account=scope.account)
    asking = _Investigation(failure, lookups, scope, target_of(failure, scope), evidence)
    wants = cause_of(failure.classification.cause).lookups
    if Lookup.CORRECTED in wants:
        asking.corrected_identifier()
        return asking.evidence
    asking.where_it_is(wants)
    asking.what_belongs_to_it(wants)
    if Lookup.LAMBDA_ROLE in wants:
        asking.function()
    asking.changes_behind_alias(ledger)
    if ask_trail:
        asking.history()
        asking.changes_behind_alias(ledger)
        asking.other_callers()
    asking.last_use()
    return asking.evidence


@dataclass(slots=True)
class _Investigation:
    """One failure under investigation: each method asks one thing, where it may help, and adds what it learned."""

    failure: KeyFailure
    lookups: Lookups
    scope: Scope
    target: Target
    evidence: Evidence

    def learn(self, *looks: LookupResult, **facts: Any) -> None:  # noqa: ANN401 - fields of Evidence, each of its own type
        """Add look-ups and what they found."""
        looks = (*self.evidence.lookup_results, *looks)
        self.evidence = replace(self.evidence, lookup_results=looks, **facts)

    def where_it_is(self, wants: frozenset[Lookup]) -> None:
        """Look for the key: where the call looked, and, where it is not there, in other places."""
        if Lookup.KEY in wants:
            self.key()
        if self.evidence.key is None and (Lookup.ELSEWHERE in wants or self.is_gone()):
            self.same_name_elsewhere()
        if Lookup.REGION_OF_ARN in wants:
            self.region_of_arn()

    def what_belongs_to_it(self, wants: frozenset[Lookup]) -> None:
        """Look at aliases and the key store."""
        if Lookup.ALIASES in wants:
            self.aliases()
        self.names()
        key = self.evidence.key
        if Lookup.KEY_STORE in wants or (key is not None and key.state == "Unavailable"):
            self.key_store()

    def key(self) -> None:
        """Describe the key that was asked for; the second one of the call, too, unless the first is to blame."""
        target, failure = self.target, self.failure
        name = failure.key_arn or target.full_name or target.name_in(target.region)
        if name is None:
            return
        key, look = self.lookups.key(name, target.region)
        self.learn(look, key=key)
        if key and failure.other_keys and is_usable(key.state) is not False:
            other, look = self.lookups.key(failure.other_keys[0], target.region)
            self.learn(look, other=other)

    def is_gone(self) -> bool:
        """Tell whether KMS says that the key does not exist (any more)."""
        look = find_look(self.evidence, "DescribeKey")
        return look is not None and look.outcome is LookupOutcome.ABSENT

    def same_name_elsewhere(self) -> None:
        """Look for the same id or alias in the other Regions, and in KeyWatch's own account where the call looked in another."""
        target, wanted = self.target, self.target.wanted
        if wanted is None:
            return
        for region in self.other_regions():
            key, look = self.lookups.key(target.name_in(region) or wanted.text, region)
            self.learn(look, elsewhere=(*self.evidence.elsewhere, *((key,) if key else ())))
        if not target.is_own:
            own, look = self.lookups.key(target.short_name or wanted.text, target.region)
            self.learn(look, here=own)

    def other_regions(self) -> list[str]:
        """Return where else to look: where the ARN says, where a replica was made, at home, and where the settings say."""
        wanted, scope, changes = self.target.wanted, self.scope, self.evidence.changes
        if wanted is None:
            return []
        replicas = [change.details.get("replica_region") for change in changes]
        replicas = replicas if wanted.multi_region else []
        regions = dict.fromkeys((wanted.region, *replicas, scope.region, *scope.search_regions))
        return [region for region in regions if region and region != self.target.region][
            :MAX_REGIONS
        ]

    def region_of_arn(self) -> None:
        """Look for the key in the Region that the ARN of the call names."""
        identifier = self.failure.identifier
        if identifier is None or identifier.region is None or identifier.kind is Kind.MALFORMED:
            return
        key, look = self.lookups.key(identifier.text, identifier.region)
        self.learn(look, elsewhere=(key,) if key else ())

    def aliases(self) -> None:
        """List aliases where one was asked for: to see when it was made, or which other may have been meant."""
        identifier, subject = self.failure.identifier, self.failure.subject
        alias = identifier.alias if identifier else None
        if alias is None or subject.account != self.scope.account:
            return
        fresh = self.evidence.key is not None or self.failure.source == "manual"
        listed, look = self.lookups.aliases(self.target.region, fresh=fresh)
        found = next((facts for facts in listed if facts.name == alias), None)
        self.learn(look, alias=found, aliases=tuple(facts.name for facts in listed))

    def names(self) -> None:
        """Ask what people call a key that was named by its id; that nobody could tell is no loss to the diagnosis."""
        key, identifier = self.evidence.key, self.failure.identifier
        named = identifier is not None and identifier.alias is not None
        if key is not None and not named and key.account == self.scope.account:
            self.learn(names=self.lookups.names(key)[0])

    def key_store(self) -> None:
        """Describe the key store where the failure or the key names one that KeyWatch can see."""
        key, failure = self.evidence.key, self.failure
        store = failure.key_store or (key.key_store if key else None)
        if store and failure.subject.account in {self.scope.account, UNKNOWN}:
            facts, look = self.lookups.store(store, self.target.region)
            self.learn(look, store=facts)

    def function(self) -> None:
        """Describe the function whose environment Lambda could not decrypt, where it is in KeyWatch's own account."""
        arn = self.failure.resource or ""
        parts = arn.split(":")
        if is_function(arn) and parts[4] == self.scope.account:
            function, looks = self.lookups.function(arn, parts[3])
            self.learn(*looks, function=function)

    def changes_behind_alias(self, ledger: Ledger) -> None:
        """Add the changes of the key that a vanished alias pointed to: deleting a key deletes its aliases."""
        if self.failure.subject.kind == "alias" and not self.evidence.key:
            behind = of_key_behind_alias(self.case(), ledger)
            if behind:
                self.learn(changes=merged((*self.evidence.changes, *behind)))

    def case(self) -> Case:
        """Return the failure with what is known by now."""
        return case_of(self.failure, self.evidence, self.failure.time)

    def history(self) -> None:
        """Ask CloudTrail who changed the key or alias, where no known change explains what is seen.

        Where KMS did not show the key, not even its last use, a change of so long before the call
        that CloudTrail shows what came after it explains nothing unasked: the record of what undid
        it may be lost.
        """
        if self.target.wanted is None or not self.target.is_seen_from_here:
            return
        case = self.case()
        wanting = that_would_explain(case, gone=self.is_gone())
        known = case.standing(*wanting)
        is_blind = self.evidence.key is None and not self.is_gone()
        is_recent = known is not None and self.failure.time - known.when <= TRAIL_LAG
        if not wanting or (known and (is_recent or not is_blind)):
            return
        self.read_history(names_to_ask(self.failure.subject.kind, wanting), self.subjects())
        behind = self.case().behind_alias() if self.failure.subject.kind == "alias" else None
        if behind and not self.evidence.key and not self.case().standing("DeleteAlias"):
            key = key_subject(behind) or replace(self.failure.subject, kind="key", name=behind)
            self.read_history(OF_THE_KEY_BEHIND, frozenset({replace(key, replayed="")}))

    def subjects(self) -> frozenset[Subject]:
        """Return what the failure is about under all names that changes are recorded by."""
        key, wanted, target = self.evidence.key, self.target.wanted, self.target
        named = identifier_subject(wanted, target.account, target.region) if wanted else None
        of_key = key_subject(key.arn) if key else None
        known = (self.failure.subject, named, of_key)
        # CloudTrail tells of what AWS recorded, whoever told of the failure.
        return frozenset(replace(s, replayed="") for s in known if s is not None)

    def read_history(self, names: tuple[str, ...], subjects: frozenset[Subject]) -> None:
        """Read what CloudTrail keeps of changes called ``names`` to one of ``subjects``."""
        region, asked = self.target.region, ", ".join(sorted(s.name for s in subjects))

        def concerns(change: KeyChange) -> bool:
            return not subjects.isdisjoint(change.subjects)

        answer = self.lookups.history.find_standing(names, undoing(names), concerns, region)
        look = LookupResult("LookupEvents", asked, region, *outcome_of_history(answer))
        found = tuple(change_fact(change) for change in answer.changes)
        changes = merged((*self.evidence.changes, *found))
        self.learn(look, changes=changes, history=joined(self.evidence.history, answer, region))

    def corrected_identifier(self) -> None:
        """Try the corrected form of a malformed identifier, and list the aliases that may have been meant."""
        identifier, region = self.failure.identifier, self.target.region
        if identifier is None or self.failure.account not in {self.scope.account, None}:
            return
        if identifier.alias and identifier.kind is not Kind.MALFORMED:
            key, look = self.lookups.key(identifier.text, region)
            self.learn(look, corrected=key)
            return
        listed, look = self.lookups.aliases(region)
        self.learn(look, aliases=tuple(facts.name for facts in listed))
        if identifier.corrected is None or identifier.corrected.startswith("alias/"):
            self.corrected_alias(identifier.corrected)
        elif identifier.region in {None, region} and identifier.account in {
            None,
            self.scope.account,
        }:
            self.corrected_key(identifier.corrected)

    def corrected_alias(self, alias: str | None) -> None:
        """Stand a listed alias for its key, which need not be described."""
        if alias in self.evidence.aliases:
            place = (self.target.region, self.scope.account)
            self.learn(corrected=KeyFacts("", alias or "", "", *place))

    def corrected_key(self, name: str) -> None:
        """Describe the key that was most likely meant; that there is none need not be told."""
        key, look = self.lookups.key(name, self.target.region)
        self.learn(*((look,) if look.outcome is LookupOutcome.SEEN else ()), corrected=key)

    def other_callers(self) -> None:
        """Ask who else uses a key that will break, where other accounts are KeyWatch's to look after."""
        key, failure = self.evidence.key, self.failure
        warns = failure.source == EARLY_WARNING and failure.recorded_in is not None
        if not warns or key is None or failure.subject.kind != "key" or not key.arn:
            return
        callers, stopped = self.lookups.history.other_callers(key.arn, key.account, key.region)
        looks: tuple[LookupResult, ...] = ()
        if isinstance(stopped, (ClientError, BotoCoreError)):
            looks = (LookupResult("LookupEvents", key.key_id, key.region, *outcome_of(stopped)),)
        self.learn(*looks, other_callers=callers)

    def last_use(self) -> None:
        """Ask when a key that cannot be used now was last used: it tells a forgotten key from a needed one."""
        key = self.evidence.key
        if key is None or key.state not in STATE_CAUSES or not key.arn:
            return
        used, since, look = self.lookups.last_use(key.arn, key.region)
        self.learn(*((look,) if look else ()), last_used=used, tracking_since=since)
