import io
import json

import pytest
from rich.console import Console

from demo.scenarios import Scenario
from demo.show import RichShow, closing_table, panel
from demo.verdict import Played, judge

HOSTILE = "[bold red]alias/x[/] [link=https://evil.example.com]"


@pytest.fixture
def document():
    return {
        "schema": "keywatch.alert/1",
        "status": "opened",
        "severity": "high",
        "incident_id": "kw-1",
        "cause": "alias_not_found",
        "confidence": "certain",
        "title": f"Alias not found: {HOSTILE}",
        "summary": "No alias of this name exists.",
        "subject": {
            "identifier": HOSTILE,
            "key_arn": None,
            "alias": HOSTILE,
            "account": "111122223333",
            "region": "eu-west-1",
        },
        "because": [f"error text: {HOSTILE} is not found."],
        "unknowns": [],
        "remedies": [
            {"text": "Compare.", "command": "aws kms list-aliases"},
            {"text": "No command.", "command": None},
        ],
        "impact": {"failures": 3, "callers": [], "operations": [], "services": [], "resources": []},
        "changes": [
            {"what": "DeleteAlias", "who": HOSTILE, "when": "2026-04-12T18:05:09Z", "event_id": "e"}
        ],
        "links": {},
        "notes": [],
    }


def shown(*things):
    console = Console(width=200, record=True, file=io.StringIO())
    for thing in things:
        console.print(thing)
    return console.export_text()


def test_a_panel_says_why_who_and_what_to_run(document):
    text = shown(panel(document))

    for part in (
        "No alias of this name exists.",
        "is not found.",
        "DeleteAlias by",
        "aws kms list-aliases",
    ):
        assert part in text


def test_text_from_events_is_shown_as_it_is_and_never_as_markup(document):
    text = shown(panel(document))

    assert "[bold red]alias/x[/]" in text


def test_for_machines_standard_output_holds_alerts_only(document, capsys):
    show = RichShow(json_lines=True)
    with show.step("something"):
        show.alert(document)
    show.error("something else")

    out, err = capsys.readouterr()
    assert [json.loads(line) for line in out.splitlines()] == [document]
    assert "something else" in err


def test_the_closing_table_tells_what_was_sent_counted_and_missed(document):
    came = Played(Scenario("a typo", "alias_not_found", lambda _: ()), (HOSTILE,), 500)
    missed = Played(Scenario("a lost key", "key_not_found", lambda _: ()), ("x",), 1)
    quiet = Played(Scenario("a throttled call", None, lambda _: ()), ("y",), 1)
    played = [came, missed, quiet]

    rows = shown(closing_table(played, judge(played, [document]), {"kw-1": 500}, 61.4)).splitlines()

    assert "502 failures sent, 1 alerts received, 61 s" in rows[0]
    assert any("a typo" in row and row.count("500") == 2 for row in rows)
    assert any("a lost key" in row and "MISSING" in row for row in rows)
    assert any("a throttled call" in row and "none, as expected" in row for row in rows)
