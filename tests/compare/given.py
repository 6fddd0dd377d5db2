"""What both versions are given: the corpus where it is there, the payloads, every text of the tests, a matrix of settings."""

import ast
import json
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from tests.compare.capture.errors import SERVICES, TEXTS
from tests.compare.capture.inputs import Inputs

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
SHORTEST = 12  # letters of a text in the tests that is worth explaining

_SLACK = {"slack_workspace_id": "T07EXAMPLE", "slack_channel_id": "C07EXAMPLE"}
_TEAMS = {
    "teams_tenant_id": "aaaaaaaa-1111-2222-3333-444444444444",
    "teams_team_id": "bbbbbbbb-1111-2222-3333-444444444444",
    "teams_channel_id": "19%3aexample%40thread.tacv2",
}
_KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
_GROUPS = ["/ecs/payments", "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/orders"]
STACKS: dict[str, dict[str, Any]] = {
    "everything off": {},
    "everything on": {
        "alert_emails": ["oncall@example.com", "security@example.com"],
        "chat": _SLACK,
        "log_groups": _GROUPS,
        "regions": ["eu-west-1"],
        "search_regions": ["us-east-1", "eu-central-1"],
        "create_trail": True,
        "dashboard": True,
        "ignore": [
            {
                "cause": "key_disabled",
                "key": "alias/playground-*",
                "reason": "keys that we break on purpose",
            }
        ],
        "alert_topic_key_arn": _KEY,
        "repeat_interval_minutes": 60,
        "extra_event_sources": ["keywatch.replay"],
    },
    "all log groups": {"all_log_groups": True},
    "teams": {"chat": _TEAMS, "alert_topic_key_arn": _KEY},
    "no dashboard, a topic for chat": {
        "dashboard": False,
        "chat": "arn:aws:sns:eu-west-1:111122223333:chat",
    },
    "two regions": {
        "regions": ["eu-west-1", "us-east-1"],
        "log_groups": _GROUPS,
        "create_trail": True,
    },
}


# The scenarios in which one version goes on with what another stored.
HANDED_OVER = (
    "open incidents go on",
    "claimed and never sent",
    "ended incidents open again",
    "the ledger is read",
    "housekeeping goes on",
)


def given(*, reduced: bool = False) -> dict[str, Any]:
    """Return the inputs as JSON; ``reduced`` to what takes seconds."""
    rows = [] if reduced else list(_corpus())
    every = 7 if reduced else 1
    inputs = Inputs(
        explain=dict(_explain(rows, every)),
        logs=[*_payload_lines(), *[row["text"] for row in rows if "text" in row]],
        events=[*[row.get("record", row.get("event")) for row in rows if "text" not in row]],
        payloads=list(_payloads().values()),
        scenarios=list(HANDED_OVER) if reduced else None,
        stacks={} if reduced else STACKS,
    )
    return asdict(inputs)


def _corpus() -> Iterator[dict[str, Any]]:
    """Yield the rows of the corpus, none where it is not there."""
    for path in sorted(CORPUS.glob("*.jsonl")):
        yield from (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())


@cache
def _payloads() -> dict[str, Any]:
    paths = sorted((ROOT / "tests" / "payloads").rglob("*.json"))
    return {
        path.relative_to(ROOT).as_posix(): json.loads(path.read_text(encoding="utf-8"))
        for path in paths
    }


def _payload_lines() -> Iterator[str]:
    for path in sorted((ROOT / "tests" / "payloads").rglob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            yield row["text"] if isinstance(row, dict) and "text" in row else line


def _explain(rows: list[dict[str, Any]], every: int) -> Iterator[tuple[str, dict[str, Any]]]:
    for row in rows:
        value = row.get("record", row.get("event"))
        if value is None:
            yield row["id"], {"text": row["text"]}
            yield (
                f"{row['id']} in JSON",
                {"text": json.dumps({"level": "error", "message": row["text"]})},
            )
        else:
            yield row["id"], {"record": value}
            yield f"{row['id']} as text", {"text": json.dumps(value, indent=2)}
    for name, payload in _payloads().items():
        yield name, {"record": payload}
        yield f"{name} as text", {"text": json.dumps(payload)}
    for number, line in enumerate(_payload_lines()):
        yield f"log line {number}", {"text": line}
    for number, text in enumerate(_texts_of_tests()[::every]):
        yield f"text {number}: {text[:50]!r}", {"text": text}
    yield from _matrix(every)


@cache
def _texts_of_tests() -> tuple[str, ...]:
    """Return every text that stands in a test: whatever a test cares about is a text worth explaining."""
    found: dict[str, None] = {}
    for path in sorted((ROOT / "tests").rglob("*.py")):
        if "compare" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and len(node.value) >= SHORTEST
            ):
                found[node.value] = None
    return tuple(found)


def _matrix(every: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every error code with every text, of KMS and of services that call it."""
    key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    alias = "arn:aws:kms:eu-west-1:111122223333:alias/payments"
    codes = sorted({code for code, _ in TEXTS} | {code for _, _, code, _ in SERVICES})
    texts = sorted({text for _, text in TEXTS if text} | {text for *_, text in SERVICES})
    sources = [
        ("kms.amazonaws.com", "Decrypt"),
        *dict.fromkeys((service, operation) for service, operation, *_ in SERVICES),
    ]
    cells = [
        (source, code, text) for source in sources for code in codes for text in (*texts, None)
    ]
    for (service, operation), code, text in cells[:: 11 * every]:
        said = text.format(key=key, alias=alias, id=key[-36:]) if text else None
        record = {
            "eventSource": service,
            "eventName": operation,
            "errorCode": code,
            "errorMessage": said,
            "awsRegion": "eu-west-1",
        }
        record |= {
            "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/Alice"},
            "eventID": "e-1",
        }
        yield (
            f"{service} {operation} {code}: {text}",
            {"record": record | {"requestParameters": {"keyId": key[-36:]}}},
        )
