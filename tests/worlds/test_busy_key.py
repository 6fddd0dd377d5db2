"""Who did it, on a key that is used a hundred thousand times: found with few look-ups, as CloudTrail's API allows them."""

from datetime import timedelta
from typing import Any

import pytest

from tests.worlds import records
from tests.worlds.clock import minutes
from tests.worlds.cloudtrail_api import PAGE, Busy
from tests.worlds.commands import parse
from tests.worlds.scene import Scene
from tests.worlds.wire import Spell
from tests.worlds.world import Run, World, story_of

DECRYPTS = 100_000
MOST_LOOKUPS = 6
CULPRITS = ("DisableKey", "ScheduleKeyDeletion", "DeleteImportedKeyMaterial", "DeleteAlias")


def busy_key(what: str, *weather: str) -> tuple[Run, str]:
    """Let ``what`` be done to a busy key, its record be lost, and a call fail; return the run and the culprit's name.

    ``weather`` is how CloudTrail refuses six of ten look-ups, if it does.
    """
    culprit = []

    def episode(s: Scene) -> None:
        kms, alias, who = s.story.kms, s.alias(), s.admin("culprit")
        key = s.key(alias, **({"origin": "EXTERNAL"} if "Material" in what else {}))
        done = s.begins - timedelta(hours=5)
        span = timedelta(days=2)
        s.story.busy.append(
            Busy(key.arn, s.begins - span, s.begins, span / DECRYPTS, records.decrypt)
        )
        acts = {
            "DisableKey": lambda: kms.disable(key, done, who),
            "ScheduleKeyDeletion": lambda: kms.schedule_deletion(key, done, who),
            "DeleteImportedKeyMaterial": lambda: kms.lose_material(key, done, who),
            "DeleteAlias": lambda: kms.delete_alias(key, alias, done, who),
        }
        s.tell(acts[what](), lost=1.0)
        name = alias if what == "DeleteAlias" else key.arn
        probe = s.probe(s.caller(plain=True), key, operation="Decrypt")
        s.calls(
            probe.__class__(probe.caller, "Decrypt", name, key.region),
            s.begins,
            s.begins + minutes(2),
            0.3,
            lost=0,
        )
        culprit.append(who)

    story = story_of(5, (episode,))
    day = timedelta(days=1)
    story.weather[:] = [
        Spell("cloudtrail", kind, story.start - day, story.start + day, "*", 0.6)
        for kind in weather
    ]
    return World(story).run(), culprit[0].tokens[0]


def told_of_calls(run: Run) -> dict[str, Any]:
    """Return the alert about the failing call: the daily sweep may have told of the key before."""
    opened = [m.document for m in run.messages if m.document["status"] == "opened"]
    return next(document for document in opened if "sweep of" not in str(document["because"]))


@pytest.mark.parametrize("what", CULPRITS)
def test_the_culprit_behind_100_000_decrypts_is_named_with_at_most_6_lookups(what: str) -> None:
    # GIVEN a busy key, broken by somebody whose record was lost WHEN a call fails
    run, culprit = busy_key(what)

    # THEN the alert names them, and CloudTrail was asked at most six times
    opened = told_of_calls(run)
    assert culprit in str(opened["because"]), opened["because"]
    assert sum(call.operation == "lookup_events" for call in run.calls) <= MOST_LOOKUPS


@pytest.mark.parametrize("what", CULPRITS)
def test_a_busy_key_is_never_said_to_be_unchanged(what: str) -> None:
    opened = told_of_calls(busy_key(what)[0])
    assert "no change" not in str(opened["because"])


@pytest.mark.parametrize("kind", ["throttled", "denied", "silent"])
@pytest.mark.parametrize("what", CULPRITS)
def test_a_history_that_is_refused_blames_nobody_else_and_is_never_said_to_be_empty(
    what: str, kind: str
) -> None:
    # GIVEN the same where CloudTrail refuses six of ten look-ups
    run, culprit = busy_key(what, kind)
    opened = told_of_calls(run)
    # THEN whoever is named did it, and nothing is said of what was not read
    told = str(opened["because"])
    assert "no change" not in told
    assert "nothing found" not in told
    assert ("called" not in told) or culprit in told


def test_commands_of_remedies_end_within_seconds_on_a_busy_account() -> None:
    # GIVEN the alerts about busy keys WHEN one asks for the history by hand
    asked = [
        command
        for what in CULPRITS
        for remedy in told_of_calls(busy_key(what)[0])["remedies"]
        if (command := parse(remedy["command"])) and command.verb == "lookup-events"
    ]
    # THEN it is asked by the name of a rare event and of few pages, of which two are answered a second
    assert asked
    for command in asked:
        assert command.options["lookup-attributes"].startswith("AttributeKey=EventName,")
        assert int(command.options["max-items"]) <= 10 * PAGE
