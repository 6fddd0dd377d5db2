"""The key or alias does not exist: who deleted it, which one was meant, or what cannot be told.

"Not found" does not mean deleted: it may never have existed. Whether it is not visible yet, or lives
in another Region or account, is asked before.
"""

from keywatch.diagnosis.case import Case, Explanation, find_look
from keywatch.diagnosis.reasons import Reason, because_change, because_look
from keywatch.model.evidence import LookupOutcome
from keywatch.model.levels import Confidence
from keywatch.model.similarity import nearest_alias

CERTAIN, LIKELY = Confidence.CERTAIN, Confidence.LIKELY


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
    confidence = CERTAIN if case.is_absent_here() else LIKELY
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
        CERTAIN if case.is_absent_here() else LIKELY,
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
    explanation = Explanation(
        classification.cause or "unclassified", classification.confidence, because
    )
    if own and case.account and case.account != own:
        return explanation.adding(
            unknowns=(
                f"The call looked in account {case.account}; KeyWatch runs in account {own} and sees no other's changes.",
            )
        )
    asked = find_look(case.evidence, "LookupEvents")
    if asked and asked.outcome is LookupOutcome.ABSENT:
        story = because_look(asked, f"no change of {asked.asked} in the last 90 days.")
        return explanation.adding(story, unknowns=("AWS does not say whether it ever existed.",))
    unknown = (
        "AWS does not say whether it was deleted or never existed. To find out, look in CloudTrail's event history (90 days) for "
        "DeleteAlias, ScheduleKeyDeletion and DeleteKey of it."
    )
    return explanation.adding(unknowns=(unknown,))
