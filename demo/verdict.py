"""Were the right alerts sent, and only those? Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from demo.scenarios import Scenario
from keywatch.alerts.document import Document


@dataclass(frozen=True, slots=True)
class Played:
    """A scenario that was played: the names that its alert goes by, and how many failures were sent."""

    scenario: Scenario
    names: tuple[str, ...]
    failures: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which alert came for which scenario, what is missing, and what nobody expected."""

    came: dict[str, Document] = field(default_factory=dict)
    missing: list[Played] = field(default_factory=list)
    unexpected: list[Document] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Tell whether every expected alert came, once, and nothing else."""
        return not self.missing and not self.unexpected


def judge(played: Sequence[Played], alerts: Sequence[Document]) -> Verdict:
    """Match alerts with scenarios: one alert for each that expects one, of the expected cause; one more where it grows."""
    verdict = Verdict(missing=[one for one in played if one.scenario.cause])
    growing = [one for one in played if one.scenario.grows]
    for alert in alerts:
        if grown := next((one for one in growing if _is_about(alert, one, "changed")), None):
            growing.remove(grown)
            continue
        match = next((one for one in verdict.missing if _is_about(alert, one)), None)
        if match is None:
            verdict.unexpected.append(alert)
            continue
        verdict.missing.remove(match)
        verdict.came[match.scenario.title] = alert
    return verdict


def _is_about(alert: Document, one: Played, status: str = "opened") -> bool:
    return (
        alert["cause"] == one.scenario.cause
        and alert["status"] == status
        and not named_by(alert).isdisjoint(one.names)
    )


def named_by(alert: Document) -> set[str]:
    """Return every name that an alert has for its subject, and the short names of the callers."""
    subject = {value for value in alert["subject"].values() if isinstance(value, str)}
    return subject | {caller["name"].rpartition("/")[2] for caller in alert["impact"]["callers"]}
