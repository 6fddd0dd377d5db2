"""What breaks together is told together: who joins a group, and what each of its incidents becomes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.catalogue.causes import Lookup, cause_of
from keywatch.catalogue.changes import AWS_ITSELF, MADE_BY
from keywatch.diagnosis.diagnose import Diagnosis, diagnose, explain
from keywatch.incidents import silenced
from keywatch.incidents.ending import end
from keywatch.model.evidence import NO_EVIDENCE, ChangeFact, LookupOutcome, LookupResult
from keywatch.model.group import BROKEN_KEYS, CALLER, KEY_STORE, KMS, PERSON, Group, GroupKey
from keywatch.model.incident import (
    BY_ITSELF,
    OPEN,
    QUIET,
    RESOLVED,
    UNPROVEN_QUIET,
    FailureBatch,
    Incident,
    provisional,
)
from keywatch.model.signals import UNKNOWN, KeyFailure
from keywatch.services import Services
from keywatch.store.budgets import Withheld
from keywatch.store.incident_table import StoredSubject
from keywatch.store.json_forms import dump_diagnosis

RECENT = timedelta(days=1)  # a change that is older is hardly what broke many keys just now
_BREAKS = frozenset(what for changes in MADE_BY.values() for what in changes)
_OF_KMS_ITSELF = "kms_unavailable"


def is_member(incident: Incident) -> bool:
    """Tell whether a group tells of an incident."""
    return incident.group not in {None, BY_ITSELF}


def wait_for_room(services: Services, incident: Incident, withheld: Withheld) -> None:
    """Let the clock try again when a message may be sent; what fails meanwhile is counted."""
    group = incident.group or BY_ITSELF
    services.incidents.record_outcome(incident, withheld.until, group=group)


def join(services: Services, incident: Incident, changes: tuple[ChangeFact, ...]) -> Group | None:
    """Let a claimed incident join its groups; return the one that tells of it, ``None`` where it alerts by itself."""
    if incident.group is not None:
        return None
    keys = tuple(_keys_of(incident.latest_failure, changes))
    try:
        return services.groups.join(keys, incident.subject.id, services.now())
    except (ClientError, BotoCoreError):
        services.counts.add("TableUnreachable")
        services.logger.exception("groups could not be read: the incident alerts by itself")
        return None


def _keys_of(failure: KeyFailure, changes: tuple[ChangeFact, ...]) -> Iterator[GroupKey]:
    """Yield the groups that a failure may belong to, what explains most first; ``changes`` are those known of its subject."""
    subject = failure.subject
    account, region, replayed = subject.account, subject.region, subject.replayed
    about = _about(failure.classification.cause)
    if failure.classification.cause == _OF_KMS_ITSELF:
        yield GroupKey(KMS, account, region, region, replayed)
    if failure.key_store and subject.kind != "key_store":
        yield GroupKey(KEY_STORE, account, region, failure.key_store, replayed)
    if person := _who_changed(failure, changes):
        yield GroupKey(PERSON, account, region, person, replayed, about)
    if failure.caller.principal not in {"", "unknown", UNKNOWN}:
        # One program may have lost its keys in several Regions at once.
        yield GroupKey(CALLER, account, UNKNOWN, failure.caller.principal, replayed, about)


def _about(cause: str | None) -> str:
    """Tell a key that exists and cannot be used from what was not found or not allowed, by AWS's words."""
    known = cause_of(cause)
    return BROKEN_KEYS if known.key_states or Lookup.KEY_STORE in known.lookups else ""


def _who_changed(failure: KeyFailure, changes: tuple[ChangeFact, ...]) -> str | None:
    """Return who made the newest recent change that breaks what it is made to."""
    breaking = [
        change
        for change in changes
        if change.what in _BREAKS
        and change.who not in AWS_ITSELF
        and failure.time - change.when <= RECENT
    ]
    return max(breaking, key=lambda change: change.when).who if breaking else None


def tell_together(
    services: Services, incident: Incident, group: Group, changes: tuple[ChangeFact, ...]
) -> Incident:
    """Leave an incident to its group, without a look-up; return it as it is then."""
    told = record_told(services, incident, changes, group.id)
    services.counts.add("IncidentsGrouped")
    services.groups.told_through(group, told)
    return told


def open_in_full_group(
    services: Services, known: StoredSubject, batch: FailureBatch
) -> Incident | None:
    """Open an incident as a member of a group that is full, by one write; ``None`` where it may not be one.

    That is so where anything is known of the subject, or it may belong to another group as well, or
    somebody else was first. Without that, a wave costs three calls for each of its subjects.
    """
    failure, now = batch.latest_failure, services.now()
    keys = tuple(_keys_of(failure, ()))
    if known.incident or known.changes or len(keys) != 1:
        return None
    group = services.groups.full(keys[0], now)
    if group is None or failure.subject.id in group.alone:
        return None
    cause = cause_of(cause_without_look_ups(failure, now))
    incident = replace(
        provisional(failure.subject, batch, now),
        status=OPEN,
        due_at=now + UNPROVEN_QUIET,
        cause=cause.id,
        severity=cause.severity.value,
        announced=(cause.id,),
        sent_at=now,
        group=group.id,
    )
    if silenced.by_words(services, incident) or not services.incidents.open_told(incident, now):
        return None
    services.groups.joined(group, now)
    services.groups.told_through(group, incident)
    services.counts.add("IncidentsGrouped")
    return incident


def record_told(
    services: Services, incident: Incident, changes: tuple[ChangeFact, ...], group: str
) -> Incident:
    """Record that people know of an incident, or will by its group, without a look-up; return it as it is then."""
    now = services.now()
    diagnosis = without_look_ups(incident.latest_failure, changes, now)
    cause, told = cause_of(diagnosis.cause), dump_diagnosis(diagnosis)
    services.incidents.record_outcome(
        incident,
        now + (QUIET if group == BY_ITSELF else UNPROVEN_QUIET),
        status=OPEN,
        cause=cause.id,
        severity=cause.severity.value,
        announced=cause.id,
        sent_at=now,
        last_diagnosis=told,
        group=group,
    )
    return replace(
        incident,
        status=OPEN,
        cause=cause.id,
        severity=cause.severity.value,
        sent_at=now,
        group=group,
        last_diagnosis=told,
    )


def without_look_ups(
    failure: KeyFailure, changes: tuple[ChangeFact, ...], now: datetime
) -> Diagnosis:
    """Return what AWS's words and the known changes say by themselves, and that KeyWatch did not look."""
    wanted = cause_of(failure.classification.cause).lookups
    asked = failure.identifier.text if failure.identifier else failure.subject.name
    look = LookupResult(
        "DescribeKey", asked, failure.region or failure.subject.region, LookupOutcome.SKIPPED
    )
    looks = (look,) if Lookup.KEY in wanted or Lookup.ALIASES in wanted else ()
    return diagnose(failure, replace(NO_EVIDENCE, changes=changes, lookup_results=looks), now)


def cause_without_look_ups(failure: KeyFailure, now: datetime) -> str:
    """Return the cause that AWS's words say by themselves, where no change is known."""
    return explain(failure, NO_EVIDENCE, now).explanation.cause


def follow_member(services: Services, incident: Incident) -> None:
    """Look at an incident that a group tells of: only silence ends it here, the group looks at the rest."""
    now = services.now()
    silence_ends = incident.last_seen + UNPROVEN_QUIET
    if now >= silence_ends and end(services, incident, RESOLVED, now, told=False):
        services.counts.add("IncidentsResolved")
        return
    services.incidents.postpone(incident, max(silence_ends, now + QUIET), sent_at=now)
