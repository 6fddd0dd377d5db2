"""``check``: can this key be used for cryptography, and if not, why? The same look-ups and diagnosis as an alert's."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from keywatch.actions.check.answer import KeyAnswer, render
from keywatch.actions.check.notify import publish
from keywatch.actions.check.observation import KeyObservation, ObservedKey, observe_all
from keywatch.actions.check.usability import evaluate
from keywatch.actions.check.usage import with_last_usage
from keywatch.actions.rate_limiter import RateLimiter
from keywatch.actions.requests import InvalidRequest, is_region
from keywatch.invocation import remaining_seconds
from keywatch.model.identifiers import Kind, parse
from keywatch.services import Services

SCHEMA = "keywatch.check/1"
MAX_TRIES_SHOWN = 60
RESERVE = 25.0  # seconds of the function's time that are kept for the diagnosis after waiting
LAST_USAGE_PER_SECOND = 4  # 5 are allowed (KMS Developer Guide, "Request quotas")


@dataclass(frozen=True, slots=True)
class Request:
    """A valid check request: identifiers as typed, where to look (if said), seconds to wait, whether to publish."""

    keys: tuple[str, ...]
    region: str | None
    wait_seconds: float
    notify: bool
    account: str | None = None

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> "Request":
        """Return the request that validated fields make."""
        keys = fields["key_id"] if isinstance(fields["key_id"], list) else [fields["key_id"]]
        wait, notify = fields.get("wait_seconds", 0), fields.get("notify", False)
        region, account = fields.get("region"), fields.get("account")
        return cls(tuple(dict.fromkeys(keys)), region, float(wait), notify, account)


def check(
    fields: Mapping[str, Any],
    services: Services,
    context: object = None,
    *,
    sleep: Callable[[float], None] = time.sleep,
    jitter: Callable[[], float] = random.random,
) -> dict[str, Any]:
    """Answer ``{"action": "check"}``; raises ``InvalidRequest`` for another account without a hub."""
    request = Request.of(fields)
    if request.account not in {None, services.settings.account} and services.settings.hub is None:
        raise InvalidRequest.of({"account": "of another account only a hub can look at keys"})
    own = services.settings.region
    keys = [
        ObservedKey(
            key, request.region or _region_of(key) or own, _account_of(key, request, services)
        )
        for key in request.keys
    ]
    left = remaining_seconds(context)() - RESERVE
    wait = max(0.0, min(request.wait_seconds, left))
    observe_all(keys, services, wait, sleep, jitter)
    limiter = RateLimiter(LAST_USAGE_PER_SECOND, sleep=sleep)
    answers = [_answer(key.newest, services, limiter) for key in keys if key.newest]
    if request.notify:
        answers = publish(answers, services)
    results = [render(answer) for answer in answers]
    if request.wait_seconds:
        tries = ({"tries": key.tries[-MAX_TRIES_SHOWN:]} for key in keys)
        results = [result | tried for result, tried in zip(results, tries, strict=True)]
    return {"schema": SCHEMA, "usable": _all_usable(answers), "results": results}


def _region_of(key: str) -> str | None:
    """Return the Region that an ARN names: where no other was asked for, that is where its key has to be called."""
    identifier = parse(key)
    formed = identifier.kind is not Kind.MALFORMED and is_region(identifier.region)
    return identifier.region if formed else None


def _account_of(key: str, request: Request, services: Services) -> str:
    """Return the account to look from: for a hub the one that was asked for, or that an ARN names."""
    own, identifier = services.settings.account, parse(key)
    if services.settings.hub is None:
        return own
    named = identifier.account if identifier.kind is not Kind.MALFORMED else None
    return request.account or (named if named and named.isdigit() else None) or own


def _answer(observation: KeyObservation, services: Services, limiter: RateLimiter) -> KeyAnswer:
    """Say what an observation means, and add what else is to be known about the key."""
    answer = evaluate(observation, services)
    facts = answer.facts
    if facts and facts.account == (observation.account or services.settings.account):
        lookups = services.accounts.look_ups(facts.account)
        answer = with_last_usage(answer, lookups, limiter)
        listed, result = lookups.aliases(observation.region)
        names = tuple(alias.name for alias in listed if alias.target == facts.key_id)
        answer = replace(answer, aliases=names).unseen(result)
    return answer


def _all_usable(answers: list[KeyAnswer]) -> bool | None:
    """Return whether all keys can be used: no as soon as one cannot, ``None`` as long as of one that cannot be told."""
    each = {answer.usable for answer in answers}
    if False in each:
        return False
    return None if None in each else True
