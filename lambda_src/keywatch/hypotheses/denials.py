"""AWS's deliberately ambiguous denial: missing, in another Region, or not allowed. Only a look-up can settle it.

"… because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy
explicitly denies access" is one answer for three causes, by design of AWS.
"""

from keywatch.causes import Confidence
from keywatch.evidence import Sight
from keywatch.hypotheses.case import Case, Finding, Reason, because_look, key_state


def proven_missing(case: Case) -> Finding | None:
    """Settle it as missing where DescribeKey says so about the very key that the call named."""
    look = case.evidence.look("DescribeKey", case.failure.region)
    if look is None or look.sight is not Sight.ABSENT:
        return None
    named = case.failure.identifier
    cause = "alias_not_found" if named and named.alias else "key_not_found"
    return Finding(cause, Confidence.CERTAIN, (because_look(look, f"{case.asked} does not exist there."),))


def proven_present(case: Case) -> Finding | None:
    """Rule "missing" out where DescribeKey sees the key: what is left is a denial."""
    key, look = case.evidence.key, case.evidence.look("DescribeKey", case.failure.region)
    if key is None or look is None:
        return None
    reason = because_look(look, f"the key exists in this Region; {key_state(key)}")
    left = Reason("error text", "so what is left of AWS's three reasons is that the caller is not allowed to use it.")
    return Finding("missing_or_not_authorized", Confidence.LIKELY, (reason, left), facts={"key": key.arn, "denied": "yes"})


def ambiguous(case: Case) -> Finding:
    """Leave it open, and say what would tell."""
    named = case.failure.key_arn or (case.failure.identifier.text if case.failure.identifier else None)
    tell = (
        f"DescribeKey of {named} by somebody who may see that account and Region"
        if named
        else "the key id that the data was encrypted under (the call named none)"
    )
    unknown = f"AWS gives one answer for a missing key, a wrong Region and a denial. What would tell: {tell}."
    return Finding("missing_or_not_authorized", Confidence.POSSIBLE, unknowns=(unknown,))
