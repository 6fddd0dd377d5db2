"""The key or alias was not found: the hypotheses, in the order of asking, are the functions below.

"Not found" does not mean deleted: it may not be visible yet, live in another Region or account, or
never have existed.
"""

from datetime import datetime

from keywatch.catalogue.causes import Confidence
from keywatch.diagnosis.case import (
    Case,
    Finding,
    Reason,
    because_change,
    because_look,
    distance,
    key_state,
    stamp,
)
from keywatch.diagnosis.hypotheses.deletion import behind_alias
from keywatch.diagnosis.hypotheses.states import STATE_CAUSES
from keywatch.model.evidence import KeyFacts, LookupOutcome
from keywatch.model.identifiers import Kind, nearest_alias

CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE


def not_yet_visible(case: Case) -> Finding | None:
    """Hold where the key or alias was created or re-pointed within minutes of the call: KMS is eventually consistent."""
    evidence = case.evidence
    if evidence.key and not evidence.key.usable:
        return None
    change = case.standing("CreateKey", "CreateAlias", "UpdateAlias", "ReplicateKey")
    if change and case.moments_before(change.when):
        return _held(because_change(change))
    born = (evidence.alias.updated or evidence.alias.created) if evidence.alias else None
    if evidence.alias and case.moments_before(born):
        return _held(
            Reason(
                "ListAliases", f"{evidence.alias.name} was created or re-pointed at {stamp(born)}."
            )
        )
    if evidence.key and case.moments_before(evidence.key.created):
        return _held(
            Reason(
                "DescribeKey", f"the key exists and was created at {stamp(evidence.key.created)}."
            )
        )
    return None


def _held(*because: Reason) -> Finding:
    return Finding("not_yet_visible", LIKELY, because)


def called_too_early(case: Case) -> Finding | None:
    """Hold, too, where it was created within minutes after the call, and is not known to have existed before.

    KMS was not late then: the caller was early. Both heal by themselves, and by the same remedy.
    """
    before = case.change("DeleteAlias", "DeleteKey")
    if (before and case.before_call(before.when)) or (
        case.evidence.key and not case.evidence.key.usable
    ):
        return None
    created = case.standing("CreateAlias", "CreateKey")
    when, reason = (created.when, because_change(created)) if created else _first_seen(case)
    if when is None or reason is None or not case.moments_after(when):
        return None
    early = Reason(
        "event time",
        f"the call came {distance(case.failure.time, when)} before that: the caller was early.",
    )
    return _held(reason, early)


def _first_seen(case: Case) -> tuple[datetime | None, Reason | None]:
    alias, key = case.evidence.alias, case.evidence.key
    if alias and alias.created:
        return alias.created, Reason(
            "ListAliases", f"{alias.name} was created at {stamp(alias.created)}."
        )
    if key and key.created and case.alias is None:
        return key.created, Reason("DescribeKey", f"the key was created at {stamp(key.created)}.")
    return None, None


def exists_after_all(case: Case) -> Finding | None:
    """Say so where AWS finds now what it did not find then, and nothing was created meanwhile."""
    key, look, classification = case.evidence.key, case.here, case.failure.classification
    if key is None or look is None:
        return None
    since = f", created at {stamp(key.created)}" if key.created else ""
    reason = because_look(look, f"{case.asked} exists now{since}; {key_state(key)}")
    facts = {
        "key": key.arn,
        "key_state": key.state,
        "deletion_date": stamp(key.deletion_date) if key.deletion_date else "",
    }
    unknown = "AWS did not find it at the time of the call; whether it was restored or KMS lagged behind cannot be told."
    if key.state in STATE_CAUSES:
        confidence = LIKELY if classification.confidence is CERTAIN else CERTAIN
        return Finding(
            STATE_CAUSES[key.state],
            confidence,
            (reason,),
            facts,
            (unknown,) if confidence is LIKELY else (),
        )
    return Finding(classification.cause or "unclassified", POSSIBLE, (reason,), facts, (unknown,))


def alias_deleted(case: Case) -> Finding | None:
    """Name who deleted the alias, where that was seen before the call and nobody created it again."""
    deleted = case.standing("DeleteAlias")
    if (
        case.evidence.alias
        or case.evidence.key
        or deleted is None
        or not case.before_call(deleted.when)
    ):
        return None
    confidence = CERTAIN if case.absent_here else LIKELY
    target = behind_alias(case)
    return Finding(
        "alias_not_found",
        confidence,
        (because_change(deleted),),
        facts={"key": target} if target else {},
    )


