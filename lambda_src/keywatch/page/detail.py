"""One incident, whole: what to run, why, who changed it, the impact. Pure."""

from collections.abc import Callable, Iterable

from keywatch.alerts.document import Document
from keywatch.alerts.escape import html
from keywatch.alerts.names import LABELS, arn_shortener, named
from keywatch.alerts.wording import SURENESS, headings, impact_lists, iso, readable_time
from keywatch.page.markup import breakable, bullets, call, command, facts, section, tag
from keywatch.page.view import View


def detail(view: View, *, endpoint: str) -> str:
    """Return one incident as HTML."""
    document = view.document
    shorten, titles = arn_shortener(document["subject"]), headings(document)
    parts = (
        _back(endpoint),
        _head(view),
        section(titles.remedies, _steps(document)),
        section(
            f"{titles.why} ({SURENESS[document['confidence']]})",
            bullets(shorten(text) for text in document["because"]),
        ),
        section(titles.unknowns, bullets(document["unknowns"])),
        section(titles.changes, bullets(_changes(document, shorten))),
        section(titles.impact, _impact(document, shorten)),
        section("Links", _links(document)),
        f'<p class="soft foot">KeyWatch incident {html(document["incident_id"])}, cause {html(document["cause"])}</p>',
    )
    return "".join(parts)


def unknown(endpoint: str) -> str:
    """Return what to say of an incident that is over, or never was."""
    return (
        f'{_back(endpoint)}<div class="none"><span class="big">This incident is not open</span>'
        '<p class="soft">It was resolved, it recovered by itself, or it never existed.</p></div>'
    )


def _back(endpoint: str) -> str:
    return f"<p>{call('All incidents', endpoint)}</p>" if endpoint else ""


def _head(view: View) -> str:
    document, impact = view.document, view.document["impact"]
    place = document["subject"]
    cause, _, name = document["title"].partition(": ")
    shown = {
        "Key": str(place["alias"] or place["identifier"] or ""),
        "Key store": str(place["key_store"] or ""),
        "Owner": document.get("owner", ""),
        "Account and Region": f"{named(place['account'], document.get('account_name'))}, {place['region']}",
        "Failures": f"{impact['failures']:,}",
        "First seen": readable_time(impact["first_seen"]),
        "Last seen": readable_time(impact["last_seen"]),
        "Last alert": readable_time(iso(view.sent_at)) if view.sent_at else "",
    }
    arn = f'<p class="mono soft">{breakable(place["key_arn"])}</p>' if place["key_arn"] else ""
    state = f'<p class="soft">{html(view.state)}</p>' if view.state else ""
    notes = "".join(f'<p class="soft">{html(note)}</p>' for note in document["notes"])
    return (
        f"{tag(document['severity'], document['severity'])}<h2>{html(cause)}: "
        f"{breakable(name, 300)}</h2>{arn}<p>{breakable(document['summary'])}</p>{state}{notes}{facts(shown)}"
    )


def _steps(document: Document) -> str:
    items = "".join(
        f"<li>{breakable(step['text'])}{command(step['command'])}</li>"
        for step in document["remedies"]
    )
    return f"<ol>{items}</ol>" if items else ""


def _changes(document: Document, shorten: Callable[[str], str]) -> Iterable[str]:
    return (
        f"{readable_time(one['when'])}: {one['what']} by {shorten(one['who'])}"
        for one in document["changes"]
    )


def _impact(document: Document, shorten: Callable[[str], str]) -> str:
    lists = impact_lists(document["impact"]) if document["impact"]["failures"] else {}
    return bullets(
        f"{kind}: " + ", ".join(f"{shorten(item['name'])} ({item['count']:,})" for item in items)
        for kind, items in lists.items()
    )


def _links(document: Document) -> str:
    """Return links that KeyWatch itself made (``alerts.names``)."""
    items = "".join(
        f'<li><a href="{html(address, 2000)}" target="_blank" rel="noopener noreferrer">{html(LABELS[name])}</a></li>'
        for name, address in document["links"].items()
        if name in LABELS
    )
    return f"<ul>{items}</ul>" if items else ""
