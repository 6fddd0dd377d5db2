"""The time that one invocation has left."""

from collections.abc import Callable
from time import monotonic


def remaining_seconds(context: object, at_most: float = float("inf")) -> Callable[[], float]:
    """Return a function that tells the seconds left: those of the invocation, and ``at_most`` from now.

    ``context`` is Lambda's; without one, only ``at_most`` bounds.
    """
    began = monotonic()
    remaining = getattr(context, "get_remaining_time_in_millis", None)

    def left() -> float:
        own = at_most - (monotonic() - began)
        return min(own, remaining() / 1000) if callable(remaining) else own

    return left
