"""From a group and its incidents to the message about it. Pure."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence

from keywatch.alerts.alert import Alert, GroupView, Impact, SubjectView
from keywatch.alerts.incident_alert import impact_of
from keywatch.catalogue.causes import Remedy, cause_of
from keywatch.diagnosis.diagnose import Diagnosis
from keywatch.diagnosis.reasons import Reason, stamp
from keywatch.model.evidence import ChangeFact
from keywatch.model.group import BROKEN_KEYS, CALLER, KEY_STORE, KMS, PERSON, Group, GroupKey
from keywatch.model.incident import Incident
from keywatch.model.levels import Confidence, Severity
from keywatch.model.text import counted

MOST_MEMBERS = 1_000
_MOST_CHANGES = 5
_SEVERITIES = tuple(severity.value for severity in Severity)

# What a group has in common, in words, and what to do about all of it.
_BY = {
    CALLER: "all of them were asked for by {name}",
    BROKEN_KEYS: "all of them were used by {name}",
    PERSON: "all of them were changed by {name}",
    KEY_STORE: "all of them are in key store {name}",
    KMS: "KMS itself fails in {region}",
}
_FIRST_STEP = {
    CALLER: "See what changed at {name} at that time: a deployment, its Region, the names that it is configured with. "
    "If it asks for the wrong names, roll it back.",
    BROKEN_KEYS: "See who changed these keys, and why, before anything is undone.",
    PERSON: "Ask {name} what was done and why, before anything is undone.",
    KEY_STORE: "Bring key store {name} back first: its keys follow.",
    KMS: "Let callers try again with growing pauses, and see the AWS Health Dashboard for {region}.",
}


def group_alert(
    status: str,
    group: Group,
    incidents: Sequence[Incident],
    diagnosis: Diagnosis,
    changes: tuple[ChangeFact, ...] = (),
    *,
    notes: tuple[str, ...] = (),
    function_name: str = "",
) -> Alert:
    """Return the message about a group: ``incidents`` are those known of it, ``diagnosis`` is that of the best known one."""
    over = status == "resolved"
    return Alert(
        status=status,
        incident_id=group.id,
        subject=_place(group.key, incidents, diagnosis.facts.get("account_name", "")),
        diagnosis=diagnosis if over else _of_group(group, incidents, diagnosis, function_name),
        impact=_impact(group, incidents),
        changes=tuple(sorted(changes, key=lambda c: c.when, reverse=True)[:_MOST_CHANGES]),
        notes=notes,
        severity=group.severity or worst(one.severity for one in incidents),
        group=GroupView(
            group.id,
            group.size,
            in_common(group.key),
            tuple(name_of(one) for one in incidents[:MOST_MEMBERS]),
        ),
        replayed=group.key.replayed,
        owner=group.owner,
    )


def in_common(key: GroupKey) -> str:
    """Return in words what the subjects of a group have in common."""
    return _BY[_kind(key)].format(name=key.name, region=key.region)


def _kind(key: GroupKey) -> str:
    return BROKEN_KEYS if key.by == CALLER and key.about == BROKEN_KEYS else key.by


def name_of(incident: Incident) -> str:
    """Return what people call the subject of an incident."""
    return incident.subject.name


def worst(severities: Iterable[str | None]) -> str | None:
    """Return the worst severity; ``None`` where there is none."""
    known = [severity for severity in severities if severity in _SEVERITIES]
    return min(known, key=_SEVERITIES.index, default=None)


def _of_group(
    group: Group, incidents: Sequence[Incident], diagnosis: Diagnosis, function_name: str
) -> Diagnosis:
    """Return what a diagnosis of one subject says of the group: nothing that is proven of all."""
    causes = Counter(one.cause or one.latest_cause for one in incidents)
    said = ", ".join(
        f"{cause_of(cause).title} ({count:,})" for cause, count in causes.most_common(5)
    )
    together = Reason(
        "incidents of KeyWatch",
        f"{in_common(group.key)}, since {stamp(group.since)}. {said}.",
    )
    example = diagnosis.facts.get("alias") or diagnosis.facts.get("key") or ""
    because = (
        Reason(f"{one.source}, of {example}" if example else one.source, one.text)
        for one in diagnosis.because
    )
    unknown = "Most of these were not looked at one by one: what is said of them rests on the words of AWS alone."
    sure = Confidence.LIKELY if diagnosis.confidence is Confidence.CERTAIN else diagnosis.confidence
    remedies = (*_steps(group, function_name), *_examples(diagnosis, example))
    return Diagnosis(
        diagnosis.cause, sure, (together, *because), remedies, (unknown, *diagnosis.unknowns), {}
    )


def _steps(group: Group, function_name: str) -> tuple[Remedy, ...]:
    key = group.key
    first = Remedy(_FIRST_STEP[_kind(key)].format(name=key.name, region=key.region))
    request = json.dumps({"action": "incidents", "group": group.id})
    command = (
        f"aws lambda invoke --function-name {function_name} --cli-binary-format raw-in-base64-out "
        f"--payload '{request}' /dev/stdout"
    )
    listing = Remedy(
        "List all of them, with the state of each (action incidents).",
        command if function_name else None,
    )
    return first, listing


def _examples(diagnosis: Diagnosis, example: str) -> tuple[Remedy, ...]:
    of = f"Of {example}, for example: " if example else "Of one of them, for example: "
    return tuple(Remedy(f"{of}{one.text}", one.command) for one in diagnosis.remedies)


def _place(key: GroupKey, incidents: Sequence[Incident], account_name: str) -> SubjectView:
    regions = {one.subject.region for one in incidents} or {key.region}
    return SubjectView(
        identifier=None,
        key_arn=None,
        alias=None,
        key_store=key.name if key.by == KEY_STORE else None,
        account=key.account,
        region=regions.pop() if len(regions) == 1 else "unknown",
        partition=incidents[0].latest_failure.partition if incidents else "aws",
        account_name=account_name,
    )


def _impact(group: Group, incidents: Sequence[Incident]) -> Impact:
    names: Counter[tuple[str, str]] = Counter()
    for one in incidents:
        names.update(one.names)
    return impact_of(
        sum(one.failures for one in incidents),
        min((one.first_seen for one in incidents), default=group.since),
        max((one.last_seen for one in incidents), default=group.joined_at),
        names,
    )


def ended_note(group: Group, looked_at: int) -> str:
    """Return how a group ended; ``looked_at``: how many KMS reports usable again."""
    how = (
        f"KMS now reports {counted(looked_at, 'subject')} of them usable; "
        "this is not yet confirmed by a successful call."
        if looked_at
        else "It is not proven that they work again: only a successful call can confirm it."
    )
    alone = len(group.alone)
    few = (
        f" The counts are those of the {alone} that alerted by themselves."
        if alone < group.size
        else ""
    )
    return f"All {group.size:,} have ended: no call failed for them lately. {how}{few}"
