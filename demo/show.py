"""How the demo looks: steps while it works, each alert in short, a table at the end; or JSON Lines, one alert a line.

It fits a terminal of 80 columns. Commands are never broken or cut: they are for pasting.
"""

import io
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from demo.verdict import Played, Verdict
from keywatch.alerts.channels.email import body
from keywatch.alerts.document import Document
from keywatch.alerts.names import arn_shortener
from keywatch.alerts.wording import readable_time, subject_line

COLOURS = {"critical": "red", "high": "dark_orange", "warning": "yellow", "info": "cyan"}
_STATUS_COLOURS = {"pass": "green", "warn": "yellow", "fail": "red"}
PLAIN_WIDTH = 120  # in a log; a terminal knows its own
PICTURE_WIDTH = 140  # the longest command of the alert that it shows is whole
_COMMAND = " " * 4
_WEB_FONT = re.compile(
    r"@font-face \{.*?\}", re.DOTALL
)  # a page that shows a picture fetches nothing
MOST_REASONS, MOST_CHANGES, MOST_REMEDIES = 3, 2, 2


class RichShow:
    """Tells a person. With ``json_lines``, standard output holds nothing but alerts, and the rest goes to standard error.

    ``picture`` is a file that becomes a picture (SVG) of the steps, one alert and the end.
    """

    def __init__(self, *, json_lines: bool = False, picture: Path | None = None) -> None:
        self._json_lines = json_lines
        self._picture = picture
        self._recorded = Console(
            record=True,
            width=PICTURE_WIDTH,
            file=io.StringIO(),
            highlight=False,
            force_terminal=True,
        )
        self.console = Console(stderr=json_lines, highlight=False)
        if not self.console.is_terminal:
            self.console.width = PLAIN_WIDTH

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Show that something is under way, then how long it took."""
        began = time.monotonic()
        with self.console.status(Text(what)):
            yield
        took = f"  {time.monotonic() - began:.1f} s"
        self._print(Text.assemble(("✓ ", "green"), what, (took, "dim")))

    def alert(self, document: Document) -> None:
        """Show one alert: in short, or as one line of JSON."""
        if self._json_lines:
            print(json.dumps(document), flush=True)
        else:
            self.console.print(panel(document), crop=False)

    def _print(self, what: RenderableType) -> None:
        """Print something as wide as it is, and keep it for the picture."""
        self.console.print(what, crop=False)
        self._recorded.print(what)

    def _heading(self, text: str) -> None:
        self.console.print()
        self.console.print(Text(f"── {text}", style="bold"))

    def email(self, document: Document) -> None:
        """Show an alert as the e-mail that a person gets of it."""
        self._recorded.print(panel(document))
        self._heading("The same alert as an e-mail")
        self.console.print(
            Text(f"Subject: {subject_line(document)}\n", style="bold"), soft_wrap=True
        )
        self.console.print(Text(body(document)), soft_wrap=True)

    def closing(
        self, played: Sequence[Played], verdict: Verdict, counted: Mapping[str, int], seconds: float
    ) -> None:
        """Show what was sent, what came of it, and how long all took."""
        self._print(closing_table(played, verdict, counted, seconds))

    def answer(self, question: Mapping[str, Any], answer: object) -> None:
        """Show a question asked on demand and the function's answer."""
        self._heading(f"Asked on demand: {json.dumps(question)}")
        self.console.print(Text(json.dumps(answer, indent=2)), soft_wrap=True)

    def waited(self, answer: Mapping[str, Any]) -> None:
        """Show how a check waited for a key that was created meanwhile."""
        result = answer["results"][0]
        tries = ", then ".join(
            f"{seen['saw']} after {seen['after_seconds']} s" for seen in result["tries"]
        )
        self.console.print(
            Text(
                f"check of {result['key_id']} with wait_seconds: {tries}: usable {result['usable']}"
            )
        )

    def health(self, doctor: Mapping[str, Any]) -> None:
        """Show the doctor's lines. An emulator has no trail and plain rules, so some of them rightly fail here."""
        table = Table(
            "",
            "Check",
            "Result",
            title="KeyWatch checks itself (the emulator has no trail and only plain rules, so some lines fail)",
            box=box.SIMPLE_HEAD,
            pad_edge=False,
        )
        for line in doctor["lines"]:
            table.add_row(
                Text(line["status"], style=_STATUS_COLOURS[line["status"]]),
                Text(line["id"]),
                Text(line["says"]),
            )
        self.console.print(table)

    def page(self, file: Path) -> None:
        """Name the file that holds the incident page."""
        self._heading("The incident page, as CloudWatch shows it on the dashboard")
        self.console.print(Text(file.resolve().as_uri()), soft_wrap=True)

    def verdict(self, verdict: Verdict, *, healed: bool) -> None:
        """Say what went wrong, or that nothing did."""
        for one in verdict.missing:
            self._problem(
                f"No alert arrived for {one.scenario.title} (expected {one.scenario.cause}: {', '.join(one.names)})"
            )
        for document in verdict.unexpected:
            self._problem(
                f"Unexpected alert: {document['status']} {document['cause']}, {document['title']}"
            )
        if not healed:
            self._problem("The incident of the key that was used too early did not end by itself.")
        if verdict.good and healed:
            self._print(Text("All expected alerts arrived, and no others.", style="bold green"))

    def draw(self) -> None:
        """Write the picture, where one was asked for."""
        if self._picture:
            svg = self._recorded.export_svg(title="make demo", unique_id="demo")
            self._picture.write_text(_WEB_FONT.sub("", svg), encoding="utf-8")

    def error(self, message: str) -> None:
        """Say why the demo could not go on."""
        self._problem(message)

    def _problem(self, message: str) -> None:
        self.console.print(Text.assemble(("✗ ", "bold red"), message), soft_wrap=True)


