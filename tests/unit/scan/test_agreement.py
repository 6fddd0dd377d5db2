"""Scan and function agree: the same records give the same incidents with the same causes. There is no second brain.

The function is run whole, without what only look-ups can tell: KMS and CloudTrail refuse to answer it.
"""

import json
from contextlib import contextmanager
from datetime import timedelta

import pytest

from cli.__main__ import main
from tests.support.world import (
    KEY_ID,
    START,
    alias_missing,
    ambiguous_denial,
    aws_error,
    changed,
    disabled,
    failed,
    key_arn,
    key_missing,
)
from tests.support.world import world as open_world
from tests.unit.parsing.kms_errors import ERRORS
from tests.unit.scan.trails import packed
from tests.unit.sources.records import failed as record_of
from tests.unit.sources.records import identities
from tests.unit.sources.test_matrix import FIELDS, PLACES, _names, _parts, _typed

ALIAS = "alias/payments"


@contextmanager
def blind_world():
    """The function in a world in which nobody answers its questions."""
    with open_world() as world:

        def refuse(service, operation):
            if service in {"kms", "cloudtrail"}:
                raise aws_error("AccessDeniedException")

        world.wire.before = refuse
        yield world


def told_by_function(events):
    """What the function tells of events, each taken at its own time: subject, cause, confidence and count."""
    with blind_world() as world:
        for event in events:
            world.moment[0] = max(world.now, _time_of(event))
            assert world.take(event) == set()
        for _ in range(8):  # what is held is told later
            world.wait(minutes=1)
            world.tick()
        alerts = {
            alert["incident_id"]: alert for alert in world.inbox() if alert["status"] != "resolved"
        }
        items = {item["incident_id"]["S"]: item for item in world.incidents()}
        return sorted(
            (
                items[one]["subject"]["S"],
                alert["cause"],
                alert["confidence"],
                int(items[one]["failures"]["N"]),
            )
            for one, alert in alerts.items()
        )


def _time_of(event):
    minutes = event["detail"]["eventTime"]
    return START.fromisoformat(minutes.replace("Z", "+00:00"))


def told_by_scan(events, tmp_path, capsys):
    log = tmp_path / "log.json.gz"
    log.write_bytes(packed(*(event["detail"] for event in events)))
    main(["scan", "--json", str(log)])
    *incidents, _ = map(json.loads, capsys.readouterr().out.splitlines())
    return sorted(
        (_subject(i["subject"]), i["cause"], i["confidence"], i["failures"]) for i in incidents
    )


def _subject(subject):
    return "|".join(subject[part] for part in ("kind", "account", "region", "name"))


def _event(number, error):
    """An error as one caller meets it in one partition, with more or less said about it: all of these take turns."""
    partition, region, arn_region = PLACES[number % len(PLACES)]
    fields = FIELDS[number // 3 % len(FIELDS)]
    who = list(identities().values())[number % len(identities())]
    names = _names(partition, region, arn_region)
    parts = _parts(
        fields, _typed(error, names, partition), names, resolved="{key}" in error.message
    )
    detail = record_of(
        error.code,
        error.message.format(**names) or None,
        userIdentity=who,
        awsRegion=region,
        eventTime=START.strftime("%Y-%m-%dT%H:%M:%SZ"),
        **parts,
    )
    return {"detail-type": "AWS API Call via CloudTrail", "detail": detail, "region": region}


@pytest.mark.parametrize("number", range(len(ERRORS)), ids=lambda n: f"{n}-{ERRORS[n].cause}")
def test_every_error_of_the_matrix_is_told_alike(number, tmp_path, capsys):
    # GIVEN a call that failed with one of KMS's errors
    event = _event(number, ERRORS[number])
    # WHEN scan and function read it; THEN they tell the same
    found = told_by_scan([event], tmp_path, capsys)
    assert found == told_by_function([event])
    assert len(found) == 1


def _minutes(count):
    return {"at": START + timedelta(minutes=count)}


PENDING = ("KMSInvalidStateException", f"{key_arn()} is pending deletion.", KEY_ID)
HISTORIES = {
    "disabled by somebody": [changed("DisableKey"), disabled(**_minutes(5)), disabled(**_minutes(6))],
    "disabled, enabled and not found": [
        changed("DisableKey"), changed("EnableKey", **_minutes(1)), key_missing(**_minutes(60)),
    ],
    "pending deletion": [changed("ScheduleKeyDeletion"), failed(*PENDING, **_minutes(9))],
    "disabled, then pending deletion": [
        disabled(), changed("ScheduleKeyDeletion", **_minutes(1)), failed(*PENDING, **_minutes(2)),
    ],
    "deleted": [
        changed("ScheduleKeyDeletion"), changed("DeleteKey", **_minutes(8)), key_missing(**_minutes(20)),
    ],
    "alias deleted": [
        changed("DeleteAlias", alias=ALIAS), alias_missing(ALIAS, **_minutes(9)), alias_missing(ALIAS, **_minutes(10)),
    ],
    "alias gone with its key": [
        changed("CreateAlias", alias=ALIAS), changed("DeleteKey", **_minutes(8)), alias_missing(ALIAS, **_minutes(20)),
    ],
    "ambiguous denial": [failed("AccessDenied", ambiguous_denial("somebody"), **_minutes(1))],
    "two keys": [disabled(), key_missing("0987dcba-09fe-87dc-65ba-ab0987654321", **_minutes(1))],
    "throttled": [failed("ThrottlingException", "Rate exceeded", KEY_ID)],
}  # fmt: skip


@pytest.mark.parametrize("history", HISTORIES)
def test_every_history_is_told_alike(history, tmp_path, capsys):
    # GIVEN changes and failures in the order of time; WHEN both read them; THEN they tell the same
    events = HISTORIES[history]
    found = told_by_scan(events, tmp_path, capsys)
    assert found == told_by_function(events)
    assert bool(found) == (history != "throttled")
