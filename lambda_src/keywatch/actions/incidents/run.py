"""Answer ``incidents``: all that has not ended, the newest failures first, one short entry each."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from keywatch.actions.silence.run import as_json
from keywatch.alerts.wording import iso
from keywatch.model.incident import BY_ITSELF, Incident
from keywatch.services import Services

SCHEMA = "keywatch.incidents/1"
MOST_READ = 100_000
MOST = 12_000  # entries: an answer of Lambda holds 6 MB (Lambda Developer Guide, "Lambda quotas")


def incidents(fields: Mapping[str, Any], services: Services) -> dict[str, Any]:
    """Return the incidents that go on and that all given ``fields`` hold for; ``left_out`` is how many more there are."""
    found = [one for one in services.incidents.going_on(MOST_READ) if _matches(one, fields)]
    return {
        "schema": SCHEMA,
        "region": services.settings.region,
        "counts": dict(Counter(_cause(one) for one in found)),
        "incidents": [_entry(one) for one in found[:MOST]],
        "silences": [as_json(one) for one in services.silences.active(services.now())],
        "left_out": max(0, len(found) - MOST),
    }


def _matches(incident: Incident, fields: Mapping[str, Any]) -> bool:
    since = fields.get("since")
    told = {
        "status": incident.status,
        "cause": _cause(incident),
        "account": incident.subject.account,
        "group": incident.group,
    }
    return all(fields.get(name) in {None, value} for name, value in told.items()) and (
        since is None or incident.first_seen >= datetime.fromisoformat(since)
    )


def _cause(incident: Incident) -> str:
    return incident.cause or incident.latest_cause


def _entry(incident: Incident) -> dict[str, Any]:
    subject = incident.subject
    return {
        "incident_id": incident.id,
        "status": incident.status,
        "cause": _cause(incident),
        "severity": incident.severity,
        "kind": subject.kind,
        "subject": subject.name,
        "account": subject.account,
        "region": subject.region,
        "failures": incident.failures,
        "first_seen": iso(incident.first_seen),
        "last_seen": iso(incident.last_seen),
        "group": None if incident.group == BY_ITSELF else incident.group,
        "owner": incident.owner,
        "silence": incident.silence,
        **({"replayed": subject.replayed} if subject.replayed else {}),
    }
