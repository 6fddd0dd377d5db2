"""The canary: every hour two KMS calls that must fail, and must come back through CloudTrail, EventBridge and the queue.

While one of them comes back, KeyWatch sees: the trail logs, KMS is not excluded, the rule shows
read-only calls, the queue is read. ``CanaryAge`` is how long ago the newest call that came back was
made, whichever of the two; the doctor tells them apart.
"""

from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.catalogue.own import CANARY_ALIAS
from keywatch.catalogue.read_calls import NOBODYS_KEY
from keywatch.lookups.outcomes import NoSession, outcome_of
from keywatch.model.evidence import LookupOutcome
from keywatch.services import Services
from keywatch.sources.canary import EVERY
from keywatch.store.housekeeping import (
    CALL_RETURNED,
    CANARY_CALLED,
    CANARY_RETURNED,
    HousekeepingState,
)


def due(state: HousekeepingState, now: datetime) -> bool:
    """Tell whether it is time for a canary."""
    called = state.time(CANARY_CALLED)
    return called is None or now - called >= EVERY


def send_in(services: Services, account: str, region: str) -> str:
    """Make both calls in a spoke; return why nothing can be looked at there, empty where it can.

    They are made with the account's look-up role, whose calls its rules leave out but for these.
    """
    try:
        client = services.accounts.client(account) or services.client
    except NoSession as none:
        return none.why
    kms = client("kms", region)
    for call, asked in (
        (kms.describe_key, CANARY_ALIAS),
        (kms.get_key_rotation_status, NOBODYS_KEY),
    ):
        try:
            call(KeyId=asked)
        except ClientError:  # that they fail is what they are for
            services.counts.add("SpokeCanariesSent")
        except BotoCoreError:
            services.counts.add("SpokeCanariesNotSent")
    return ""


def send(services: Services) -> dict[str, Any]:
    """Make both calls; return what became of them. That they fail is what they are for."""
    return {
        "schema": "keywatch.canary/1",
        "alias": CANARY_ALIAS,
        "answer": _ask_for_nothing(services),
        "denied": _ask_for_what_is_forbidden(services),
    }


def _ask_for_nothing(services: Services) -> str:
    _, result = services.lookups.key(CANARY_ALIAS, services.settings.region)
    if result.outcome is LookupOutcome.SEEN:
        services.counts.add("CanaryDidNotFail")
        services.logger.info(
            "somebody created %s: delete it, or KeyWatch cannot tell whether it sees anything",
            CANARY_ALIAS,
        )
    else:
        services.counts.add("CanarySent" if result.error and result.message else "CanaryNotSent")
    return result.error or result.outcome.value


def _ask_for_what_is_forbidden(services: Services) -> str:
    """Ask whether a key is rotated that does not exist: the role forbids the question."""
    kms = services.client("kms", services.settings.region)
    try:
        kms.get_key_rotation_status(KeyId=NOBODYS_KEY)
    except (ClientError, BotoCoreError) as error:
        outcome, code, _ = outcome_of(error)
        services.counts.add("CanarySent" if code else "CanaryNotSent")
        return code or outcome.value
    services.counts.add("CanaryDidNotFail")
    return LookupOutcome.SEEN.value


def came_back(services: Services, call: str, called: datetime, account: str, region: str) -> None:
    """Note that a call of the canary, made at ``called``, has come back. The next one will do if this cannot be noted.

    ``account`` and ``region`` are those of a spoke; empty for the deployment's own.
    """
    when = min(called, services.now())
    try:
        if account:
            services.spokes.returned(account, region, call, when)
            return
        services.housekeeping.note_latest(CANARY_RETURNED, when)
        services.housekeeping.note_latest(CALL_RETURNED.format(call), when)
    except (ClientError, BotoCoreError):
        services.counts.add("TableUnreachable")
        services.logger.exception("the return of a canary could not be noted")
