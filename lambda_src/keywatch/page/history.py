"""What ended lately, below what is broken: what, why, from when to when, and its id to ask on. Pure."""

from collections.abc import Sequence

from keywatch.alerts.escape import html
from keywatch.alerts.wording import iso, readable_time
from keywatch.catalogue.causes import cause_of
from keywatch.page.markup import section
from keywatch.store.history import EndedIncident

MOST = 10


def history(ended: Sequence[EndedIncident]) -> str:
    """Return the newest of what ended as HTML; nothing for none."""
    return section("Ended lately", "".join(map(_one, ended[:MOST])))


def _one(ended: EndedIncident) -> str:
    began, over = (readable_time(iso(when)) for when in (ended.first_seen, ended.ended_at))
    more = f"{ended.failures:,} failures, from {began} to {over}: ./keywatch incident {ended.id}"
    return (
        f'<p>{html(cause_of(ended.cause).title)}: <span class="name">{html(ended.subject.name, 160)}</span><br>'
        f'<span class="soft">{html(more)}</span></p>'
    )
