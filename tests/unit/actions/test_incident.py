"""``incident`` and what ``incidents`` says of what ended: the story of an incident, how long it took, and who breaks again."""

import csv
import io
from datetime import timedelta

import pytest

from cli.__main__ import main
from keywatch.model.incident import KEEP
from keywatch.page import widget
from tests.support.world import KEY_ID, alias_missing, aws_error, changed, disabled
from tests.support.world import world as open_world
from tests.unit.actions.support import ask
from tests.unit.incidents.test_groups import caller, key_id, minutes, missing


@pytest.fixture
def world():
    with open_world() as fresh:
        yield fresh


def broken_and_mended(world, key=KEY_ID, **fields):
    """Let a key be disabled, fail for some minutes, be enabled again, and end; return the incident's id."""
    world.kms.add(key, "Disabled")
    world.take(changed("DisableKey", key=key, at=world.now))
    world.wait(minutes=1)
    world.take(disabled(key, at=world.now, **fields))
    incident_id = next(a["incident_id"] for a in world.inbox() if a["status"] == "opened")
    world.wait(minutes=5)
    world.kms.add(key)
    world.take(changed("EnableKey", key=key, at=world.now))
    minutes(world, 15)
    assert world.inbox()[-1]["status"] == "resolved"
    return incident_id


def test_the_story_of_an_incident_is_told_from_its_cause_to_its_end(world):
    # GIVEN an incident that somebody made and somebody mended
    incident_id = broken_and_mended(world)
    # WHEN it is asked for
    found = ask(world, "incident", incident_id=incident_id)
    # THEN every message and every change is in it, in the order of time
    happened = [(one["what"], one["detail"].partition(" by")[0]) for one in found["timeline"]]
    assert happened == [
        ("change", "DisableKey"),
        ("opened", ""),
        ("changed", ""),
        ("change", "EnableKey"),
        ("resolved", ""),
    ]
    times = [one["when"] for one in found["timeline"]]
    assert times == sorted(times)
    # AND how long people took
    assert found["status"] == "resolved"
    assert found["acknowledged_by"].startswith("EnableKey by arn:")
    assert found["time_to_acknowledge_seconds"] == 6 * 60
    assert found["time_to_resolve_seconds"] >= 10 * 60
    assert found["failures"] == 1


def test_an_incident_that_goes_on_has_no_end_and_a_silence_acknowledges_it(world):
    # GIVEN an open incident that somebody silenced
    world.kms.add(state="Disabled")
    world.take(disabled())
    (opened,) = world.inbox()
    world.wait(minutes=3)
    made = ask(
        world, "silence", match={"incident": opened["incident_id"]}, reason="me", **{"for": "1h"}
    )
    world.tick()
    # WHEN it is asked for
    found = ask(world, "incident", incident_id=opened["incident_id"])
    # THEN it says who is at it, and no end
    assert found["ended_at"] is None
    assert found["time_to_resolve_seconds"] is None
    assert found["acknowledged_by"] == f"silence {made['silence']['silence_id']}"
    assert found["time_to_acknowledge_seconds"] == 180


def test_the_story_stays_when_the_same_key_breaks_again(world):
    first = broken_and_mended(world)
    second = broken_and_mended(world)
    assert first != second
    # WHEN the first is asked for THEN its messages are still there
    found = ask(world, "incident", incident_id=first)
    assert [one["what"] for one in found["timeline"]][1] == "opened"
    assert found["status"] == "resolved"
    assert ask(world, "incident", incident_id=second)["previous_incident_id"] == first


def test_what_ended_is_listed_filtered_and_counted_by_who_breaks_again(world):
    # GIVEN a key that broke twice, another that broke once, and an alias that is missing
    broken_and_mended(world)
    broken_and_mended(world)
    broken_and_mended(world, key_id(1), **caller("orders"))
    world.take(alias_missing("alias/gone", at=world.now, **caller("batch")))
    # THEN what goes on is listed by itself
    assert [one["subject"] for one in ask(world, "incidents")["incidents"]] == ["alias/gone"]
    # AND with what ended on demand, with who breaks again
    found = ask(world, "incidents", ended=True)
    assert [one["status"] for one in found["incidents"]].count("resolved") == 3
    assert [(one["subject"], one["incidents"]) for one in found["repeat_offenders"]] == [
        (KEY_ID, 2)
    ]
    # AND filtered
    resolved = ask(world, "incidents", status="resolved")["incidents"]
    assert {one["subject"] for one in resolved} == {KEY_ID, key_id(1)}
    assert all(one["ended_at"] and one["opened_at"] for one in resolved)
    assert len(ask(world, "incidents", ended=True, cause="key_disabled")["incidents"]) == 3
    later = (world.now + timedelta(minutes=1)).isoformat()
    assert ask(world, "incidents", ended=True, since=later)["incidents"] == []


