"""Show answers to people. Everything in them is text from outside, and never markup."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

Answer = Mapping[str, Any]
_USABLE = {
    True: ("usable", "bold green"),
    False: ("NOT usable", "bold red"),
    None: ("cannot tell", "bold yellow"),
}
_STYLES = {
    "critical": "bold red",
    "high": "red",
    "warning": "yellow",
    "info": "dim",
    "pass": "green",
    "warn": "yellow",
    "fail": "bold red",
}


def show(console: Console, action: str, answer: Answer) -> None:
    """Print an answer."""
    if "error" in answer:
        console.print(Text(f"{answer['error']['code']}: {answer['error']['message']}", style="red"))
        return
    for part in _PARTS[action](answer):
        # Lines are not broken: commands are for pasting.
        console.print(part, soft_wrap=isinstance(part, Text))


def _check(answer: Answer) -> Iterable[RenderableType]:
    for result in answer["results"]:
        word, style = _USABLE[result["usable"]]
        yield Text.assemble((word, style), f"  {result['key_id']}  ({result['region']})")
        yield from _result(result)
        yield Text()


def _result(result: Answer) -> Iterable[RenderableType]:
    yield _facts(result)
    if diagnosis := result["diagnosis"]:
        yield Text(f"{diagnosis['cause']} ({diagnosis['confidence']})", style="bold")
        yield from (Text(f"  {reason}") for reason in diagnosis["because"])
    if result["did_you_mean"]:
        yield Text(f"Did you mean {result['did_you_mean']}?", style="bold")
    yield from _remedies(result["remedies"])
    yield from (Text(note) for note in result["notes"])
    yield from (Text(f"? {unknown}", style="yellow") for unknown in result["unknowns"])
    if "tries" in result:
        seen = ", ".join(
            f"{found['saw']} after {found['after_seconds']} s" for found in result["tries"]
        )
        yield Text(f"Seen: {seen}", style="dim")


def _facts(result: Answer) -> RenderableType:
    key, usage = result["key"] or {}, result["usage"]
    multi = key.get("multi_region") or {}
    last = result["last_used"] or {"no": "never", "unknown": "not known"}.get(
        usage["ever_used"], ""
    )
    pairs = {
        "key": key.get("arn"),
        "state": key.get("state"),
        "deletion": key.get("deletion_date"),
        "expires": key.get("valid_to"),
        "manager": key.get("manager"),
        "origin": key.get("origin"),
        "multi-Region": ", ".join(multi.get("regions", [])),
        "key store": _store(result["key_store"]),
        "aliases": ", ".join(result["aliases"]),
        "last used": last if key else None,
    }
    table = Table.grid(padding=(0, 2))
    for name, value in pairs.items():
        if value:
            table.add_row(Text(name, style="dim"), Text(str(value)))
    return table


def _store(store: Answer | None) -> str | None:
    return (
        f"{store['id']} ({store['name']}) {store['state']} {store['error']}".strip()
        if store
        else None
    )


def _remedies(remedies: Iterable[Answer]) -> Iterable[RenderableType]:
    for remedy in remedies:
        yield Text(f"- {remedy['text']}")
        if remedy["command"]:
            yield Text(f"    {remedy['command']}", style="cyan")


def _explain(answer: Answer) -> Iterable[RenderableType]:
    if not answer["findings"]:
        yield Text("Nothing in it says that a KMS key was missing or unusable.")
    for finding in answer["findings"]:
        head = Text.assemble(
            (finding["cause"], "bold"), f" ({finding['confidence']})  {finding['identifier'] or ''}"
        )
        yield head
        yield from (Text(f"  {reason}") for reason in finding["because"])
        yield from _remedies(finding["remedies"])
        yield Text()


def _sweep(answer: Answer) -> Iterable[RenderableType]:
    table = Table(
        "severity",
        "risk",
        "what",
        "",
        title=f"At risk in {answer['region']}",
        title_justify="left",
        expand=True,
    )
    for finding in answer["findings"]:
        name = (finding["aliases"] or [finding["name"]])[0]
        style = _STYLES[finding["severity"]]
        table.add_row(
            Text(finding["severity"], style=style),
            Text(finding["risk"]),
            Text(name),
            Text(finding["says"]),
        )
    yield table if answer["findings"] else Text("Nothing is at risk.", style="green")
    if answer["left_out"]:
        yield Text(f"{answer['left_out']} more were left out.")
    yield from (Text(f"? {unknown}", style="yellow") for unknown in answer["unknowns"])
    yield Text(
        f"{answer['progress']['keys_done']} of {answer['progress']['keys_total']} keys looked at.",
        style="dim",
    )


def _doctor(answer: Answer) -> Iterable[RenderableType]:
    table = Table(
        "",
        "line",
        "what was found",
        title=f"KeyWatch in {answer['region']}",
        title_justify="left",
        expand=True,
    )
    for line in answer["lines"]:
        said = Text(line["says"])
        if line["status"] != "pass":
            said.append(f"\n{line['why']}", style="dim")
        if line["command"]:
            said.append(f"\n{line['command']}", style="cyan")
        table.add_row(Text(line["status"], style=_STYLES[line["status"]]), Text(line["id"]), said)
    yield table


_PARTS = {"check": _check, "explain": _explain, "sweep": _sweep, "doctor": _doctor}
