"""What is measured of batches, one function each. CPU seconds, never wall time: another process must not change a result much."""

import gc
import json
import os
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any

from tests.bench import loads
from tests.bench.stand_ins import Aws, ForgetfulTable, Idle, Metered, runtime, silence
from tests.support.aws import TableClient

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Run:
    """One container that took a load: its CPU without that of the stand-ins, and what it asked of AWS."""

    cpu: float
    aws: Aws


def handled(bodies: Sequence[str], table: Callable[[], Any] = TableClient) -> Run:
    """Let one container take a load, batch by batch."""
    aws = Aws(table=table())
    container = runtime(aws.client)
    batches = loads.batches(bodies)
    with silence():
        whole = _cpu(lambda: [container.batch(batch, None) for batch in batches])
    return Run(whole - aws.cpu, aws)


def cpu_over_parsing(
    bodies: Sequence[str], repeats: int, *, of_new_subjects: bool = False
) -> float:
    """Return the CPU of the handler over that of parsing the same bodies and forgetting each at once.

    What is parsed must not be kept alive: that alone trebles the time of ``json.loads``. Of each the
    smallest of ``repeats`` counts, taken in turn: what is larger was disturbed by other processes.
    Where each subject is a new one the table forgets them: the garbage collector would go through
    all that it holds, on the function's account.
    """
    table = ForgetfulTable if of_new_subjects else TableClient
    pairs = [(handled(bodies, table).cpu, _parsed(bodies)) for _ in range(repeats)]
    ours, parsing = (min(column) for column in zip(*pairs, strict=True))
    return round(ours / parsing, 2)


def _parsed(bodies: Sequence[str]) -> float:
    def parse() -> None:
        for body in bodies:
            json.loads(body)

    return _cpu(parse)


def _cpu(work: Callable[[], object]) -> float:
    gc.collect()
    began = process_time()
    work()
    return process_time() - began


def naive_aws_calls(bodies: Sequence[str]) -> int:
    """Return the AWS calls of a function that looks up and publishes for every event."""
    aws = Aws()
    kms, sns = Metered(aws, "kms", Idle()), Metered(aws, "sns", Idle())
    for body in bodies:
        record = json.loads(body)["detail"]
        kms.list_aliases(KeyId=record["requestParameters"]["keyId"])
        sns.publish(TopicArn="alerts", Message=record["errorMessage"])
    return sum(aws.calls.values())


_BARE = "import boto3; boto3.client('kms', region_name='eu-west-1')"
_IMPORT = "import handler"
_READY = f"import handler, keywatch.runtime; {_BARE}"
CPU = (
    "import resource; r = resource.getrusage(resource.RUSAGE_SELF); print(r.ru_utime + r.ru_stime)"
)
_MODULES = "import sys; print(len(sys.modules))"
# The high-water mark of this very program; getrusage would count what it was forked from.
_PEAK = (
    "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
)
_BARE_CLIENTS = "import boto3; [boto3.client(name, region_name='eu-west-1') for name in ('kms', 'dynamodb', 'sns')]"
_TAKEN = f"from tests.bench import measures; {_BARE_CLIENTS}; measures.batch_by_batch({{load!r}})"


def batch_by_batch(load: str) -> None:
    """Take a load as Lambda does: one batch at a time, each parsed from its own payload and forgotten after it."""
    aws = Aws(table=ForgetfulTable())
    container = runtime(aws.client)
    with silence():
        for start in range(0, loads.EVENTS, loads.BATCH):
            serials = range(start, start + loads.BATCH)
            (batch,) = loads.batches([loads.LOADS[load](serial) for serial in serials])
            container.batch(batch, None)
            aws.topic.receive()


def cold(repeats: int) -> dict[str, float]:
    """Return what a cold start costs, over ``import boto3`` and one client; in CPU of fresh processes, and in modules."""
    nothing = _median("", CPU, repeats)
    bare = _median(_BARE, CPU, repeats) - nothing
    imported = _median(_IMPORT, CPU, repeats) - nothing
    ready = _median(_READY, CPU, repeats) - nothing
    return {
        "import_ratio": round(imported / bare, 2),
        "ready_ratio": round(ready / bare, 2),
        "modules": _median(_IMPORT, _MODULES, 1),
        "ready_modules": _median(_READY, _MODULES, 1),
        "boto3_modules": _median(_BARE, _MODULES, 1),
    }


def memory_over_boto3(load: str, repeats: int) -> float:
    """Return the peak memory of a load over that of a process that only made the same boto3 clients, in MiB."""
    taken = _median(_TAKEN.format(load=load), _PEAK, repeats)
    return round((taken - _median(_BARE_CLIENTS, _PEAK, repeats)) / 1024, 1)


def _median(work: str, report: str, repeats: int) -> float:
    return statistics.median(fresh_process(f"{work}\n{report}") for _ in range(repeats))


def fresh_process(code: str, *arguments: str) -> float:
    """Run Python code in a process of its own; return the number that it prints last."""
    path = os.pathsep.join((str(ROOT / "lambda_src"), str(ROOT)))
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": path,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }
    command = [sys.executable, "-c", code, *arguments]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return float(ran.stdout.split()[-1])


def by_operation(calls: Counter[str]) -> dict[str, int]:
    """Return AWS calls, the most frequent first."""
    return dict(calls.most_common())
