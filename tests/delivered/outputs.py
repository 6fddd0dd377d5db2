"""The output of the programs: run here where their SDK is installed, else as it was recorded from our own runs.

``python -m tests.delivered.record`` makes the recordings anew. Each call is made under each logger
in a full run; a sample takes a fixed share of the pairs, spread so that every call and every logger
is in it.
"""

import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from tests.delivered.calls import BY_ID, CALLS, Call
from tests.delivered.programs.python.stub import error_body, serving

HERE = Path(__file__).parent
RECORDED = HERE / "recorded"
NODE = HERE / "programs" / "node"
PYTHON = HERE / "programs" / "python"
LOGGERS = ("structlog", "loguru", "pythonjsonlogger", "rich", "aws_lambda_powertools")
SAMPLE = 6  # one pair of call and logger in this many
# The calls that aws-encryption-sdk makes by itself; it takes key ARNs.
ENCRYPTION_SDK = (
    "disabled",
    "pending_deletion",
    "pending_import",
    "unavailable",
    "denied_three_ways",
    "proxy_credentials",
    "internal",
    "dependency_timeout",
    "plain_denial",
)


@dataclass(frozen=True, slots=True)
class Output:
    """What one program logged about one failing call: records in the order in which they were written."""

    sdk: str
    logger: str
    call: Call
    records: tuple[str, ...]
    request_ids: frozenset[str]

    @property
    def id(self) -> str:
        return f"{self.sdk}/{self.logger}/{self.call.id}"


def outputs(*, every: int = SAMPLE) -> tuple[Output, ...]:
    """Return the output of all programs: of one in ``every`` pairs of call and logger."""
    return tuple(output for sdk in SDKS for output in of_sdk(sdk, every))


@cache
def of_sdk(sdk: str, every: int) -> tuple[Output, ...]:
    rows = _live(sdk, every) if is_runnable(sdk) else recorded(sdk)
    return tuple(rows)


def is_runnable(sdk: str) -> bool:
    """Tell whether the programs of an SDK can be run here."""
    return node_is_ready() if sdk == "node" else all(find_spec(name) for name in (sdk, *LOGGERS))


def _live(sdk: str, every: int) -> Iterable[Output]:
    return run_node(every) if sdk == "node" else run_python(sdk, every)


def recorded(sdk: str) -> Iterable[Output]:
    """Yield what an earlier run of an SDK's programs logged."""
    path = RECORDED / f"{sdk}.jsonl.gz"
    if path.exists():
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from (_output(line) for line in lines)


def calls_of(sdk: str) -> list[Call]:
    """Return the calls that a program can make with an SDK."""
    if sdk == "aws_encryption_sdk":
        return [BY_ID[name] for name in ENCRYPTION_SDK]
    return [call for call in CALLS if call.only in {None, sdk}]


def plan(calls: Sequence[Call], loggers: Sequence[str], every: int) -> list[tuple[Call, str]]:
    """Return the pairs of a sample: one in ``every``, each call and each logger among them."""
    return [
        (call, logger)
        for row, call in enumerate(calls)
        for column, logger in enumerate(loggers)
        if (row + column) % every == 0
    ]


def run_python(
    sdk: str, every: int, python: str = sys.executable, folder: Path = PYTHON
) -> Iterable[Output]:
    """Run the shop in Python against the stub, in a process of its own."""
    calls = [_as_json(call) for call in calls_of(sdk)]
    request = json.dumps({"calls": calls, "every": every})
    yield from _run([python, str(folder / "run.py"), sdk], request)


def run_node(every: int, folder: Path = NODE) -> Iterable[Output]:
    """Run the shop in JavaScript against the stub."""
    node = _program("node")
    calls = calls_of("node")
    with serving() as (_, port):
        command = [node, str(folder / "run.mjs"), str(port)]
        loggers = json.loads(
            subprocess.run([*command, "--loggers"], capture_output=True, check=True).stdout
        )
        pairs = [
            {"call": _as_json(call), "logger": logger, "answer": _answer(call, logger)}
            for call, logger in plan(calls, loggers, every)
        ]
        yield from _run(command, json.dumps(pairs))


def _run(command: list[str], request: str) -> Iterable[Output]:
    environment = {
        name: value
        for name, value in os.environ.items()
        if name in {"PATH", "HOME", "LANG", "TMPDIR"}
    }
    environment |= {"AWS_EC2_METADATA_DISABLED": "true", "NO_COLOR": ""}
    done = subprocess.run(
        command,
        input=request,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        env=environment,
    )
    if done.returncode:
        raise RuntimeError(f"{command[-1]}: {done.stderr[-2000:]}")
    return [_output(line) for line in done.stdout.splitlines()]


def _output(line: str) -> Output:
    row = json.loads(line)
    return Output(
        row["sdk"],
        row["logger"],
        BY_ID[row["call"]],
        tuple(row["records"]),
        frozenset(row["request_ids"]),
    )


def _as_json(call: Call) -> dict[str, object]:
    return {
        name: getattr(call, name)
        for name in ("id", "operation", "params", "region", "status", "code", "message")
    }


def _answer(call: Call, logger: str) -> dict[str, object]:
    return {
        "status": call.status,
        "body": error_body(call.code, call.message),
        "name": f"node/{call.id}/{logger}",
    }


def _program(name: str) -> str:
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name) or name


@cache
def node_is_ready() -> bool:
    """Install the JavaScript packages by their lock file where that was not done yet; false where npm cannot reach them."""
    if (NODE / "node_modules" / ".package-lock.json").exists():
        return True
    try:
        command = [_program("npm"), "ci", "--no-audit", "--no-fund", "--loglevel=error"]
        done = subprocess.run(
            command,
            cwd=NODE,
            capture_output=True,
            check=False,
            timeout=120,
            env={**os.environ, "PATH": _path()},
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _path() -> str:
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"


SDKS = ("boto3", "aiobotocore", "aws_encryption_sdk", "node")
