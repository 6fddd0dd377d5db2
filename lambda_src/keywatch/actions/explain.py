"""``explain``: what an error text, stack trace, log line or record means. Pure: no AWS call, no settings, no credentials.

The same readers that turn logs and records into alerts answer here, so that what is explained is
what would be alerted.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from keywatch.actions.requests import InvalidRequest
from keywatch.catalogue.causes import CAUSES, remedies_for
from keywatch.catalogue.changes import CHANGES
from keywatch.model.identifiers import KeyIdentifier, Kind, parse, partition_of
from keywatch.model.levels import Confidence
from keywatch.model.signals import KeyChange, KeyFailure, Signal, Unrelated
from keywatch.parsing.log_texts import LoggedError, find_errors
from keywatch.sources import read_event

SCHEMA = "keywatch.explain/1"


@dataclass(frozen=True, slots=True)
class _Case:
    """One failure as text or record gave it, reduced to what an answer needs."""

    cause: str
    confidence: Confidence
    source: str
    said: str
    code: str | None = None
    operation: str | None = None
    identifier: KeyIdentifier | None = None
    key_arn: str | None = None
    region: str | None = None
    called_region: str | None = None
    account: str | None = None
    key_store: str | None = None
    external_key: str | None = None
    principal: str | None = None


def explain(request: Mapping[str, object]) -> dict[str, object]:
    """Answer ``{"action": "explain", "text": …, "record": …}`` (one or both); raises ``InvalidRequest``.

    The answer has one finding for each distinct failure, in the order of appearance; none when
    nothing in it says that a KMS key was missing or unusable.
    """
    text, record = _read_request(request)
    cases = list(_from_record(record)) if record is not None else []
    if text is not None:
        cases += _from_text(text)
    findings = list(
        {
            (c.cause, c.key_arn or (c.identifier.text if c.identifier else "")): c
            for c in reversed(cases)
        }.values()
    )
    return {
        "schema": SCHEMA,
        "matched": bool(findings),
        "findings": [_finding(case) for case in reversed(findings)],
    }


def _read_request(request: Mapping[str, object]) -> tuple[str | None, Mapping[str, object] | None]:
    text, record = request.get("text"), request.get("record")
    wrong: dict[str, str] = {}
    if text is not None and not isinstance(text, str):
        wrong["text"] = "must be a string"
    if record is not None and not isinstance(record, Mapping):
        wrong["record"] = "must be an object: a CloudTrail record or an EventBridge event"
    if text is None and record is None:
        wrong["text"] = "give a text, a record, or both"
    if wrong:
        raise InvalidRequest(
            "; ".join(f"{name}: {problem}" for name, problem in wrong.items()), wrong
        )
    return text if isinstance(text, str) else None, record if isinstance(record, Mapping) else None


def _from_text(text: str) -> list[_Case]:
    """Read a text; one that is a record or event in JSON is read as such, because its fields say more than its words."""
    records = list(_records_in(text))
    if records:
        return [case for record in records for case in _from_record(record)]
    return [_of_text(error) for error in find_errors(text)]


_MARKS = ("eventSource", "detail-type", "Records")


def _records_in(text: str) -> Iterator[Mapping[str, object]]:
    if not text.lstrip()[:1].startswith(("{", "[")):
        return
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict) and any(mark in item for mark in _MARKS):
            yield item


def _from_record(record: Mapping[str, object]) -> Iterator[_Case]:
    """Read a record or event; one of a kind that nobody knows is searched as text, once."""
    signals = read_event(record)
    yield from (case for signal in signals if (case := _of_signal(signal)))
    if Unrelated("unknown_shape") in signals:
        yield from (_of_text(error) for error in find_errors(_as_text(record)))


def _as_text(record: Mapping[str, object]) -> str:
    try:
        return json.dumps(record, default=str, ensure_ascii=False)
    except (ValueError, TypeError, RecursionError):
        return ""


def _of_text(error: LoggedError) -> _Case:
    classification = error.classification
    said = f"AWS answered {f'{error.code}: ' if error.code else ''}{error.message}".rstrip(": ")
    return _Case(
        classification.cause or "unclassified",
        classification.confidence,
        "error text",
        said,
        error.code,
        error.operation,
        error.identifier,
        classification.key_arn,
        error.region,
        error.called_region,
        error.account,
        error.key_store,
    )


def _of_signal(signal: Signal) -> _Case | None:
    if isinstance(signal, KeyFailure):
        return _of_failure(signal)
    if isinstance(signal, KeyChange) and signal.source == "native":
        return _of_change(signal)
    return None


def _of_failure(failure: KeyFailure) -> _Case:
    classification = failure.classification
    said = ": ".join(filter(None, (failure.error_code, failure.error_message)))
    key_region = classification.region if classification.cause == "wrong_region" else None
    return _Case(
        classification.cause or "unclassified",
        classification.confidence,
        "error text" if failure.error_message else "error code",
        f"AWS answered {said}" if said else "AWS reported a failure",
        failure.error_code,
        failure.operation,
        failure.identifier,
        failure.key_arn,
        key_region or failure.region,
        failure.region,
        classification.account or failure.account,
        failure.key_store,
        failure.external_key,
        failure.caller.principal if failure.caller.principal.startswith("arn:") else None,
    )


def _of_change(change: KeyChange) -> _Case | None:
    kind = CHANGES.get(change.what)
    cause = kind.announces if kind else None
    if cause is None:
        return None
    subject = change.subjects[0]
    arn = f"arn:{change.partition}:kms:{subject.region}:{subject.account}:key/{subject.name}"
    said = f"KMS announced {change.what} of this key"
    return _Case(
        cause,
        Confidence.CERTAIN,
        "KMS event",
        said,
        identifier=parse(arn),
        key_arn=arn,
        region=change.region,
        called_region=change.region,
        account=change.account,
    )


def _finding(case: _Case) -> dict[str, object]:
    name = case.identifier
    return {
        "cause": case.cause,
        "confidence": case.confidence.value,
        "identifier": name.text if name else None,
        "key_arn": case.key_arn,
        "alias": name.alias if name else None,
        "account": case.account,
        "region": case.region,
        "operation": case.operation,
        "error_code": case.code,
        "because": list(_because(case)),
        "remedies": [
            {"text": r.text, "command": r.command} for r in remedies_for(case.cause, _facts(case))
        ],
    }


def _because(case: _Case) -> Iterator[str]:
    yield f"{case.source}: {case.said}"
    yield f"catalogue: {CAUSES[case.cause].meaning}"
    name = case.identifier
    if name and name.problem and case.cause == "malformed_identifier":
        guess = f" Most likely meant: {name.corrected}" if name.corrected else ""
        yield f"identifier: {name.problem}.{guess}"
    if case.cause == "wrong_region" and case.region:
        yield f"error text: the ARN that was given names the Region {case.region}, which is not the one that was called."
    if doubt := CAUSES[case.cause].doubt:
        yield f"unknown: {doubt}"


def _facts(case: _Case) -> dict[str, str]:
    """Return what the commands may name; identifiers that name no key are left out."""
    name = case.identifier
    formed = name if name and name.kind is not Kind.MALFORMED else None
    region = case.called_region
    return {
        "key": case.key_arn or (formed.text if formed and formed.key_id else "") or "",
        "alias": (formed.alias if formed else None) or "",
        "identifier": name.text if name else "",
        "did_you_mean": (name.corrected if name else None) or "",
        "region": region or "",
        "key_region": (case.region or "") if case.cause == "wrong_region" else "",
        "account": case.account or "",
        "partition": (name.partition if name else None) or partition_of(region),
        "principal": case.principal or "",
        "operation": case.operation or "",
        "key_store": case.key_store or "",
        "xks_key": case.external_key or "",
    }
