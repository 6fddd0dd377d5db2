"""``silence`` and ``unsilence``: what may be asked, what is refused, and what becomes of what is covered."""

import json
import shlex
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.__main__ import main
from keywatch.model.silence import (
    CRITERIA,
    LONGEST,
    MOST_SILENCES,
    Silence,
    duration_of,
    match_of,
    new_silence,
)
from keywatch.page import widget
from tests.support.world import START, disabled
from tests.support.world import world as open_world
from tests.unit.actions.support import ask

ROOT = Path(__file__).resolve().parents[3]
GOOD = {"match": {"key": "alias/payments"}, "for": "4h", "reason": "we rotate it"}


@pytest.fixture
def world():
    with open_world() as fresh:
        yield fresh


def listed(world):
    return ask(world, "incidents")["silences"]


def test_a_silence_is_kept_listed_shown_on_the_page_and_ended(world):
    # WHEN somebody asks for silence
    made = ask(world, "silence", **GOOD)
    # THEN it is kept as it was asked for
    assert made["schema"] == "keywatch.silence/1"
    assert made["silence"]["match"] == GOOD["match"]
    assert made["silence"]["reason"] == GOOD["reason"]
    assert made["silence"]["until"] == "2026-03-01T07:00:00Z"
    assert listed(world) == [made["silence"]]
    # AND the page shows it, with the reason
    page = widget.answer({}, None, world.services)
    assert "alias/payments" in page
    assert GOOD["reason"] in page
    # WHEN it is ended, THEN it is gone
    silence_id = made["silence"]["silence_id"]
    assert ask(world, "unsilence", silence_id=silence_id)["silence"] == made["silence"]
    assert listed(world) == []
    # AND cannot be ended twice
    problem = ask(world, "unsilence", silence_id=silence_id)["error"]
    assert problem["code"] == "invalid_request"
    assert "silence_id" in problem["fields"]


def test_a_silence_ends_by_itself(world):
    ask(world, "silence", **GOOD)
    world.wait(hours=4)
    assert listed(world) == []


def test_incidents_that_are_covered_are_looked_at_at_once_and_named(world):
    # GIVEN an open incident
    world.kms.add(state="Disabled")
    world.take(disabled())
    (opened,) = world.inbox()
    # WHEN it is silenced by its id
    made = ask(world, "silence", **{**GOOD, "match": {"incident": opened["incident_id"]}})
    assert made["incidents"] == 1
    world.wait(minutes=1)
    world.tick()
    # THEN the clock has seen it, and the list says by what it is silenced
    (one,) = ask(world, "incidents")["incidents"]
    assert one["silence"] == made["silence"]["silence_id"]
    # WHEN the silence is ended, and it still lasts
    ask(world, "unsilence", silence_id=made["silence"]["silence_id"])
    world.wait(minutes=1)
    world.tick()
    # THEN people are told within the minute
    assert [alert["status"] for alert in world.inbox()] == ["reminder"]


@pytest.mark.parametrize(
    "match",
    [
        {},
        None,
        "alias/payments",
        [],
        ["key"],
        ["key=a", "key=b"],
        {"keys": "alias/payments"},
        {"key": ""},
        {"key": 1},
        {"key": ["alias/payments"]},
        {"key": "alias/pay ments"},
        {"key": "alias/x\n"},
        {"key": "alias/[p]ayments"},
        {"key": "x" * 513},
        {"key": "<script>"},
        {"cause": "nonsense"},
        {"cause": "*"},
        {"account": "*"},
        {"account": "12345678901"},
        {"account": "\uff11" * 12},
        {"region": "eu"},
        {"region": "*"},
        {"incident": "kw-*"},
        {"incident": "alias/payments"},
        # Everything.
        {"key": "*"},
        {"key": "***"},
        {"key": "a*"},
        {"caller": "*"},
        {"caller": "*a*"},
        {"key": "*", "caller": "*"},
    ],
)
def test_a_match_that_is_not_good_or_fits_everything_is_refused(world, match):
    problem = ask(world, "silence", **{**GOOD, "match": match})["error"]
    assert problem["code"] == "invalid_request"
    assert set(problem["fields"]) == {"match"}
    assert listed(world) == []


@pytest.mark.parametrize(
    "length",
    ["", "4", "h", "0h", "8d", "169h", "10081m", "4 h", "-1h", "1.5h", 4, None, "4H", "4h\n"],
)
def test_a_time_out_of_bounds_is_refused(world, length):
    problem = ask(world, "silence", **{**GOOD, "for": length})["error"]
    assert set(problem["fields"]) == {"for"}


