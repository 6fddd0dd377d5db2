"""The key or alias was not found because the call came too early, or is there by now.

KMS is eventually consistent: what was made, or pointed to another key, within minutes may not be
visible everywhere.
"""

from datetime import datetime

from keywatch.catalogue.changes import MAKE_VISIBLE
from keywatch.catalogue.states import STATE_CAUSES, is_usable
from keywatch.diagnosis.case import PROPAGATION, Case, Explanation
from keywatch.diagnosis.reasons import (
    Reason,
    because_change,
    because_look,
    distance,
    key_state,
    stamp,
)
from keywatch.model.evidence import ANSWERED
from keywatch.model.levels import Confidence

LIKELY, POSSIBLE = Confidence.LIKELY, Confidence.POSSIBLE


def not_yet_visible(case: Case) -> Explanation | None:
    """Hold where the key or alias was created or re-pointed within minutes of the call: KMS is eventually consistent."""
    evidence = case.evidence
    if evidence.key and is_usable(evidence.key.state) is False:
        return None
    blind = case.here is not None and case.here.outcome not in ANSWERED
    if case.now - case.failure.time > 2 * PROPAGATION and not blind:
        return None  # by now it would be seen
    change = case.standing(*MAKE_VISIBLE)
    region = change.details.get("replica_region") if change else None
    if change and region in {None, case.failure.region} and case.moments_before(change.when):
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


def _held(*because: Reason) -> Explanation:
    return Explanation("not_yet_visible", LIKELY, because)


def called_too_early(case: Case) -> Explanation | None:
    """Hold, too, where it was created within minutes after the call, and is not known to have existed before.

    KMS was not late then: the caller was early. Both heal by themselves, and by the same remedy.
    """
    before = case.change("DeleteAlias", "DeleteKey")
    if (before and case.before_call(before.when)) or (
        case.evidence.key and is_usable(case.evidence.key.state) is False
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


def exists_after_all(case: Case) -> Explanation | None:
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
    unknown = (
        "AWS did not find it at the time of the call. It may have been restored since, or KMS may "
        "have been slow to show it."
    )
    if key.state in STATE_CAUSES:
        # No certainty: to a call that met this state, KMS would not have answered "not found".
        return Explanation(STATE_CAUSES[key.state], LIKELY, (reason,), facts, (unknown,))
    return Explanation(
        classification.cause or "unclassified", POSSIBLE, (reason,), facts, (unknown,)
    )


# In the order of asking.
TIMING = (not_yet_visible, called_too_early, exists_after_all)
