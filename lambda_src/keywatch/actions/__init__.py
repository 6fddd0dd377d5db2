"""Manual requests: the same evidence and diagnosis as alerts, on demand."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from keywatch.actions.requests import InvalidRequest, invalid_request

if TYPE_CHECKING:
    from keywatch.runtime import Runtime

Request = Mapping[str, Any]
Answer = dict[str, Any]


def answer(request: Request, context: object, runtime: Callable[[], "Runtime"]) -> Answer:
    """Answer a manual request as plain JSON; a bad one is answered with what is wrong with it."""
    try:
        return _dispatch(request, context, runtime)
    except InvalidRequest as problem:
        return invalid_request(problem)


def _dispatch(request: Request, context: object, runtime: Callable[[], "Runtime"]) -> Answer:
    """Hand a request to its action. ``explain`` is pure: it needs neither settings nor credentials."""
    action = request.get("action")
    if action == "explain":
        from keywatch.actions.explain import explain

        return explain(request)
    if not isinstance(action, str) or action not in _ACTIONS:
        raise InvalidRequest(
            f"action must be one of explain, {', '.join(_ACTIONS)}", {"action": "unknown"}
        )
    return _ACTIONS[action](request, context, runtime())


def _check(request: Request, context: object, runtime: "Runtime") -> Answer:
    from keywatch.actions.check.run import check

    with runtime.counted():
        return check(request, runtime.services, context)


def _sweep(request: Request, context: object, runtime: "Runtime") -> Answer:
    from keywatch.actions.sweep.run import sweep

    with runtime.counted():
        return sweep(request, runtime.services, context)


def _doctor(request: Request, _context: object, runtime: "Runtime") -> Answer:
    from keywatch.actions.doctor.run import doctor

    with runtime.counted():
        return doctor(request, runtime.services)


_ACTIONS: Mapping[str, Callable[[Request, object, "Runtime"], Answer]] = {
    "check": _check,
    "sweep": _sweep,
    "doctor": _doctor,
}
