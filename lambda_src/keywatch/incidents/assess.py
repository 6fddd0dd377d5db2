"""From a failure to its diagnosis: the look-ups that it deserves, then what they mean. Alerts and manual checks both ask here."""

from dataclasses import replace
from datetime import timedelta

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.diagnosis.diagnose import Diagnosis, diagnose
from keywatch.lookups.plan import investigate
from keywatch.lookups.scope import Scope
from keywatch.model.evidence import NO_EVIDENCE, ChangeFact, Evidence
from keywatch.model.signals import KeyFailure, Subject
from keywatch.services import Services

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
    try:
        with services.lookups.within(TIME_FOR_LOOK_UPS):
            evidence = investigate(
                failure,
                services.lookups,
                Scope.of(services.settings),
                changes,
                lambda subject: _ledger(services, subject),
                ask_trail=ask_trail,
            )
    except Exception:
        services.counts.add("EvidenceFailed")
        services.logger.exception("look-ups failed")
        evidence = replace(NO_EVIDENCE, changes=changes)
    return diagnose(failure, evidence, services.now()), evidence


def _ledger(services: Services, subject: Subject) -> tuple[ChangeFact, ...]:
    try:
        return services.incidents.read(subject).changes
    except (ClientError, BotoCoreError):
        services.counts.add("TableUnreachable")
        return ()
