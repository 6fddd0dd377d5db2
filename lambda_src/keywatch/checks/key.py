"""``check``: can this key be used, and if not, why? The same look-ups and diagnosis as an alert's."""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from keywatch.alerting import examine, subject_view
from keywatch.alerts.document import Alert, Impact
from keywatch.causes import Confidence
from keywatch.checks.requests import InvalidRequest
from keywatch.diagnosis import Diagnosis
from keywatch.evidence import Evidence, KeyFacts, Look, Sight
from keywatch.hypotheses.states import STATE_CAUSES
from keywatch.identifiers import parse, partition_of
from keywatch.incidents import new_id
from keywatch.services import Services
from keywatch.signals import Caller, KeyFailure, Reading
from keywatch.sources.error_texts import read_error
from keywatch.subjects import subject_of

SCHEMA = "keywatch.check/1"
MAX_KEYS = 50
MAX_WAIT = 300
FIRST_DELAY, LONGEST_DELAY = 1.0, 20.0
_ASKER = Caller("manual check")


@dataclass(frozen=True, slots=True)
class Request:
    """A valid check request: identifiers as typed, the Region to look in, seconds to wait, whether to publish the answer."""

    keys: tuple[str, ...]
    region: str
    wait_seconds: float
    notify: bool


def check(
    request: Mapping[str, Any],
    services: Services,
    _context: object = None,
    *,
    sleep: Callable[[float], None] = time.sleep,
    jitter: Callable[[], float] = random.random,
) -> dict[str, Any]:
    """Answer ``{"action": "check"}``; raises ``InvalidRequest`` naming the fields that are wrong."""
    asked = read_request(request, services.settings.region)
    results = [_check_one(key, asked, services, sleep, jitter) for key in asked.keys]
    return {"schema": SCHEMA, "results": results}


def read_request(request: Mapping[str, Any], own_region: str) -> Request:
    """Return the request, validated; raises ``InvalidRequest``."""
    keys = request.get("key_id")
    keys = keys if isinstance(keys, list) else [keys]
    region, wait, notify = request.get("region", own_region), request.get("wait_seconds", 0), request.get("notify", False)
    wrong: dict[str, str] = {}
    if not 1 <= len(keys) <= MAX_KEYS or not all(isinstance(key, str) and key.strip() for key in keys):
        wrong["key_id"] = f"must be a key id, ARN or alias, or a list of 1 to {MAX_KEYS} of them"
    if not isinstance(region, str) or not region.replace("-", "").isalnum():
        wrong["region"] = "must be the name of an AWS Region"
    if isinstance(wait, bool) or not isinstance(wait, int | float) or not 0 <= wait <= MAX_WAIT:
        wrong["wait_seconds"] = f"must be a number from 0 to {MAX_WAIT}"
    if not isinstance(notify, bool):
        wrong["notify"] = "must be true or false"
    if wrong:
        raise InvalidRequest("; ".join(f"{name} {problem}" for name, problem in wrong.items()), wrong)
    return Request(tuple(dict.fromkeys(keys)), region, float(wait), notify)


def _check_one(
    key: str, asked: Request, services: Services, sleep: Callable[[float], None], jitter: Callable[[], float]
) -> dict[str, Any]:
    started, tries = services.now(), []
    for delay in _delays(asked.wait_seconds, jitter):
        sleep(delay)
        result, saw = _look(key, asked, services)
        tries.append({"after_seconds": round((services.now() - started).total_seconds(), 1), "saw": saw})
        waited = services.now() - started
        if result["usable"] is not False or waited >= timedelta(seconds=asked.wait_seconds):
            break
    return result | ({"tries": tries} if asked.wait_seconds else {})


def _delays(most: float, jitter: Callable[[], float]) -> Iterator[float]:
    """Yield the pauses before each try: none before the first, then growing ones with jitter, ``most`` seconds in all."""
    yield 0
    left, delay = most, FIRST_DELAY
    while left > 0:
        pause = min(left, delay * (0.75 + jitter() / 2))
        left -= pause
        delay = min(delay * 1.7, LONGEST_DELAY)
        yield pause


def _look(key: str, asked: Request, services: Services) -> tuple[dict[str, Any], str]:
    """Look once; return the result and in a word what was seen."""
    facts, look = services.lookups.key(key, asked.region)
    reading = _reading(facts, look)
    if facts and reading is None:
        return _usable(key, facts, asked, services), facts.state
    failure = _as_failure(key, reading or Reading("unclassified"), look, asked.region, services.now(), facts)
    changes = services.table.read(failure.subject).changes
    diagnosis, evidence = examine(services, failure, changes)
    if asked.notify:
        _notify(services, failure, diagnosis)
    saw = facts.state if facts else look.error or look.sight.value
    return _result(key, asked.region, usable=False, diagnosis=diagnosis, evidence=evidence, services=services), saw


