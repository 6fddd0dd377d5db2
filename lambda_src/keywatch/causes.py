"""The catalogue: every cause KeyWatch can name, what it means, how bad it is and what mends it.

Cause ids are API (dashboards, filter policies and ignore rules rely on them). The knowledge is data; the only logic here
fills a remedy's command with the identifiers of the case, quoted for a shell.
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from string import Formatter


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


@dataclass(frozen=True, slots=True)
class Remedy:
    """One step that mends a cause: a sentence, and a command (AWS CLI v2) to paste, where one exists.

    In the catalogue ``command`` is a template with ``{names}`` of case facts; in an alert it is filled in and quoted.
    """

    text: str
    command: str | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason why a key is missing or unusable. ``meaning`` is one plain sentence; ``remedies`` are in order of trying."""

    id: str
    title: str
    severity: Severity
    meaning: str
    remedies: tuple[Remedy, ...]
    doc: str


def fill(remedy: Remedy, facts: Mapping[str, str]) -> Remedy | None:
    """Return ``remedy`` with every ``{name}`` of its command replaced by the shell-quoted fact.

    A command that needs a fact which the case does not know cannot be pasted: the step is then left out (``None``).
    """
    if remedy.command is None:
        return remedy
    names = {name for _, name, _, _ in Formatter().parse(remedy.command) if name}
    if not all(facts.get(name) for name in names):
        return None
    return Remedy(remedy.text, remedy.command.format_map({name: shlex.quote(facts[name]) for name in names}))
