"""A manual request to its answer: find the action, check the fields, run it, count what it did."""

from collections.abc import Callable, Mapping
from typing import Any

from keywatch.actions import registry
from keywatch.actions.action import Action, Answer, Container, Invocation
from keywatch.actions.requests import InvalidRequest, invalid_request


def answer(
    request: Mapping[str, Any], context: object, container: Callable[[], Container]
) -> Answer:
    """Answer a manual request as plain JSON; a bad one is answered with what is wrong with it.

    ``container`` is called only for a good request to an action that needs a deployment.
    """
    try:
        action = _action(request)
        fields = action.read(request)
        if action.pure:
            return action.run(fields, Invocation(context, container))
        with container().counted():
            return action.run(fields, Invocation(context, container))
    except InvalidRequest as problem:
        return invalid_request(problem)


def _action(request: Mapping[str, Any]) -> Action:
    if action := registry.named(request.get("action")):
        return action
    names = ", ".join(registry.MODULES)
    raise InvalidRequest(f"action must be one of {names}", {"action": "unknown"})
