"""The key or alias was not found: the hypotheses, in the order of asking, are the functions below.

"Not found" does not mean deleted: it may not be visible yet, live in another Region or account, or never have existed.
"""

from datetime import UTC, datetime, timedelta

from keywatch.causes import Confidence
from keywatch.evidence import ChangeFact, KeyFacts, Sight
from keywatch.hypotheses.case import Case, Finding, Reason, because_change, because_look, key_state, stamp
from keywatch.identifiers import Kind, nearest_alias

# The service enforces a waiting period of at least 7 days (KMS Developer Guide, "Deleting keys").
SHORTEST_WAIT = timedelta(days=7)


def not_yet_visible(case: Case) -> Finding | None:
    """Hold where the key or alias was created or re-pointed within minutes of the call: KMS is eventually consistent."""
    evidence = case.evidence
    if evidence.key and not evidence.key.usable:
        return None
    change = case.change("CreateKey", "CreateAlias", "UpdateAlias", "ReplicateKey")
    if change and case.recent(change.when) and not _undone(case, change):
        return _held((because_change(change),))
    born = (evidence.alias.updated or evidence.alias.created) if evidence.alias else None
    if evidence.alias and case.recent(born):
        return _held((Reason("ListAliases", f"{evidence.alias.name} was created or re-pointed at {stamp(born)}."),))
    if evidence.key and case.recent(evidence.key.created):
        return _held((Reason("DescribeKey", f"the key exists and was created at {stamp(evidence.key.created)}."),))
    return None


def _held(because: tuple[Reason, ...]) -> Finding:
    return Finding("not_yet_visible", Confidence.LIKELY, because)


def _undone(case: Case, change: ChangeFact) -> bool:
    undoing = case.change("DeleteAlias", "DeleteKey", "ScheduleKeyDeletion")
    return undoing is not None and undoing.when > change.when


def exists_after_all(case: Case) -> Finding | None:
    """Say so where AWS finds now what it did not find then, and nothing was created meanwhile."""
    key = case.evidence.key
    look = case.evidence.look("DescribeKey", case.failure.region)
    if key is None or look is None or not key.usable:
        return None
    since = f", created at {stamp(key.created)}" if key.created else ""
    return Finding(
        case.failure.reading.cause or "unclassified",
        Confidence.POSSIBLE,
        (because_look(look, f"{case.asked} exists now and is {key.state}{since}."),),
        facts={"key": key.arn},
        unknowns=("AWS did not find it at the time of the call; whether it was restored or KMS lagged behind cannot be told.",),
    )


def key_deleted(case: Case) -> Finding | None:
    """Prove a deletion by a change that was seen: DeleteKey, or a scheduled deletion whose date has passed."""
    if case.evidence.key is not None:
        return None
    if deleted := case.change("DeleteKey"):
        scheduled = case.change("ScheduleKeyDeletion")
        story = (because_change(scheduled),) if scheduled else ()
        source = f"event {deleted.event_id}" if deleted.event_id else deleted.source
        done = Reason(source, f"KMS deleted the key at {stamp(deleted.when)}.")
        return Finding("key_deleted", Confidence.CERTAIN, (done, *story), facts={"deletion_date": stamp(deleted.when)})
    return _deletion_was_due(case)


def _deletion_was_due(case: Case) -> Finding | None:
    scheduled, cancelled = case.change("ScheduleKeyDeletion"), case.change("CancelKeyDeletion")
    if scheduled is None or (cancelled and cancelled.when > scheduled.when):
        return None
    due = _date(scheduled.details.get("deletion_date")) or scheduled.when + SHORTEST_WAIT
    if case.now < due:
        return None
    due_reason = Reason(scheduled.source, f"its deletion was due on {stamp(due)} and no cancellation is known.")
    facts = {"deletion_date": stamp(due)}
    return Finding("key_deleted", Confidence.LIKELY, (because_change(scheduled), due_reason), facts=facts)


def _date(text: str | None) -> datetime | None:
    """Read a deletion date as CloudTrail writes it: ISO 8601, or ``Apr 12, 2021 6:58:30 PM`` in older records."""
    if not text:
        return None
    for layout in ("%b %d, %Y %I:%M:%S %p", "%b %d, %Y, %I:%M:%S %p"):
        try:
            return datetime.strptime(text, layout).replace(tzinfo=UTC)
        except ValueError:
            continue
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def alias_deleted(case: Case) -> Finding | None:
    """Name who deleted the alias, where that was seen and nobody created it again."""
    deleted = case.change("DeleteAlias")
    created = case.change("CreateAlias")
    if case.evidence.alias or deleted is None or (created and created.when > deleted.when):
        return None
    finding = Finding("alias_not_found", Confidence.CERTAIN, (because_change(deleted),))
    target = deleted.details.get("target_key") or (created.details.get("target_key") if created else None)
    return finding.adding(facts={"key": target}) if target else finding


