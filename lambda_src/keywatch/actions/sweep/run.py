"""``sweep``: every key, alias and key store of the Region that is at risk, the worst first.

Keys are described in the order of their ids, paced well below 50 a second and a few at a time. A
sweep that runs out of time ends between two groups of keys and names the last id that it looked at:
whoever goes on there repeats none and skips none.
"""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.actions.rate_limiter import RateLimiter
from keywatch.actions.sweep import findings, inventory
from keywatch.actions.sweep.findings import Finding, Place, Use
from keywatch.actions.sweep.inventory import Inventory, patiently
from keywatch.diagnosis.reasons import not_seen
from keywatch.invocation import remaining_seconds
from keywatch.lookups.kms import key_facts
from keywatch.lookups.outcomes import outcome_of
from keywatch.model.evidence import KeyFacts, LookupOutcome, LookupResult
from keywatch.services import Services

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

SCHEMA = "keywatch.sweep/1"
PER_SECOND = (
    40  # of the 2,000 DescribeKey a second that an account has in common with everything it runs
)
LAST_USAGE_PER_SECOND = 4  # 5 are allowed
WORKERS = 8
GROUP = 40
LOG_EVERY = 1000
RESERVE = (
    45.0  # seconds that one group may take at worst: 40 last usages, or patience with throttling
)
MAX_FINDINGS = 1000
MAX_UNSEEN = 20


@dataclass(frozen=True, slots=True)
class SweepLimits:
    """How fast a sweep goes; tests pass in their own clock."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def pace(self, per_second: float) -> RateLimiter:
        """Return a pace of so many calls a second."""
        return RateLimiter(per_second, clock=self.clock, sleep=self.sleep)


@dataclass(slots=True)
class SweepProgress:
    """What one part of a sweep did: its findings, the last key id looked at, how many of all keys are done."""

    findings: list[Finding] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    after: str | None = None
    done: int = 0
    total: int = 0

    @property
    def complete(self) -> bool:
        """Tell whether nothing is left to look at."""
        return self.done >= self.total


def sweep(
    fields: Mapping[str, Any],
    services: Services,
    context: object = None,
    limits: SweepLimits | None = None,
) -> dict[str, Any]:
    """Answer ``{"action": "sweep"}``; where time ran out, ``resume`` in the answer is what the next request passes on."""
    after, notify = fields.get("resume") or "", fields.get("notify")
    remaining = remaining_seconds(context)
    progress = run(services, after, lambda: remaining() > RESERVE, limits or SweepLimits())
    ranked = sorted(progress.findings, key=lambda finding: finding.rank)
    answer: dict[str, Any] = {
        "schema": SCHEMA,
        "region": services.settings.region,
        "complete": progress.complete,
        "progress": {"keys_done": progress.done, "keys_total": progress.total},
        "resume": None if progress.complete else progress.after,
        "counts": _counts(ranked),
        "findings": [finding.as_json() for finding in ranked[:MAX_FINDINGS]],
        "left_out": max(0, len(ranked) - MAX_FINDINGS),
        "unknowns": _shortened(progress.unseen),
    }
    if notify:
        from keywatch.actions.sweep.digest import send_digest

        answer["notified"] = send_digest(
            services,
            [finding.as_json() for finding in ranked if findings.alertable(finding)],
            "An on-demand sweep found this",
        )
    return answer


def run(
    services: Services, after: str, time_left: Callable[[], bool], limits: SweepLimits
) -> SweepProgress:
    """Look at everything whose key id comes after ``after``, group by group, while there is time; always at one group."""
    region = services.settings.region
    kms: KMSClient = services.client("kms", region)
    progress, place = SweepProgress(after=after or None), Place(services.settings.account, region)
    pace, use_pace = limits.pace(PER_SECOND), limits.pace(LAST_USAGE_PER_SECOND)
    there = inventory.take(kms, region, pace)
    progress.unseen += there.unseen
    todo = [key for key in there.keys if key > after]
    progress.total, progress.done = len(there.keys), len(there.keys) - len(todo)
    if not after:
        progress.findings += _of_lists(there, place)
    names = there.names()
    with ThreadPoolExecutor(WORKERS) as pool:
        for start in count(0, GROUP):
            group = todo[start : start + GROUP]
            if not group or (start and not time_left()):
                break
            for facts, problem in pool.map(lambda key: _describe(kms, key, region, pace), group):
                if problem:
                    progress.unseen.append(problem)
                if facts:
                    use = (
                        _use(kms, facts, region, use_pace, progress.unseen)
                        if findings.doubtful(facts)
                        else None
                    )
                    aliases = names.get(facts.key_id, ()) if there.aliases_seen else ("(not seen)",)
                    progress.findings += findings.of_key(facts, aliases, use, place, services.now())
            progress.after, progress.done = group[-1], progress.done + len(group)
            if progress.done % LOG_EVERY < len(group):
                services.logger.info("sweep: %s of %s keys", progress.done, progress.total)
    return progress


def _of_lists(there: Inventory, place: Place) -> list[Finding]:
    """Return what the lists alone show: key stores that are not connected, and aliases without a key."""
    stores = [found for store in there.stores if (found := findings.of_store(store, place))]
    keys = set(there.keys)
    aliases = [
        findings.of_alias(alias, target, place)
        for alias, target in there.aliases.items()
        # AWS's own aliases exist before their keys do.
        if there.keys_seen and not alias.startswith("alias/aws/") and target not in keys
    ]
    return [*stores, *aliases]


def _describe(
    kms: "KMSClient", key_id: str, region: str, pace: RateLimiter
) -> tuple[KeyFacts | None, str | None]:
    """Describe one key; a key that was deleted meanwhile is no finding and no problem."""
    try:
        answer = patiently(lambda: kms.describe_key(KeyId=key_id), pace)
    except (ClientError, BotoCoreError) as error:
        result = LookupResult("DescribeKey", key_id, region, *outcome_of(error))
        return None, None if result.outcome is LookupOutcome.ABSENT else not_seen(result)
    return key_facts(answer["KeyMetadata"], region), None


def _use(
    kms: "KMSClient", facts: KeyFacts, region: str, pace: RateLimiter, unseen: list[str]
) -> Use:
    try:
        answer: Any = patiently(lambda: kms.get_key_last_usage(KeyId=facts.arn), pace)
    except (ClientError, BotoCoreError, AttributeError) as error:
        unseen.append(
            not_seen(LookupResult("GetKeyLastUsage", facts.key_id, region, *outcome_of(error)))
        )
        return Use()
    return Use((answer.get("KeyLastUsage") or {}).get("Timestamp"), answer.get("TrackingStartDate"))


def _counts(ranked: list[Finding]) -> dict[str, int]:
    return {
        risk: sum(finding.risk == risk for finding in ranked)
        for risk in dict.fromkeys(f.risk for f in ranked)
    }


def _shortened(unseen: list[str]) -> list[str]:
    kept = list(dict.fromkeys(unseen))
    return (
        kept
        if len(kept) <= MAX_UNSEEN
        else [*kept[:MAX_UNSEEN], f"… and {len(kept) - MAX_UNSEEN} more."]
    )
