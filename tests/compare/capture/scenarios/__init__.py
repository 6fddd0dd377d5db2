"""What is played in both trees."""

from . import asked, broken, causes, deliveries, handed_over, housekeeping, lifecycle
from ..scene import SCENARIOS

__all__ = ["SCENARIOS", "asked", "broken", "causes", "deliveries", "handed_over", "housekeeping", "lifecycle"]
