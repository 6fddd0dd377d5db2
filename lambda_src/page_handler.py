"""The entry point of the page's own function: it answers page requests of the dashboard, and does nothing else.

Who looks at a dashboard calls its function with their own rights, and may then send it anything.
This one has no action, takes no event, and its role reads the incident table and nothing else: there
is nothing to forge and nobody to blame through it.
"""

import os
from functools import lru_cache

from keywatch.page.widget import answer
from keywatch.runtime import Runtime

NO_PAGE = "This function answers the KeyWatch dashboard, and nothing else."


def handler(event: object, context: object = None) -> str:
    """Return the page as HTML, or the widget's documentation as Markdown; a sentence to whoever asks for anything else."""
    request = event if isinstance(event, dict) else {}
    if "widgetContext" not in request and "describe" not in request:
        return NO_PAGE
    runtime = _runtime()
    with runtime.counted():
        return answer(request, context, runtime.services)


@lru_cache(maxsize=1)
def _runtime() -> Runtime:
    # It is told where the table is, and of no topic, no role and no setting.
    nothing = {"ALERT_TOPIC_ARN": "", "OWN_ROLE_ARN": ""}
    return Runtime.from_environment({**nothing, **os.environ})
