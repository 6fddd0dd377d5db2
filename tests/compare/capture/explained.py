"""``explain`` over everything that was collected."""

from .aws import as_json
from .house import Context, invoke
from .inputs import INPUTS

__all__ = ["Context", "explained"]


def explained() -> dict[str, str]:
    """Return each answer by the name of its request."""
    return {
        f"explain / {name}": as_json(invoke({"action": "explain", **request}))
        for name, request in INPUTS.explain.items()
    }
