"""Draw hostile alerts, render each in every form, run every command, and count what is not as it should be."""

import io
import shlex
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from random import Random
from typing import Any

from rich.console import Console

from cli import show
from keywatch.actions import registry
from keywatch.actions.explain.answer import explain
from keywatch.alerts.builder import build_document
from keywatch.alerts.channels import chat, email, email_json, sms
from keywatch.alerts.document import Document
from keywatch.alerts.publish import attributes
from keywatch.alerts.wording import hints, subject_line
from keywatch.catalogue.causes import CAUSES, cause_of
from keywatch.page import detail, listing, markup
from keywatch.page.view import IN_A_ROW, View
from tests.fuzz_alerts import answers, judge, shell
from tests.fuzz_alerts.alerts import Drawn, draw
from tests.fuzz_alerts.reports import record_of, text_of

ENDPOINT = "arn:aws:lambda:eu-west-1:111122223333:function:KeyWatch-page"
NOW = datetime(2026, 11, 23, 2, 14, tzinfo=UTC)
_BATCH = 2_000
_EXAMPLES = 5
_OPTIONS = frozenset(
    word
    for cause in CAUSES.values()
    for step in cause.remedies
    for word in shlex.split(step.command or "")
    if word.startswith("-")
)


@dataclass(slots=True)
class Figures:
    """How many were looked at in each form, how many were not as they should be, and examples of these."""

    looked_at: Counter[str] = field(default_factory=Counter)
    faults: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))

    def note(self, form: str, seed: int, found: Iterable[tuple[str, str]]) -> None:
        """Note one rendering in a form and its faults."""
        self.looked_at[form] += 1
        for kind, where in found:
            self.faults[form, kind] += 1
            if len(self.examples[form, kind]) < _EXAMPLES:
                self.examples[form, kind].append(f"seed {seed}: {where[:300]!r}")

    def add(self, other: "Figures") -> None:
        """Add the figures of another process."""
        self.looked_at += other.looked_at
        self.faults += other.faults
        for of, some in other.examples.items():
            self.examples[of] = [*self.examples[of], *some][:_EXAMPLES]


def run(alerts: int, first: int = 1, jobs: int = 1) -> Figures:
    """Judge ``alerts`` hostile alerts, the seed of the first given, in as many processes."""
    if jobs == 1:
        return trial(range(first, first + alerts))
    parts = [
        range(start, min(start + _BATCH, first + alerts))
        for start in range(first, first + alerts, _BATCH)
    ]
    whole = Figures()
    with ProcessPoolExecutor(jobs) as processes:
        for part in processes.map(trial, parts):
            whole.add(part)
    return whole


def trial(seeds: range) -> Figures:
    """Judge the alerts of these seeds, then run all commands that they showed."""
    figures, commands = Figures(), dict[str, list[list[str]] | None]()
    for seed in seeds:
        random = Random(seed)
        drawn = draw(random)
        _judge_alert(figures, seed, drawn)
        for command, wanted in _expected(drawn):
            known = commands.setdefault(command, [])
            if known is not None:
                known.append(wanted)
        fields = {"text": text_of(random)} if seed % 2 else {"record": record_of(random)}
        for command in _judge_terminal(figures, seed, fields):
            commands.setdefault(command, None)
    _judge_commands(figures, seeds.start, commands)
    return figures


def _judge_alert(figures: Figures, seed: int, drawn: Drawn) -> None:
    document = build_document(drawn.alert)
    offered = [one.command for one in drawn.alert.diagnosis.remedies if one.command]
    note = partial(figures.note, seed=seed)
    note("document", found=judge.document_for_machines(document, offered))
    note("email", found=judge.email(document, subject_line(document), email.body(document)))
    note("email-json", found=judge.links_of_json(document, email_json.render(document)))
    note("chat", found=judge.chat(document, chat.card(document)))
    note("sms", found=judge.links(sms.CHANNEL.render(document)))
    note("attributes", found=_attributes(document))
    note("page", found=_page(drawn, document))


