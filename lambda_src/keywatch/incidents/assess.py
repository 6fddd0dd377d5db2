"""From a failure to its diagnosis: the look-ups that it deserves, then what they mean. Alerts and manual checks both ask here."""

from dataclasses import replace
from datetime import timedelta

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.diagnosis.accounts import owner_of
from keywatch.diagnosis.diagnose import Diagnosis, diagnose
from keywatch.lookups.plan import investigate
from keywatch.lookups.scope import Scope
from keywatch.model.evidence import NO_EVIDENCE, ChangeFact, Evidence
from keywatch.model.signals import KeyFailure, Subject
from keywatch.services import Services

MOST_NAMED = 5  # of other accounts' callers
TIME_FOR_LOOK_UPS = timedelta(
    seconds=6
)  # of one subject: an alert with less in it beats a late one


def assess(
    services: Services,
    failure: KeyFailure,
    changes: tuple[ChangeFact, ...],
    *,
    ask_trail: bool = True,
) -> tuple[Diagnosis, Evidence]:
    """Look up and diagnose; look-ups that break in an unforeseen way cost their evidence, not the alert.

    ``ask_trail`` allows to ask CloudTrail's event history, whose quota is two look-ups a second for
    the whole account.
    """
    scope, began = Scope.of(services.settings, failure), services.now()
    try:
        lookups = services.accounts.look_ups(scope.account)
        with lookups.within(TIME_FOR_LOOK_UPS - (services.now() - began)):
            evidence = investigate(
                failure,
                lookups,
                scope,
                changes,
                lambda subject: _ledger(services, subject),
                ask_trail=ask_trail,
            )
    except Exception:
        services.counts.add("EvidenceFailed")
        services.logger.exception("look-ups failed")
        evidence = replace(NO_EVIDENCE, changes=changes)
    evidence = replace(evidence, account_names=_names(services, failure, evidence))
    return diagnose(failure, evidence, services.now()), evidence


def _names(services: Services, failure: KeyFailure, evidence: Evidence) -> dict[str, str]:
    """Return the names of the accounts that a failure has to do with, where an organisation's may be read."""
    if services.directory is None:
        return {}
    callers = (failure.caller, *evidence.other_callers[:MOST_NAMED])
    accounts = {failure.subject.account, owner_of(failure) or "", failure.account or ""}
    accounts |= {caller.account or "" for caller in callers}
    try:
        names = {one: services.directory.name(one) for one in sorted(accounts) if one.isdigit()}
    except Exception:
        services.counts.add("EvidenceFailed")
        services.logger.exception("the names of accounts could not be looked up")
        return {}
    return {account: name for account, name in names.items() if name}


def _ledger(services: Services, subject: Subject) -> tuple[ChangeFact, ...]:
    try:
        return services.incidents.read(subject).changes
    except (ClientError, BotoCoreError):
        services.counts.add("TableUnreachable")
        return ()
