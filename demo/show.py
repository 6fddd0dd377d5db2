"""How the demo looks: steps while it works, a panel for each alert, a table at the end; or one line of JSON for each alert."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from demo.verdict import Played, Verdict
from keywatch.alerts.channels.email import body
from keywatch.alerts.document import Document
from keywatch.alerts.wording import subject_line

COLOURS = {"critical": "red", "high": "dark_orange", "warning": "yellow", "info": "cyan"}
_STATUS_COLOURS = {"pass": "green", "warn": "yellow", "fail": "red"}
PLAIN_WIDTH = 120  # in a log; a terminal knows its own
MOST_REASONS, MOST_CHANGES, MOST_REMEDIES = 3, 2, 2


class RichShow:
    """Tells a person. With ``json_lines``, standard output holds nothing but alerts, and the rest goes to standard error."""

    def __init__(self, *, json_lines: bool = False) -> None:
        self._json_lines = json_lines
        self.console = Console(stderr=json_lines, highlight=False)
        if not self.console.is_terminal:
            self.console.width = PLAIN_WIDTH

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Show that something is under way, then how long it took."""
        began = time.monotonic()
        with self.console.status(Text(what)):
            yield
        self.console.print(
            Text.assemble(("✓ ", "green"), what, (f"  {time.monotonic() - began:.1f} s", "dim"))
        )

    def alert(self, document: Document) -> None:
        """Show one alert: as a panel, or as one line of JSON."""
        if self._json_lines:
            print(json.dumps(document), flush=True)
        else:
            self.console.print(panel(document))

    def email(self, document: Document) -> None:
        """Show an alert as the e-mail that a person gets of it."""
        self.console.rule(Text("The same alert as an e-mail"))
        self.console.print(
            Text(f"Subject: {subject_line(document)}\n", style="bold"), soft_wrap=True
        )
        self.console.print(Text(body(document)), soft_wrap=True)

    def closing(
        self, played: Sequence[Played], verdict: Verdict, counted: Mapping[str, int], seconds: float
    ) -> None:
        """Show what was sent, what came of it, and how long all took."""
        self.console.print(closing_table(played, verdict, counted, seconds))

    def answer(self, question: Mapping[str, Any], answer: object) -> None:
        """Show a question asked on demand and the function's answer."""
        self.console.rule(Text(f"Asked on demand: {json.dumps(question)}"))
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
        self.console.rule(Text("The incident page, as CloudWatch shows it on the dashboard"))
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
            self.console.print(
                Text("All expected alerts arrived, and no others.", style="bold green")
            )

    def error(self, message: str) -> None:
        """Say why the demo could not go on."""
        self._problem(message)

    def _problem(self, message: str) -> None:
        self.console.print(Text.assemble(("✗ ", "bold red"), message), soft_wrap=True)


def panel(document: Document) -> Panel:
    """Return an alert as a panel: what happened, why, who changed it and what to run."""
    commands = [remedy for remedy in document["remedies"] if remedy["command"]][:MOST_REMEDIES]
    grid = Table.grid(padding=(0, 2))
    for line in document["because"][:MOST_REASONS]:
        grid.add_row(Text("why", style="bold"), Text(line))
    for change in document["changes"][:MOST_CHANGES]:
        grid.add_row(
            Text("changed", style="bold"),
            Text(f"{change['when']} {change['what']} by {change['who']}"),
        )
    for remedy in commands:
        grid.add_row(
            Text("fix", style="bold"),
            Text.assemble(remedy["text"], "\n", (remedy["command"] or "", "bold")),
        )
    return Panel(
        Group(Text(document["summary"]), Text(), grid),
        title=Text(subject_line(document)),
        title_align="left",
        border_style=COLOURS.get(document["severity"], "white"),
    )


def closing_table(
    played: Sequence[Played], verdict: Verdict, counted: Mapping[str, int], seconds: float
) -> Table:
    """Return the closing table. ``counted`` are the failures that the incident table holds, by incident id."""
    table = Table(
        title=f"{sum(one.failures for one in played):,} failures sent, {len(verdict.came)} alerts received, {seconds:.0f} s"
    )
    for heading in ("Failure", "Alert", "Confidence"):
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
