"""Measure, print a table and write ``bench.json``."""

import argparse
import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench import end_to_end, loads, measures, passing, texts

# What each number must stay under.
LIMITS = {
    "storm.cpu_over_parsing": 2.5,
    "mixed.cpu_over_parsing": 1.6,
    "wave.cpu_over_parsing": 10,
    "storm.aws_calls": 65,  # a count each for three keys in ten batches; the groups and bounds of a first alert
    "storm.alerts": 3,
    "wave.alerts": 12,
    "wave.look_ups": 3_000,
    "wave_hour.messages": 13,  # 12 of the wave, and the one of somebody else
    "wave_hour.look_ups_each": 0.3,
    "wave_hour.not_listed": 0,
    "slow_kms.invocations": 2,
    "slow_kms.left": 0,
    "due.minutes": 3,
    "due.reads_each": 2.1,
    "due.writes_each": 1.1,
    "end_to_end.keywatch_longest": 2,
    "first_batch.over_boto3": 1.2,
    "cold.import_ratio": 1.3,
    "memory.storm_over_boto3_mib": 48,
    "memory.wave_over_boto3_mib": 48,
    "memory.spread_over_boto3_mib": 48,
    "reading.explain_ms": 1.0,
    "reading.repeated_over_benign": 5.0,
    "hostile_delivery.cpu_seconds": 20.0,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--repeats", type=int, default=5, help="how often each timing is taken (the median counts)"
    )
    parser.add_argument("--events", type=int, default=loads.EVENTS, help="events of each load")
    parser.add_argument("--only", default="", help="one group of measures, such as storm or due")
    options = parser.parse_args()
    results = measure(options.events, options.repeats, options.only)
    Path("bench.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    show(results)
    return int(bool(over_limit(results)))


def measure(events: int, repeats: int, only: str = "") -> dict[str, Any]:
    """Return all measures, by group; of ``only`` one group where one is named."""
    groups: dict[str, Any] = {
        **{name: lambda name=name: of_load(name, events, repeats) for name in loads.LOADS},
        "wave_hour": lambda: passing.wave_hour(events),
        "slow_kms": passing.slow_kms,
        "due": lambda: passing.due_incidents(events),
        "end_to_end": end_to_end.end_to_end,
        "first_batch": lambda: passing.first_batch(repeats),
        "cold": lambda: measures.cold(repeats),
        "memory": lambda: of_memory(min(repeats, 3)),
        "reading": lambda: texts.reading(min(repeats, 3)),
        "hostile_delivery": texts.hostile_delivery,
    }
    chosen = {name: work for name, work in groups.items() if only in {"", name}}
    return {"events": events} | {name: work() for name, work in chosen.items()}


def of_load(name: str, events: int, repeats: int) -> dict[str, Any]:
    bodies = [loads.LOADS[name](serial) for serial in range(events)]
    aws = measures.handled(bodies).aws
    found = {
        "cpu_over_parsing": measures.cpu_over_parsing(
            bodies, repeats, of_new_subjects=name in {"wave", "spread"}
        ),
        "aws_calls": sum(aws.calls.values()),
        "look_ups": aws.look_ups,
        "alerts": aws.alerts,
        "naive_aws_calls": measures.naive_aws_calls(bodies),
        "aws_calls_by_operation": measures.by_operation(aws.calls),
    }
    if name == "mixed":
        in_scope = [loads.mixed(serial) for serial in range(0, events, 10)]
        found["aws_calls_of_in_scope_alone"] = sum(measures.handled(in_scope).aws.calls.values())
    return found


def of_memory(repeats: int) -> dict[str, float]:
    return {
        f"{load}_over_boto3_mib": measures.memory_over_boto3(load, repeats)
        for load in ("storm", "wave", "spread")
    }


def over_limit(results: dict[str, Any]) -> list[str]:
    """Return the names of measures that miss their limit."""
    return [
        f"{group}.{name}"
        for group, values in results.items()
        if isinstance(values, dict)
        for name, value in values.items()
        if value_over(f"{group}.{name}", value)
    ]


def value_over(name: str, value: object) -> bool:
    return name in LIMITS and isinstance(value, int | float) and value > LIMITS[name]


def show(results: dict[str, Any]) -> None:
    table = Table(
        "measure", "value", "limit", title=f"KeyWatch under load: {results['events']:,} events each"
    )
    for group, values in results.items():
        for name, value in values.items() if isinstance(values, dict) else ():
            full = f"{group}.{name}"
            shown = (
                ", ".join(f"{k} {v:,}" for k, v in value.items())
                if isinstance(value, dict)
                else f"{value:,}"
            )
            over = value_over(full, value)
            table.add_row(
                full,
                f"[red]{shown}[/]" if over else shown,
                f"{LIMITS[full]:g}" if full in LIMITS else "",
            )
    Console().print(table)


if __name__ == "__main__":
    raise SystemExit(main())