@pytest.mark.parametrize("reason", ["", " ", None, 1, "a\nb", "x" * 257, "\u202eevil"])
def test_a_reason_is_required_and_one_clean_line(world, reason):
    problem = ask(world, "silence", **{**GOOD, "reason": reason})["error"]
    assert set(problem["fields"]) == {"reason"}


def test_silences_are_bounded_in_number(world):
    for number in range(MOST_SILENCES):
        made = ask(world, "silence", **{**GOOD, "match": {"key": f"alias/key-{number}"}})
        assert "error" not in made
    # WHEN one more is asked for, THEN it is refused until another has ended
    assert "error" in ask(world, "silence", **GOOD)
    ask(world, "unsilence", silence_id=made["silence"]["silence_id"])
    assert "error" not in ask(world, "silence", **GOOD)


def test_a_silence_of_all_that_is_watched_here_says_so(world):
    wide = {"region": "eu-west-1", "account": "123456789012"}
    assert ask(world, "silence", **{**GOOD, "match": wide})["warning"]
    assert not ask(world, "silence", **GOOD)["warning"]


def test_the_command_line_takes_names_and_values(world, capsys):
    asked = []

    def by_hand(request):
        asked.append(request)
        return ask(world, request["action"], **{k: v for k, v in request.items() if k != "action"})

    # WHEN a person silences two conditions at once
    arguments = [
        "--match",
        "key=alias/payments",
        "cause=key_disabled",
        "--for",
        "2d",
        "--reason",
        "we know",
    ]
    assert main(["silence", *arguments], by_hand) == 0
    # THEN both are kept, and the answer says how to end it
    (silence,) = listed(world)
    assert silence["match"] == {"key": "alias/payments", "cause": "key_disabled"}
    assert f"keywatch unsilence {silence['silence_id']}" in capsys.readouterr().out
    assert main(["unsilence", silence["silence_id"]], by_hand) == 0
    assert listed(world) == []


def test_the_commands_of_the_documentation_run_as_they_stand(world):
    # GIVEN the commands of the page about silences, in their order
    page = (ROOT / "docs/checks.md").read_text(encoding="utf-8")
    _, _, block = page.partition("## Silences")
    lines = block.partition("```sh\n")[2].partition("```")[0].splitlines()
    made = []

    def by_hand(request):
        if request["action"] == "unsilence":
            request = {**request, "silence_id": made[0]["silence_id"]}
        found = ask(world, request["action"], **{k: v for k, v in request.items() if k != "action"})
        made.extend([found["silence"]] if "silence" in found else [])
        return found

    # WHEN THEN each runs, and the last one ends what the first one began
    for line in lines:
        assert main(shlex.split(line.removeprefix("./keywatch ")), by_hand) == 0, line
    assert [one["reason"] for one in listed(world)] == ["ticket 4711"]


VALUES = st.one_of(st.none(), st.integers(), st.text(max_size=40), st.lists(st.text(max_size=9)))


@given(
    value=st.dictionaries(
        st.one_of(st.sampled_from(tuple(CRITERIA)), st.text(max_size=9)), VALUES, max_size=4
    )
)
def test_whatever_is_asked_for_gives_a_good_match_or_none(value):
    match = match_of(value)
    # THEN a good one holds all that was asked for, of known names and plain signs only
    if match is not None:
        assert match == value
        assert match.keys() <= CRITERIA.keys()
        assert json.dumps(match).isascii()
        assert "\\" not in json.dumps(match)


@given(value=st.one_of(st.text(max_size=8), st.from_regex(r"[0-9]{1,5}[mhd]", fullmatch=True)))
def test_a_time_is_within_a_week_or_none(value):
    length = duration_of(value)
    assert length is None or timedelta(minutes=1) <= length <= LONGEST


def test_a_damaged_silence_costs_only_itself(world):
    # GIVEN two silences, one of them damaged
    kept = new_silence({"key": "alias/a"}, "why", START, START + timedelta(hours=1))
    world.services.silences.add(kept)
    world.services.silences.add(
        Silence("kw-silence-0", {"key": "x"}, "why", START, START + timedelta(hours=2))
    )
    (damaged,) = [
        item
        for item in world.table.scan(TableName="incidents", ConsistentRead=True)["Items"]
        if item["item"]["S"].endswith("kw-silence-0")
    ]
    world.table.put_item(TableName="incidents", Item={**damaged, "match": {"S": "no JSON"}})
    # WHEN THEN the other one is on, and the loss is counted
    assert world.services.silences.current(START) == (kept,)
    assert world.counted()["ItemsUnreadable"] == 1
