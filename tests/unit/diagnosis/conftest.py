"""What every diagnosis of these tests says is compared, word for word, with what was reviewed.

After a change that is meant: ``pytest tests/unit/diagnosis --snapshot-update``, and read the difference.
"""

import pytest

from keywatch.diagnosis.diagnose import Diagnosis, diagnose

MOST = 12  # a test that makes more asks one question of many


def told(diagnosis: Diagnosis) -> str:
    """A diagnosis as text: cause and confidence, why, what is not known, what to do, and the facts."""
    facts = " ".join(f"{name}={value!r}" for name, value in sorted(diagnosis.facts.items()))
    return "\n".join(
        [
            f"{diagnosis.cause} ({diagnosis.confidence}{', over' if diagnosis.is_over else ''})",
            *(f"- {reason.source}: {reason.text}" for reason in diagnosis.because),
            *(f"? {unknown}" for unknown in diagnosis.unknowns),
            *(f"> {remedy.command or remedy.text}" for remedy in diagnosis.remedies),
            f"= {facts}",
        ]
    )


@pytest.fixture(autouse=True)
def reviewed(request, monkeypatch, snapshot):
    """Record what the test has diagnosed, and compare it once the test has passed."""
    made: list[Diagnosis] = []

    def recorded(*arguments, **named):
        made.append(diagnose(*arguments, **named))
        return made[-1]

    if hasattr(request.module, "diagnose"):
        monkeypatch.setattr(request.module, "diagnose", recorded)
    yield
    if 0 < len(made) <= MOST:
        assert "\n\n".join(map(told, made)) == snapshot, "is it meant? then: --snapshot-update"