def in_other_region(case: Case) -> Finding | None:
    """Name the Region in which the same id (proof) or an alias of the same name (a good guess) does exist."""
    found = next(iter(case.evidence.elsewhere), None)
    if found is None:
        return None
    by_alias = case.failure.identifier is not None and case.failure.identifier.alias is not None
    what = f"an alias of that name exists in {found.region}" if by_alias else f"this key id exists in {found.region}"
    reason = Reason(f"DescribeKey in {found.region}", f"{what}; {key_state(found)}")
    facts = {"key_region": found.region, "key": found.arn, "multi_region": "yes" if found.replicas else ""}
    return Finding("wrong_region", Confidence.LIKELY if by_alias else Confidence.CERTAIN, (reason,), facts=facts)


def in_other_account(case: Case) -> Finding | None:
    """Name KeyWatch's own account where the key exists there, while the call looked in another account.

    A bare id or alias always resolves in the caller's account (KMS API Reference, DescribeKey).
    """
    here = case.evidence.here
    if here is None:
        return None
    by_alias = case.failure.identifier is not None and case.failure.identifier.alias is not None
    what = "an alias of that name" if by_alias else "this key id"
    text = f"{what} exists in account {here.account}, the call looked in account {case.failure.subject.account}."
    confidence = Confidence.POSSIBLE if by_alias else Confidence.CERTAIN
    return Finding("wrong_account", confidence, (Reason(f"DescribeKey in {here.region}", text),), facts={"key": here.arn})


def misspelt_alias(case: Case) -> Finding | None:
    """Offer the nearest existing alias for one that does not exist."""
    wanted = case.failure.identifier.alias if case.failure.identifier else None
    near = nearest_alias(wanted, case.evidence.aliases) if wanted else None
    if near is None or near == wanted:
        return None
    reason = Reason("ListAliases", f"{wanted} does not exist; {near} does.")
    return Finding("alias_not_found", Confidence.CERTAIN, (reason,), facts={"did_you_mean": near})


def never_seen(case: Case) -> Finding:
    """Leave it at what AWS said, and say what cannot be told."""
    reading = case.failure.reading
    look = case.evidence.look("DescribeKey", case.failure.region) or case.evidence.look("ListAliases", case.failure.region)
    because = (
        (because_look(look, f"{case.asked} does not exist there now either."),) if look and look.sight is Sight.ABSENT else ()
    )
    unknown = (
        "AWS does not say whether it was deleted or never existed. CloudTrail's event history (90 days) tells: "
        "look for DeleteAlias, ScheduleKeyDeletion and DeleteKey of it."
    )
    return Finding(reading.cause or "unclassified", reading.proof, because, unknowns=(unknown,))


def malformed(case: Case) -> Finding | None:
    """Say what is wrong with an identifier, and the corrected form; the best is one that exists."""
    identifier = case.failure.identifier
    if identifier is None:
        return None
    because = (Reason("identifier", f"{identifier.problem}."),) if identifier.problem else ()
    near = nearest_alias(f"alias/{identifier.text}", case.evidence.aliases) if identifier.kind is Kind.MALFORMED else None
    meant = near or identifier.corrected
    exists = bool(near) or case.evidence.corrected is not None
    if meant and exists:
        because = (*because, Reason("ListAliases" if near else "DescribeKey", f"{meant} exists."))
    if meant and (exists or not meant.startswith("alias/") or identifier.text.strip().startswith(("alias", "arn"))):
        return Finding("malformed_identifier", case.failure.reading.proof, because, facts={"did_you_mean": meant})
    return Finding("malformed_identifier", case.failure.reading.proof, because)


def wrong_region(case: Case) -> Finding:
    """Add to AWS's own "Invalid arn <Region>" whether the key does exist in the Region of its ARN."""
    identifier = case.failure.identifier
    region = (identifier.region if identifier else None) or case.failure.reading.region
    facts = {"key_region": region} if region else {}
    if identifier and identifier.key_id:
        facts["key"] = identifier.text
    finding = Finding("wrong_region", case.failure.reading.proof, facts=facts)
    look = case.evidence.look("DescribeKey", region)
    found: KeyFacts | None = next((key for key in case.evidence.elsewhere if key.region == region), None)
    if found and look:
        return finding.adding(because_look(look, f"the key exists there; {key_state(found)}"))
    if look and look.sight is Sight.ABSENT:
        return finding.adding(because_look(look, "the key does not exist there either."))
    return finding
