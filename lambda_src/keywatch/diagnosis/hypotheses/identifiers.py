"""What the call gave as its key names no key, or is of a kind that the operation does not take."""

from keywatch.diagnosis.case import Case, Explanation
from keywatch.diagnosis.reasons import Reason, described
from keywatch.model.identifiers import Kind
from keywatch.model.similarity import nearest_alias


def malformed(case: Case) -> Explanation | None:
    """Say what is wrong with an identifier, and the corrected form; the best is one that exists."""
    identifier, confidence = case.failure.identifier, case.failure.classification.confidence
    if identifier is None:
        return None
    if identifier.alias and identifier.kind is not Kind.MALFORMED:
        return _alias_not_taken(case)
    because = (Reason("identifier", f"{identifier.problem}."),) if identifier.problem else ()
    guess = identifier.corrected or ""
    wanted = guess if guess.startswith("alias/") else f"alias/{identifier.text}"
    near = (
        nearest_alias(wanted, case.evidence.aliases) if identifier.kind is Kind.MALFORMED else None
    )
    meant = near or identifier.corrected
    exists = bool(near) or case.evidence.corrected is not None
    if meant and exists:
        because = (*because, Reason("ListAliases" if near else "DescribeKey", f"{meant} exists."))
    if meant and (
        exists
        or not meant.startswith("alias/")
        or identifier.text.strip().lower().startswith(("alias", "arn"))
    ):
        return Explanation(
            "malformed_identifier", confidence, because, facts={"did_you_mean": meant}
        )
    return Explanation("malformed_identifier", confidence, because)


def _alias_not_taken(case: Case) -> Explanation:
    """Explain that an alias was given to an operation that takes a key id or key ARN only, and name the key behind it."""
    operation = case.failure.operation or "this operation"
    because = (
        Reason(
            "identifier",
            f"{case.asked} is an alias, and {operation} takes a key id or key ARN only.",
        ),
    )
    key = case.evidence.corrected
    if key is None or not key.arn:
        return Explanation("malformed_identifier", case.failure.classification.confidence, because)
    behind = Reason(described(key), f"{case.asked} points to {key.arn}.")
    facts = {"did_you_mean": key.arn, "key": key.arn}
    return Explanation(
        "malformed_identifier",
        case.failure.classification.confidence,
        (*because, behind),
        facts=facts,
    )
