"""What is measured, one function each. CPU seconds, never wall time: another process must not change a result much."""

import gc
import json
import os
import statistics
import subprocess
import sys
from collections import Counter
from pathlib import Path
from time import process_time
from typing import Any

import boto3
from moto import mock_aws

from tests.bench import loads
from tests.bench.stand_ins import Counting, Idle, runtime, silence
from tests.support.world import create_table

ROOT = Path(__file__).resolve().parents[2]


def cpu_over_json_loads(bodies: list[str], repeats: int) -> float:
    """Return the CPU of the handler per event over that of ``json.loads`` of the same bodies: the median of ``repeats``."""
    batches = loads.batches(bodies)
    return round(statistics.median(_handled(batches) / _parsed(bodies) for _ in range(repeats)), 2)


def _handled(batches: loads.Batches) -> float:
    idle = Idle()
    container = runtime(lambda service, region: idle)
    with silence():
        return _cpu(lambda: [container.batch(batch, None) for batch in batches])


def _parsed(bodies: list[str]) -> float:
    return _cpu(lambda: [json.loads(body) for body in bodies])


def _cpu(work: Any) -> float:
    gc.collect()
    began = process_time()
    work()
    return process_time() - began


def aws_calls(batches: loads.Batches) -> tuple[Counter[str], int]:
    """Return the AWS calls by service and operation, and the alerts, of one container over moto."""
    calls: Counter[str] = Counter()
    with mock_aws():
        session = boto3.session.Session("testing", "testing", region_name=loads.REGION)
        create_table(session.client("dynamodb"))
        session.client("sns").create_topic(Name="alerts")
        real = {name: session.client(name) for name in ("dynamodb", "sns")}
        idle = Idle()
        container = runtime(
            lambda service, region: Counting(service, real.get(service, idle), calls)
        )
        with silence():
            for batch in batches:
                container.batch(batch, None)
    return calls, calls["sns.publish"]


def naive_aws_calls(bodies: list[str]) -> int:
    """Return the AWS calls of a function that looks up and publishes for every event."""
    calls: Counter[str] = Counter()
    kms, sns = Counting("kms", Idle(), calls), Counting("sns", Idle(), calls)
    for body in bodies:
        record = json.loads(body)["detail"]
        kms.describe_key(KeyId=record["requestParameters"]["keyId"])
        sns.publish(TopicArn="alerts", Message=record["errorMessage"])
    return calls.total()


_BARE = "import boto3; boto3.client('kms', region_name='eu-west-1')"
_IMPORT = "import handler"
_READY = f"import handler, keywatch.runtime; {_BARE}"
_CPU = (
    "import resource; r = resource.getrusage(resource.RUSAGE_SELF); print(r.ru_utime + r.ru_stime)"
)
_MODULES = "import sys; print(len(sys.modules))"
# The high-water mark of this very program; getrusage would count what it was forked from.
_PEAK = (
    "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
)
_STORM = (
    "from tests.bench import loads, measures; import boto3; "
    "[boto3.client(name, region_name='eu-west-1') for name in ('kms', 'dynamodb', 'sns')]; "
    "measures.storm_batch_by_batch()"
)
_BARE_CLIENTS = "import boto3; [boto3.client(name, region_name='eu-west-1') for name in ('kms', 'dynamodb', 'sns')]"


def storm_batch_by_batch() -> None:
    """Run the storm as Lambda does: one batch at a time, each parsed from its own payload and forgotten after it."""
    idle = Idle()
    container = runtime(lambda service, region: idle)
    with silence():
        for start in range(0, loads.EVENTS, loads.BATCH):
            (batch,) = loads.batches(
                [loads.storm(serial) for serial in range(start, start + loads.BATCH)]
            )
            container.batch(batch, None)


def cold(repeats: int) -> dict[str, float]:
    """Return what a cold start costs, over ``import boto3`` and one client; in CPU of fresh processes, and in modules."""
    bare = _median(_BARE, _CPU, repeats) - _median("", _CPU, repeats)
    imported = _median(_IMPORT, _CPU, repeats) - _median("", _CPU, repeats)
    ready = _median(_READY, _CPU, repeats) - _median("", _CPU, repeats)
    return {
        "import_ratio": round(imported / bare, 2),
        "ready_ratio": round(ready / bare, 2),
        "modules": _median(_IMPORT, _MODULES, 1),
        "ready_modules": _median(_READY, _MODULES, 1),
        "boto3_modules": _median(_BARE, _MODULES, 1),
    }


def memory_over_boto3(repeats: int) -> float:
    """Return the peak memory of the storm over that of a process that only made the same boto3 clients, in MiB."""
    return round(
        (_median(_STORM, _PEAK, repeats) - _median(_BARE_CLIENTS, _PEAK, repeats)) / 1024, 1
    )


def _median(work: str, report: str, repeats: int) -> float:
    return statistics.median(_fresh_process(f"{work}\n{report}") for _ in range(repeats))


def _fresh_process(code: str) -> float:
    path = os.pathsep.join((str(ROOT / "lambda_src"), str(ROOT)))
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": path,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return float(ran.stdout.split()[-1])
