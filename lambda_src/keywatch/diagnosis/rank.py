"""Who says so: AWS's record, KeyWatch's own look-up, or an application's log; and what a look-up saw of it.

What an application wrote is a report and not AWS's word: by itself it is at most likely.
"""

from dataclasses import replace

from keywatch.catalogue.states import is_usable
from keywatch.diagnosis.case import Case
from keywatch.model.evidence import LookupOutcome
from keywatch.model.levels import Confidence
from keywatch.model.signals import KeyFailure

REPORTS = frozenset({"app_log"})  # sources that only report what AWS is said to have answered


def is_report(failure: KeyFailure) -> bool:
    """Tell whether an application, and not AWS, says that the call failed so."""
    return failure.source in REPORTS


def ranked(failure: KeyFailure) -> KeyFailure:
    """Return ``failure`` with no more confidence in its error text than its source deserves."""
    said = failure.classification
    if not is_report(failure) or said.confidence is not Confidence.CERTAIN:
        return failure
    return replace(failure, classification=replace(said, confidence=Confidence.LIKELY))


def seen_facts(case: Case) -> dict[str, str]:
    """Return what look-ups saw, under the names of ``keywatch.catalogue.causes.record.SEEN``."""
    evidence, here = case.evidence, case.here
    key, store = evidence.key, evidence.store
    facts = {
        "reported": "yes" if is_report(case.failure) else "",
        "service": case.failure.caller.service or "",
    }
    if key is not None:
        facts["key_state"] = key.state
    if store is not None:
        facts["store_state"] = store.state
    if case.alias and here and here.outcome in {LookupOutcome.SEEN, LookupOutcome.ABSENT}:
        facts["alias_exists"] = "yes" if here.outcome is LookupOutcome.SEEN else "no"
    primary = next((found for found in evidence.elsewhere if found.replicas), None)
    if primary is not None:
        leads = primary.replicas[0] == primary.region and is_usable(primary.state)
        missing = leads and case.failure.region not in primary.replicas
        facts["replica_is_missing"] = "yes" if missing else "no"
    return facts
