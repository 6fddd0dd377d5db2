"""The key was deleted: proven by KMS's own event, or concluded from a deletion that was due and a key that is gone.

KMS deletes a key within 24 hours after its waiting period (7 to 30 days, 30 by default); a
multi-Region primary key with replicas waits without a date until the last replica is gone (KMS
Developer Guide, "Deleting keys").
"""

from datetime import UTC, datetime, timedelta

from keywatch.diagnosis.case import PROPAGATION, Case, Explanation
from keywatch.diagnosis.reasons import Reason, because_change, because_look, change_source, stamp
from keywatch.model.evidence import ChangeFact, LookupOutcome
from keywatch.model.levels import Confidence

USUAL_WAIT = 30  # days, where neither a date nor a window was recorded
CERTAIN, LIKELY = Confidence.CERTAIN, Confidence.LIKELY


def key_deleted(case: Case) -> Explanation | None:
    """Prove a deletion by a change that was seen: DeleteKey, or a scheduled deletion whose date has passed."""
    if case.evidence.key is not None:
        return None
    deleted = case.standing("DeleteKey")
    if deleted and deleted.when <= case.failure.time + PROPAGATION:
        return _with_relatives(case, _as_recorded(case, deleted))
    return _was_due(case)


def deleted_since(case: Case) -> Explanation | None:
    """Conclude that a key which AWS still knew at the time of the call was deleted since, if it is absent now."""
    if case.evidence.key is not None:
        return None
    deleted = case.standing("DeleteKey")
    if deleted and deleted.when >= case.failure.time - PROPAGATION:
        return _with_relatives(case, _as_recorded(case, deleted))
    look = case.here
    if look is None or look.outcome is not LookupOutcome.ABSENT:
        return None
    reason = because_look(look, "the key does not exist any more.")
    return _with_relatives(case, Explanation("key_deleted", LIKELY, (reason,)))


def _as_recorded(case: Case, deleted: ChangeFact) -> Explanation:
    """Take KMS's own record of the deletion as proof; of an alias it proves only what became of a key that it pointed to."""
    done = Reason(change_source(deleted), f"KMS deleted the key at {stamp(deleted.when)}.")
    if case.alias is None:
        # A replica can be made again under the same id, and cannot be used in its first moments.
        looked = case.here is not None and case.here.outcome is LookupOutcome.ABSENT
        final = looked or not _is_multi_region(case)
        facts = {"deleted_at": stamp(deleted.when)}
        return Explanation("key_deleted", CERTAIN if final else LIKELY, (done,), facts=facts)
    target = case.behind_alias()
    pointed = Reason(
        "change history",
        f"{case.alias} pointed to {target or 'this key'}; deleting a key deletes its aliases.",
    )
    facts = {"deleted_at": stamp(deleted.when), "key": target or ""}
    return Explanation("key_deleted", LIKELY, (done, pointed), facts=facts)


def _was_due(case: Case) -> Explanation | None:
    scheduled = case.standing("ScheduleKeyDeletion")
    due = due_date(scheduled) if scheduled else None
    if scheduled is None or due is None or case.failure.time < due:
        return None
    due_reason = Reason(
        scheduled.source, f"its deletion was due on {stamp(due)} and no cancellation is known."
    )
    target = case.behind_alias() if case.alias else None
    facts = {"deletion_due": stamp(due), "key": target or ""}
    confidence = LIKELY if case.is_absent_here() else Confidence.POSSIBLE
    explanation = Explanation(
        "key_deleted", confidence, (because_change(scheduled), due_reason), facts=facts
    )
    return _with_relatives(case, explanation)


def due_date(scheduled: ChangeFact) -> datetime | None:
    """Return when a scheduled deletion is due; ``None`` while it waits for replicas of a multi-Region key."""
    details = scheduled.details
    if date := read_date(details.get("deletion_date")):
        return date
    if details.get("key_state") == "PendingReplicaDeletion":
        return None
    days = details.get("pending_days", "")
    return scheduled.when + timedelta(
        days=int(days) if days.isdigit() and len(days) < 4 else USUAL_WAIT  # noqa: PLR2004 - three digits at most
    )


_LAYOUTS = ("%b %d, %Y %I:%M:%S %p", "%b %d, %Y, %I:%M:%S %p", "%b %d, %Y %H:%M:%S %p")


def read_date(text: str | None) -> datetime | None:
    """Read a deletion date as CloudTrail writes it: ISO 8601, or ``Apr 12, 2021 18:58:30 PM`` in several older forms."""
    if not text:
        return None
    for layout in _LAYOUTS:
        try:
            return datetime.strptime(text, layout).replace(tzinfo=UTC)
        except ValueError:
            continue
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _is_multi_region(case: Case) -> bool:
    return (case.key_id or "").startswith("mrk-")


def _with_relatives(case: Case, explanation: Explanation) -> Explanation:
    """Tell the deletion of one key of a multi-Region family from the loss of all: a related key still decrypts."""
    if not _is_multi_region(case):
        return explanation
    relatives = [key for key in case.evidence.elsewhere if key.key_id == case.key_id]
    if not relatives:
        unknown = "It was a multi-Region key: a related key may still exist in a Region that KeyWatch did not look in."
        return explanation.adding(facts={"multi_region": "yes"}, unknowns=(unknown,))
    first = relatives[0]
    regions = ", ".join(key.region for key in relatives)
    reason = Reason(
        f"DescribeKey in {first.region}",
        f"a related key of this multi-Region key exists in {regions} ({first.state}): it decrypts what this one encrypted, "
        "and a replica can be created again from the primary key.",
    )
    return explanation.adding(reason, facts={"multi_region": "yes", "key_region": first.region})
