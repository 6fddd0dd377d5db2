"""The daily sweep: a part every minute until all is seen, then one message about what is new.

What was found is kept in the incident table, one item for each finding, so that a part can end
anywhere and the next one goes on. A finding is new if the sweep before did not have it, if no
incident about it is open, and if no ignore rule covers it. It is marked as sent after the message
was sent: in doubt the message comes twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from keywatch.actions.sweep.digest import send_digest
from keywatch.actions.sweep.findings import AccountRegion, SweepFinding, alertable
from keywatch.actions.sweep.paced_kms import SweepLimits
from keywatch.actions.sweep.part import sweep_part
from keywatch.model.identifiers import parse
from keywatch.model.incident import OPEN
from keywatch.model.signals import Caller, ErrorClassification, KeyFailure, Subject
from keywatch.model.silence import SilenceView
from keywatch.services import Services
from keywatch.sources.subjects import key_subject, store_subject
from keywatch.store.housekeeping import HousekeepingState, HousekeepingStore
from keywatch.store.spokes import Spoke
from keywatch.store.sweep_findings import PARTITION, Record, SweepFindingStore, SweepNews

# After the first minute of a deployment: by then people look at something else.
FIRST = timedelta(hours=1)
EVERY = timedelta(days=1)
LEASE = timedelta(seconds=90)
NEEDED = 30.0  # seconds left in a minute's run for one more group of keys
BEGAN, BEFORE, AFTER = "sweep_began", "sweep_before", "sweep_after"
LEASED, DONE = "sweep_leased", "sweep_done"
NEWS_AT, NEWS_EVERY, MOST_NEWS = "sweep_news_at", timedelta(hours=1), 500


@dataclass(frozen=True, slots=True)
class SweepPlace:
    """Where a sweep looks, where its progress is noted, and the partition in which its findings are kept.

    What is found in a spoke is ``collected``: the news of all of them are one message.
    """

    where: AccountRegion
    chores: HousekeepingStore
    partition: str
    collected: bool = False

    @classmethod
    def own(cls, services: Services) -> "SweepPlace":
        """Return the deployment's own account and Region."""
        settings = services.settings
        where = AccountRegion(settings.account, settings.region)
        return cls(where, services.housekeeping, PARTITION)

    @classmethod
    def of(cls, services: Services, spoke: Spoke) -> "SweepPlace":
        """Return that of a spoke."""
        where = AccountRegion(spoke.account, spoke.region)
        partition = f"{PARTITION}|{spoke.account}|{spoke.region}"
        return cls(where, services.spokes.chores(spoke), partition, collected=True)


def due(state: HousekeepingState, now: datetime, first: timedelta = FIRST) -> bool:
    """Tell whether a sweep is to begin, or one that has begun is to go on, and nobody is at it.

    The first one begins so long after the first sign of life.
    """
    leased = state.time(LEASED)
    if leased and leased > now:
        return False
    if state.time(BEGAN):
        return True
    done, since = state.time(DONE), state.time("since")
    return now - done >= EVERY if done else since is not None and now - since >= first


def go_on(
    services: Services,
    state: HousekeepingState,
    remaining: Callable[[], float],
    limits: SweepLimits | None = None,
    place: SweepPlace | None = None,
) -> None:
    """Do one part, and tell what is new after the last one; without a ``place``, of the deployment's own account and Region."""
    place = place or SweepPlace.own(services)
    now, housekeeping = services.now(), place.chores
    began = state.time(BEGAN) or now
    if not housekeeping.claim(state, LEASED, **{LEASED: now + LEASE, BEGAN: began}):
        return
    before = state.time(BEFORE) or began
    found = SweepFindingStore(services.table, began, before, services.now(), place.partition)
    resume, enough_time = state.text(AFTER) or "", lambda: remaining() > NEEDED
    progress = sweep_part(services, resume, enough_time, limits or SweepLimits(), place.where)
    for finding in filter(alertable, progress.findings):
        found.put(finding.id, _record(finding))
    leased = now + LEASE if progress.complete else None
    housekeeping.note(**{AFTER: progress.after, LEASED: leased})
    if progress.complete and _send_news(services, found, place):
        done = {DONE: services.now(), BEFORE: began, BEGAN: None, AFTER: None, LEASED: None}
        housekeeping.note(**done)
        services.counts.add("Sweeps")


def _record(finding: SweepFinding) -> Record:
    """Return what is kept of a finding: its answer, and its place among the others."""
    severity, deadline, identity = finding.rank
    return finding.as_json() | {"rank": [severity, deadline.isoformat(), identity]}


def _send_news(services: Services, findings: SweepFindingStore, place: SweepPlace) -> bool:
    """Send what is new; ``False`` where that failed: it is tried again when the lease runs out."""
    unsent = sorted(findings.unsent(), key=lambda record: record["rank"])
    found = [record for record in unsent if not _silenced(services, record, place)]
    news = [record for record in found if not _covered(services, record, place)]
    services.logger.info(
        "sweep: %s things at risk that were not told before, %s to tell", len(found), len(news)
    )
    if place.collected:
        where = f"{place.where.account}|{place.where.region}"
        SweepNews(services.table).put(where, news, services.now())
    elif news and not send_digest(services, news, "The daily sweep found this"):
        return False
    findings.mark_sent(found)
    return True


def _silenced(services: Services, record: Record, place: SweepPlace) -> bool:
    """Tell whether a silence covers a finding: it stays unsent, and is told when that has ended."""
    subject = _subject(record, place)
    view = SilenceView(
        ids=frozenset(),
        keys=frozenset((record["name"], subject.name, *record["aliases"])),
        cause=record["cause"],
        callers=None,
        account=subject.account,
        region=subject.region,
    )
    return any(silence.covers(view) for silence in services.silences.current(services.now()))


def tell_news(services: Services, state: HousekeepingState) -> None:
    """Once an hour, send what the sweeps of spokes found as one message; what cannot be sent waits for the next hour."""
    now, told, news = services.now(), state.time(NEWS_AT), SweepNews(services.table)
    if told and now - told < NEWS_EVERY:
        return
    if not services.housekeeping.claim(state, NEWS_AT, **{NEWS_AT: now}):
        return
    found = sorted(news.unsent(MOST_NEWS), key=lambda record: record["rank"])
    if found and send_digest(services, found, "The daily sweeps of the spokes found this"):
        news.mark_sent(found, now)


def _covered(services: Services, record: Record, place: SweepPlace) -> bool:
    """Tell whether people know already (an incident is open about it) or do not want to (an ignore rule)."""
    subject = _subject(record, place)
    incident = services.incidents.read(subject).incident
    if incident and incident.status == OPEN:
        return True
    names = (record["name"], *record["aliases"])
    failures = (_as_failure(name, record, subject, services) for name in names)
    return any(services.ignorer.ignores(failure) for failure in failures)


def _subject(record: Record, place: SweepPlace) -> Subject:
    named = key_subject(record["name"])
    return named or store_subject(record["name"], place.where.account, place.where.region)


def _as_failure(name: str, record: Record, subject: Subject, services: Services) -> KeyFailure:
    return KeyFailure(
        source="sweep",
        event_id="",
        time=services.now(),
        classification=ErrorClassification(record["cause"]),
        subject=subject,
        caller=Caller("sweep"),
        identifier=parse(name),
    )
