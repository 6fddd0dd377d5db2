"""Measure, print a table and write ``bench.json``."""

import argparse
import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench import loads, measures

# What each number must stay under; the storm's CPU aims at 2.0, what Panther's rule engine needs
# for two boolean rules.
LIMITS = {
    "storm.cpu_over_json_loads": 2.5,
    "storm.aws_calls": 60,
    "storm.alerts": 3,
    "cold.import_ratio": 1.3,
    "memory.over_boto3_mib": 48,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--repeats", type=int, default=5, help="how often each timing is taken (the median counts)"
    )
    parser.add_argument("--events", type=int, default=loads.EVENTS, help="events of each load")
    options = parser.parse_args()
    results = measure(options.events, options.repeats)
    Path("bench.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    show(results)
    return int(bool(over_limit(results)))


def measure(events: int, repeats: int) -> dict[str, Any]:
    results: dict[str, Any] = {"events": events}
    for name, load in loads.LOADS.items():
        bodies = [load(serial) for serial in range(events)]
        calls, alerts = measures.aws_calls(loads.batches(bodies))
        results[name] = {
            "cpu_over_json_loads": measures.cpu_over_json_loads(bodies, repeats),
            "aws_calls": calls.total(),
            "aws_calls_by_operation": dict(calls.most_common()),
            "alerts": alerts,
            "naive_aws_calls": measures.naive_aws_calls(bodies),
        }
    # The same batches with nothing but their in-scope tenth.
    in_scope, _ = measures.aws_calls(
        [
            batch
            for start in range(0, events, loads.BATCH)
            for batch in loads.batches(
                [
                    loads.mixed(serial)
                    for serial in range(start, min(start + loads.BATCH, events), 10)
                ]
            )
        ]
    )
    results["mixed"]["aws_calls_of_in_scope_alone"] = in_scope.total()
    results["cold"] = measures.cold(repeats)
    results["memory"] = {"over_boto3_mib": measures.memory_over_boto3(min(repeats, 3))}
    return results


def over_limit(results: dict[str, Any]) -> list[str]:
    return [name for name, limit in LIMITS.items() if _value(results, name) > limit]


def _value(results: dict[str, Any], name: str) -> float:
    group, _, measure_name = name.partition(".")
    return results[group][measure_name]


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
            over = full in LIMITS and value > LIMITS[full]
            table.add_row(
                full,
                f"[red]{shown}[/]" if over else shown,
                f"{LIMITS[full]:g}" if full in LIMITS else "",
            )
    Console().print(table)


if __name__ == "__main__":
    raise SystemExit(main())
