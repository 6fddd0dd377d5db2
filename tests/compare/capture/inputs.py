"""What both trees are given: collected once, by ``tests.compare``, and passed on in a file."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Inputs:
    """Requests to explain by name, lines for log deliveries, events for the queue, recorded payloads, settings to synthesize;
    the scenarios to play (``None``: all), and the tables that another version left at their handovers."""

    explain: dict[str, dict[str, Any]] = field(default_factory=dict)
    logs: list[str] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)
    payloads: list[Any] = field(default_factory=list)
    stacks: dict[str, dict[str, Any]] = field(default_factory=dict)
    scenarios: list[str] | None = None
    tables: dict[str, dict[str, Any]] | None = None

    def read(self, path: Path) -> None:
        self.__dict__.update(json.loads(path.read_text(encoding="utf-8")))


INPUTS = Inputs()
