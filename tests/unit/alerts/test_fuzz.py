"""A few of the 100,000 hostile alerts of ``make fuzz``, the same every day; and that the judge sees what it is there for."""

import pytest

from keywatch.alerts.builder import build_document
from keywatch.alerts.channels import chat, email
from keywatch.alerts.wording import subject_line
from tests.fuzz_alerts import judge, shell
from tests.fuzz_alerts.__main__ import report
from tests.fuzz_alerts.trial import run
from tests.unit.alerts.factory import alert

DOCUMENT = build_document(alert("alias_not_found"))
BODY = email.body(DOCUMENT)


def test_no_hostile_alert_makes_a_link_a_mention_markup_a_line_or_an_argument_of_its_own():
    # GIVEN alerts in which all that comes from outside is hostile
    # WHEN each is rendered in every form, and every command of it is run by two shells
    figures = run(150)
    # THEN nothing in any of them is of the attacker's making
    assert not figures.faults, report(figures, 150)
    assert figures.looked_at["email"] == 150
    assert figures.looked_at["command"] > 100


def test_an_alert_without_anything_hostile_passes_the_judge():
    card = chat.card(DOCUMENT)
    assert not [*judge.email(DOCUMENT, subject_line(DOCUMENT), BODY), *judge.chat(DOCUMENT, card)]


@pytest.mark.parametrize(
    ("spoiled", "kind"),
    [
        (BODY + "see https://evil.example/x\n", "link"),
        (BODY + "see evil.example\n", "link"),
        (BODY + "a@b.example\n", "link"),
        (BODY + "    aws kms delete-alias\n", "extra line"),
        (BODY + "9. Call us\n", "extra line"),
        (BODY + "HOW TO FIX IT\n", "extra line"),
        (BODY + "a\u202eb\n", "control or invisible sign"),
    ],
)
def test_the_judge_sees_what_is_wrong_with_an_email(spoiled, kind):
    assert kind in {found for found, _ in judge.email(DOCUMENT, "HIGH: x", spoiled)}


@pytest.mark.parametrize(
    ("spoiled", "kind"),
    [
        ("<!here>", "mention"),
        ("see evil.com", "link"),
        ("*bold*", "markup"),
        ("# big", "markup"),
        ("- ---", "markup"),
        ("[x](y)", "markup"),
        ("```\naws kms delete-alias\n```", "extra command"),
    ],
)
def test_the_judge_sees_what_is_wrong_with_a_chat_card(spoiled, kind):
    card = chat.card(DOCUMENT)
    card["content"]["description"] += f"\n\n{spoiled}"
    assert kind in {found for found, _ in judge.chat(DOCUMENT, card)}


@pytest.mark.parametrize(
    "html",
    ["<script>x</script>", "<a href='https://evil.example'>x</a>", "<p onclick=x></p>", "</p>"],
)
def test_the_judge_sees_markup_on_the_page(html):
    assert list(judge.page(DOCUMENT, html, whole=False))


@pytest.mark.parametrize("program", shell.SHELLS)
def test_the_shells_tell_what_a_command_did(program):
    # GIVEN commands that do more, or something else, than call the AWS CLI once
    # WHEN a shell runs them
    ran = shell.run(["aws a 'b c'", "aws a; aws b", "id", "aws x > made", "echo $(id)"], program)
    # THEN their arguments are as the shell passed them, and all else is seen
    assert ran.calls == [[["a", "b c"]], [["a"], ["b"]], [], [["x"]], []]
    assert any("id" in said for said in ran.beside)
    assert "made" in ran.beside
