"""Answer ``incidents``: all that has not ended, the newest failures first, and on demand what has; one short entry each."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from keywatch.actions.plain_json import iso
from keywatch.actions.silence.run import as_json
from keywatch.model.incident import BY_ITSELF, ENDED, Incident
from keywatch.services import Services
from keywatch.store.history import EndedIncident

SCHEMA = "keywatch.incidents/1"
MOST_READ = 100_000
MOST = 10_000  # entries: an answer of Lambda holds 6 MB (Lambda Developer Guide, "Lambda quotas")
USUAL = timedelta(days=7)  # how far back what ended is listed where nobody says since when
MOST_ENDED = 20_000
MOST_OFFENDERS = 10

Entry = dict[str, Any]


def incidents(fields: Mapping[str, Any], services: Services) -> dict[str, Any]:
    """Return the incidents that all given ``fields`` hold for; ``left_out`` is how many more there are.

    Those that ended come only where they are asked for, after those that go on.
    """
    over = bool(fields.get("ended")) or fields.get("status") in ENDED
    going_on = map(_entry, services.incidents.going_on(MOST_READ))
    ended = [_entry_of_ended(one) for one in _ended(fields, services)] if over else []
    found = [one for one in (*going_on, *ended) if _matches(one, fields)]
    return {
        "schema": SCHEMA,
        "region": services.settings.region,
        "counts": dict(Counter(one["cause"] for one in found)),
        "incidents": found[:MOST],
        "repeat_offenders": repeat_offenders(found) if over else [],
        "silences": [as_json(one) for one in services.silences.active(services.now())],
        "left_out": max(0, len(found) - MOST),
    }


def _ended(fields: Mapping[str, Any], services: Services) -> Iterator[EndedIncident]:
    """Yield what ended, the newest first, day by day as far back as is kept."""
    now, keep = services.now(), services.settings.keep_incidents
    since = _since(fields) or now - USUAL
    days = min((now.date() - since.astimezone(UTC).date()).days, keep.days)
    by_day = (
        services.history.ended_on(now - timedelta(days=one), MOST_ENDED) for one in range(days + 1)
    )
    return islice((one for found in by_day for one in found), MOST_ENDED)


def _since(fields: Mapping[str, Any]) -> datetime | None:
    since = fields.get("since")
    return datetime.fromisoformat(since) if since else None


def _matches(entry: Entry, fields: Mapping[str, Any]) -> bool:
    asked = ("status", "cause", "account", "group", "owner")
    since = _since(fields)
    begun = datetime.fromisoformat(entry["ended_at"] or entry["first_seen"])
    return all(fields.get(name) in {None, entry[name]} for name in asked) and (
        since is None or begun >= since
    )


def repeat_offenders(entries: Sequence[Entry]) -> list[Entry]:
    """Return what broke more than once, the most often first."""
    by_subject: defaultdict[tuple[str, ...], list[Entry]] = defaultdict(list)
    for one in entries:
        by_subject[one["kind"], one["subject"], one["account"], one["region"]].append(one)
    again = [
        {
            "kind": kind,
            "subject": subject,
            "account": account,
            "region": region,
            "incidents": len(of),
            "failures": sum(one["failures"] for one in of),
            "last_seen": max(one["last_seen"] for one in of),
        }
        for (kind, subject, account, region), of in by_subject.items()
        if len(of) > 1
    ]
    return sorted(again, key=lambda one: (-one["incidents"], one["subject"]))[:MOST_OFFENDERS]


def _entry(incident: Incident) -> Entry:
    return _common(incident) | {
        "cause": incident.cause or incident.latest_cause,
        "opened_at": iso(incident.openings[-1]) if incident.openings else None,
        "ended_at": None,
        "silence": incident.silence,
    }


def _entry_of_ended(incident: EndedIncident) -> Entry:
    return _common(incident) | {
        "cause": incident.cause,
        "opened_at": iso(incident.opened_at),
        "ended_at": iso(incident.ended_at),
        "silence": None,
    }


def _common(incident: Incident | EndedIncident) -> Entry:
    subject = incident.subject
    return {
        "incident_id": incident.id,
        "status": incident.status,
        "cause": "",
        "severity": incident.severity or None,
        "kind": subject.kind,
        "subject": subject.name,
        "account": subject.account,
        "region": subject.region,
        "failures": incident.failures,
        "first_seen": iso(incident.first_seen),
        "last_seen": iso(incident.last_seen),
        "owner": incident.owner,
        "group": None if incident.group == BY_ITSELF else incident.group,
        **({"replayed": subject.replayed} if subject.replayed else {}),
    }
