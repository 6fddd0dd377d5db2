"""An account lives through an upgrade and back: open incidents and traffic under one version, then under another, then again.

Each part runs in a process of its own with the sources of its version; the table and the clock are
handed on, as a deployment does.
"""

import pickle
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from tests.upgrade.life import ACCOUNT, REGION, Part, arn

ROOT = Path(__file__).resolve().parents[2]
OLD, NEW, GONE = (f"{name}2b3c4d5-1111-2222-3333-444455556666" for name in ("a1", "b1", "c1"))
ALIAS = "alias/paymnets"
_IDS = count()


@dataclass(frozen=True, slots=True)
class Lived:
    """How it went: the messages of all parts in order, and everything that went wrong in a process."""

    sent: Sequence[dict[str, Any]]
    errors: Sequence[str]

    def told(self, identifier: str) -> list[str]:
        """Return the statuses of the messages about one key or alias, in order."""
        return [one["status"] for one in self.sent if identifier in str(one["subject"])]


def failing(identifier: str, code: str, message: str, calls: int = 1) -> list[dict[str, Any]]:
    """Return events of failing calls, each another call."""
    return [_event(identifier, code, message) for _ in range(calls)]


def disabled(key_id: str, calls: int = 1) -> list[dict[str, Any]]:
    return failing(key_id, "DisabledException", f"{arn(key_id)} is disabled.", calls)


def missing(alias: str, calls: int = 1) -> list[dict[str, Any]]:
    said = f"Alias arn:aws:kms:{REGION}:{ACCOUNT}:{alias} is not found."
    return failing(alias, "NotFoundException", said, calls)


def through(*versions: Path) -> Lived:
    """Live through three parts, each under its version (a folder with ``lambda_src``)."""
    parts: tuple[list[Any], ...] = (
        [
            {OLD: "Disabled", NEW: "Enabled"},
            disabled(OLD, 3),
            missing(ALIAS, 2),
            5,
            disabled(OLD, 2),
        ],
        [
            2,
            disabled(OLD, 4),
            missing(ALIAS),
            5,
            {NEW: "Disabled"},
            disabled(NEW, 2),
            20,
            disabled(OLD),
        ],
        [
            2,
            disabled(OLD, 2),
            disabled(NEW, 3),
            missing(ALIAS),
            30,
            {OLD: "Enabled"},
            40,
            disabled(NEW),
        ],
        [5, disabled(NEW), {NEW: "Enabled"}, 420],
    )
    part = Part([])
    for steps, version in zip(parts, versions, strict=True):
        part.steps = steps
        part = _lived(part, version)
    return Lived(part.sent, part.errors)


def _lived(part: Part, version: Path) -> Part:
    done = subprocess.run(
        [sys.executable, "-m", "tests.upgrade.life"],
        input=pickle.dumps(part),
        capture_output=True,
        cwd=ROOT,
        env={"PYTHONPATH": f"{version / 'lambda_src'}:{ROOT}", "PATH": "/usr/bin:/bin"},
        check=False,
        timeout=300,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.decode(errors="replace")[-2000:])
    return pickle.loads(done.stdout)  # noqa: S301 - our own, from the process started here


def problems(lived: Lived) -> Iterator[str]:
    """Yield what was lost, told twice or not told, whichever versions there were."""
    yield from lived.errors
    for identifier in (OLD, NEW, ALIAS):
        statuses = Counter(lived.told(identifier))
        if statuses["opened"] != 1:
            yield f"{identifier}: opened {statuses['opened']} times: {lived.told(identifier)}"
    for identifier, calls in {OLD: 12, NEW: 7}.items():
        if lived.told(identifier)[-1:] != ["resolved"]:
            yield f"{identifier}: not resolved: {lived.told(identifier)}"
            continue
        last = [one for one in lived.sent if identifier in str(one["subject"])][-1]
        if last["impact"]["failures"] != calls:
            yield f"{identifier}: {last['impact']['failures']} failures, not {calls}"


def _event(identifier: str, code: str, message: str) -> dict[str, Any]:
    number = next(_IDS)
    role = f"arn:aws:iam::{ACCOUNT}:role/app-{identifier[-12:].replace('/', '-')}"
    session = {"sessionIssuer": {"type": "Role", "arn": role, "accountId": ACCOUNT}}
    record = {
        "eventVersion": "1.11",
        "eventSource": "kms.amazonaws.com",
        "eventName": "Decrypt",
        "eventTime": "NOW",
        "eventID": f"event-{number}",
        "requestID": f"{number:08d}-1111-2222-3333-444455556666",
        "eventType": "AwsApiCall",
        "awsRegion": REGION,
        "recipientAccountId": ACCOUNT,
        "errorCode": code,
        "errorMessage": message,
        "requestParameters": {"keyId": identifier},
        "userIdentity": {
            "type": "AssumedRole",
            "arn": f"{role.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/i-0abc",
            "accountId": ACCOUNT,
            "sessionContext": session,
        },
    }
    return {
        "version": "0",
        "id": f"envelope-{number}",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.kms",
        "account": ACCOUNT,
        "time": "NOW",
        "region": REGION,
        "resources": [],
        "detail": record,
    }
