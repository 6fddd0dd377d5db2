"""What CloudWatch asks of a custom widget: its documentation, the list of incidents, one incident.

CloudWatch calls the function with the rights of whoever looks at the dashboard, with
``widgetContext`` and the parameters of what was clicked. Source: Amazon CloudWatch User Guide,
"Details about custom widgets" and "Interactivity in the custom widget".
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.alerts.wording import iso
from keywatch.model.incident import ENDED
from keywatch.model.signals import Subject
from keywatch.page import detail, history, listing, markup, silences, view
from keywatch.services import Services

MOST = 200
DOCUMENTATION = """## KeyWatch incidents
Shows every KMS key, alias and key store that is missing or unusable now: the cause, since when, how many calls failed, who
made them, and how to fix it. Choose a cause to see the whole incident.

### Widget parameters
Param | Description
---|---
**incident** | (optional) the subject of one incident, as the list passes it on; without it, all incidents are listed

### Example parameters
``` yaml
{}
```"""
_NO_TABLE = (
    '<div class="none"><span class="big">The incident table does not answer</span>'
    '<p class="soft">Alerts still go out. Refresh in a minute. If this persists, run `make doctor`.</p></div>'
)


def answer(request: Mapping[str, Any], context: object, services: Services) -> str:
    """Return the page as HTML, or the widget's documentation as Markdown; reads incidents and nothing else."""
    if request.get("describe"):
        return DOCUMENTATION
    given = request.get("widgetContext")
    looks = given if isinstance(given, dict) else {}
    return markup.page(
        _body(request, context, services), theme=str(looks.get("theme")), width=looks.get("width")
    )


def _body(request: Mapping[str, Any], context: object, services: Services) -> str:
    endpoint = getattr(context, "invoked_function_arn", None) or ""
    wanted = request.get("incident")
    try:
        if isinstance(wanted, str) and wanted:
            return _one(wanted, endpoint, services)
        return _all(endpoint, services)
    except (ClientError, BotoCoreError):
        services.counts.add("PageFailed")
        services.logger.exception("the incident table did not answer the incident page")
        return _NO_TABLE


def _one(wanted: str, endpoint: str, services: Services) -> str:
    try:
        subject = Subject.from_id(wanted)
    except ValueError:
        return detail.unknown(endpoint)
    known = services.incidents.read(subject)
    if known.incident is None or known.incident.status in ENDED:
        return detail.unknown(endpoint)
    shown = view.view_of(known.incident, known.changes, services.now(), count=services.counts.add)
    return detail.detail(shown, endpoint=endpoint)


def _all(endpoint: str, services: Services) -> str:
    now = services.now()
    found = list(services.incidents.by_themselves(MOST + 1))
    groups = services.groups.going_on(MOST)
    views = view.worst_first(
        view.view_of(incident, (), now, view.IN_A_ROW, services.counts.add)
        for incident in found[:MOST]
    )
    listed = listing.listing(views, groups, endpoint=endpoint, now=iso(now), more=len(found) > MOST)
    over = services.history.ended_on(now, history.MOST)
    if len(over) < history.MOST:
        over += services.history.ended_on(now - timedelta(days=1), history.MOST)
    return listed + silences.silences(services.silences.current(now)) + history.history(over)
