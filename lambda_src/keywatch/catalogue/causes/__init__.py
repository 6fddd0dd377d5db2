"""The catalogue: every cause KeyWatch can name, what it means, how bad it is and how to fix it.

Cause ids are API (dashboards, filter policies and ignore rules rely on them). The knowledge is
data, one module a family; the only logic here fills a remedy's command with the identifiers of the
case, quoted for a shell. To add a cause, add its record to a family and a hypothesis that finds it.
"""

import re
import shlex
from collections.abc import Mapping
from functools import lru_cache
from string import Formatter
from types import MappingProxyType

from keywatch.catalogue.causes.aws_side import AWS_SIDE
from keywatch.catalogue.causes.elsewhere import ELSEWHERE
from keywatch.catalogue.causes.external_keys import EXTERNAL_KEYS
from keywatch.catalogue.causes.external_proxies import EXTERNAL_PROXIES
from keywatch.catalogue.causes.grammar import all_fit
from keywatch.catalogue.causes.key_states import KEY_STATES
from keywatch.catalogue.causes.key_stores import KEY_STORES
from keywatch.catalogue.causes.missing import NOT_FOUND
from keywatch.catalogue.causes.record import FACTS, Cause, Lookup, Proof, Remedy
from keywatch.catalogue.protected import PROTECTED_FACTS
from keywatch.model.levels import Severity
from keywatch.model.text import one_line

__all__ = [
    "CAUSES",
    "FACTS",
    "Cause",
    "Lookup",
    "Proof",
    "Remedy",
    "cause_of",
    "fill",
    "remedies_for",
]

# In the order in which the page of causes and the dashboard show them.
CAUSES: Mapping[str, Cause] = MappingProxyType(
    {
        cause.id: cause
        for cause in (
            *NOT_FOUND,
            *ELSEWHERE,
            *KEY_STATES,
            *AWS_SIDE,
            *KEY_STORES,
            *EXTERNAL_PROXIES,
            *EXTERNAL_KEYS,
        )
    }
)


@lru_cache(maxsize=256)
def cause_of(cause_id: str | None) -> Cause:
    """Return the record of a cause; an id that this version does not know gets a bare one, so that its alert goes out."""
    if known := CAUSES.get(cause_id or ""):
        return known
    title = one_line(cause_id, 64).replace("_", " ").capitalize()
    return Cause(cause_id or "", title, Severity.HIGH, "", (), "")


def remedies_for(cause_id: str, facts: Mapping[str, str]) -> tuple[Remedy, ...]:
    """Return the steps that fix a cause, in order of trying, with the case's own facts in the commands.

    A step whose command needs a fact that nobody knows is done ``otherwise``, or stays as a sentence, but is left out
    altogether where that fact is what the step is about (``did_you_mean``, ``key_region``,
    ``multi_region_key``, what a service was encrypting). Without a Region, commands rely on the caller's default.
    """
    cause = CAUSES.get(cause_id)
    steps = cause.remedies if cause else ()
    return tuple(filled for step in steps if (filled := _filled(step, facts)) is not None)


_REGION_OPTION = " --region {region}"
_POINT_OF_A_STEP = tuple(
    f"{{{fact}}}" for fact in ("did_you_mean", "key_region", "multi_region_key", *PROTECTED_FACTS)
)


def _filled(step: Remedy, facts: Mapping[str, str]) -> Remedy | None:
    if not _agrees(step, facts):
        return None
    if step.command is None:
        return step
    command = step.command
    if not facts.get("region"):
        command = command.replace(_REGION_OPTION, "")
    if filled := fill(Remedy(step.text, command), facts):
        return filled
    if step.otherwise:
        return _filled(step.otherwise, facts)
    pointless = any(fact in command for fact in _POINT_OF_A_STEP)
    text = f"{step.text[:-1]}." if step.text.endswith(":") else step.text  # no command follows
    return None if pointless else Remedy(text)


def _agrees(step: Remedy, facts: Mapping[str, str]) -> bool:
    """Tell whether what was seen lets ``step`` stand: no command against what one has just seen."""
    if step.only_where is None:
        return True
    name, values = step.only_where
    if seen := facts.get(name):
        return not values or seen in values
    return not (step.must_be_seen or facts.get("reported"))


def fill(remedy: Remedy, facts: Mapping[str, str]) -> Remedy | None:
    """Return ``remedy`` with every ``{name}`` of its command replaced by the shell-quoted fact, in its text by the fact.

    A command that needs a fact which the case does not know, or whose value is no such thing, cannot
    be pasted: the step is then left out (``None``).
    """
    if remedy.command is None:
        return remedy
    wanted = [(name, spec) for _, name, spec, _ in Formatter().parse(remedy.command) if name]
    if not all_fit([(name, facts.get(name) or "") for name, _ in wanted]):
        return None
    if not all(_FORMS[spec].fullmatch(facts[name]) for name, spec in wanted if spec):
        return None
    words = {name: _Word(facts[name]) for name, _ in wanted}
    text = remedy.text
    for name in words:
        text = text.replace(f"{{{name}}}", facts[name])
    return Remedy(text, remedy.command.format_map(words))


# Where a command asks for more of a fact than its own form.
_FORMS: Mapping[str, re.Pattern[str]] = {
    # What means the same inside quotes and outside, to a shell and to a query.
    "plain": re.compile(r"[A-Za-z0-9:/_.-]{1,500}"),
    "arn": re.compile(r"arn:.{1,500}"),
}


class _Word(str):
    """A fact in a command: ``{name}`` and ``{name:arn}`` are one quoted word, ``{name:plain}`` stands inside quotes as it is."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        return str(self) if spec == "plain" else shlex.quote(self)
