"""All actions, by name. To add one, write a module that declares an ``ACTION``, and name it here."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keywatch.actions.action import Action

# Modules are imported when they are asked for: ``explain`` needs nothing that the others need.
MODULES = {
    "check": "keywatch.actions.check.action",
    "explain": "keywatch.actions.explain.action",
    "uses": "keywatch.actions.uses.action",
    "sweep": "keywatch.actions.sweep.action",
    "doctor": "keywatch.actions.doctor.action",
    "incidents": "keywatch.actions.incidents.action",
    "test_alert": "keywatch.actions.test_alert.action",
    "incident": "keywatch.actions.incident.action",
    "silence": "keywatch.actions.silence.action",
    "unsilence": "keywatch.actions.silence.ending",
}


def named(name: object) -> "Action | None":
    """Return the action of that name; ``None`` where there is none."""
    module = MODULES.get(name) if isinstance(name, str) else None
    if module is None:
        return None
    action: Action = import_module(module).ACTION
    return action


def every() -> tuple["Action", ...]:
    """Return all actions, in the order in which they are listed to people."""
    return tuple(action for name in MODULES if (action := named(name)))
