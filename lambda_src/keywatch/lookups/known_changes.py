"""Which known changes belong to a failure, and which would explain it. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta

from keywatch.catalogue.causes import Lookup, cause_of
from keywatch.catalogue.changes import AWS_ITSELF, CHANGES, EXPLAIN_ABSENCE, MADE_BY
from keywatch.catalogue.states import STATE_CAUSES
from keywatch.diagnosis.case import Case
from keywatch.model.evidence import ChangeFact
from keywatch.model.signals import Subject
from keywatch.sources.subjects import key_subject

# KMS may announce one deletion twice within seconds (EventBridge reference, KMS).
SAME_MOMENT = timedelta(seconds=60)


def merged(changes: Iterable[ChangeFact]) -> tuple[ChangeFact, ...]:
    """Return changes newest first, each once: CloudTrail and the ledger know the same event, KMS announces some twice."""
    kept: list[ChangeFact] = []
    for change in sorted(changes, key=lambda c: (c.when, c.event_id), reverse=True):
        if not any(_is_same(change, other) for other in kept):
            kept.append(change)
    return tuple(kept)


def _is_same(one: ChangeFact, other: ChangeFact) -> bool:
    if one.what != other.what:
        return False
    if one.event_id and one.event_id == other.event_id:
        return True
    return {one.who, other.who} <= AWS_ITSELF and abs(one.when - other.when) <= SAME_MOMENT


def of_key_behind_alias(
    case: Case, ledger: Callable[[Subject], tuple[ChangeFact, ...]]
) -> tuple[ChangeFact, ...]:
    """Return what the ledger knows of the key that the alias of ``case`` last pointed to, as far as it concerns the alias."""
    if any(change.what == "DeleteKey" for change in case.evidence.changes):
        return ()
    target = case.behind_alias()
    if target is None:
        return ()
    subject = key_subject(target) or replace(case.failure.subject, kind="key", name=target)
    return tuple(
        change
        for change in ledger(subject.with_origin_of(case.failure.subject))
        if change.what in CHANGES and CHANGES[change.what].takes_aliases_along
    )


# Deleting a key deletes its aliases: an alias is gone with the key that it pointed to.
OF_THE_KEY_BEHIND = ("DeleteKey", "ScheduleKeyDeletion")


def names_to_ask(kind: str, wanting: tuple[str, ...]) -> tuple[str, ...]:
    """Return the changes to look for in CloudTrail, where one of ``wanting`` would explain a failure of this kind of subject.

    Of an alias, what made or moved it is asked for as well: it tells which key it pointed to. Of a
    key that is not there, what made it: it may be too new to be seen.
    """
    about = {change for change in wanting if CHANGES[change].about == kind}
    if "DeleteAlias" in wanting and kind == "alias":
        return ("DeleteAlias", "UpdateAlias", "CreateAlias")
    if "DeleteKey" in wanting:
        return (*sorted(about), "CreateKey")
    return wanting


def undoing(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the further changes that undo one of ``names``: where one of them came later, nobody is to blame for the first."""
    undo = (undone for name in names for undone in CHANGES[name].undone_by)
    return tuple(dict.fromkeys(name for name in undo if name not in names))


def that_would_explain(case: Case, *, gone: bool) -> tuple[str, ...]:
    """Return the changes of which one would explain the failure, as far as it is seen; none where changes explain nothing.

    ``gone`` tells that KMS says the key does not exist.
    """
    evidence, cause = case.evidence, cause_of(case.failure.classification.cause)
    if evidence.key is not None:
        return MADE_BY.get(STATE_CAUSES.get(evidence.key.state, ""), ())
    if Lookup.ELSEWHERE in cause.lookups or gone:
        return () if evidence.elsewhere or evidence.here else EXPLAIN_ABSENCE
    return MADE_BY.get(cause.id, ()) if cause.key_states else ()
