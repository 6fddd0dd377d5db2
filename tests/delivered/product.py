"""The product as a black box: the only module here that knows where its parts are."""

from collections.abc import Sequence
from dataclasses import dataclass

import handler
from infra import log_filter
from keywatch.model.signals import KeyFailure
from keywatch.sources.app_logs import DELIVERIES
from keywatch.sources.source import Reception
from tests.delivered.delivery import LogEvent, payload

REGION = "eu-west-1"  # of the log group


@dataclass(frozen=True, slots=True)
class Said:
    """One signal or finding: the cause, how sure, and every name that it gives the key."""

    cause: str
    confidence: str
    identifier: str | None
    names: frozenset[str]
    id: str = ""
    code: str | None = None


def filter_patterns() -> tuple[str, ...]:
    """Return the patterns of the subscription filters that a watched log group gets."""
    patterns = getattr(log_filter, "PATTERNS", None)
    return tuple(patterns) if patterns else (log_filter.PATTERN,)


def answer(text: str) -> dict:
    """Return the whole answer of ``explain``."""
    return handler.handler({"action": "explain", "text": text})


def explain(text: str) -> list[Said]:
    """Return what ``explain`` finds in a text."""
    return [_finding(finding) for finding in answer(text)["findings"]]


def signals(events: Sequence[LogEvent]) -> list[Said]:
    """Return the failures that the function reads out of one delivery, each once."""
    read = DELIVERIES.read(payload(events), Reception(region=REGION))
    return list(
        {
            said.id: said
            for signal in read
            if isinstance(signal, KeyFailure)
            for said in [_signal(signal)]
        }.values()
    )


def _finding(finding: dict) -> Said:
    names = frozenset(
        name for name in (finding["identifier"], finding["key_arn"], finding["alias"]) if name
    )
    return Said(
        finding["cause"],
        finding["confidence"],
        finding["identifier"],
        names,
        code=finding["error_code"],
    )


def _signal(signal: KeyFailure) -> Said:
    reading = signal.classification
    typed = signal.identifier.text if signal.identifier else None
    names = frozenset(
        name for name in (typed, signal.key_arn, reading.alias_arn, reading.identifier) if name
    )
    return Said(
        reading.cause or "unclassified",
        str(reading.confidence),
        typed,
        names,
        signal.event_id,
        signal.error_code,
    )