def _reading(facts: KeyFacts | None, look: Look) -> Reading | None:
    """Return what DescribeKey's answer means, in the terms of an error text; ``None`` for a key that KMS would use."""
    if facts:
        cause = STATE_CAUSES.get(facts.state)
        return Reading(cause, Confidence.CERTAIN, key_arn=facts.arn) if cause else None
    reading = read_error(look.error, look.message, operation="DescribeKey")
    if reading and reading.cause:
        return reading
    if look.sight is Sight.DENIED:
        return Reading("missing_or_not_authorized", Confidence.POSSIBLE)
    return Reading("unclassified", Confidence.POSSIBLE)


def _as_failure(key: str, reading: Reading, look: Look, region: str, now: datetime, facts: KeyFacts | None) -> KeyFailure:
    identifier = parse(key[:2048])
    arn = facts.arn if facts else reading.key_arn
    account = reading.account or identifier.account
    return KeyFailure(
        source="manual",
        event_id="",
        time=now,
        reading=reading,
        subject=subject_of(
            reading=reading, identifier=identifier, key_arn=arn, account=account, region=region, key_store=None, caller="check"
        ),
        caller=_ASKER,
        partition=identifier.partition or partition_of(region),
        account=account,
        region=region,
        operation="DescribeKey",
        error_code=look.error or None,
        error_message=look.message or None,
        identifier=identifier,
        key_arn=arn,
    )


def _usable(key: str, facts: KeyFacts, asked: Request, services: Services) -> dict[str, Any]:
    """Answer for a key that KMS would use; of an external key only a cryptographic call tells more."""
    external = facts.origin == "EXTERNAL_KEY_STORE"
    evidence = Evidence(key=facts)
    if facts.key_store:
        store, look = services.lookups.store(facts.key_store, asked.region)
        evidence = Evidence(key=facts, store=store, looks=(look,))
    result = _result(key, asked.region, usable=None if external else True, diagnosis=None, evidence=evidence, services=services)
    if external:
        result["unknowns"].append("AWS cannot see the external key without a cryptographic call.")
    return result


def _result(
    key: str, region: str, *, usable: bool | None, diagnosis: Diagnosis | None, evidence: Evidence, services: Services
) -> dict[str, Any]:
    facts = evidence.key
    aliases = services.lookups.aliases(region)[0] if facts else ()
    return {
        "key_id": key,
        "region": region,
        "usable": usable,
        "diagnosis": _diagnosis(diagnosis) if diagnosis else None,
        "key": _key(facts) if facts else None,
        "key_store": _store(evidence),
        "aliases": [alias.name for alias in aliases if facts and alias.target == facts.key_id],
        "did_you_mean": diagnosis.facts.get("did_you_mean") if diagnosis else None,
        "last_used": _iso(evidence.last_used),
        "remedies": [{"text": r.text, "command": r.command} for r in diagnosis.remedies] if diagnosis else [],
        "unknowns": list(diagnosis.unknowns) if diagnosis else [],
    }


def _diagnosis(diagnosis: Diagnosis) -> dict[str, Any]:
    return {
        "cause": diagnosis.cause,
        "confidence": diagnosis.confidence.value,
        "because": [str(reason) for reason in diagnosis.because],
    }


def _key(facts: KeyFacts) -> dict[str, Any]:
    return {
        "arn": facts.arn,
        "state": facts.state,
        "manager": facts.manager,
        "origin": facts.origin,
        "usage": facts.usage,
        "created": _iso(facts.created),
        "deletion_date": _iso(facts.deletion_date),
        "valid_to": _iso(facts.valid_to),
        "replica_regions": list(facts.replicas),
        "key_store": facts.key_store,
        "external_key": facts.external_key,
    }


def _store(evidence: Evidence) -> dict[str, Any] | None:
    store = evidence.store
    return {"id": store.id, "name": store.name, "state": store.state, "error": store.error} if store else None


def _iso(when: datetime | None) -> str | None:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ") if when else None


def _notify(services: Services, failure: KeyFailure, diagnosis: Diagnosis) -> None:
    now = services.now()
    services.publisher.publish(
        Alert(
            status="opened",
            incident_id=new_id(failure.subject, now),
            subject=subject_view(failure.subject, failure, diagnosis),
            diagnosis=diagnosis,
            impact=Impact(failures=0, first_seen=now, last_seen=now),
            notes=("This was asked by hand (check); no failing call was seen.",),
        )
    )
