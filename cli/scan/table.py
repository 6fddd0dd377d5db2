"""A scan as a person reads it in a terminal."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from keywatch.model.text import counted

from .document import Document, name_of, short_change
from .summary import Summary, days_of, nothing_found, sentences, title_of

MOST_ROWS = 50
_MOST_NAMES = 3
_STYLES = {"critical": "bold red", "high": "red", "warning": "yellow", "info": "dim"}
_BARS = " ▁▂▃▄▅▆▇█"
_MOST_BARS = 60


def show(console: Console, summary: Summary, worst: Iterable[Document]) -> None:
    """Print the incidents (the worst first) and what was read."""
    if summary.incidents:
        console.print(_table(summary, worst))
        console.print(_causes(summary))
        if bars := trend(summary):
            console.print(Text(bars), soft_wrap=True)
    else:
        console.print(Text(nothing_found(summary)))
    for sentence in sentences(summary):
        console.print(Text(sentence), soft_wrap=True)


def _table(summary: Summary, worst: Iterable[Document]) -> Table:
    shown = min(summary.incidents, MOST_ROWS)
    calls = counted(summary.told, "failed call")
    title = (
        f"{counted(summary.incidents, 'incident')} ({calls}), {summary.going_on:,} still going on"
    )
    more = summary.incidents - shown
    caption = f"and {more:,} more: --html or --csv FILE shows all" if more else None
    table = Table(
        title=title, caption=caption, title_justify="left", caption_justify="left", expand=True
    )
    table.add_column("what", ratio=3, overflow="fold")
    table.add_column("from, to (UTC)", min_width=16, no_wrap=True)
    table.add_column("calls", justify="right", no_wrap=True)
    table.add_column("who", ratio=2, overflow="fold")
    for document in worst:
        table.add_row(*_row(document), end_section=True)
    return table


def _row(document: Document) -> tuple[Text, ...]:
    style = _STYLES.get(document["severity"], "")
    subject = document["subject"]
    until = "goes on" if document["goes_on"] else _minute(document["last_seen"])
    callers = [str(caller["name"]).rpartition(":")[2] for caller in document["callers"]]
    more = f" and {len(callers) - _MOST_NAMES} more" if len(callers) > _MOST_NAMES else ""
    who = ["calls: " + ", ".join(callers[:_MOST_NAMES]) + more]
    who += [f"changed: {short_change(change)}" for change in document["changes"]]
    if document["fixed_by"]:
        who.append(f"fixed: {short_change(document['fixed_by'])}")
    return (
        Text.assemble(
            (document["cause"], style),
            f" ({document['confidence']})\n{name_of(document)}\n{subject['account']} {subject['region']}",
        ),
        Text(f"{_minute(document['first_seen'])}\n{until}"),
        Text(f"{document['failures']:,}"),
        Text("\n".join(who)),
    )


def _minute(stamp: str) -> str:
    return stamp[:16].replace("T", " ")


def _causes(summary: Summary) -> Table:
    table = Table.grid(padding=(0, 2))
    for cause, count in summary.by_cause.most_common(10):
        calls = counted(summary.calls_by_cause[cause], "failed call")
        table.add_row(
            Text(counted(count, "incident")),
            Text(cause, style="bold"),
            Text(title_of(cause)),
            Text(calls),
        )
    return table


def trend(summary: Summary) -> str:
    """Return the failed calls over time as one line of bars, one for so many days; empty for a single day."""
    days = days_of(summary)
    if len(days) < 2:  # noqa: PLR2004 - one bar is no trend
        return ""
    width = -(-len(days) // _MOST_BARS)
    sums = [
        sum(sum(summary.by_day.get(day, {}).values()) for day in days[at : at + width])
        for at in range(0, len(days), width)
    ]
    top = max(sums)
    bars = "".join(_BARS[-(-value * (len(_BARS) - 1) // top)] for value in sums)
    return (
        f"{days[0]} {bars} {days[-1]}  failed calls, {counted(width, 'day')} a bar, at most {top:,}"
    )
