"""Every cause in every status, as its reader gets it: reviewed text."""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from keywatch.alerts.builder import build_document
from keywatch.alerts.channels import chat, email
from keywatch.alerts.document import Document
from keywatch.alerts.wording import first_line, subject_line
from keywatch.catalogue import causes
from tests.unit.alerts.factory import SCENES, STATUSES, alert, early_warning

SCHEMA = json.loads(
    (Path(__file__).parents[3] / "docs" / "alert.schema.json").read_text(encoding="utf-8")
)
VALIDATOR = Draft202012Validator(SCHEMA)
EVERY = [(cause, status) for cause in sorted(SCENES) for status in STATUSES]
EARLY = ("key_pending_deletion", "key_disabled", "key_material_missing", "key_store_disconnected")


def shown(value: Document) -> str:
    """Return a document one member a line: a snapshot that can be read."""
    return "\n".join(
        f"{key}: {json.dumps(member, ensure_ascii=False)}" for key, member in value.items()
    )


def test_every_cause_of_the_catalogue_has_a_scene():
    # GIVEN the catalogue and the scenes of these tests
    # THEN no cause goes untested, and every id is what the schema promises
    assert set(SCENES) == set(causes.CAUSES)
    pattern = SCHEMA["properties"]["cause"]["pattern"]
    assert all(re.search(pattern, cause) for cause in causes.CAUSES)


@pytest.mark.parametrize(("cause", "status"), EVERY)
def test_email_is_what_was_reviewed(cause, status, snapshot):
    # GIVEN an alert of this cause
    built = build_document(alert(cause, status))
    # WHEN it is rendered for people
    text = f"Subject: {subject_line(built)}\n\n{email.body(built)}"
    # THEN it reads as reviewed
    assert text == snapshot


@pytest.mark.parametrize("cause", EARLY)
def test_early_warning_is_what_was_reviewed(cause, snapshot):
    # GIVEN a change that will break a key that nobody missed yet
    built = build_document(early_warning(cause))
    # WHEN it is rendered for people
    text = f"Subject: {subject_line(built)}\n\n{email.body(built)}"
    # THEN it says that no call has failed yet
    assert "EARLY WARNING" in text.splitlines()[0]
    assert text == snapshot


@pytest.mark.parametrize(("cause", "status"), EVERY)
def test_document_is_what_was_reviewed_and_fits_the_schema(cause, status, snapshot):
    # GIVEN an alert of this cause
    # WHEN it is rendered for machines
    built = build_document(alert(cause, status))
    # THEN it obeys the published schema and is what was reviewed
    VALIDATOR.validate(built)
    assert shown(built) == snapshot


@pytest.mark.parametrize(("cause", "status"), EVERY)
def test_chat_card_is_what_was_reviewed(cause, status, snapshot):
    # GIVEN an alert of this cause
    card = chat.card(build_document(alert(cause, status)))
    # WHEN it is rendered for a channel
    content = card["content"]
    text = "\n".join(
        (
            content["title"],
            content["description"],
            *content["nextSteps"],
            " ".join(content["keywords"]),
        )
    )
    # THEN it reads as reviewed, in the thread of its incident
    assert card["metadata"]["threadId"] == alert(cause, status).incident_id
    assert text == snapshot


@pytest.mark.parametrize(("cause", "status"), EVERY)
def test_first_line_says_what_broke_how_much_who_is_hit_and_since_when(cause, status):
    # GIVEN an alert of this cause
    built = build_document(alert(cause, status))
    # WHEN it is rendered for people
    line = first_line(built)
    text = email.body(built).partition("\n\n")[0]
    # THEN mail and chat begin with one line that says it
    assert " ".join(text.split()) == line
    assert chat.card(built)["content"]["description"].startswith(line)
    assert len(line) <= 120
    name = built["title"].partition(": ")[2]
    assert line.startswith(f"{name}: ")
    assert f"{built['impact']['failures']:,} calls" in line
    assert "02:14" in line
    assert status == "resolved" or "payments-app" in line
    # AND there is something to run
    assert status == "resolved" or any(step["command"] for step in built["remedies"])


@pytest.mark.parametrize("cause", sorted(SCENES))
def test_all_messages_of_an_incident_have_one_stem_and_one_thread(cause):
    # GIVEN all that is told of one incident
    told = [build_document(alert(cause, status)) for status in STATUSES]
    # THEN their Subjects differ in what stands before the first colon only
    assert len({subject_line(one).partition(": ")[2] for one in told}) == 1
    # AND their cards are in one thread
    assert len({chat.card(one)["metadata"]["threadId"] for one in told}) == 1
