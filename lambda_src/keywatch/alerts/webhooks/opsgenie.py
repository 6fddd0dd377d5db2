"""The alert as a request to Opsgenie's Alert API; the same body closes it, where only its note and source are read.

Source: Opsgenie developer documentation, "Create Alert" (``message`` 130, ``description`` 15,000,
``entity`` 512 characters, 20 ``tags`` of 50) and "Close Alert" (``alias`` is the incident's id).
"""

from typing import Any

from keywatch.alerts.document import Document
from keywatch.alerts.escape import plain
from keywatch.alerts.names import id_of
from keywatch.alerts.wording import headline

MAX_MESSAGE, MAX_DESCRIPTION, MAX_ENTITY, MAX_TAG = 130, 15_000, 512, 50
_PRIORITIES = {"critical": "P1", "high": "P2", "warning": "P3", "info": "P5"}


def body(document: Document) -> dict[str, Any]:
    """Return the request."""
    subject = document["subject"]
    owner = document.get("owner")
    tags = [document["cause"], document["severity"], subject["region"], subject["account"]]
    return {
        "message": headline(document, MAX_MESSAGE),
        "alias": document["incident_id"],
        "description": _description(document),
        "entity": plain(id_of(subject), MAX_ENTITY),
        "priority": _PRIORITIES.get(document["severity"], "P2"),
        "source": "KeyWatch",
        "note": plain(document["summary"]),
        "tags": [plain(tag, MAX_TAG) for tag in [*tags, *([owner] if owner else [])]],
    }


def _description(document: Document) -> str:
    """Return what is known and what to do; the last parts are left out where room is short: a cut command is another one."""
    steps = [
        f"{number}. {plain(step['text'])}" + (f"\n{step['command']}" if step["command"] else "")
        for number, step in enumerate(document["remedies"][:5], 1)
    ]
    parts = [plain(document["summary"]), *(plain(one) for one in document["because"][:5]), *steps]
    while len(text := "\n\n".join(parts)) > MAX_DESCRIPTION:
        parts.pop()
    return text
