"""What every hypothesis gets (a ``Case``) and gives (an ``Explanation``)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from keywatch.catalogue.causes import cause_of
from keywatch.catalogue.changes import CHANGES, MADE_BY, MAKE_VISIBLE
from keywatch.catalogue.states import STATE_CAUSES, is_usable
from keywatch.diagnosis.reasons import Reason
from keywatch.model.evidence import ChangeFact, Evidence, LookupOutcome, LookupResult
from keywatch.model.identifiers import KeyIdentifier, Kind
from keywatch.model.levels import Confidence
from keywatch.model.signals import REPORTED, UNKNOWN, KeyFailure

# KMS is eventually consistent: usually seconds, "in some cases several minutes" (KMS Developer
# Guide, "Accessing KMS").
PROPAGATION = timedelta(minutes=5)
# How late CloudTrail may tell of a change (CloudTrail User Guide), and how soon after the same change
# another one belongs to a back and forth, in which one of them may be missing.
TRAIL_LAG, BACK_AND_FORTH = timedelta(minutes=15), timedelta(hours=1)
# CloudTrail writes whole seconds, and the hosts of one service differ a little: closer than this,
# order proves nothing.
SKEW = timedelta(seconds=5)
# Sources that know in which account and Region a call was made; a log line may come from a program
# that called elsewhere.
_KNOW_THE_PLACE = frozenset({"cloudtrail", "native", "manual", "change"})


@dataclass(frozen=True, slots=True)
class Explanation:
    """A hypothesis that holds: the cause, how sure, why, and what more is known or cannot be known."""

    cause: str
    confidence: Confidence
    because: tuple[Reason, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    unknowns: tuple[str, ...] = ()

    def adding(
        self, *because: Reason, facts: Mapping[str, str] | None = None, unknowns: Iterable[str] = ()
    ) -> "Explanation":
        """Return this explanation with more to say."""
        return replace(
            self,
            because=(*self.because, *because),
            facts={**self.facts, **(facts or {})},
            unknowns=(*self.unknowns, *unknowns),
        )


@dataclass(frozen=True, slots=True)
class Case:
    """A failure, what was found out about it, when that was (``now``, UTC), and what follows from it.

    - ``identifier``: what the caller asked for, if it can name a key.
    - ``asked``: the same as typed, or the best name there is.
    - ``alias``: the alias that was asked for, if it was an alias.
    - ``key_id``: the id of the key in question, as far as it was named.
    - ``account``: the account in which KMS looked for the key.
    - ``here``: the DescribeKey of the very thing that was asked for, where the call looked for it.
    - ``changes``: the known changes of what was asked for, newest first.
    """

    failure: KeyFailure
    evidence: Evidence
    now: datetime
    identifier: KeyIdentifier | None
    asked: str
    alias: str | None
    key_id: str | None
    account: str | None
    here: LookupResult | None
    changes: tuple[ChangeFact, ...]

    def has_two_keys(self) -> bool:
        """Tell whether the call used two keys (ReEncrypt) and AWS did not say which of them failed."""
        failure = self.failure
        if failure.operation != "ReEncrypt" or failure.classification.identifier:
            return bool(failure.other_keys)
        message = failure.error_message or ""
        return "kms:ReEncryptFrom" not in message and "kms:ReEncryptTo" not in message

    def place_is_known(self) -> bool:
        """Tell whether it is known in which account and Region KMS looked, and not only where KeyWatch itself did."""
        failure, identifier = self.failure, self.identifier
        return bool(
            failure.source in _KNOW_THE_PLACE
            or failure.key_arn
            or failure.classification.alias_arn
            or (identifier and identifier.account)
        )

    def is_absent_here(self) -> bool:
        """Tell whether AWS itself said, to the caller or to KeyWatch, that the thing does not exist where it was asked for."""
        if self.here is not None and self.here.outcome is LookupOutcome.ABSENT:
            return True
        said = self.failure.classification
        return said.confidence is Confidence.CERTAIN and cause_of(said.cause).says_absent

    def is_surely_absent(self) -> bool:
        """Tell whether it is sure, too, that this is nothing which was made moments before and is not visible yet.

        KMS says "not found" of such a one as well, and CloudTrail shows its creation minutes later.
        So it must still be absent when KMS would show it, or CloudTrail's history must reach beyond
        the call and tell of no creation.
        """
        if not self.is_absent_here():
            return False
        here, read = self.here, self.evidence.history
        is_late = self.now - self.failure.time > PROPAGATION
        if is_late and here is not None and here.outcome is LookupOutcome.ABSENT:
            return True
        shown = read is not None and read.complete and read.shown_until >= self.failure.time
        made = self.standing(*MAKE_VISIBLE)
        is_new = made is not None and abs(self.failure.time - made.when) <= PROPAGATION
        return shown and not is_new

    def moments_before(self, when: datetime | None) -> bool:
        """Tell whether something that happened then may not have been visible everywhere when the call was made."""
        return when is not None and -SKEW <= self.failure.time - when <= PROPAGATION

    def moments_after(self, when: datetime | None) -> bool:
        """Tell whether something happened so shortly after the call that the caller was merely too early."""
        return when is not None and SKEW < when - self.failure.time <= PROPAGATION

    def before_call(self, when: datetime) -> bool:
        """Tell whether something happened before the call: only that can have made it fail."""
        return when <= self.failure.time + SKEW

    def change(self, *kinds: str) -> ChangeFact | None:
        """Return the newest known change of one of these kinds to what was asked for."""
        for change in self.changes:
            if change.what in kinds:
                return change
        return None

    def standing(self, *kinds: str) -> ChangeFact | None:
        """Return that change unless a later one shows that it was undone: what was undone explains nothing."""
        change = self.change(*kinds)
        if change is None or change.what not in CHANGES:
            return change
        undone = self.change(*CHANGES[change.what].ended_by)
        return None if undone and undone.when > change.when else change

    def is_contested(self, change: ChangeFact) -> bool:
        """Tell whether ``change`` is one of a back and forth of which CloudTrail may hold back what came after it."""
        age = self.failure.time - change.when
        if not timedelta(minutes=1) < age <= TRAIL_LAG:
            return False
        before = (change.when - other.when for other in self.changes if other.what == change.what)
        return any(timedelta() < gap <= BACK_AND_FORTH for gap in before)

    def ended(self, cause: str) -> ChangeFact | None:
        """Return the change that is known to have ended a cause about when the call was made, or later.

        Where what brings the cause about is known to have happened again since, it did not end.
        """
        makers = MADE_BY.get(cause, ())
        made = self.change(*makers)
        ends = {name for maker in makers for name in CHANGES[maker].ended_by}
        ended = self.change(*(ends - set(makers)))
        if ended is None or (made is not None and made.when >= ended.when):
            return None
        return ended if ended.when >= self.failure.time - PROPAGATION else None

    def left_otherwise(self, state: str) -> ChangeFact | None:
        """Return the newest change of the key's state if it was just made and left the key in another than ``state``.

        A look-up that shows ``state`` may lag behind it.
        """
        kinds = (name for name, kind in CHANGES.items() if kind.leaves)
        change = self.change(*kinds)
        if change is None or self.now - change.when > PROPAGATION:
            return None
        cause = STATE_CAUSES.get(CHANGES[change.what].leaves or "")
        return change if cause != STATE_CAUSES.get(state) else None

    def behind_alias(self) -> str | None:
        """Return the key that the alias last pointed to, as far as changes tell."""
        known = (c for c in self.evidence.changes if c.details.get("target_key"))
        pointed = [c for c in known if c.details.get("alias") in {None, self.alias}]
        return max(pointed, key=lambda c: c.when).details["target_key"] if pointed else None


def find_look(evidence: Evidence, operation: str, region: str | None = None) -> LookupResult | None:
    """Return the first look-up of an operation (in a Region), or ``None`` where it was not made."""
    for look in evidence.lookup_results:
        if look.operation == operation and region in {None, look.region}:
            return look
    return None


def case_of(failure: KeyFailure, evidence: Evidence, now: datetime) -> Case:
    """Return the case of a failure and what was found out about it until ``now`` (UTC)."""
    typed, subject = failure.identifier, failure.subject
    identifier = typed if typed and typed.kind is not Kind.MALFORMED else None
    alias = subject.name if subject.kind == "alias" else None
    alias = identifier.alias if identifier else alias
    arn_id = failure.key_arn.rpartition("/")[2] if failure.key_arn else None
    return Case(
        failure=failure,
        evidence=evidence,
        now=now,
        identifier=identifier,
        asked=(typed.text if typed else None) or failure.key_arn or subject.name,
        alias=alias,
        key_id=arn_id or (identifier.key_id if identifier else None),
        account=subject.account if subject.account != UNKNOWN else failure.account,
        here=find_look(evidence, "DescribeKey", failure.region),
        changes=_concerning(evidence.changes, alias, failure.grant),
    )


def _concerning(
    changes: Iterable[ChangeFact], alias: str | None, grant: str | None
) -> tuple[ChangeFact, ...]:
    """Leave out what was done to other aliases and grants of the key: a deleted alias does not explain a missing key."""
    return tuple(
        change
        for change in sorted(changes, key=lambda change: change.when, reverse=True)
        if change.what not in CHANGES or _concerns(change, alias, grant)
    )


def _concerns(change: ChangeFact, alias: str | None, grant: str | None) -> bool:
    kind = CHANGES[change.what]
    if kind.same == "grant":
        return grant is not None and change.details.get("grant") == grant
    return kind.about != "alias" or (
        alias is not None and change.details.get("alias") in {None, alias}
    )


def is_report(failure: KeyFailure) -> bool:
    """Tell whether an application, and not AWS, says that the call failed so."""
    return failure.source == REPORTED


def seen_facts(case: Case) -> dict[str, str]:
    """Return what look-ups saw, under the names of ``keywatch.catalogue.causes.record.SEEN``."""
    evidence, here = case.evidence, case.here
    key, store = evidence.key, evidence.store
    facts = {
        "reported": "yes" if is_report(case.failure) else "",
    }
    if key is not None:
        facts["key_state"] = key.state
    if store is not None:
        facts["store_state"] = store.state
    if case.alias and here and here.outcome in {LookupOutcome.SEEN, LookupOutcome.ABSENT}:
        facts["alias_exists"] = "yes" if here.outcome is LookupOutcome.SEEN else "no"
    primary = next((found for found in evidence.elsewhere if found.replicas), None)
    if primary is not None:
        leads = primary.replicas[0] == primary.region and is_usable(primary.state)
        missing = leads and case.failure.region not in primary.replicas
        facts["replica_is_missing"] = "yes" if missing else "no"
    return facts
