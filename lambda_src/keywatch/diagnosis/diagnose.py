"""From one failure and what could be looked up to one cause. Pure: no I/O and no clock of its own.

AWS's words give a first reading; which hypotheses that reading raises, and in which order they are
asked, is the table ``ORDER``. The first that holds is the cause. What could not be seen is said,
never papered over.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from keywatch.catalogue.causes import Remedy, cause_of, remedies_for
from keywatch.catalogue.changes import CHANGES, MADE_BY
from keywatch.diagnosis.accounts import accounts_of, other_callers
from keywatch.diagnosis.case import (
    PROPAGATION,
    SKEW,
    Case,
    Explanation,
    case_of,
    is_report,
    seen_facts,
)
from keywatch.diagnosis.external_name import as_looked_up
from keywatch.diagnosis.facts import base_facts
from keywatch.diagnosis.order import LAST, ORDER
from keywatch.diagnosis.reasons import Reason, because_change, not_seen, stamp
from keywatch.diagnosis.recovery import Recovery, recovery_of
from keywatch.model.evidence import ANSWERED, ChangeFact, Evidence
from keywatch.model.levels import Confidence
from keywatch.model.signals import KeyFailure

# An alias whose calls worked for longer after it was moved did not break by that.
FRESH_MOVE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why a key was missing or unusable.

    ``cause`` is a cause id; ``because`` the proven statements; ``remedies`` are filled in;
    ``unknowns`` say what could not be seen and what would tell; ``facts`` are named case facts
    (``deletion_date``, ``did_you_mean``…) as text. ``is_over``: a look-up saw that what AWS said of
    the call does not hold any more.
    """

    cause: str
    confidence: Confidence
    because: tuple[Reason, ...]
    remedies: tuple[Remedy, ...] = ()
    unknowns: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    is_over: bool = False


def diagnose(failure: KeyFailure, evidence: Evidence, now: datetime) -> Diagnosis:
    """Return the one cause of ``failure``, how sure that is, why, and how to fix it. ``now`` is UTC."""
    explained = explain(failure, evidence, now)
    failure, case, explanation = explained.failure, explained.case, explained.explanation
    because = tuple(
        dict.fromkeys(
            (
                *_error_said(failure),
                *explanation.because,
                *_made_by(case, explanation),
                *other_callers(failure, evidence),
            )
        )
    )
    known_as = {"known_as": next(iter(sorted(evidence.names)), "")}
    accounts = accounts_of(failure, evidence)
    known = _known(base_facts(failure), seen_facts(case), known_as, accounts, explanation.facts)
    facts = known | _multi_region(known.get("key", ""))
    is_over = all(
        recovery_of(cause, failure.subject, evidence) is Recovery.PROVEN
        for cause in {explanation.cause, failure.classification.cause or explanation.cause}
    )
    unseen = tuple(
        not_seen(look) for look in evidence.lookup_results if look.outcome not in ANSWERED
    )
    contested = _contested(case, explanation)
    unknowns = tuple(dict.fromkeys((*explanation.unknowns, *contested, *unseen)))
    return Diagnosis(
        explanation.cause,
        explanation.confidence,
        because,
        remedies_for(explanation.cause, facts),
        unknowns,
        facts,
        is_over,
    )


@dataclass(frozen=True, slots=True)
class Explained:
    """A failure as it is understood, its case, and the hypothesis that holds."""

    failure: KeyFailure
    case: Case
    explanation: Explanation


def explain(failure: KeyFailure, evidence: Evidence, now: datetime) -> Explained:
    """Return what explains ``failure``; ``now`` is UTC."""
    failure = as_looked_up(_ranked(failure), evidence)
    case = case_of(failure, evidence, now)
    hypotheses = ORDER.get(failure.classification.cause or "", LAST)
    return Explained(
        failure, case, next(held for ask in hypotheses if (held := ask(case)) is not None)
    )


def _ranked(failure: KeyFailure) -> KeyFailure:
    """Return ``failure`` with no more confidence in its error text than its source deserves.

    What an application wrote is a report and not AWS's word: by itself it is at most likely.
    """
    said = failure.classification
    if not is_report(failure) or said.confidence is not Confidence.CERTAIN:
        return failure
    return replace(failure, classification=replace(said, confidence=Confidence.LIKELY))


def _known(*several: Mapping[str, str]) -> dict[str, str]:
    """Return what is known: of what is said twice the last, and nothing that is empty, which would hide what is known."""
    return {name: value for facts in several for name, value in facts.items() if value}


def _multi_region(key: str) -> dict[str, str]:
    key_id = key.rpartition("/")[2]  # its ARN would name one Region, and the command another
    return {"multi_region_key": key_id} if key_id.startswith("mrk-") else {}


def _error_said(failure: KeyFailure) -> tuple[Reason, ...]:
    code, message = failure.error_code, failure.error_message
    said = f"{code + ': ' if code else ''}{message}" if message else code
    if not said:
        return ()
    if is_report(failure):
        return (Reason(f"application {failure.caller.principal}", f"it says {said}"),)
    if message:
        return (Reason("error text", f"AWS answered {said}"),)
    return (Reason("error code", f"AWS answered {said} without a text"),)


def _made_by(case: Case, explanation: Explanation) -> tuple[Reason, ...]:
    """Name the change that brought the cause about: one before the call, unless a look-up shows the cause as it is now."""
    change = case.standing(*MADE_BY.get(explanation.cause, ()))
    suspect_for = CHANGES[change.what].suspect_for if change else None
    if change and suspect_for and case.failure.time - change.when > suspect_for:
        change = None
    if change and (_was_used_since(case, change) or case.is_contested(change)):
        change = None
    seen_now = (
        explanation.facts.get("key_state")
        or explanation.facts.get("store_state")
        or explanation.cause == "key_deleted"
    )
    made = (
        (because_change(change),) if change and (seen_now or case.before_call(change.when)) else ()
    )
    return made or _repointed(case, explanation)


def _contested(case: Case, explanation: Explanation) -> tuple[str, ...]:
    """Say where somebody may have undone the last known change, and somebody else made it again, unseen."""
    change = case.standing(*MADE_BY.get(explanation.cause, ()))
    if change is None or not case.is_contested(change):
        return ()
    last = f"the last call that is known was at {stamp(change.when)}"
    later = "CloudTrail may show later ones up to 15 minutes late"
    return (f"{change.what} was called more than once within an hour; {last}. {later}.",)


def _was_used_since(case: Case, change: ChangeFact) -> bool:
    """Tell whether the key worked after a change that would have stopped it: then somebody undid it, unseen."""
    used = case.evidence.last_used
    return used is not None and used > change.when + SKEW and CHANGES[change.what].about == "key"


def _repointed(case: Case, explanation: Explanation) -> tuple[Reason, ...]:
    """Name who pointed the alias to a key that cannot serve, shortly before, where nobody is known to have broken that key.

    A key that was used after the move was broken after it, by somebody else. Where KMS does not
    tell when it was last used, only a move of the last minutes is named.
    """
    moved, used = case.standing("UpdateAlias"), case.evidence.last_used
    if moved is None or not case.before_call(moved.when):
        return ()
    fresh = case.failure.time - moved.when <= (FRESH_MOVE if used else PROPAGATION)
    fresh = fresh and (used is None or used <= moved.when + SKEW)
    return (because_change(moved),) if fresh and cause_of(explanation.cause).key_states else ()
