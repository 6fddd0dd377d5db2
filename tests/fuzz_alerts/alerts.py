"""Alerts in which all that comes from outside is hostile: the names, the reasons, and the facts that enter commands."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from keywatch.alerts.alert import Alert, GroupView, Impact, SubjectView
from keywatch.catalogue.causes import CAUSES, FACTS, cause_of, remedies_for
from keywatch.diagnosis.diagnose import Diagnosis
from keywatch.diagnosis.reasons import Reason
from keywatch.model.evidence import ChangeFact
from keywatch.model.levels import Confidence, Severity
from tests.fuzz_alerts.texts import maybe, spoiled, text

STATUSES = ("opened", "reminder", "changed", "resolved")
NOW = datetime(2026, 11, 23, 2, 14, tzinfo=UTC)
KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
# A value of the right form for every fact that may stand in a command.
GOOD: Mapping[str, tuple[str, ...]] = {
    "key": (KEY, f"arn:aws:kms:eu-west-1:111122223333:key/{KEY}"),
    "multi_region_key": ("mrk-1234abcd12ab34cd56ef1234567890ab",),
    "alias": ("alias/payments", "alias/aws/s3", "alias/a-_/B9"),
    "identifier": ("alias/paymnets",),
    "did_you_mean": ("alias/payments",),
    "region": ("eu-west-1", "us-gov-east-1", "cn-north-1", ""),
    "key_region": ("us-east-1",),
    "account": ("111122223333",),
    "partition": ("aws", "aws-cn"),
    "principal": (
        "arn:aws:iam::111122223333:role/payments",
        "arn:aws:iam::111122223333:user/ops/bob",
    ),
    "operation": ("Decrypt", "GenerateDataKey"),
    "key_store": ("cks-1234567890abcdef0",),
    "xks_key": ("bb8562717f809024",),
    "deletion_date": ("2026-11-30 09:00 UTC",),
    "function": ("arn:aws:lambda:eu-west-1:111122223333:function:orders",),
    "role": ("arn:aws:iam::111122223333:role/orders",),
    "role_name": ("orders",),
    "secret": ("arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders-AbCdEf", "orders/db"),
    "parameter": ("/orders/password", "password,/password"),
    "bucket": ("invoices",),
    "object": ("2026/11/a.csv",),
    "database_id": ("db-ABCD",),
    "cluster_id": ("cluster-ABCD",),
    "database": ("arn:aws:rds:eu-west-1:111122223333:db:orders",),
    "cluster": ("arn:aws:rds:eu-west-1:111122223333:cluster:orders",),
    "volume": ("vol-1234",),
    "snapshot": ("snap-1234",),
    "topic": ("arn:aws:sns:eu-west-1:111122223333:orders",),
    "queue": ("orders",),
    "table": ("orders", "arn:aws:dynamodb:eu-west-1:111122223333:table/orders"),
    "stream": ("arn:aws:kinesis:eu-west-1:111122223333:stream/orders",),
    "trail": ("arn:aws:cloudtrail:eu-west-1:111122223333:trail/orders",),
    "domain": ("orders",),
    "log_group": ("/aws/orders",),
    "repository": ("team/orders",),
    "warehouse": ("orders",),
    "file_system": ("fs-0123456789abcdef0",),
    "fsx_file_system": ("fs-0123456789abcdef0",),
    "vault": ("orders",),
    "scaling_group": ("orders",),
}


# What AWS lets stand in the last part of a name, odd as it looks.
_SIGNS = {
    "alias": "abcXYZ0189/_-",
    "did_you_mean": "abcXYZ0189/_-",
    "principal": "abcXYZ0189_+=,.@-",
    "role": "abcXYZ0189_+=,.@-",
    "role_name": "abcXYZ0189_+=,.@-",
    "secret": "abcXYZ0189/_+=.@-",
    "object": "abcXYZ0189_+=,.@:/$#-",
    "topic": "abcXYZ0189_-",
    "parameter": "abcXYZ0189_./-",
    "bucket": "abcxyz0189.-",
}


def right(random: Random, name: str) -> str:
    """Return a value of the right form for a fact; where people choose names, one that nobody else has."""
    good = random.choice(GOOD[name])
    signs = _SIGNS.get(name)
    if signs is None or random.random() < 0.3:
        return good
    return good + "".join(random.choice(signs) for _ in range(random.randrange(1, 12)))


@dataclass(frozen=True, slots=True)
class Drawn:
    """A hostile alert, and the facts that its commands were made of."""

    alert: Alert
    facts: Mapping[str, str]


def draw(random: Random) -> Drawn:
    """Return one hostile alert."""
    cause = random.choice(sorted(CAUSES))
    facts = _facts(random, cause)
    several = [text(random) for _ in range(6)]
    resolved = random.random() < 0.15
    alert = Alert(
        status="resolved" if resolved else random.choice(STATUSES),
        incident_id=f"{cause.replace('_', '-')}-20261123T021405Z",
        subject=_subject(random, facts),
        diagnosis=Diagnosis(
            cause,
            random.choice(tuple(Confidence)),
            (Reason("error text", several[0]), Reason(several[1], several[2])),
            remedies_for(cause, facts),
            (several[3],),
            dict(facts),
        ),
        impact=_impact(random),
        changes=(
            ChangeFact(text(random), text(random), NOW, random.choice((several[4], "e" * 36))),
        ),
        notes=(f"A check found {several[5]}.",) if random.random() < 0.7 else (),
        severity=random.choice((None, *(one.value for one in Severity))),
        previous_cause=random.choice((None, "key_disabled", several[4])),
        group=_group(random),
        previous_incident_id=random.choice((None, several[1])),
        replayed=random.choice(("", "", "custom.replay", several[2])),
    )
    return Drawn(alert, facts)


def _facts(random: Random, cause: str) -> dict[str, str]:
    """Return facts that let as many commands of the cause stand as possible: some right, some spoiled, some hostile."""
    facts = {}
    for name in FACTS:
        good = right(random, name)
        chance = random.random()
        if chance < 0.6:
            facts[name] = good
        elif chance < 0.85:
            facts[name] = spoiled(random, good)
        elif chance < 0.95:
            facts[name] = text(random)
    for step in cause_of(cause).remedies:
        if step.only_where and random.random() < 0.9:
            name, values = step.only_where
            facts[name] = random.choice(values) if values else "CONNECTED"
    return facts


def _subject(random: Random, facts: Mapping[str, str]) -> SubjectView:
    named = [
        random.choice((facts.get(one), maybe(random))) for one in ("identifier", "key", "alias")
    ]
    return SubjectView(
        *named,
        random.choice((None, facts.get("key_store"), text(random))),
        random.choice(("111122223333", text(random))),
        random.choice(("eu-west-1", text(random))),
        random.choice(("aws", "aws-cn", text(random))),
    )


def _impact(random: Random) -> Impact:
    def names() -> tuple[tuple[str, int], ...]:
        return tuple((text(random), random.randrange(1, 5000)) for _ in range(random.randrange(4)))

    failures = random.choice((0, 1, 12_000))
    return Impact(
        failures, NOW, NOW + timedelta(minutes=failures), names(), names(), names(), names()
    )


def _group(random: Random) -> GroupView | None:
    if random.random() < 0.8:
        return None
    return GroupView(
        "group-20261123T021405Z",
        random.choice((3, 1_500)),
        text(random),
        tuple(text(random) for _ in range(3)),
    )
