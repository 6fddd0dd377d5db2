"""``python -m tests.delivered.record [SDK…]``: run the programs and keep what they log.

The recordings serve where an SDK is not installed. Each SDK in Python gets an environment of its
own under ``/tmp/orders``, so that its pins trouble nobody; the program runs from there.
"""

import gzip
import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.delivered import outputs

PLACE = Path("/tmp/orders")  # noqa: S108 - a plain path, since it stands in the tracebacks that are kept
EVERY = 9
LOGGERS = ("structlog", "loguru", "python-json-logger", "rich", "aws-lambda-powertools")
PACKAGES = {
    "boto3": ("boto3",),
    "aiobotocore": ("aiobotocore",),
    "aws_encryption_sdk": ("aws-encryption-sdk",),
}


def main(sdks: list[str]) -> None:
    """Record the SDKs named, or all."""
    outputs.RECORDED.mkdir(exist_ok=True)
    for sdk in sdks or outputs.SDKS:
        shutil.rmtree(PLACE, ignore_errors=True)
        _keep(sdk, _run_node() if sdk == "node" else _run(sdk))


def _run_node() -> Iterable[outputs.Output]:
    shutil.copytree(outputs.NODE, PLACE / "app")
    return outputs.run_node(EVERY, PLACE / "app")


def _run(sdk: str) -> Iterable[outputs.Output]:
    shutil.copytree(outputs.PYTHON, PLACE / "app")
    subprocess.run([sys.executable, "-m", "venv", PLACE / "env"], check=True)
    python = str(PLACE / "env" / "bin" / "python")
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", *PACKAGES[sdk], *LOGGERS], check=True
    )
    return outputs.run_python(sdk, EVERY, python, PLACE / "app")


def _keep(sdk: str, found: Iterable[outputs.Output]) -> None:
    path = outputs.RECORDED / f"{sdk}.jsonl.gz"
    lines = [json.dumps(_row(output)) + "\n" for output in found]
    path.write_bytes(gzip.compress("".join(lines).encode(), mtime=0))
    sys.stdout.write(f"{path.name}: {len(lines)} outputs, {path.stat().st_size} bytes\n")


def _row(output: outputs.Output) -> dict[str, object]:
    return {
        "sdk": output.sdk,
        "logger": output.logger,
        "call": output.call.id,
        "records": list(output.records),
        "request_ids": sorted(output.request_ids),
    }


if __name__ == "__main__":
    main(sys.argv[1:])
