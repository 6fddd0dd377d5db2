"""What KeyWatch does for itself as minutes pass: the canary every hour, the doctor at every deployment and every day, the sweep.

All of it hangs on the one clock that there is: no schedule that could be forgotten, what was missed
is made up for, and a new deployment is noticed by its fingerprint, within a minute and without a
custom resource that could make it fail.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from keywatch.housekeeping import canary
from keywatch.services import Services
from keywatch.store.housekeeping import HousekeepingState, HousekeepingStore

DAY = timedelta(days=1)
NEEDED = 20.0  # seconds: a chore that may take longer than a look is not begun with less
Chore = Callable[[Services, HousekeepingStore, HousekeepingState, Callable[[], float]], None]


def minute(services: Services, remaining: Callable[[], float]) -> float:
    """Do what is due; return the age of the canary in seconds. Raises what DynamoDB raises: no age is an alarm too."""
    book = HousekeepingStore(services)
    page = book.minute(services.now())
    for chore in _CHORES:
        try:
            chore(services, book, page, remaining)
        except Exception:
            services.counts.add("ChoresFailed")
            services.logger.exception("a chore failed; it will be tried again when it is due")
    return canary.age(page, services.now()).total_seconds()


def _canary(
    services: Services,
    book: HousekeepingStore,
    page: HousekeepingState,
    _remaining: Callable[[], float],
) -> None:
    now = services.now()
    if canary.due(page, now) and book.claim(page, canary.CALLED, **{canary.CALLED: now}):
        canary.send(services)


def _doctor(
    services: Services,
    book: HousekeepingStore,
    page: HousekeepingState,
    remaining: Callable[[], float],
) -> None:
    now, deployment = services.now(), services.settings.parts.deployment
    if (
        remaining() > NEEDED
        and _wanted(page, deployment, now)
        and book.claim(page, "doctor_at", doctor_at=now)
    ):
        from keywatch.actions.doctor.run import examine, report

        report(examine(services), services)
        book.note(doctor_for=deployment)


def _wanted(page: HousekeepingState, deployment: str, now: datetime) -> bool:
    """Tell whether the doctor is due: a deployment that it has not seen, or a day since it came."""
    last = page.time("doctor_at")
    unseen = (page.text("doctor_for") or "") != deployment
    return last is None or now - last >= (timedelta(minutes=5) if unseen else DAY)


def _sweep(
    services: Services,
    book: HousekeepingStore,
    page: HousekeepingState,
    remaining: Callable[[], float],
) -> None:
    from keywatch.housekeeping import daily_sweep

    if remaining() > NEEDED and daily_sweep.due(page, services.now()):
        daily_sweep.go_on(services, book, page, remaining)


_CHORES: tuple[Chore, ...] = (_canary, _doctor, _sweep)
