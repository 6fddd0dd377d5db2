"""The failures that a text or a record tells of, by the same readers that turn logs and records into alerts. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from keywatch.catalogue.changes import CHANGES
from keywatch.model.identifiers import KeyIdentifier, parse
from keywatch.model.levels import Confidence
from keywatch.model.signals import KeyChange, KeyFailure, Signal, Unrelated
from keywatch.parsing.logs.bare import bare_code
from keywatch.parsing.logs.errors import find_errors, find_what_people_say
from keywatch.parsing.logs.logged_error import LoggedError
from keywatch.sources import read_event

MARKS = ("eventSource", "detail-type", "Records")


@dataclass(frozen=True, slots=True)
class ExplainedFailure:
    """One failure as text or record gave it, reduced to what an answer needs."""

    cause: str
    confidence: Confidence
    source: str
    statement: str
    code: str | None = None
    code_only: bool = False
    own_words: bool = False
    operation: str | None = None
    identifier: KeyIdentifier | None = None
    key_arn: str | None = None
    region: str | None = None
    called_region: str | None = None
    account: str | None = None
    key_store: str | None = None
    external_key: str | None = None
    principal: str | None = None


def failures_in_text(text: str) -> list[ExplainedFailure]:
    """Read a text; one that is a record or event in JSON is read as such, because its fields say more than its words."""
    records = list(_records_in(text))
    if records:
        return [case for record in records for case in failures_in_record(record)]
    errors = find_errors(text) or find_errors(text.lstrip().removeprefix("> "))
    if not errors and (error := bare_code(text)):
        errors = (error,)
    return [_of_text(error) for error in errors or find_what_people_say(text)]


def _records_in(text: str) -> Iterator[Mapping[str, object]]:
    if not text.lstrip()[:1].startswith(("{", "[")):
        return
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict) and any(mark in item for mark in MARKS):
            yield item


def failures_in_record(record: Mapping[str, object]) -> Iterator[ExplainedFailure]:
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


def _of_text(error: LoggedError) -> ExplainedFailure:
    classification = error.classification
    answered = ": ".join(filter(None, (error.code, error.message)))
    statement = f"AWS answered {answered}".rstrip(": ")
    return ExplainedFailure(
        cause=classification.cause or "unclassified",
        confidence=classification.confidence,
        source="error text",
        statement=f'it says "{error.message}"' if error.own_words else statement,
        code=error.code,
        code_only=not error.message,
        own_words=error.own_words,
        operation=error.operation,
        identifier=error.identifier,
        key_arn=classification.key_arn,
        region=error.region,
        called_region=error.called_region,
        account=error.account,
        key_store=error.key_store,
    )


def _of_signal(signal: Signal) -> ExplainedFailure | None:
    if isinstance(signal, KeyFailure):
        return _of_failure(signal)
    if isinstance(signal, KeyChange) and signal.source == "native":
        return _of_change(signal)
    return None


def _of_failure(failure: KeyFailure) -> ExplainedFailure:
    classification = failure.classification
    answered = ": ".join(filter(None, (failure.error_code, failure.error_message)))
    principal = failure.caller.principal
    key_region = classification.region if classification.cause == "wrong_region" else None
    return ExplainedFailure(
        cause=classification.cause or "unclassified",
        confidence=classification.confidence,
        source="error text" if failure.error_message else "error code",
        statement=f"AWS answered {answered}" if answered else "AWS reported a failure",
        code=failure.error_code,
        operation=failure.operation,
        identifier=failure.identifier,
        key_arn=failure.key_arn,
        region=key_region or failure.region,
        called_region=failure.region,
        account=classification.account or failure.account,
        key_store=failure.key_store,
        external_key=failure.external_key,
        principal=principal if principal.startswith("arn:") else None,
    )


def _of_change(change: KeyChange) -> ExplainedFailure | None:
    kind = CHANGES.get(change.what)
    cause = kind.announces if kind else None
    if cause is None:
        return None
    subject = change.subjects[0]
    arn = f"arn:{change.partition}:kms:{subject.region}:{subject.account}:key/{subject.name}"
    return ExplainedFailure(
        cause=cause,
        confidence=Confidence.CERTAIN,
        source="KMS event",
        statement=f"KMS announced {change.what} of this key",
        identifier=parse(arn),
        key_arn=arn,
        region=change.region,
        called_region=change.region,
        account=change.account,
    )
