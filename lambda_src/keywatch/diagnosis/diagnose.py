"""From one failure and what could be looked up to one cause. Pure: no I/O and no clock of its own.

AWS's words give a first reading; which hypotheses that reading raises, and in which order they are
asked, is the table ``ORDER``. The first that holds is the cause. What could not be seen is said,
never papered over.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from keywatch.catalogue.causes import Confidence, Remedy, remedies_for
from keywatch.catalogue.changes import MADE_BY
from keywatch.diagnosis.case import Case, Finding, Reason, because_change, not_seen
from keywatch.diagnosis.hypotheses import deletion, denials, missing, states
from keywatch.model.evidence import Evidence
from keywatch.model.signals import KeyFailure

__all__ = ["MADE_BY", "ORDER", "Diagnosis", "Reason", "diagnose"]

# A key store that worked for longer after it was updated did not break by that.
FRESH_UPDATE = timedelta(days=7)

Hypothesis = Callable[[Case], Finding | None]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why a key was missing or unusable.

    ``cause`` is a cause id; ``because`` the proven statements; ``remedies`` are filled in;
    ``unknowns`` say what could not be seen and what would tell; ``facts`` are named case facts
    (``deletion_date``, ``did_you_mean``…) as text.
    """

    cause: str
    confidence: Confidence
    because: tuple[Reason, ...]
    remedies: tuple[Remedy, ...] = ()
    unknowns: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


_NOT_FOUND: tuple[Hypothesis, ...] = (
    missing.not_yet_visible,
    missing.called_too_early,
    missing.exists_after_all,
    deletion.key_deleted,
    missing.alias_deleted,
    missing.in_other_region,
    missing.in_other_account,
    missing.misspelt_alias,
)
_STATE: tuple[Hypothesis, ...] = (states.state_now, deletion.deleted_since, states.as_said)
_STORE: tuple[Hypothesis, ...] = (states.key_store,)
_EXTERNAL: tuple[Hypothesis, ...] = (states.external_key,)

# What AWS said → hypotheses in the order of asking; the last one always holds.
ORDER: Mapping[str, tuple[Hypothesis, ...]] = {
    "alias_not_found": (*_NOT_FOUND, missing.never_seen),
    "key_not_found": (*_NOT_FOUND, missing.never_seen),
    "key_deleted": (deletion.key_deleted, states.as_said),
    "wrong_region": (missing.wrong_region,),
    "malformed_identifier": (missing.malformed, states.as_said),
    "missing_or_not_authorized": (
        missing.not_yet_visible,
        denials.other_key,
        denials.proven_present,
        deletion.key_deleted,
        missing.alias_deleted,
        missing.in_other_region,
        missing.in_other_account,
        denials.proven_missing,
        denials.ambiguous,
    ),
    "key_pending_deletion": _STATE,
    "key_disabled": _STATE,
    "key_material_missing": _STATE,
    "key_not_ready": _STATE,
    "external_key_not_found": _EXTERNAL,
    "external_key_unusable": _EXTERNAL,
    "key_store_disconnected": _STORE,
    "key_store_not_found": _STORE,
    "xks_proxy_unreachable": _STORE,
    "xks_proxy_rejected_credentials": _STORE,
    "xks_proxy_denied": _EXTERNAL,
    "xks_proxy_misconfigured": _STORE,
    "xks_proxy_unhealthy": _STORE,
    "cloudhsm_unavailable": _STORE,
    "kms_unavailable": (states.store_not_connected, states.key_store),
    "unclassified": (states.state_now, states.store_not_connected, states.unclassified),
}


def diagnose(failure: KeyFailure, evidence: Evidence, now: datetime) -> Diagnosis:
    """Return the one cause of ``failure``, how sure that is, why, and what mends it. ``now`` is UTC."""
    case = Case(failure, evidence, now)
    hypotheses = ORDER.get(failure.classification.cause or "", (states.as_said,))
    finding = next(found for ask in hypotheses if (found := ask(case)) is not None)
    because = tuple(
        dict.fromkeys((*_error_said(failure), *finding.because, *_made_by(case, finding)))
    )
    known_as = {"known_as": next(iter(sorted(evidence.names)), "")}
    known = {**_base_facts(failure), **known_as, **finding.facts}
    facts = {name: value for name, value in (known | _multi_region(known["key"])).items() if value}
    unseen = tuple(not_seen(look) for look in evidence.lookup_results if not look.answered)
    unknowns = tuple(dict.fromkeys((*finding.unknowns, *unseen)))
    return Diagnosis(
        finding.cause,
        finding.confidence,
        because,
        remedies_for(finding.cause, facts),
        unknowns,
        facts,
    )


def _multi_region(key: str) -> dict[str, str]:
    return {"multi_region_key": key} if key.rpartition("/")[2].startswith("mrk-") else {}


def _error_said(failure: KeyFailure) -> tuple[Reason, ...]:
    code, message = failure.error_code, failure.error_message
    if message:
        return (Reason("error text", f"AWS answered {code + ': ' if code else ''}{message}"),)
    return (Reason("error code", f"AWS answered {code} without a text"),) if code else ()


def _made_by(case: Case, finding: Finding) -> tuple[Reason, ...]:
    """Name the change that brought the cause about: one before the call, unless a look-up shows the cause as it is now."""
    change = case.standing(*MADE_BY.get(finding.cause, ()))
    if (
        change
        and change.what == "UpdateCustomKeyStore"
        and case.failure.time - change.when > FRESH_UPDATE
    ):
        change = None
    seen_now = (
        finding.facts.get("key_state")
        or finding.facts.get("store_state")
        or finding.cause == "key_deleted"
    )
    made = (
        (because_change(change),) if change and (seen_now or case.before_call(change.when)) else ()
    )
    repointed = case.standing("UpdateAlias")
    return (
        (*made, because_change(repointed))
        if repointed and case.before_call(repointed.when)
        else made
    )


def _base_facts(failure: KeyFailure) -> dict[str, str]:
    """Return what the failure itself says, under the names that remedies use."""
    identifier = failure.identifier
    return {
        "region": failure.region or "",
        "account": failure.account or "",
        "partition": failure.partition,
        "identifier": identifier.text if identifier else "",
        "key": failure.key_arn or _key_named(failure) or "",
        "alias": (identifier.alias if identifier else None)
        or (failure.subject.name if failure.subject.kind == "alias" else ""),
        "key_store": failure.key_store or "",
        "xks_key": failure.external_key or "",
        "principal": failure.caller.principal
        if failure.caller.principal.startswith("arn:")
        else "",
        "operation": failure.operation or "",
    }


def _key_named(failure: KeyFailure) -> str | None:
    """Return the ARN of a key that was named by its id (CloudTrail's history knows keys by ARN only), if its account is known."""
    identifier = failure.identifier
    if identifier is None or not identifier.key_id:
        return None
    account, region = failure.subject.account, failure.subject.region
    if (
        identifier.account
        or failure.subject.kind != "key"
        or not (account.isdigit() and "-" in region)
    ):
        return identifier.text
    return f"arn:{failure.partition}:kms:{region}:{account}:key/{identifier.key_id}"
