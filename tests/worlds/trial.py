"""Many worlds: their figures together, and whether they are good enough."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Any

from tests.worlds import episodes
from tests.worlds.judge import Finding, Judge, Verdict
from tests.worlds.world import World, story_of

# What a release must reach (issue "the truth of a diagnosis"): shares of all messages, and numbers.
MOST_FALSE = 0.003
LEAST_EXACT = 0.97


@dataclass
class Trial:
    """The verdicts of many worlds."""

    verdicts: list[Verdict] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    broke: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def findings(self) -> list[Finding]:
        return [finding for verdict in self.verdicts for finding in verdict.findings]

    def total(self, name: str) -> int:
        return sum(getattr(verdict, name) for verdict in self.verdicts)

    def kinds(self) -> Counter[str]:
        return Counter(finding.kind for finding in self.findings)

    @property
    def good(self) -> bool:
        """Tell whether all that must be reached is."""
        messages, kinds = self.total("messages") or 1, self.kinds()
        none = (
            self.total("grave") == 0
            and kinds["missed"] == 0
            and kinds["resolved while broken"] == 0
        )
        return (
            none
            and kinds["false"] / messages <= MOST_FALSE
            and self.total("exact") / messages >= LEAST_EXACT
        )

    def as_json(self) -> dict[str, Any]:
        names = ("messages", "outages", "exact", "imprecise", "grave")
        found = [
            {"kind": f.kind, "seed": f.seed, "when": f.when.isoformat(), "text": f.text}
            for f in self.findings
        ]
        return {name: self.total(name) for name in names} | {
            "kinds": dict(self.kinds()),
            "findings": found,
            "broke": self.broke,
        }


def one(seed: int, only: tuple[str, ...] = ()) -> tuple[Verdict, Counter[str], list[str]]:
    """Live through one world; return its verdict, the metrics that were printed, and what broke inside.

    Metrics and what broke are left out where the table or the topic itself had trouble.
    """
    run = World(story_of(seed, chosen(only))).run()
    ours = {spell.service for spell in run.story.weather} & {"sns", "dynamodb"}
    broke = (
        []
        if ours
        else [
            f"seed {seed}: {text}"
            for text in (*run.failures, *(error[:400] for error in run.errors))
        ]
    )
    return Judge(run).judge(), Counter() if ours else run.counts, broke


def chosen(only: Sequence[str]) -> tuple[episodes.Episode, ...]:
    """Return episodes by their names."""
    return tuple(getattr(episodes, name) for name in only)


def run(worlds: int, first: int = 1, *, only: tuple[str, ...] = (), jobs: int = 1) -> Trial:
    """Live through worlds, one after another or by several processes."""
    trial, began = Trial(), perf_counter()
    for verdict, counts, broke in _each(range(first, first + worlds), only, jobs):
        trial.verdicts.append(verdict)
        trial.counts += counts
        trial.broke += broke
    trial.seconds = perf_counter() - began
    return trial


def _each(
    seeds: range, only: tuple[str, ...], jobs: int
) -> Iterator[tuple[Verdict, Counter[str], list[str]]]:
    if jobs == 1:
        yield from (one(seed, only) for seed in seeds)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(partial(one, only=only), seeds, chunksize=5)
