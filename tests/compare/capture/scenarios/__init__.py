"""What is played in both trees."""

from ..scene import SCENARIOS
from . import asked, broken, causes, deliveries, handed_over, housekeeping, lifecycle

__all__ = [
    "SCENARIOS",
    "asked",
    "broken",
    "causes",
    "deliveries",
    "handed_over",
    "housekeeping",
    "lifecycle",
]
