"""The entry point of the function: tells what kind of input came and hands it over.

Inputs: a batch of SQS messages (EventBridge events), a CloudWatch Logs subscription payload, the
passing minute, and manual requests. Who may invoke this function is trusted: what they send is taken
for what AWS would send. The dashboard, which more people look at, has a function of its own
(``page_handler``). Nothing from AWS is imported or called until an input needs it; ``explain`` needs
neither settings nor credentials.
"""

import os
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from keywatch.actions.registry import MODULES
from keywatch.actions.requests import InvalidRequest, invalid_request

if TYPE_CHECKING:
    from keywatch.runtime import Runtime

Answer = dict[str, Any] | None
_ACTIONS = " or ".join(", ".join(MODULES).rsplit(", ", 1))


def handler(event: object, context: object = None) -> Answer:
    """Answer one invocation; raises only what AWS should retry (a batch or a log delivery that could not be handled at all)."""
    fields = event if isinstance(event, dict) else {}
    for mark, handle in _INPUTS.items():
        if mark in fields:
            return handle(fields, context)
    return invalid_request(
        InvalidRequest(
            f"expected an object with an action: {_ACTIONS}",
            {"action": "missing"},
        )
    )


@lru_cache(maxsize=1)
def _runtime() -> "Runtime":
    from keywatch.runtime import Runtime

    return Runtime.from_environment(os.environ)


def _batch(event: dict[str, Any], context: object) -> Answer:
    return _runtime().batch(event, context)


def _logs(event: dict[str, Any], context: object) -> None:
    _runtime().logs(event, context)


def _clock(event: dict[str, Any], context: object) -> Answer:
    return _runtime().clock(event, context)


def _canary(event: dict[str, Any], context: object) -> Answer:
    return _runtime().canary(event, context)


def _event(event: dict[str, Any], context: object) -> None:
    _runtime().event(event, context)


def _manual(event: dict[str, Any], context: object) -> Answer:
    from keywatch.actions.dispatch import answer

    return answer(event, context, _runtime)


_INPUTS: dict[str, Callable[[dict[str, Any], object], Answer]] = {
    "action": _manual,
    "Records": _batch,
    "awslogs": _logs,
    "clock": _clock,
    "canary": _canary,
    "detail-type": _event,
}