def panel(document: Document) -> RenderableType:
    """Return an alert in short: what happened, why, who changed it, and commands, each whole on a line of its own."""
    shorten = arn_shortener(document["subject"])
    grid = Table.grid(padding=(0, 2))
    for line in document["because"][:MOST_REASONS]:
        grid.add_row(Text("why", style="bold"), Text(shorten(line)))
    for change in document["changes"][:MOST_CHANGES]:
        said = f"{readable_time(change['when'])}: {change['what']} by {shorten(change['who'])}"
        grid.add_row(Text("changed", style="bold"), Text(said))
    colour = COLOURS.get(document["severity"], "white")
    title = Text.assemble(("▌ ", colour), (subject_line(document), f"bold {colour}"))
    return Group(Text(), title, Text(document["summary"]), grid, *_steps(document))


def _steps(document: Document) -> Iterator[Text]:
    commands = [remedy for remedy in document["remedies"] if remedy["command"]][:MOST_REMEDIES]
    for remedy in commands:
        yield Text.assemble(("fix", "bold"), f"  {remedy['text']}")
        yield Text(f"{_COMMAND}{remedy['command']}", "cyan", no_wrap=True, overflow="ignore")


def closing_table(
    played: Sequence[Played], verdict: Verdict, counted: Mapping[str, int], seconds: float
) -> Table:
    """Return the closing table. ``counted`` are the failures that the incident table holds, by incident id."""
    table = Table(
        title=f"{sum(one.failures for one in played):,} failures sent, {len(verdict.came)} alerts received, {seconds:.0f} s",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    table.add_column("Failure")
    for heading in ("Alert", "Confidence"):
        table.add_column(heading, no_wrap=True)
    for heading in ("Sent", "Counted"):
        table.add_column(heading, justify="right")
    for one in played:
        alert = verdict.came.get(one.scenario.title)
        cause, sure = (alert["cause"], alert["confidence"]) if alert else ("none, as expected", "")
        if one.scenario.cause and not alert:
            cause = "MISSING"
        total = counted.get(alert["incident_id"]) if alert else None
        table.add_row(
            one.scenario.title,
            cause,
            sure,
            f"{one.failures:,}",
            f"{total:,}" if total is not None else "",
        )
    return table
