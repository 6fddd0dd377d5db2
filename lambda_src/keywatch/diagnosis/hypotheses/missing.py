"""The key or alias does not exist: who deleted it, which one was meant, or what cannot be told.

"Not found" does not mean deleted: it may never have existed. Whether it is not visible yet, or lives
in another Region or account, is asked before.
"""

from datetime import timedelta

from keywatch.diagnosis.case import Case, Explanation, find_look
from keywatch.diagnosis.reasons import Reason, because_change, because_look, stamp
from keywatch.model.evidence import HistoryRead, LookupOutcome
from keywatch.model.levels import Confidence
from keywatch.model.similarity import nearest_alias

CERTAIN, LIKELY = Confidence.CERTAIN, Confidence.LIKELY
# So soon after a deletion somebody may have made the alias again, for another key: deployments do,
# and neither KMS nor CloudTrail may show it yet.
SWAP = timedelta(minutes=1)


def alias_deleted(case: Case) -> Explanation | None:
    """Name who deleted the alias, where that was seen before the call and nobody created it again."""
    deleted = case.standing("DeleteAlias")
    if (
        case.evidence.alias
        or case.evidence.key
        or deleted is None
        or not case.before_call(deleted.when)
    ):
        return None
    before = case.failure.time - deleted.when > SWAP
    sure = case.is_absent_here() if before else case.is_surely_absent()
    confidence = CERTAIN if sure else LIKELY
    target = case.behind_alias()
    return Explanation(
        "alias_not_found",
        confidence,
        (because_change(deleted),),
        facts={"key": target} if target else {},
    )


def misspelt_alias(case: Case) -> Explanation | None:
    """Offer the nearest existing alias for one that does not exist."""
    wanted, look = case.alias, find_look(case.evidence, "ListAliases")
    near = nearest_alias(wanted, case.evidence.aliases) if wanted else None
    if near is None or near == wanted:
        return None
    reason = Reason(
        f"ListAliases in {look.region}" if look else "ListAliases",
        f"{wanted} does not exist; {near} does.",
    )
    return Explanation(
        "alias_not_found",
        CERTAIN if case.is_surely_absent() else LIKELY,
        (reason,),
        facts={"did_you_mean": near},
    )


def never_seen(case: Case) -> Explanation:
    """Leave it at what AWS said, and say what cannot be told."""
    classification, look, own = case.failure.classification, case.here, case.evidence.own_account
    because = (
        (because_look(look, f"{case.asked} does not exist there now either."),)
        if look and look.outcome is LookupOutcome.ABSENT
        else ()
    )
    said = classification.confidence
    confidence = LIKELY if said is CERTAIN and not case.is_surely_absent() else said
    explanation = Explanation(classification.cause or "unclassified", confidence, because)
    if own and case.account and case.account != own:
        return explanation.adding(
            unknowns=(
                f"The call looked in account {case.account}; KeyWatch looked from account {own}, which sees no other's changes.",
            )
        )
    read = case.evidence.history
    if read is not None:
        return _with_history(case, explanation, read)
    unknown = (
        "AWS does not say whether it was deleted or never existed. To find out, look in CloudTrail's event history (90 days) for "
        "DeleteAlias, ScheduleKeyDeletion and DeleteKey of it."
    )
    return explanation.adding(unknowns=(unknown,))


def _with_history(case: Case, explanation: Explanation, read: HistoryRead) -> Explanation:
    """Say what was read of CloudTrail, and what it cannot show: it is minutes late, and keeps 90 days."""
    span = f"{', '.join(read.names)} from {stamp(read.since)} to {stamp(read.shown_until)}"
    late = f"CloudTrail may not show yet what was done after {stamp(read.shown_until)}."
    if not read.complete:
        unread = f"Only a part of CloudTrail's history was read ({span}); an older change was left unread."
        return explanation.adding(unknowns=(unread, late))
    if any(change.what in read.names for change in case.changes):
        return explanation.adding(unknowns=(late,))
    story = Reason(f"LookupEvents in {read.region}", f"nothing found of {span}.")
    return explanation.adding(story, unknowns=("AWS does not say whether it ever existed.", late))


# In the order of asking: before other places are thought of, and after.
DELETED = (alias_deleted,)
NEVER_THERE = (misspelt_alias, never_seen)
