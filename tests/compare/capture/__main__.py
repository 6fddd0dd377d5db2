"""``python -m capture SECTION INPUTS OUTPUT``: what one tree does, as JSON. Runs in the tree, with its sources on the path."""

import json
import sys
from pathlib import Path
from typing import Any

from .inputs import INPUTS


def main(section: str, given: str, output: str) -> None:
    INPUTS.read(Path(given))
    found = SECTIONS[section]()
    Path(output).write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")


def _explain() -> dict[str, Any]:
    from .explained import explained

    return {"cases": explained()}


def _templates() -> dict[str, Any]:
    from .templates import templates

    return {"cases": templates()}


def _hops() -> dict[str, Any]:
    from .hops import hops

    _stand_in()
    return hops()


def _loaded() -> dict[str, Any]:
    from .loaded import loaded

    _stand_in()
    return loaded()


def _scenarios() -> dict[str, Any]:
    """Play all scenarios, or, where tables of another tree are given, what follows the handover of those that have one."""
    from . import aws, events, scenarios, scene

    _stand_in()
    found: dict[str, Any] = {"cases": {}, "tables": {}}
    for name in INPUTS.scenarios or scenarios.SCENARIOS:
        events.restart()
        if played := scene.play(name, INPUTS.tables):
            found["cases"] |= played.steps
            if played.handed is not None:
                found["tables"][name] = played.handed
    if INPUTS.tables is None:
        found["cases"]["clients / all that were made"] = aws.as_json(aws.AWS.made)
    return found


def _stand_in() -> None:
    """Put the scenarios' AWS, time and output in the place of the real ones, before the tree is imported."""
    from . import aws, emulator, inline, moment, scene

    emulator.start()
    aws.client("dynamodb")
    moment.stop_the_clock()
    inline.work_in_order()
    aws.stand_in()
    scene.hear()


SECTIONS = {
    "explain": _explain,
    "hops": _hops,
    "loaded": _loaded,
    "templates": _templates,
    "scenarios": _scenarios,
}

if __name__ == "__main__":
    main(*sys.argv[1:])
