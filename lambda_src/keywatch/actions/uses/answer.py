"""What was seen of a key's dependents, as the answer of ``uses``. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from keywatch.actions.plain_json import iso
from keywatch.lookups.uses import GrantFacts, ResourceFacts
from keywatch.model.evidence import KeyFacts
from keywatch.model.text import counted
from keywatch.sources.uses import KeyUse

SCHEMA = "keywatch.uses/1"
MOST_NAMES = 25  # of each list of the answer
RECENT = timedelta(hours=1)
_KINDS = {
    "AWS::SecretsManager::Secret": "secret",
    "AWS::EC2::Volume": "volume",
    "AWS::RDS::DBInstance": "database",
    "AWS::RDS::DBCluster": "database cluster",
    "AWS::S3::Bucket": "bucket",
    "AWS::DynamoDB::Table": "table",
    "AWS::SQS::Queue": "queue",
    "AWS::SNS::Topic": "topic",
    "AWS::Lambda::Function": "function",
    "AWS::EFS::FileSystem": "file system",
    "AWS::CloudTrail::Trail": "trail",
}  # what people call the commonest; others are called by AWS's type


@dataclass(slots=True)
class Seen:
    """What was seen of one key, from all sources; ``unknowns`` are whole sentences."""

    calls: tuple[KeyUse, ...] = ()
    grants: tuple[GrantFacts, ...] = ()
    resources: tuple[ResourceFacts, ...] = ()
    last_used: datetime | None = None
    aliases: tuple[str, ...] = ()
    sources: tuple[dict[str, object], ...] = ()
    unknowns: tuple[str, ...] = ()
    whole: bool = True  # every source answered, and with all it has


def render(
    asked: str, region: str, key: KeyFacts | None, seen: Seen, now: datetime
) -> dict[str, Any]:
    """Return the answer (``keywatch.uses/1``) about a key, ``None`` where it could not be looked at. ``now`` is in UTC."""
    used = bool(seen.calls or seen.grants or seen.resources or seen.last_used)
    return {
        "schema": SCHEMA,
        "key_id": asked,
        "region": region,
        "used": used or (False if seen.whole else None),
        "summary": summary(seen.calls, seen.resources, seen.grants, now),
        "key": _key(key, seen) if key else None,
        "last_used": iso(seen.last_used),
        "callers": _callers(seen.calls),
        "contexts": _counts("context", (call.context for call in seen.calls if call.context)),
        "grants": _grants(seen.grants),
        "resources": _resources(seen.resources),
        "sources": list(seen.sources),
        "unknowns": list(seen.unknowns),
    }


def summary(
    calls: Iterable[KeyUse],
    resources: Iterable[ResourceFacts],
    grants: Iterable[GrantFacts],
    now: datetime,
) -> str:
    """Return what depends on a key in a few words: ``used by 3 callers in the last hour; 12 secrets, 4 volumes; 2 grants``."""
    recent = {call.caller.principal for call in calls if now - call.when <= RECENT}
    kinds = Counter(_KINDS.get(one.kind, one.kind) for one in resources)
    held = list(grants)
    parts = (
        f"used by {counted(len(recent), 'caller')} in the last hour" if recent else "",
        ", ".join(counted(count, kind) for kind, count in kinds.most_common(5)),
        counted(len(held), "grant") if held else "",
    )
    return "; ".join(part for part in parts if part)


def _key(key: KeyFacts, seen: Seen) -> dict[str, object]:
    return {
        "arn": key.arn,
        "account": key.account,
        "region": key.region,
        "state": key.state,
        "aliases": list(seen.aliases),
        "replicas": list(key.replicas),
    }


def _callers(calls: Iterable[KeyUse]) -> list[dict[str, object]]:
    found: dict[str, list[KeyUse]] = {}
    for call in calls:
        found.setdefault(call.caller.principal, []).append(call)
    most = sorted(found.items(), key=lambda one: (-len(one[1]), one[0]))[:MOST_NAMES]
    return [
        {
            "name": name,
            "through": sorted({c.caller.service for c in made if c.caller.service}),
            "calls": len(made),
            "failed": sum(call.failed for call in made),
            "operations": sorted({call.operation for call in made}),
            "newest": iso(max(call.when for call in made)),
        }
        for name, made in most
    ]


def _counts(what: str, names: Iterable[str]) -> list[dict[str, object]]:
    return [{what: name, "calls": n} for name, n in Counter(names).most_common(MOST_NAMES)]


def _grants(grants: tuple[GrantFacts, ...]) -> dict[str, object]:
    holders = Counter(grant.grantee for grant in grants)
    named = [{"grantee": name, "grants": n} for name, n in holders.most_common(MOST_NAMES)]
    return {"count": len(grants), "holders": named}


def _resources(resources: tuple[ResourceFacts, ...]) -> list[dict[str, object]]:
    kinds: dict[str, list[ResourceFacts]] = {}
    for one in resources:
        kinds.setdefault(one.kind, []).append(one)
    most = sorted(kinds.items(), key=lambda kind: (-len(kind[1]), kind[0]))
    return [
        {
            "type": kind,
            "count": len(found),
            "names": [f"{one.name} ({one.account} {one.region})" for one in found[:MOST_NAMES]],
        }
        for kind, found in most
    ]
