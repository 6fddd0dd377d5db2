"""Manual requests: the same evidence and diagnosis as alerts, asked by hand."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from keywatch.checks.requests import InvalidRequest, invalid_request

if TYPE_CHECKING:
    from keywatch.runtime import Runtime

ACTIONS = ("check", "explain")


def answer(request: Mapping[str, Any], context: object, runtime: Callable[[], "Runtime"]) -> dict[str, Any]:
    """Answer a manual request as plain JSON; a bad one is answered with what is wrong with it."""
    try:
        return _dispatch(request, context, runtime)
    except InvalidRequest as problem:
        return invalid_request(problem)


def _dispatch(request: Mapping[str, Any], context: object, runtime: Callable[[], "Runtime"]) -> dict[str, Any]:
    action = request.get("action")
    if action == "explain":
        from keywatch.checks.explain import explain

        return explain(request)
    if action == "check":
        from keywatch.checks.key import check

        return check(request, runtime().services, context)
    raise InvalidRequest(f"action must be one of {', '.join(ACTIONS)}", {"action": "unknown"})
