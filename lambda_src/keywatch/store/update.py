"""The expressions of one UpdateItem, put together piece by piece; names and values are always bound, never spliced in."""

from collections.abc import Mapping
from typing import Any


class Update:
    """The expressions of one UpdateItem, put together."""

    def __init__(self) -> None:
        self.sets: list[str] = []
        self.adds: list[str] = []
        self.removes: list[str] = []
        self.conditions: list[str] = []
        self.names: dict[str, str] = {}
        self.values: dict[str, Any] = {}

    def copy(self) -> "Update":
        """Return an update of its own that begins as this one."""
        twin = Update()
        twin.sets, twin.adds, twin.removes = [*self.sets], [*self.adds], [*self.removes]
        twin.conditions, twin.names, twin.values = (
            [*self.conditions],
            {**self.names},
            {**self.values},
        )
        return twin

    def _bind(self, name: str, value: Mapping[str, Any]) -> tuple[str, str]:
        number = len(self.values)
        self.names[f"#a{number}"] = name
        self.values[f":v{number}"] = value
        return f"#a{number}", f":v{number}"

    def set(self, name: str, value: Mapping[str, Any]) -> "Update":
        """Set an attribute."""
        attribute, bound = self._bind(name, value)
        self.sets.append(f"{attribute} = {bound}")
        return self

    def add(self, name: str, number: int) -> "Update":
        """Add to a number; a missing one counts as 0."""
        attribute, bound = self._bind(name, {"N": str(number)})
        self.adds.append(f"{attribute} {bound}")
        return self

    def remove(self, name: str) -> "Update":
        """Remove an attribute."""
        self.names[f"#r{len(self.removes)}"] = name
        self.removes.append(f"#r{len(self.removes)}")
        return self

    def when(self, name: str, value: Mapping[str, Any]) -> "Update":
        """Update only where an attribute has this value."""
        attribute, bound = self._bind(name, value)
        self.conditions.append(f"{attribute} = {bound}")
        return self

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of UpdateItem."""
        clauses = (("SET", self.sets), ("ADD", self.adds), ("REMOVE", self.removes))
        return {
            "UpdateExpression": " ".join(
                f"{verb} {', '.join(parts)}" for verb, parts in clauses if parts
            ),
            "ConditionExpression": " AND ".join(self.conditions),
            "ExpressionAttributeNames": self.names,
            "ExpressionAttributeValues": self.values,
        }
