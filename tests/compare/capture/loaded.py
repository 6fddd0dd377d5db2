"""Which modules each kind of input loads into a cold container."""

import sys
from importlib import import_module

from .aws import AWS
from .events import delivery, disabled
from .scene import Scene


def loaded() -> dict[str, list[str]]:
    """Return the tree's modules that are loaded once a cold container has done one thing."""
    return {
        name: _after(event, settled=name.startswith("a minute")) for name, event in _EVENTS.items()
    }


_EVENTS = {
    "a batch": lambda scene: scene.batch(disabled()),
    "a log delivery": lambda scene: scene.invoke(
        delivery(["NotFoundException: Invalid keyId 'x'"]), "logs"
    ),
    "a minute in which nothing is due": lambda scene: scene.minute(),
    "the canary": lambda scene: scene.invoke({"canary": "now"}, "canary"),
    "the incident page": lambda scene: scene.invoke({"widgetContext": {}}, "page"),
    "check": lambda scene: scene.invoke({"action": "check", "key_id": "alias/x"}, "check"),
    "sweep": lambda scene: scene.invoke({"action": "sweep"}, "sweep"),
    "doctor": lambda scene: scene.invoke({"action": "doctor"}, "doctor"),
}


def _after(event, *, settled: bool) -> list[str]:
    scene = Scene("loaded")
    if settled:
        scene.minutes(2)
    for name in [name for name in sys.modules if _of_the_tree(name)]:
        del sys.modules[name]
    import_module("handler")
    event(scene)
    AWS.drain()
    return sorted(name for name in sys.modules if _of_the_tree(name))


def _of_the_tree(name: str) -> bool:
    return name == "handler" or name.partition(".")[0] == "keywatch"
