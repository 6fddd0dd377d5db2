"""Values of answers as plain JSON."""

from collections.abc import Iterable
from datetime import datetime

from keywatch.catalogue.causes import Remedy


def iso(when: datetime | None) -> str | None:
    """Return a UTC time as ISO 8601, to the second."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ") if when else None


def remedies(found: Iterable[Remedy]) -> list[dict[str, str | None]]:
    """Return remedies with their commands."""
    return [{"text": remedy.text, "command": remedy.command} for remedy in found]