def test_what_ended_is_listed_as_far_back_as_is_asked_and_kept(world):
    # GIVEN an incident of ten days ago
    broken_and_mended(world)
    since = (world.now - timedelta(hours=1)).isoformat()
    world.wait(days=10)
    # THEN it is not among those of the last week, but among those since then
    assert ask(world, "incidents", ended=True)["incidents"] == []
    assert len(ask(world, "incidents", ended=True, since=since)["incidents"]) == 1
    # AND no more days are read than are kept
    world.wire.calls.clear()
    ask(world, "incidents", ended=True, since="1970-01-01T00:00:00Z")
    assert world.wire.calls.count(("dynamodb", "query")) <= KEEP.days + 20


def test_history_is_kept_as_long_as_the_setting_says():
    with open_world(keep_incidents=timedelta(days=30)) as world:
        broken_and_mended(world)
        items = world.table.scan(TableName="incidents", ConsistentRead=True)["Items"]
        kept = [one for one in items if one["subject"]["S"].startswith(("history|", "ended|"))]
        assert len(kept) == 4
        for one in kept:
            left = float(one["expires_at"]["N"]) - world.now.timestamp()
            assert timedelta(days=29) < timedelta(seconds=left) <= timedelta(days=30)


def test_a_group_has_a_story_of_its_own(world):
    world.take(*missing(40, world))
    digest = next(alert for alert in world.inbox() if alert["status"] == "group")
    found = ask(world, "incident", incident_id=digest["group"]["id"])
    assert [(one["what"], one["detail"]) for one in found["timeline"]] == [("group", "40 subjects")]


def test_an_incident_that_nobody_knows_is_a_bad_request(world):
    for wanted in ("kw-0123456789abcdef", "alias/payments", "kw-", None, 5):
        problem = ask(world, "incident", incident_id=wanted)["error"]
        assert problem["code"] == "invalid_request"
        assert set(problem["fields"]) == {"incident_id"}


def test_history_that_cannot_be_written_costs_no_alert(world):
    # GIVEN a table that takes everything but history
    world.kms.add(state="Disabled")
    written = world.services.history._table.put

    def refuse(item, *conditions):
        if item["subject"]["S"].startswith(("history|", "ended|")):
            raise aws_error("ProvisionedThroughputExceededException")
        return written(item, *conditions)

    world.services.history._table.put = refuse
    # WHEN an incident opens and ends
    assert world.take(disabled()) == set()
    world.kms.add()
    minutes(world, 15)
    # THEN people were told all of it, and the loss is counted
    assert [alert["status"] for alert in world.inbox()] == ["opened", "resolved"]
    assert world.counted()["HistoryLost"] == 3


def test_the_command_line_prints_csv_that_a_spreadsheet_can_take(world, capsys):
    # GIVEN an incident about a name that looks like a formula
    broken_and_mended(world)
    world.take(alias_missing("alias/gone", at=world.now, **caller("batch")))

    def by_hand(request):
        found = ask(world, request["action"], **{k: v for k, v in request.items() if k != "action"})
        for one in found.get("incidents", ()):
            one["subject"] = "=1+1" if one["subject"] == "alias/gone" else one["subject"]
        return found

    # WHEN the list is asked for as CSV
    assert main(["incidents", "--ended", "--csv"], by_hand) == 1
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    # THEN each incident is a row, and no cell is a formula
    assert [row["subject"] for row in rows] == ["'=1+1", KEY_ID]
    assert rows[1]["status"] == "resolved"
    assert rows[1]["account"].startswith("account ")
    # AND so is the timeline of one, and each is shown to people
    assert main(["incident", rows[1]["incident_id"], "--csv"], by_hand) == 0
    assert "opened" in capsys.readouterr().out
    assert main(["incident", rows[1]["incident_id"]], by_hand) == 0
    assert "EnableKey" in capsys.readouterr().out
    assert main(["incidents", "--ended"], by_hand) == 1


def test_the_page_shows_what_ended_lately(world):
    incident_id = broken_and_mended(world)
    page = widget.answer({}, None, world.services)
    assert incident_id in page
    assert "Ended lately" in page
