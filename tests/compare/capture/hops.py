"""How far one SQS record travels to its alert: modules of the tree that are entered, and calls between its functions.

Counted with ``sys.setprofile`` over one call of ``handler``: each ``call`` event whose code lies in the tree's sources, and
those of them whose caller lies in another module of the sources.
"""

import sys
from pathlib import Path
from types import FrameType
from typing import Any

from . import aws, house
from .events import disabled
from .scene import Scene, message

SOURCES = str(Path("lambda_src").resolve())


class Travel:
    def __init__(self) -> None:
        self.modules: set[str] = set()
        self.calls = 0
        self.between = 0

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        name = frame.f_code.co_filename
        if event != "call" or not name.startswith(SOURCES) or frame.f_code.co_name == "<module>":
            return
        self.modules.add(name)
        self.calls += 1
        caller = frame.f_back
        self.between += bool(
            caller
            and caller.f_code.co_filename.startswith(SOURCES)
            and caller.f_code.co_filename != name
        )


def hops() -> dict[str, dict[str, int]]:
    """Return the counts for a cold and a warm container."""
    found = {}
    for warmth in ("cold", "warm"):
        scene = Scene("hops")
        scene.kms.add(state="Disabled")
        if warmth == "warm":
            house.invoke(
                {"Records": [message(0, disabled("0987dcba-09fe-87dc-65ba-ab0987654321"))]}
            )
        event = {"Records": [message(1, disabled())]}
        aws.AWS.drain()
        travel = Travel()
        sys.setprofile(travel)
        try:
            house.invoke(event)
        finally:
            sys.setprofile(None)
        assert any(call["call"].startswith("sns Publish") for call in aws.AWS.drain())
        found[warmth] = {
            "modules": len(travel.modules),
            "calls": travel.calls,
            "between modules": travel.between,
        }
    return found
