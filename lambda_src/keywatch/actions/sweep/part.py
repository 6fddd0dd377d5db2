"""One part of a sweep: keys in the order of their ids, group by group, while there is time.

Whoever goes on after the last id of a part repeats none and skips none.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count

from keywatch.actions.sweep import inventory, risks
from keywatch.actions.sweep.findings import AccountRegion, SweepFinding
from keywatch.actions.sweep.inventory import Inventory
from keywatch.actions.sweep.paced_kms import PacedKms, SweepLimits
from keywatch.model.evidence import KeyFacts
from keywatch.services import Services

WORKERS = 8
GROUP = 40
LOG_EVERY = 1000


@dataclass(slots=True)
class SweepProgress:
    """What one part of a sweep did: its findings, the last key id looked at, how many of all keys are done."""

    findings: list[SweepFinding] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    after: str | None = None
    done: int = 0
    total: int = 0

    @property
    def complete(self) -> bool:
        """Tell whether nothing is left to look at."""
        return self.done >= self.total


def sweep_part(
    services: Services,
    after: str,
    time_left: Callable[[], bool],
    limits: SweepLimits,
    place: AccountRegion | None = None,
) -> SweepProgress:
    """Look at everything whose key id comes after ``after``, while there is time; always at one group.

    Without a ``place`` that is the deployment's own account and Region. Raises ``NoSession`` for one
    that cannot be looked into.
    """
    place = place or AccountRegion(services.settings.account, services.settings.region)
    client = services.accounts.client(place.account) or services.client
    kms = PacedKms(client("kms", place.region), place.region, limits)
    found = inventory.take(kms)
    left = [key for key in found.keys if key > after]
    progress = SweepProgress(unseen=list(found.unseen), after=after or None, total=len(found.keys))
    progress.done = progress.total - len(left)
    if not after:
        progress.findings += _of_lists(found, place)
    part = _Part(services, kms, place, found, progress)
    with ThreadPoolExecutor(WORKERS) as pool:
        for start in count(0, GROUP):
            group = left[start : start + GROUP]
            if not group or (start and not time_left()):
                break
            part.look_at(group, pool)
    return progress


@dataclass(frozen=True, slots=True)
class _Part:
    """What is needed to look at a group of keys."""

    services: Services
    kms: PacedKms
    place: AccountRegion
    found: Inventory
    progress: SweepProgress

    def look_at(self, group: Sequence[str], pool: ThreadPoolExecutor) -> None:
        progress = self.progress
        for facts, problem in pool.map(self.kms.describe, group):
            self._note(problem)
            progress.findings += self._risks(facts) if facts else ()
        progress.after, progress.done = group[-1], progress.done + len(group)
        if progress.done % LOG_EVERY < len(group):
            message = "sweep: %s of %s keys"
            self.services.logger.info(message, progress.done, progress.total)

    def _risks(self, key: KeyFacts) -> tuple[SweepFinding, ...]:
        use = None
        if risks.doubtful(key):
            use, problem = self.kms.last_use(key)
            self._note(problem)
        return risks.of_key(key, self.found.aliases_of(key), use, self.place, self.services.now())

    def _note(self, problem: str | None) -> None:
        self.progress.unseen += [problem] if problem else []


def _of_lists(found: Inventory, place: AccountRegion) -> list[SweepFinding]:
    """Return what the lists alone show: key stores that are not connected, and aliases without a key."""
    stores = [finding for store in found.stores if (finding := risks.of_store(store, place))]
    keys = set(found.keys)
    aliases = [
        risks.of_alias(alias, target, place)
        for alias, target in found.aliases.items()
        # AWS's own aliases exist before their keys do.
        if found.keys_seen and not alias.startswith("alias/aws/") and target not in keys
    ]
    return [*stores, *aliases]
