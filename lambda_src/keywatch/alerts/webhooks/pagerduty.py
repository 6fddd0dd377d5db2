"""The alert as an event of PagerDuty's Events API v2; the routing key is added on the way.

All messages of an incident have its id as ``dedup_key``: the first opens, ``resolved`` resolves.
Source: PagerDuty developer documentation, "Send an Alert Event" (``summary``: at most 1,024
characters).
"""

from typing import Any

from keywatch.alerts.document import Document
from keywatch.alerts.escape import plain
from keywatch.alerts.names import id_of
from keywatch.alerts.wording import headline

MAX_SUMMARY = 1_024
_SEVERITIES = {"critical": "critical", "high": "error", "warning": "warning", "info": "info"}


def body(document: Document) -> dict[str, Any]:
    """Return the event."""
    over = document["status"] == "resolved"
    subject = document["subject"]
    return {
        "event_action": "resolve" if over else "trigger",
        "dedup_key": document["incident_id"],
        "client": "KeyWatch",
        "payload": {
            "summary": headline(document, MAX_SUMMARY),
            "source": plain(id_of(subject), 300) or "KeyWatch",
            "severity": _SEVERITIES.get(document["severity"], "error"),
            "timestamp": document["impact"]["first_seen"],
            "component": "AWS KMS",
            "group": f"{subject['account']} {subject['region']}",
            "class": document["cause"],
            "custom_details": {
                "summary": plain(document["summary"]),
                "status": document["status"],
                "confidence": document["confidence"],
                "owner": document.get("owner", ""),
                "because": [plain(reason) for reason in document["because"][:5]],
                "next steps": [
                    {"text": plain(step["text"]), "command": step["command"]}
                    for step in document["remedies"][:5]
                ],
            },
        },
    }
