"""The canary: every hour one KMS call that must fail, and must come back through CloudTrail, EventBridge and the queue.

While it comes back, KeyWatch sees: the trail logs, KMS is not excluded, the rule shows read-only
calls, the queue is read. ``CanaryAge`` is how long ago the newest canary that came back was sent.
"""

from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.catalogue.own import CANARY_ALIAS
from keywatch.model.evidence import LookupOutcome
from keywatch.services import Services
from keywatch.sources.canary import EVERY
from keywatch.store.housekeeping import CANARY_CALLED, CANARY_RETURNED, HousekeepingState


def due(state: HousekeepingState, now: datetime) -> bool:
    """Tell whether it is time for a canary."""
    called = state.time(CANARY_CALLED)
    return called is None or now - called >= EVERY


def send(services: Services) -> dict[str, Any]:
    """Make the call; return what became of it. That it fails is what it is for."""
    _, result = services.lookups.key(CANARY_ALIAS, services.settings.region)
    if result.outcome is LookupOutcome.SEEN:
        services.counts.add("CanaryDidNotFail")
        services.logger.info(
            "somebody created %s: delete it, or KeyWatch cannot tell whether it sees anything",
            CANARY_ALIAS,
        )
    else:
        services.counts.add("CanarySent" if result.error and result.message else "CanaryNotSent")
    return {
        "schema": "keywatch.canary/1",
        "alias": CANARY_ALIAS,
        "answer": result.error or result.outcome.value,
    }


def came_back(services: Services, called: datetime) -> None:
    """Note that the canary that was sent at ``called`` has come back. The next one will do if this cannot be noted."""
    try:
        services.housekeeping.note_latest(CANARY_RETURNED, min(called, services.now()))
    except (ClientError, BotoCoreError):
        services.counts.add("TableUnreachable")
        services.logger.exception("the return of a canary could not be noted")
