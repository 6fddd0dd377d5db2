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


LONG = (
    "aws kms enable-key --key-id arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab "
    "--region eu-west-1"
)


def at_80_columns(monkeypatch, capsys, show_it, **options):
    monkeypatch.setenv("COLUMNS", "80")
    show = RichShow(**options)
    show.console.width = 80
    show_it(show)
    return capsys.readouterr().out


def test_at_80_columns_every_command_is_whole_and_nothing_is_cut(document, monkeypatch, capsys):
    # GIVEN an alert with a command longer than the terminal is wide, and a long title
    document["remedies"] = [{"text": "Enable the key.", "command": LONG}]
    document["title"] = "External key store proxy rejects KMS's credentials: cks-1234567890abcdef0"
    # WHEN it is shown
    out = at_80_columns(monkeypatch, capsys, lambda show: show.alert(document))
    # THEN the command can be pasted, and nothing else is wider than the terminal or cut
    assert f"    {LONG}\n" in out
    assert [line for line in out.splitlines() if len(line) > 80 and LONG not in line] == []
    assert "…" not in out
    assert "cks-1234567890abcdef0 (eu-west-1)" in " ".join(out.split())


def test_at_80_columns_the_closing_table_has_all_its_words(document, monkeypatch, capsys):
    # GIVEN what the demo plays, with the longest cause
    document["cause"] = "xks_proxy_rejected_credentials"
    title = "the proxy of an external key store rejects what KMS signs with"
    came = Played(Scenario(title, document["cause"], lambda _: ()), (HOSTILE,), 12_345)
    verdict = judge([came], [document])
    # WHEN it ends
    out = at_80_columns(
        monkeypatch, capsys, lambda show: show.closing([came], verdict, {"kw-1": 12_345}, 61.4)
    )
    # THEN nothing is cut, and every word is there
    assert "…" not in out
    assert max(map(len, out.splitlines())) <= 80
    assert set(title.split()) <= set(out.split())
    assert out.count("12,345") == 3
    assert "xks_proxy_rejected_credentials" in out


NOTHING = {
    "impact": {"failures": 0, "callers": [], "operations": [], "services": [], "resources": []}
}


def test_the_picture_shows_the_steps_one_alert_and_the_end(document, monkeypatch, capsys, tmp_path):
    # GIVEN a demo that is to be a picture
    def play(show):
        with show.step("deploy"):
            show.alert(document)
        show.email(document | NOTHING)
        show.verdict(judge([], []), healed=True)
        show.draw()

    at_80_columns(monkeypatch, capsys, play, picture=tmp_path / "demo.svg")
    # THEN it holds them, and nothing that a browser would run
    svg = (tmp_path / "demo.svg").read_text(encoding="utf-8")
    for said in ("deploy", "list-aliases", "expected"):
        assert said in svg
    assert svg.count("list-aliases") == 1
    assert "<script" not in svg
    assert "font-face" not in svg
