"""From one failure and what could be looked up to one cause. Pure: no I/O and no clock of its own."""

from dataclasses import dataclass, field
from collections.abc import Mapping

from keywatch.causes import Confidence, Remedy


@dataclass(frozen=True, slots=True)
class Reason:
    """One statement that supports a diagnosis, and where it comes from (error text, DescribeKey, CloudTrail event…)."""

    source: str
    text: str

    def __str__(self) -> str:
        """Return the statement as alerts show it: its source first."""
        return f"{self.source}: {self.text}"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why a key was missing or unusable.

    ``cause`` is a cause id; ``because`` the proven statements; ``remedies`` are filled in; ``unknowns`` say what could not
    be seen and what would tell; ``facts`` are named case facts (``deletion_date``, ``did_you_mean``…) as text.
    """

    cause: str
    confidence: Confidence
    because: tuple[Reason, ...]
    remedies: tuple[Remedy, ...] = ()
    unknowns: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
