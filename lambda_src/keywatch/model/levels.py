"""The two scales on which everything is judged: how urgent it is, and how sure."""

from enum import StrEnum


class Severity(StrEnum):
    """How urgent a cause is, from wake somebody up to good to know."""

    CRITICAL = "critical"
    HIGH = "high"
    WARNING = "warning"
    INFO = "info"


class Confidence(StrEnum):
    """How sure a diagnosis is: AWS said so or a look-up proved it; the best explanation; one of several."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"