def in_other_region(case: Case) -> Finding | None:
    """Name the Region in which the same id (proof) or an alias of the same name (a good guess) does exist."""
    found = next(
        (key for key in case.evidence.elsewhere if case.account in {None, key.account}), None
    )
    if found is None:
        return None
    if case.alias is not None:
        return _alias_elsewhere(found) if case.absent_here else None
    if case.failure.region in found.replicas:
        return _replica_not_seen(case, found)
    family = (
        f", a multi-Region key with keys in {', '.join(found.replicas)}" if found.replicas else ""
    )
    reason = Reason(
        f"DescribeKey in {found.region}",
        f"this key id exists in {found.region}{family}; {key_state(found)}",
    )
    facts = {
        "key_region": found.region,
        "key": found.arn,
        "multi_region": "yes" if found.replicas else "",
    }
    # Any other key id exists in one Region only; a multi-Region one may exist here as well, unless
    # AWS said that it does not.
    sure = case.place_known and (case.absent_here or not found.key_id.startswith("mrk-"))
    return Finding("wrong_region", CERTAIN if sure else LIKELY, (reason,), facts=facts)


def _alias_elsewhere(found: KeyFacts) -> Finding:
    reason = Reason(
        f"DescribeKey in {found.region}",
        f"an alias of that name exists in {found.region}; {key_state(found)}",
    )
    facts = {
        "key_region": found.region,
        "key": found.arn,
        "multi_region": "yes" if found.replicas else "",
    }
    return Finding("wrong_region", LIKELY, (reason,), facts=facts)


def _replica_not_seen(case: Case, found: KeyFacts) -> Finding:
    """Do not call a Region wrong in which the key has a replica by its own account: it may be new, or on its way out."""
    text = f"this multi-Region key exists in {found.region} and names a replica in {case.failure.region}."
    unknown = "Whether that replica is new and not visible yet cannot be told from here."
    return Finding(
        "not_yet_visible",
        POSSIBLE,
        (Reason(f"DescribeKey in {found.region}", text),),
        unknowns=(unknown,),
    )


def in_other_account(case: Case) -> Finding | None:
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
    return Finding(
        "wrong_account",
        POSSIBLE if case.alias else CERTAIN,
        (Reason(_described(found), text),),
        facts=facts,
    )


def _described(key: KeyFacts) -> str:
    return f"DescribeKey in {key.region}"


def misspelt_alias(case: Case) -> Finding | None:
    """Offer the nearest existing alias for one that does not exist."""
    wanted, look = case.alias, case.evidence.look("ListAliases")
    near = nearest_alias(wanted, case.evidence.aliases) if wanted else None
    if near is None or near == wanted:
        return None
    reason = Reason(
        f"ListAliases in {look.region}" if look else "ListAliases",
        f"{wanted} does not exist; {near} does.",
    )
    return Finding(
        "alias_not_found",
        CERTAIN if case.absent_here else LIKELY,
        (reason,),
        facts={"did_you_mean": near},
    )


def never_seen(case: Case) -> Finding:
    """Leave it at what AWS said, and say what cannot be told."""
    classification, look, own = case.failure.classification, case.here, case.evidence.own_account
    because = (
        (because_look(look, f"{case.asked} does not exist there now either."),)
        if look and look.outcome is LookupOutcome.ABSENT
        else ()
    )
    finding = Finding(classification.cause or "unclassified", classification.confidence, because)
    if own and case.account and case.account != own:
        return finding.adding(
            unknowns=(
                f"The call looked in account {case.account}; KeyWatch runs in account {own} and sees no other's changes.",
            )
        )
    asked = case.evidence.look("LookupEvents")
    if asked and asked.outcome is LookupOutcome.ABSENT:
        story = because_look(asked, f"no change of {asked.asked} in the last 90 days.")
        return finding.adding(story, unknowns=("AWS does not say whether it ever existed.",))
    unknown = (
        "AWS does not say whether it was deleted or never existed. CloudTrail's event history (90 days) tells: "
        "look for DeleteAlias, ScheduleKeyDeletion and DeleteKey of it."
    )
    return finding.adding(unknowns=(unknown,))


def malformed(case: Case) -> Finding | None:
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
        return Finding("malformed_identifier", confidence, because, facts={"did_you_mean": meant})
    return Finding("malformed_identifier", confidence, because)


def _alias_not_taken(case: Case) -> Finding:
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
        return Finding("malformed_identifier", case.failure.classification.confidence, because)
    behind = Reason(_described(key), f"{case.asked} points to {key.arn}.")
    facts = {"did_you_mean": key.arn, "key": key.arn}
    return Finding(
        "malformed_identifier",
        case.failure.classification.confidence,
        (*because, behind),
        facts=facts,
    )


def wrong_region(case: Case) -> Finding:
    """Add to AWS's own "Invalid arn <Region>" whether the key does exist in the Region of its ARN."""
    identifier = case.failure.identifier
    region = (identifier.region if identifier else None) or case.failure.classification.region
    facts = {"key_region": region} if region else {}
    if identifier and identifier.key_id:
        facts["key"] = identifier.text
    finding = Finding("wrong_region", case.failure.classification.confidence, facts=facts)
    look = case.evidence.look("DescribeKey", region)
    found = next((key for key in case.evidence.elsewhere if key.region == region), None)
    if found and look:
        return finding.adding(
            because_look(look, f"the key exists there; {key_state(found)}"),
            facts={"key": found.arn},
        )
    if look and look.outcome is LookupOutcome.ABSENT:
        return finding.adding(because_look(look, "the key does not exist there either."))
    return finding
