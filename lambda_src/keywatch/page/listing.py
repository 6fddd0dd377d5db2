"""All that is broken now: what breaks together, and one table of the rest: cause, key, since, failures, callers, remedy. Pure."""

from collections.abc import Sequence

from keywatch.alerts.document import Document
from keywatch.alerts.escape import html
from keywatch.alerts.group_alert import in_common
from keywatch.alerts.names import arn_shortener, named
from keywatch.alerts.wording import iso, most_frequent, readable_time
from keywatch.model.group import Group
from keywatch.model.incident import OPEN
from keywatch.page.markup import breakable, call, command, tag
from keywatch.page.view import View

_HEAD = (
    ("Cause", "16%"),
    ("Key", "19%"),
    ("Since", "12%"),
    ("Failures", "9%"),
    ("Callers", "15%"),
    ("Remedy", "29%"),
)

_SAID_WHERE_NARROW = ("Since", "Failures", "Callers")


def listing(
    views: Sequence[View], groups: Sequence[Group] = (), *, endpoint: str, now: str, more: bool
) -> str:
    """Return the list of incidents as HTML; ``more`` tells that there are others beyond these, ``now`` is an ISO time.

    The incidents that ``groups`` tell of are not among the ``views``.
    """
    together = "".join(map(_together, sorted(groups, key=lambda one: -one.size)))
    if not views:
        return together or _none(endpoint, now)
    columns = "".join(
        f'<th style="width:{width}"{_number(title)}>{title}</th>' for title, width in _HEAD
    )
    rows = "".join(_row(view, endpoint) for view in views)
    above = _bar(views, endpoint, now, more=more) + together
    return f"{above}<table><thead><tr>{columns}</tr></thead><tbody>{rows}</tbody></table>"


def _together(group: Group) -> str:
    """Return in a paragraph what breaks together, and how to list it: a wave of thousands would hide all else."""
    replayed = " " + tag("replayed", "still") if group.key.replayed else ""
    since = f"since {readable_time(iso(group.since))}, account {group.key.account}"
    names = f'./keywatch incidents --group "{group.id}"'
    return (
        f'<p><span class="big">{group.size:,} break together</span>{replayed} {html(in_common(group.key), 300)}<br>'
        f'<span class="soft">{html(since)}. List all of them: <code>{html(names)}</code></span></p>'
    )


def _number(title: str) -> str:
    return ' class="num"' if title == "Failures" else ""


def _none(endpoint: str, now: str) -> str:
    again = f"<p>{call('Refresh', endpoint)}</p>" if endpoint else ""
    return (
        '<div class="none"><span class="big">No key is known to be broken</span>'
        f'<p class="soft">No incident is open in this Region as of {html(readable_time(now))}.</p>{again}</div>'
    )


def _bar(views: Sequence[View], endpoint: str, now: str, *, more: bool) -> str:
    count = len(views)
    said = (
        f"More than {count} incidents" if more else f"{count} incident{'' if count == 1 else 's'}"
    )
    by_severity = {
        one: sum(view.document["severity"] == one for view in views)
        for one in ("critical", "high", "warning", "info")
    }
    tags = "".join(
        f"<span>{tag(name, name)} {number}</span>" for name, number in by_severity.items() if number
    )
    cut = f'<span class="soft">{count} are shown.</span>' if more else ""
    again = call("Refresh", endpoint) if endpoint else ""
    return (
        f'<div class="bar"><span class="big">{said}</span>{tags}{cut}<span class="soft">as of {html(readable_time(now))}</span>'
        f"<span>{again}</span></div>"
    )


def _row(view: View, endpoint: str) -> str:
    document = view.document
    impact, place = document["impact"], document["subject"]
    cause, _, name = document["title"].partition(": ")
    link = call(cause, endpoint, incident=view.subject)
    quiet = "" if view.status == OPEN else " " + tag(view.status, "still")
    quiet += " " + tag("replayed", "still") if "replayed" in document else ""
    account = named(place["account"], document.get("account_name"))
    where = f"{place['region']}, account {account}"
    cells = (
        f"{tag(document['severity'], document['severity'])}{quiet}<br>{link}",
        f'<span class="name">{breakable(name, 160)}</span><br><span class="soft">{html(where)}</span>',
        html(readable_time(impact["first_seen"])),
        f"{impact['failures']:,}" if impact["failures"] else '<span class="soft">none yet</span>',
        _callers(document),
        _remedy(view),
    )
    return f"<tr>{''.join(_cell(number, cell) for number, cell in enumerate(cells))}</tr>"


def _cell(number: int, cell: str) -> str:
    title = _HEAD[number][0]
    said = f' data-is="{title}"' if title in _SAID_WHERE_NARROW else ""
    return f"<td{_number(title)}{said}>{cell}</td>"


def _callers(document: Document) -> str:
    shorten = arn_shortener(document["subject"])
    first, rest = most_frequent(document["impact"]["callers"], 1)
    names = "".join(breakable(shorten(item["name"]), 120) for item in first)
    return f'{names}<br><span class="soft">{html(rest)}</span>' if rest else names


def _remedy(view: View) -> str:
    """Return the fact that helps at once (``Did you mean alias/payments?``) and the first step with its command."""
    steps = view.document["remedies"]
    first = f"{breakable(steps[0]['text'], 240)}{command(steps[0]['command'])}" if steps else ""
    return f'<span class="name">{breakable(view.hint)}</span><br>{first}' if view.hint else first
