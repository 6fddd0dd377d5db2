"""Whose a broken thing is: by the tags of its key (setting ``owner_tags``), so that its alerts can be routed to a team.

An alias has the owner of the key that it points to or pointed to last. A key store has the owner of
its keys that failed, and a group that of its members, where all agree. What cannot be read leaves
the owner as it was told before, or nobody: it never holds up an alert. ``ListResourceTags`` works
in the key's own account only (KMS API Reference).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from keywatch.alerts.document import MAX_OWNER
from keywatch.model.evidence import ChangeFact, Evidence, LookupOutcome
from keywatch.model.identifiers import parse
from keywatch.model.incident import Incident
from keywatch.model.signals import KeyFailure, Subject
from keywatch.model.tally import OTHERS
from keywatch.model.text import one_line
from keywatch.services import Services
from keywatch.sources.subjects import key_subject

TIME = timedelta(seconds=2)
MOST_MEMBERS = 25  # of a group


def with_owner(services: Services, incident: Incident, evidence: Evidence) -> Incident:
    """Return an incident with its owner as it is now, or as it was told before where the tags cannot be read."""
    if not services.settings.owner_tags:
        return incident
    keys = keys_of(incident, evidence.changes, evidence)
    told_by = incident.latest_failure.recorded_in
    return replace(incident, owner=owner_of(services, keys, incident.owner, told_by))


def common_owner(services: Services, incidents: Sequence[Incident]) -> str | None:
    """Return the owner of all of these; ``None`` where they have several, or one of them has none or is not known."""
    tags = services.settings.owner_tags
    if not tags or not incidents or len(incidents) > MOST_MEMBERS:
        return None
    owners = {
        incident.owner
        or owner_of(
            services,
            keys_of(incident, incident.history),
            None,
            incident.latest_failure.recorded_in,
        )
        for incident in incidents
    }
    return owners.pop() if len(owners) == 1 else None


def keys_of(
    incident: Incident, changes: tuple[ChangeFact, ...], evidence: Evidence | None = None
) -> tuple[str, ...]:
    """Return the ARNs of the keys that an incident is about; none where not all of them are known."""
    subject, failure = incident.subject, incident.latest_failure
    if subject.kind == "key_store":
        named = [name for kind, name in incident.names if kind == "resource"]
        keys = () if OTHERS in named else (failure.key_arn or "", *named)
        return tuple(dict.fromkeys(key for key in keys if key_subject(key)))
    return _key_of(subject, failure, changes, evidence)


def _key_of(
    subject: Subject,
    failure: KeyFailure,
    changes: tuple[ChangeFact, ...],
    evidence: Evidence | None,
) -> tuple[str, ...]:
    if evidence and evidence.key and evidence.key.arn:
        return (evidence.key.arn,)
    if failure.key_arn:
        return (failure.key_arn,)
    if subject.kind == "key":
        return (_arn(subject, failure, subject.name),)
    pointed = [change for change in changes if change.details.get("target_key")]
    if subject.kind != "alias" or not pointed:
        return ()
    target = max(pointed, key=lambda change: change.when).details["target_key"]
    return (target if key_subject(target) else _arn(subject, failure, target),)


def _arn(subject: Subject, failure: KeyFailure, key_id: str) -> str:
    return f"arn:{failure.partition}:kms:{subject.region}:{subject.account}:key/{key_id}"


def owner_of(
    services: Services, keys: Iterable[str], before: str | None, told_by: str | None = None
) -> str | None:
    """Return the owner that all of some keys (ARNs) have; ``before`` where one is gone, or its tags cannot be read.

    ``told_by`` is the account that told a hub of it, in which it may look. Never raises: an alert without
    an owner is better than none.
    """
    try:
        return _owner_of(services, keys, before, told_by)
    except Exception:
        services.counts.add("OwnersUnknown")
        services.logger.exception("the owner of a key could not be looked up")
        return before


def _owner_of(
    services: Services, keys: Iterable[str], before: str | None, told_by: str | None
) -> str | None:
    owners: set[str | None] = set()
    account = (told_by if services.settings.hub else None) or services.settings.account
    lookups = services.accounts.look_ups(account)
    with lookups.within(TIME):
        for arn in keys:
            named = parse(arn)
            if named.account != account or named.region is None:
                return None
            tags, look = lookups.tags(arn, named.region)
            if look.outcome is not LookupOutcome.SEEN:
                services.counts.add("OwnersUnknown")
                return before
            owners.add(owner_in(tags, services.settings.owner_tags))
    if not owners:
        return before
    return owners.pop() if len(owners) == 1 else None


def owner_in(tags: Mapping[str, str], wanted: Sequence[str]) -> str | None:
    """Return the value of the first of the ``wanted`` tags that says something, cleaned and bounded."""
    said = (one_line(tags.get(name), MAX_OWNER) for name in wanted)
    return next(filter(None, said), None)
