"""The parts of docs/scan.md that are made: a folder of logs is written and scanned, and what it says is shown."""

import contextlib
import io
import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from cli.__main__ import main as command_line
from demo.callers import role, user
from demo.cloudtrail_events import Call, Record, record
from demo.emulator import ACCOUNT, REGION
from docs.pages.parts import with_parts

PAGE = Path(__file__).resolve().parents[1] / "scan.md"
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0987dcba-09fe-87dc-65ba-ab0987654321"
ALIAS = f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/orders"
_PENDING = ("KMSInvalidStateException", f"{KEY} is pending deletion.")
_DISABLED = ("DisabledException", f"{OTHER} is disabled.")
_MISSING = ("NotFoundException", f"Alias {ALIAS} is not found.")


def scan_page() -> str:
    """Return the page with its made parts as they are now."""
    return with_parts(PAGE, {"table": table, "json": _json, "options": _options})


def table() -> str:
    """Return what a scan of a folder shows to a person."""
    return f"```sh\n./keywatch scan ./logs\n```\n\n```text\n{_scanned()}\n```\n"


def _json() -> str:
    incident = json.loads(_scanned("--json").splitlines()[0])
    return f"```json\n{json.dumps(incident, indent=2)}\n```\n"


def _options() -> str:
    text = _printed(["scan", "--help"]).partition("options:\n")[2]
    return f"```text\n{text.rstrip()}\n```\n"


def _scanned(*options: str) -> str:
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        logs = Path("logs")
        logs.mkdir()
        (logs / "trail.json").write_text(json.dumps({"Records": list(_records())}))
        (logs / "digest.json").write_text('{"digestStartTime": "2026-03-02T09:00:00Z"}')
        return _printed(["scan", *options, "./logs"])


def _printed(arguments: list[str]) -> str:
    printed = io.StringIO()
    # As wide as a page is; without colours, whatever terminal this runs in.
    plain = {"COLUMNS": "110", "NO_COLOR": "1", "TERM": "dumb"}
    with (
        patch.dict("os.environ", plain),
        contextlib.redirect_stdout(printed),
        contextlib.suppress(SystemExit),
    ):
        command_line(arguments)
    return "\n".join(line.rstrip() for line in printed.getvalue().strip().splitlines())


def _records() -> Iterator[Record]:
    days = timedelta(days=1)
    bob, alice, payments, batch = (
        user("bob"),
        user("alice"),
        role("payments-app", "i-0abc"),
        role("nightly-batch", "run"),
    )
    calls = [
        Call(
            "ScheduleKeyDeletion", bob, START, {"keyId": KEY}, keys=(KEY,), response={"keyId": KEY}
        ),
        *[
            Call(
                "Decrypt", payments, START + 6 * days + timedelta(minutes=n), None, _PENDING, (KEY,)
            )
            for n in range(90)
        ],
        Call(
            "DisableKey",
            alice,
            START + 2 * days,
            {"keyId": OTHER},
            keys=(OTHER,),
            response={"keyId": OTHER},
        ),
        *[
            Call(
                "GenerateDataKey",
                batch,
                START + 2 * days + timedelta(minutes=3 + n),
                None,
                _DISABLED,
                (OTHER,),
            )
            for n in range(12)
        ],
        Call(
            "EnableKey",
            bob,
            START + 2 * days + timedelta(minutes=40),
            {"keyId": OTHER},
            keys=(OTHER,),
            response={"keyId": OTHER},
        ),
        *[
            Call("Encrypt", batch, START + timedelta(hours=n), {"keyId": "alias/orders"}, _MISSING)
            for n in range(3)
        ],
        *[
            Call(
                "Decrypt", payments, START + timedelta(hours=4 * n), {"keyId": OTHER}, keys=(OTHER,)
            )
            for n in range(37)
        ],
    ]
    for number, call in enumerate(sorted(calls, key=lambda call: call.when)):
        yield record(call) | {"eventID": f"event-{number}", "requestID": f"request-{number}"}
