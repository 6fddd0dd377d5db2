"""Figures and stories for people."""

from collections.abc import Iterator

from tests.worlds.judge import GRAVE, Judge
from tests.worlds.outages import outages_of
from tests.worlds.trial import LEAST_EXACT, MOST_FALSE, Trial, chosen
from tests.worlds.world import Run, World, story_of

ORDER = (*GRAVE, "wrong", "imprecise", "false", "missed", "untold cause", "resolved while broken")


def report(trial: Trial, examples: int = 5) -> str:
    """Return the table of figures, and for each kind some worlds to replay."""
    return "\n".join((*_figures(trial), "", *_examples(trial, examples), *_broken(trial), ""))


def _figures(trial: Trial) -> Iterator[str]:
    messages, kinds = trial.total("messages"), trial.kinds()
    share = 100 / (messages or 1)
    yield f"{len(trial.verdicts)} worlds, {trial.total('outages')} outages, {messages} messages, {trial.seconds:.0f} s"
    rows = (
        ("certain and wrong (messages)", trial.total("grave"), "0"),
        *((f"  {kind}", kinds[kind], "0") for kind in GRAVE),
        ("wrong cause, not certain", kinds["wrong"], ""),
        ("true, but not the best cause", trial.total("imprecise"), ""),
        ("exact cause", trial.total("exact"), f">= {LEAST_EXACT:.0%}"),
        ("false alert", kinds["false"], f"<= {MOST_FALSE:.1%}"),
        ("missed outage", kinds["missed"], "0"),
        ("second cause never told", kinds["untold cause"], ""),
        ("resolved while broken", kinds["resolved while broken"], "0"),
        *((kind, number, "") for kind, number in sorted(kinds.items()) if kind not in ORDER),
    )
    for name, number, goal in rows:
        yield f"{name:32}{number:7}{number * share:8.2f} %   {goal}"


def _examples(trial: Trial, most: int) -> Iterator[str]:
    kinds = sorted(
        trial.kinds(), key=lambda kind: ORDER.index(kind) if kind in ORDER else len(ORDER)
    )
    for kind in kinds:
        found = [finding for finding in trial.findings if finding.kind == kind]
        yield f"{kind} ({len(found)}):"
        yield from (f"  --seed {f.seed:<5} {f.text}" for f in found[:most])


def _broken(trial: Trial) -> Iterator[str]:
    metrics = {
        name: n
        for name, n in sorted(trial.counts.items())
        if n and ("Failed" in name or "Lost" in name or "Unread" in name)
    }
    yield f"\nmetrics of failure: {metrics}"
    if trial.broke:
        yield f"broke inside ({len(trial.broke)}):"
        yield from (f"  {line}" for line in trial.broke[:5])


def tell(seed: int, only: tuple[str, ...] = ()) -> str:
    """Return the story of one world, and its verdict."""
    run = World(story_of(seed, chosen(only))).run()
    verdict = Judge(run).judge()
    lines = sorted(_story(run), key=lambda line: line[0])
    found = [f"  {finding.kind}: {finding.text}" for finding in verdict.findings]
    outages = [f"  {outage}" for outage in outages_of(run.story)]
    weather = [
        f"  {s.service}:{s.operation} {s.kind} ({s.share:.0%}) {s.begins:%H:%M}-{s.ends:%d. %H:%M}"
        for s in run.story.weather
    ]
    head = f"seed {seed}: {', '.join(run.story.episodes)}; starts {run.story.start:%Y-%m-%d %H:%M}, {run.story.region}"
    parts = (
        head,
        "weather:",
        *weather,
        "outages:",
        *outages,
        "story:",
        *(text for _, text in lines),
        "findings:",
        *found,
        "",
    )
    return "\n".join(parts)


def _story(run: Run) -> Iterator[tuple[str, str]]:
    story = run.story

    def line(when, mark: str, text: str) -> tuple[str, str]:
        return when.isoformat(), f"  {when:%d. %H:%M:%S} {mark} {text}"

    for told in story.changes:
        change = told.what
        seen = ", ".join(f"{arrived:%H:%M:%S}" for arrived, _ in told.arrivals) or "never told"
        yield line(
            change.when,
            "~",
            f"{change.what} by {change.who.name} on {' '.join(change.resources)} [{seen}] {change.id}",
        )
    for when, text in story.others:
        yield line(when, "~", text)
    for told in story.calls:
        failed = told.what
        seen = (
            ", ".join(f"{arrived:%H:%M:%S} {by}" for arrived, by in told.arrivals) or "never told"
        )
        asked = f"{failed.probe.caller.name} {failed.probe.operation} {failed.probe.typed}"
        yield line(
            failed.when, "x", f"{asked}: {failed.outcome.code} {failed.outcome.story} [{seen}]"
        )
    for message in run.messages:
        document = message.document
        why = "".join(f"\n        because {text}" for text in document["because"])
        do = "".join(
            f"\n        run {remedy['command']}"
            for remedy in document["remedies"]
            if remedy["command"]
        )
        notes = "".join(f"\n        note {text}" for text in document.get("notes", ()))
        changes = "".join(
            f"\n        listed {c['when']} {c['what']} {c['who']}" for c in document["changes"]
        )
        yield line(message.when, ">", f"{message}{why}{do}{notes}{changes}")
