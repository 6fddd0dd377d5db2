"""The silences that are on, below the incidents: what nobody is told of, until when, and why. Pure."""

from collections.abc import Sequence

from keywatch.alerts.escape import html
from keywatch.alerts.wording import iso, readable_time
from keywatch.model.silence import Silence
from keywatch.page.markup import section


def silences(found: Sequence[Silence]) -> str:
    """Return silences as HTML; nothing for none."""
    return section("Silences", "".join(map(_one, found)))


def _one(silence: Silence) -> str:
    match = ", ".join(f"{name} {value}" for name, value in silence.match.items())
    end = f"./keywatch unsilence {silence.id}"
    return (
        f'<p><span class="name">{html(match, 600)}</span><br><span class="soft">until '
        f"{html(readable_time(iso(silence.until)))}: {html(silence.reason, 300)}. To end it: <code>{html(end)}</code></span></p>"
    )
