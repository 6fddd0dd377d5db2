"""What KeyWatch does for itself as minutes pass: the canary every hour, the doctor at every deployment and every day, the sweep.

All of it hangs on the one clock that there is: no schedule that could be forgotten, what was missed
is made up for, and a new deployment is noticed by its fingerprint, within a minute and without a
custom resource that could make it fail.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from keywatch.housekeeping import canary, daily_sweep
from keywatch.services import Services
from keywatch.store.housekeeping import CANARY_CALLED, HousekeepingState

DAY = timedelta(days=1)
NEEDED = 20.0  # seconds: a chore that may take longer than a look-up is not begun with less


@dataclass(frozen=True, slots=True)
class Minute:
    """One minute: what to work with, what was noted when it began, and the seconds that are left in it."""

    services: Services
    state: HousekeepingState
    remaining: Callable[[], float]

    def claim(self, name: str, **notes: datetime | str | None) -> bool:
        """Take a chore by changing what was noted of it; ``False``: somebody else was first."""
        return self.services.housekeeping.claim(self.state, name, **notes)


def minute(services: Services, remaining: Callable[[], float]) -> float:
    """Do what is due; return the age of the canary in seconds. Raises what DynamoDB raises: no age is an alarm too."""
    this = Minute(services, services.housekeeping.minute(services.now()), remaining)
    for chore in _CHORES:
        try:
            chore(this)
        except Exception:
            services.counts.add("ChoresFailed")
            services.logger.exception("a chore failed; it will be tried again when it is due")
    return this.state.canary_age(services.now()).total_seconds()


def _canary(this: Minute) -> None:
    now = this.services.now()
    if canary.due(this.state, now) and this.claim(CANARY_CALLED, **{CANARY_CALLED: now}):
        canary.send(this.services)


def _doctor(this: Minute) -> None:
    now, deployment = this.services.now(), this.services.settings.parts.deployment
    due = this.remaining() > NEEDED and _doctor_due(this.state, deployment, now)
    if due and this.claim("doctor_at", doctor_at=now):
        from keywatch.actions.doctor.run import report, run_checks

        report(run_checks(this.services), this.services)
        this.services.housekeeping.note(doctor_for=deployment)


def _doctor_due(state: HousekeepingState, deployment: str, now: datetime) -> bool:
    """Tell whether the doctor is due: a deployment that it has not seen, or a day since it ran."""
    last = state.time("doctor_at")
    unseen = (state.text("doctor_for") or "") != deployment
    return last is None or now - last >= (timedelta(minutes=5) if unseen else DAY)


def _sweep(this: Minute) -> None:
    if this.remaining() > NEEDED and daily_sweep.due(this.state, this.services.now()):
        daily_sweep.go_on(this.services, this.state, this.remaining)


def _spokes(this: Minute) -> None:
    if this.services.settings.hub:
        from keywatch.housekeeping import spokes

        spokes.list_accounts(this.services, this.state, this.remaining)
        spokes.visit(this.services, this.state, this.remaining)


_CHORES: tuple[Callable[[Minute], None], ...] = (_canary, _doctor, _sweep, _spokes)
