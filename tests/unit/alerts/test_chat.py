"""The card in a channel keeps to the limits of the service, which drops what does not fit its schema."""

from dataclasses import replace

from keywatch.alerts.builder import build_document
from keywatch.alerts.channels import chat
from keywatch.catalogue.causes import Remedy
from keywatch.diagnosis.reasons import Reason
from tests.unit.alerts.factory import alert


def card_of(*remedies, because=(), status="opened"):
    """Return the content of the card of an alert with these remedies and reasons."""
    plain = alert("key_disabled", status)
    diagnosis = replace(
        plain.diagnosis, remedies=remedies, because=because or plain.diagnosis.because
    )
    return chat.card(build_document(replace(plain, diagnosis=diagnosis)))["content"]


def test_short_command_stands_in_its_step():
    # GIVEN a remedy whose command fits into a step
    content = card_of(Remedy("Enable the key.", "aws kms enable-key --key-id x"))
    # THEN step and command are together
    assert content["nextSteps"] == ["Enable the key. `aws kms enable-key --key-id x`"]


def test_long_command_stands_whole_in_the_description():
    # GIVEN a command that is too long for a step of 350 characters
    command = f"aws kms enable-key --key-id {'x' * 340}"
    # WHEN the card is made
    content = card_of(Remedy("Enable the key.", command))
    # THEN the step refers to the sentence, and the command is whole, alone on its line
    assert content["nextSteps"] == ["Enable the key."]
    assert f"Enable the key.\n```\n{command}\n```" in content["description"]


def test_command_that_a_channel_would_act_on_is_left_to_the_email():
    # GIVEN a command with a mention in it, quoted for a shell
    content = card_of(Remedy("Enable the key.", "aws kms enable-key --key-id '<!channel>'"))
    # THEN the card has the step and not the command
    assert content["nextSteps"] == ["Enable the key."]
    assert "enable-key" not in content["description"]


def test_resolved_incident_asks_for_nothing():
    # GIVEN a resolved incident
    content = card_of(Remedy("Enable the key.", "aws kms enable-key --key-id x"), status="resolved")
    # THEN nobody is told to do something, and the card looks like good news
    assert content["nextSteps"] == []
    assert content["title"].startswith("✅ RESOLVED (HIGH): Key disabled")


def test_description_stays_below_its_limit_and_says_what_is_missing():
    # GIVEN more evidence and longer commands than 8,000 characters hold
    because = tuple(Reason(f"source {number}", "word " * 190) for number in range(12))
    remedies = tuple(
        Remedy(f"Step {number}.", f"aws kms enable-key --key-id {'x' * 1_500}")
        for number in range(12)
    )
    # WHEN the card is made
    content = card_of(*remedies, because=because)
    # THEN whole sections went, and the reader is told so
    assert len(content["description"]) <= 8_000
    assert content["description"].endswith(
        "(Shortened. See the e-mail or the JSON document for the rest.)"
    )
    assert content["description"].count("```") % 2 == 0
