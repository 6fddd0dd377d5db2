"""The key or alias lives in another Region or account than the one in which KMS looked for it."""

from keywatch.diagnosis.case import Case, Explanation, find_look, is_report
from keywatch.diagnosis.reasons import Reason, because_look, described, key_state
from keywatch.model.evidence import KeyFacts, LookupOutcome
from keywatch.model.levels import Confidence

CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE
ABSENT = LookupOutcome.ABSENT


def in_other_region(case: Case) -> Explanation | None:
    """Name the Region in which the same id (proof) or an alias of the same name (a good guess) does exist."""
    found = next(
        (key for key in case.evidence.elsewhere if case.account in {None, key.account}), None
    )
    if found is None:
        return None
    if case.alias is not None:
        return _alias_elsewhere(found) if case.is_absent_here() else None
    if case.failure.region in found.replicas:
        return _replica_not_seen(case, found)
    family = (
        f", a multi-Region key with keys in {', '.join(found.replicas)}" if found.replicas else ""
    )
    reason = Reason(
        described(found),
        f"this key id exists in {found.region}{family}; {key_state(found)}",
    )
    facts = {
        "key_region": found.region,
        "key": found.arn,
        "multi_region": "yes" if found.replicas else "",
    }
    # Any other key id exists in one Region only. A replica of a multi-Region key may have been
    # deleted here, or made a moment ago.
    sure = case.place_is_known() and not found.key_id.startswith("mrk-")
    return Explanation("wrong_region", CERTAIN if sure else LIKELY, (reason,), facts=facts)


def _alias_elsewhere(found: KeyFacts) -> Explanation:
    reason = Reason(
        described(found),
        f"an alias of that name exists in {found.region}; {key_state(found)}",
    )
    facts = {
        "key_region": found.region,
        "key": found.arn,
        "multi_region": "yes" if found.replicas else "",
    }
    return Explanation("wrong_region", LIKELY, (reason,), facts=facts)


def _replica_not_seen(case: Case, found: KeyFacts) -> Explanation:
    """Do not call a Region wrong in which the key has a replica by its own account: it may be new, or on its way out."""
    text = f"this multi-Region key exists in {found.region} and names a replica in {case.failure.region}."
    unknown = "That replica may be new and not visible yet."
    return Explanation(
        "not_yet_visible",
        POSSIBLE,
        (Reason(described(found), text),),
        unknowns=(unknown,),
    )


def arn_of_other_region(case: Case) -> Explanation | None:
    """Blame the Region where the ARN that was asked for names another one, unless a look-up sees no such key there either.

    KMS uses no key through the endpoint of another Region, and answers of one as if there were none.
    """
    named = case.identifier.region if case.identifier else None
    region = case.failure.region
    if named is None or region is None or named == region or is_report(case.failure):
        return None  # a program may have called another Region than the one that has its log
    asked = [look for look in case.evidence.lookup_results if look.region == named]
    if any(look.operation == "DescribeKey" and look.outcome is ABSENT for look in asked):
        return None
    text = f"its ARN names {named}, and the call was made in {region}."
    unknown = f"KeyWatch could not see whether it exists in {named}."
    facts = {"key_region": named} | ({} if case.alias else {"key": case.asked})
    return Explanation("wrong_region", LIKELY, (Reason("request", text),), facts, (unknown,))


def in_other_account(case: Case) -> Explanation | None:
    """Name KeyWatch's own account where the key exists there, while the call looked in another account.

    A bare id or alias always resolves in the caller's account (KMS API Reference, DescribeKey).
    """
    found = case.evidence.here or next(iter(case.evidence.elsewhere), None)
    if found is None or case.account is None or found.account == case.account:
        return None
    what = "an alias of that name" if case.alias else "this key id"
    text = f"{what} exists in account {found.account}, the call looked in account {case.account}."
    facts = {
        "key": found.arn,
        "key_region": found.region if found.region != case.failure.region else "",
    }
    return Explanation(
        "wrong_account",
        POSSIBLE if case.alias else CERTAIN,
        (Reason(described(found), text),),
        facts=facts,
    )


def wrong_region(case: Case) -> Explanation:
    """Add to AWS's own "Invalid arn <Region>" whether the key does exist in the Region of its ARN."""
    identifier = case.failure.identifier
    region = (identifier.region if identifier else None) or case.failure.classification.region
    facts = {"key_region": region} if region else {}
    if identifier and identifier.key_id:
        facts["key"] = identifier.text
    explanation = Explanation("wrong_region", case.failure.classification.confidence, facts=facts)
    look = find_look(case.evidence, "DescribeKey", region)
    found = next((key for key in case.evidence.elsewhere if key.region == region), None)
    if found and look:
        return explanation.adding(
            because_look(look, f"the key exists there; {key_state(found)}"),
            facts={"key": found.arn},
        )
    if look and look.outcome is LookupOutcome.ABSENT:
        return explanation.adding(because_look(look, "the key does not exist there either."))
    return explanation


# In the order of asking.
ELSEWHERE = (in_other_region, arn_of_other_region, in_other_account)
