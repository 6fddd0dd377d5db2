"""Answer ``silence`` and ``unsilence``: keep it, and let the clock look at once at what it covers."""

from collections.abc import Mapping
from itertools import islice
from typing import Any

from keywatch.actions.plain_json import iso
from keywatch.actions.requests import InvalidRequest
from keywatch.incidents import silenced
from keywatch.model.silence import MOST_SILENCES, Silence, duration_of, match_of, new_silence
from keywatch.services import Services

SCHEMA = "keywatch.{}/1"
MOST_READ, MOST_LOOKED_AT = 20_000, 500
_WIDE = (
    "This covers everything that this deployment sees here, and all of it will be silent. "
    "Add a key, a caller or a cause if that is not what you want."
)


def silence(fields: Mapping[str, Any], services: Services) -> dict[str, Any]:
    """Keep a silence; return it, and how many incidents it covers now. Raises ``InvalidRequest`` where there are too many."""
    now, length, match = services.now(), duration_of(fields["for"]), match_of(fields["match"])
    if length is None or match is None:  # pragma: no cover - the action has checked both
        raise InvalidRequest.of({"match": "is not good"})
    if len(list(islice(services.silences.active(now), MOST_SILENCES))) >= MOST_SILENCES:
        problem = f"would be one more than the {MOST_SILENCES} silences that may be on at once: end one first"
        raise InvalidRequest.of({"match": problem})
    made = new_silence(match, fields["reason"], now, now + length)
    services.silences.add(made)
    return {
        "schema": SCHEMA.format("silence"),
        "silence": as_json(made),
        "incidents": _look_at(services, made),
        "warning": _WIDE if _covers_all_here(match, services) else "",
    }


def unsilence(fields: Mapping[str, Any], services: Services) -> dict[str, Any]:
    """End a silence; return it as it was. Raises ``InvalidRequest`` where it is not on."""
    now, wanted = services.now(), fields["silence_id"]
    found = [one for one in services.silences.active(now) if one.id == wanted]
    if not found or not services.silences.end(found[0], now):
        raise InvalidRequest.of({"silence_id": "is not the id of a silence that is on"})
    _look_at(services, found[0])
    return {"schema": SCHEMA.format("unsilence"), "silence": as_json(found[0])}


def as_json(silence: Silence) -> dict[str, Any]:
    """Return a silence as plain JSON."""
    return {
        "silence_id": silence.id,
        "match": dict(silence.match),
        "reason": silence.reason,
        "created": iso(silence.created),
        "until": iso(silence.until),
    }


def _look_at(services: Services, silence: Silence) -> int:
    """Let the clock look at once at the incidents that a silence covers; return how many they are."""
    going_on = services.incidents.going_on(MOST_READ)
    covered = [
        incident
        for incident in going_on
        if silence.covers(silenced.view_of(incident, incident.cause or incident.latest_cause, None))
    ]
    for incident in covered[:MOST_LOOKED_AT]:
        services.incidents.schedule_now(incident.subject, services.now())
    return len(covered)


def _covers_all_here(match: Mapping[str, str], services: Services) -> bool:
    here = {"account": services.settings.account, "region": services.settings.region}
    return match.items() <= here.items()
