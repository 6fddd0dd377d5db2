"""CloudTrail records for tests: payloads in AWS's documented shapes, and failing calls built from their parts."""

import json
import unicodedata
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from keywatch.model.signals import KeyFailure, Signal
from keywatch.sources import read_event
from keywatch.sources.source import Reception

PAYLOADS = Path(__file__).parents[2] / "payloads"
RECEIVED = datetime(2026, 11, 23, 4, tzinfo=UTC)
ACCOUNT, OTHER_ACCOUNT, REGION = "111122223333", "444455556666", "us-west-2"
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER_KEY_ID = "0987dcba-09fe-87dc-65ba-ab0987654321"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{KEY_ID}"
STORE = "cks-1234567890abcdef0"


@cache
def _text(kind: str, name: str) -> str:
    return (PAYLOADS / kind / f"{name}.json").read_text()


def payload(kind: str, name: str) -> Any:
    return json.loads(_text(kind, name))


def identities() -> dict[str, Any]:
    return payload("cloudtrail", "identities")


def read(event: object, **options: Any) -> Signal:
    (signal,) = read_event(event, Reception(RECEIVED, **options))
    return signal


def recorded(name: str) -> Signal:
    return read(payload("cloudtrail", name))


def failed(code: str | None, message: str | None, **parts: Any) -> dict[str, Any]:
    """A failing KMS call as CloudTrail records it."""
    return {
        "eventVersion": "1.11",
        "userIdentity": identities()["iam_user"],
        "eventTime": "2026-11-23T03:00:00Z",
        "eventSource": "kms.amazonaws.com",
        "eventName": "Decrypt",
        "awsRegion": REGION,
        "errorCode": code,
        "errorMessage": message,
        "eventID": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "recipientAccountId": ACCOUNT,
        **parts,
    }


def failure(record: dict[str, Any]) -> KeyFailure:
    signal = read(record)
    assert isinstance(signal, KeyFailure), signal
    return signal


_TURNS_TEXT = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def harmless(text: str) -> bool:
    """Tell whether a text stays one line and runs one way, whatever shows it."""
    kinds = {unicodedata.category(mark) for mark in text} | {
        unicodedata.bidirectional(mark) for mark in text
    }
    return not kinds & ({"Cc", "Cs", "Zl", "Zp"} | _TURNS_TEXT)
