"""Scan and function agree: the same records give the same incidents with the same causes. There is no second brain.

The function is run whole, without what only look-ups can tell: KMS and CloudTrail refuse to answer it.
"""

import json
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cli.__main__ import main
from demo import scenarios
from demo import stage as demo_stage
from demo.cloudtrail_events import event as demo_event
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
from tests.unit.scan.refusing_kms import RefusingKms
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


PAYLOADS = Path(__file__).resolve().parents[2] / "payloads" / "cloudtrail"
NO_KEY_TO_BLAME = ("decrypt_empty_error", "decrypt_wrong_key")
RECORDED = [path for path in sorted(PAYLOADS.glob("*.json")) if path.stem != "identities"]


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_every_recorded_event_is_told_alike(path, tmp_path, capsys):
    # GIVEN a record as AWS has written it, of a failure or of a change
    record = json.loads(path.read_text())
    detail = record.get("detail", record) | {"eventTime": START.strftime("%Y-%m-%dT%H:%M:%SZ")}
    kind = "Service Event" if detail.get("eventType") == "AwsServiceEvent" else "API Call"
    event = {"detail-type": f"AWS {kind} via CloudTrail", "detail": detail}
    # WHEN scan and function read it; THEN they tell the same failures
    found = told_by_scan([event], tmp_path, capsys)
    assert found == [one for one in told_by_function([event]) if one[3]]
    failed = bool(detail.get("errorCode") or detail.get("errorMessage"))
    assert bool(found) == (failed and path.stem not in NO_KEY_TO_BLAME)


class _Now(datetime):
    """The present of the demo, which stands still."""

    @classmethod
    def now(cls, tz=None):
        return START.replace(tzinfo=tz)


# The function here is another account's, so its own look-up is one of a stranger; and what only a log shows is in no trail.
NOT_IN_A_TRAIL = (scenarios.own_lookup, scenarios.only_logged)
ALL = (*scenarios.ALERTS, scenarios.HEALS, scenarios.STORM, *scenarios.QUIET)
DEMO = [scenario for scenario in ALL if scenario.play not in NOT_IN_A_TRAIL]


@pytest.mark.parametrize("scenario", DEMO, ids=lambda scenario: scenario.play.__name__)
def test_every_scenario_of_the_demo_is_told_alike(scenario, tmp_path, capsys, monkeypatch):
    # GIVEN the events of a scenario of the demo, the changes first
    monkeypatch.setattr(demo_stage, "datetime", _Now)
    stage = demo_stage.Stage(RefusingKms().of_region, started=START)
    scenario.play(stage)
    events = [demo_event(one) for one in (*stage.changes, *stage.failures)]
    # WHEN scan and function read them; THEN they tell the same incidents with the same causes
    told = told_by_scan(events, tmp_path, capsys)
    assert told == [one for one in told_by_function(events) if one[3]]
    # AND that is what the demo promises
    promised = {scenario.cause} if scenario in (*scenarios.ALERTS, scenarios.STORM) else set()
    assert promised <= {cause for _, cause, _, _ in told}
    assert bool(told) == bool(promised) or scenario is scenarios.HEALS