def _attributes(document: Document) -> Iterator[tuple[str, str]]:
    for one in attributes(document).values():
        yield from judge.unseen(one["StringValue"])


def _page(drawn: Drawn, document: Document) -> Iterator[tuple[str, str]]:
    view = View(drawn.alert.incident_id, "open", document, NOW, NOW, hints(drawn.facts))
    one = markup.page(detail.detail(view, endpoint=ENDPOINT), theme="dark", width=1200)
    yield from judge.page(document, one, whole=True)
    row = build_document(drawn.alert, IN_A_ROW)
    hostile_subject = f"key|{document['subject']['identifier']}"
    view = View(hostile_subject, "open", row, NOW, NOW, hints(drawn.facts))
    rows = listing.listing([view], endpoint=ENDPOINT, now="2026-11-23T02:14:00Z", more=False)
    yield from judge.page(document, markup.page(rows, theme="light"), whole=False)


def _expected(drawn: Drawn) -> Iterator[tuple[str, list[str]]]:
    """Yield each command that is offered, with the arguments that the catalogue's template and the facts make."""
    steps = list(cause_of(drawn.alert.diagnosis.cause).remedies)
    for step in steps:
        steps += [step.otherwise] if step.otherwise else []
    facts = dict(drawn.facts)
    for step in drawn.alert.diagnosis.remedies:
        if step.command:
            # Several steps may say the same with other commands: the one of these arguments is meant, else any.
            meant = [
                judge.argv(one.command, facts)
                for one in steps
                if one.command and _said(one.text, facts) == step.text
            ]
            typed = shlex.split(step.command)
            yield step.command, typed if typed in meant else meant[0]


def _said(text: str, facts: dict[str, str]) -> str:
    return text.replace("{did_you_mean}", facts.get("did_you_mean", ""))


def _judge_terminal(figures: Figures, seed: int, fields: dict[str, Any]) -> list[str]:
    """Judge what the command line shows of ``explain``; return the commands in it."""
    answer = explain(fields)
    findings: Any = answer["findings"]
    steps = [step for finding in findings for step in finding["remedies"]]
    shown = [step["command"] for step in steps if step["command"]]
    most = sum(2 + len(one["because"]) + len(one["remedies"]) for one in findings) + len(shown)
    figures.note("explain", seed, judge.terminal(_printed("explain", answer), shown, most or 1))
    action, asked = answers.draw(Random(seed))
    figures.note(action, seed, judge.terminal(_printed(action, asked), [], None))
    return shown


def _printed(action: str, answer: dict[str, Any]) -> str:
    made = io.StringIO()
    console = Console(
        file=made, force_terminal=True, width=100, color_system="truecolor", legacy_windows=False
    )
    found = registry.named(action)
    assert found
    show.show(console, found, answer)
    return made.getvalue()


def _judge_commands(
    figures: Figures, seed: int, commands: dict[str, list[list[str]] | None]
) -> None:
    listed = list(commands)
    for start in range(0, len(listed), _BATCH):
        some = listed[start : start + _BATCH]
        for program in shell.SHELLS:
            ran = shell.run(some, program)
            figures.note("shell", seed, (("extra effect", said) for said in ran.beside))
            if len(ran.calls) != len(some):
                figures.note(
                    "shell", seed, [("extra line", f"{len(ran.calls)} of {len(some)} ran")]
                )
            for command, calls in zip(some, ran.calls, strict=False):
                figures.note("command", seed, _wrong_call(command, calls, commands[command]))


def _wrong_call(
    command: str, calls: list[list[str]], wanted: list[list[str]] | None
) -> Iterator[tuple[str, str]]:
    """Tell what a shell made of a command other than the one call that it is."""
    if len(calls) != 1:
        yield "extra command", f"{len(calls)} calls: {command}"
        return
    given = ["aws", *calls[0]]
    if given != shlex.split(command):
        yield "extra argument", command
    if any(given != one for one in wanted or ()):
        yield "extra argument", f"not {wanted}: {command}"
    if odd := [word for word in given if word.startswith("-") and word not in _OPTIONS]:
        yield "extra argument", f"{odd}: {command}"
