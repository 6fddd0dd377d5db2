"""AWS's deliberately ambiguous denial: missing, in another Region, or not allowed. Only a look-up can settle it.

"… because the resource does not exist in this Region, no resource-based policies allow access, or a
resource-based policy explicitly denies access" is one answer for three causes, by design of AWS.
"""

from keywatch.catalogue.states import STATE_CAUSES
from keywatch.diagnosis.case import Case, Explanation
from keywatch.diagnosis.reasons import Reason, because_look, key_state, stamp
from keywatch.model.evidence import LookupOutcome
from keywatch.model.levels import Confidence

TWO_KEYS = "The call used two keys, and AWS does not say which of them it means."


def proven_missing(case: Case) -> Explanation | None:
    """Settle it as missing where DescribeKey says so about the very key that the call named, where the call named it.

    Certain only once KMS would show what was made moments before the call.
    """
    look = case.here
    if look is None or look.outcome is not LookupOutcome.ABSENT:
        return None
    sure = case.place_is_known() and not case.has_two_keys() and case.is_surely_absent()
    cause = "alias_not_found" if case.alias else "key_not_found"
    explanation = Explanation(
        cause,
        Confidence.CERTAIN if sure else Confidence.LIKELY,
        (because_look(look, f"{look.asked} does not exist there."),),
    )
    if case.place_is_known():
        return explanation
    return explanation.adding(
        unknowns=("The account and Region of the call are not known; KeyWatch looked in its own.",)
    )


def proven_present(case: Case) -> Explanation | None:
    """Rule "missing" out where DescribeKey sees the key: what is left is a denial."""
    key, look = case.evidence.key, case.here
    if key is None or look is None:
        return None
    reason = because_look(look, f"the key exists in this Region; {key_state(key)}")
    if case.has_two_keys() or not case.place_is_known():
        unknown = (
            TWO_KEYS if case.has_two_keys() else "The account and Region of the call are not known."
        )
        return Explanation(
            "missing_or_not_authorized",
            Confidence.POSSIBLE,
            (reason,),
            {"key": key.arn},
            (unknown,),
        )
    left = Reason(
        "error text",
        "of the three cases that AWS uses this error for, this leaves one: the caller is not allowed.",
    )
    return Explanation(
        "missing_or_not_authorized",
        Confidence.LIKELY,
        (reason, left),
        facts={"key": key.arn, "denied": "yes"},
    )


def role_recreated(case: Case) -> Explanation | None:
    """Blame a role that was made again under its name: the function's grant names the unique id of the one before.

    Lambda makes the grant when the function's role or key is set; a role that is younger than the
    function's last change was never given one (reports: serverless/examples 279, chalice 1103). Only
    calls of that very role fail for it, only of a key that exists, and only once the role was made.
    """
    function = case.evidence.function
    if case.here is not None and case.here.outcome is LookupOutcome.ABSENT:
        return None
    if function is None or function.modified is None or function.role_created is None:
        return None
    if function.role_created <= function.modified or not case.before_call(function.role_created):
        return None
    if not _is_made_by(function.role, case):
        return None
    reasons = (
        Reason("GetRole", f"{function.role} was created at {stamp(function.role_created)}."),
        Reason(
            "GetFunctionConfiguration",
            f"the function was last changed at {stamp(function.modified)}, before its role was created.",
        ),
    )
    facts = {
        "function": function.arn,
        "role": function.role,
        "role_name": function.role.rpartition("/")[2],
        "role_is_newer": "yes",
    }
    unknown = "AWS does not show which role the grant names. That calls succeed once the role was set anew would prove it."
    return Explanation("lambda_role_recreated", Confidence.LIKELY, reasons, facts, (unknown,))


def _is_made_by(role: str, case: Case) -> bool:
    """Tell whether a function's role made the call, as far as AWS says who did; sessions do not tell the path of a role."""
    caller = case.failure.caller.principal
    if not caller.startswith("arn:"):
        return True
    account, _, path = role.partition(":role/")
    return caller.startswith(f"{account}:role/") and (
        caller.rpartition("/")[2] == path.rpartition("/")[2]
    )


def other_key(case: Case) -> Explanation | None:
    """Blame the second key of a call that used two (ReEncrypt), where the first is fine and the second is not."""
    if not case.failure.other_keys:
        return None
    name, other = case.failure.other_keys[0], case.evidence.other
    look = next(
        (
            look
            for look in case.evidence.lookup_results
            if look.asked == name and look.operation == "DescribeKey"
        ),
        None,
    )
    if look and look.outcome is LookupOutcome.ABSENT:
        reason = because_look(look, f"{name}, the other key of this call, does not exist there.")
        return Explanation(
            "key_not_found", Confidence.LIKELY, (reason,), {"key": name}, (TWO_KEYS,)
        )
    if look and other and other.state in STATE_CAUSES:
        reason = because_look(look, f"{name}, the other key of this call: {key_state(other)}")
        return Explanation(
            STATE_CAUSES[other.state], Confidence.LIKELY, (reason,), {"key": other.arn}, (TWO_KEYS,)
        )
    return None


def ambiguous(case: Case) -> Explanation:
    """Leave it open, and say what would tell."""
    named = case.failure.key_arn or (
        case.failure.identifier.text if case.failure.identifier else None
    )
    tell = (
        f"call DescribeKey on {named} with a role that can describe keys in that account and Region"
        if named
        else "look up the key that the data was encrypted under (the call named none)"
    )
    unknown = f"AWS uses this error for three cases and does not say which. To find out: {tell}."
    seen = tuple(
        Reason(
            f"DescribeKey in {key.region}",
            f"one of the same name exists in {key.region} of account {key.account}.",
        )
        for key in case.evidence.elsewhere
    )
    return Explanation("missing_or_not_authorized", Confidence.POSSIBLE, seen, unknowns=(unknown,))


# In the order of asking: what is proven first, and what is left in the end.
OTHER_REASONS = (role_recreated, other_key, proven_present)
MISSING_OR_NOT = (proven_missing, ambiguous)
