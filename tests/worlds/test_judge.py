"""The judge sees what is wrong: true messages of a written story are falsified in one way each, and it must say so."""

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

import pytest

from tests.worlds.chronicle import Chronicle, Habits
from tests.worlds.clock import minutes
from tests.worlds.commands import misfits, parse
from tests.worlds.judge import GRAVE, Judge, Verdict
from tests.worlds.kms import Change
from tests.worlds.messages import Message
from tests.worlds.product import SUBSCRIBER
from tests.worlds.scene import Scene
from tests.worlds.world import Run, story_of

Document = dict[str, Any]


def a_key_is_disabled_for_forty_minutes(s: Scene) -> None:
    """Write the story: before, somebody else changed the key's policy; calls fail every other minute."""
    kms, alias = s.story.kms, "alias/payments"
    key = s.key(alias)
    s.tell(kms.did("PutKeyPolicy", s.begins - minutes(60), s.admin("innocent"), key), lost=0)
    s.tell(kms.disable(key, s.begins, s.admin("culprit")), lost=0)
    s.tell(kms.enable(key, s.begins + minutes(40), s.admin("mender")), lost=0)
    probe = replace(s.probe(s.caller(plain=True), key, operation="Decrypt"), typed=key.arn)
    for number in range(1, 15):
        s.story.call(s.begins + minutes(2 * number), probe, lost=0)


def change(story: Chronicle, what: str) -> Change:
    """Return the change of that kind."""
    return next(told.what for told in story.changes if told.what.what == what)


def message_about(key: str, story: Chronicle, when: datetime, cause: str) -> Message:
    """Return a plain message about a key."""
    document: Document = {
        "schema": "keywatch.alert/1",
        "status": "opened",
        "incident_id": "plain",
        "cause": cause,
        "confidence": "certain",
        "summary": "",
        "because": [],
        "remedies": [],
        "subject": {
            "identifier": key,
            "key_arn": key,
            "account": story.account,
            "region": story.region,
        },
        "impact": {"failures": 1, "callers": [], "operations": []},
        "changes": [],
    }
    return Message(when, document, 0)


def message(story: Chronicle, when: datetime, status: str, failures: int, **fields: Any) -> Message:
    """Return a true message about the story."""
    disabled, mended = change(story, "DisableKey"), change(story, "EnableKey")
    key = disabled.resources[-1]
    document: Document = {
        "schema": "keywatch.alert/1",
        "status": status,
        "incident_id": "incident",
        "cause": "key_disabled",
        "confidence": "certain",
        "summary": "Somebody disabled the key.",
        "because": [f"error text: AWS answered DisabledException: {key} is disabled."],
        "remedies": [
            {
                "text": "Enable it.",
                "command": f"aws kms enable-key --key-id {key} --region {story.region}",
            }
        ],
        "subject": {
            "identifier": key,
            "key_arn": key,
            "account": story.account,
            "region": story.region,
        },
        "impact": {
            "failures": failures,
            "callers": [],
            "operations": [{"name": "Decrypt", "count": failures}],
        },
        "changes": [{"event_id": disabled.id}],
    }
    document["because"].append(
        f"CloudTrail event {disabled.id}: {disabled.who.arn} called DisableKey."
    )
    if status == "resolved":
        document |= {
            "remedies": [],
            "notes": ["KMS now reports the key usable."],
            "changes": [{"event_id": mended.id}],
        }
    return Message(when, document | fields, 0)


@cache
def lived() -> Run:
    """Return the story with the two messages that are right about it."""
    story = story_of(
        1, (a_key_is_disabled_for_forty_minutes,), Habits(lost=0, doubled=0, late=0, logged=0)
    )
    story.weather.clear()
    begins = change(story, "DisableKey").when
    opened, over = (
        message(story, begins + minutes(6), "opened", 1),
        message(story, begins + minutes(55), "resolved", 14),
    )
    return Run(story, [opened, over], ends=begins + minutes(400))


def judged(falsify: Callable[[Document, Run], None]) -> Verdict:
    """Judge the run with its first alert about failing calls falsified."""
    run = lived()
    messages, done = [], False
    for message in run.messages:
        document = copy.deepcopy(dict(message.document))
        if not done and document["status"] == "opened" and document["impact"]["failures"]:
            falsify(document, run)
            done = True
        messages.append(Message(message.when, document, message.invocation))
    assert done
    return Judge(replace(run, messages=messages)).judge()


def test_an_honest_run_has_nothing_against_it() -> None:
    verdict = judged(lambda document, run: None)
    assert verdict.findings == []
    assert verdict.exact == verdict.messages


def test_a_wrong_cause_that_is_certain_is_grave() -> None:
    verdict = judged(
        lambda document, run: document.update(cause="alias_not_found", confidence="certain")
    )
    assert verdict.count("certain cause") == 1
    assert verdict.grave == 1


def test_a_wrong_cause_that_is_likely_is_wrong_but_not_grave() -> None:
    verdict = judged(
        lambda document, run: document.update(
            cause="alias_not_found", confidence="likely", remedies=[]
        )
    )
    assert verdict.count("wrong") == 1
    assert verdict.grave == 0


@pytest.mark.parametrize("by_id", [True, False])
def test_somebody_innocent_in_because_is_found_by_event_id_and_by_name(by_id: bool) -> None:
    def accuse(document: Document, run: Run) -> None:
        innocent = change(run.story, "PutKeyPolicy")
        source = f"CloudTrail event {innocent.id}" if by_id else "CloudTrail"
        document["because"].append(f"{source}: {innocent.who.arn} called PutKeyPolicy.")

    verdict = judged(accuse)
    assert verdict.count("innocent named") == 1
    assert verdict.grave == 1


def test_the_caller_in_awss_own_words_is_not_accused() -> None:
    def quote(document: Document, run: Run) -> None:
        innocent = change(run.story, "PutKeyPolicy")
        document["because"].append(
            f"error text: AWS answered User: {innocent.who.arn} PutKeyPolicy"
        )

    assert judged(quote).findings == []


def test_a_list_of_changes_without_the_one_who_did_it_is_noted() -> None:
    def list_others(document: Document, run: Run) -> None:
        document["because"].pop()
        document["changes"] = [{"event_id": change(run.story, "PutKeyPolicy").id}]

    verdict = judged(list_others)
    assert verdict.count("listed only others") == 1
    assert verdict.grave == 0


@pytest.mark.parametrize(
    "command",
    [
        "aws kms cancel-key-deletion --key-id {key} --region {region}",
        "aws kms create-alias --alias-name {alias} --target-key-id {key} --region {region}",
        "aws kms replicate-key --key-id {key} --replica-region us-west-1 --region {region}",
        "aws kms import-key-material --key-id {key} --region {region}",
        "aws kms enable-key --key-id 00000000-0000-4000-8000-000000000000 --region {region}",
        "aws kms disconnect-custom-key-store --custom-key-store-id cks-none --region {region}",
    ],
)
def test_a_command_against_the_state_is_grave(command: str) -> None:
    def offer(document: Document, run: Run) -> None:
        key = change(run.story, "DisableKey").resources[-1]
        alias = next(name for _, _, name in run.story.kms.aliases)
        text = command.format(key=key, alias=alias, region=run.story.region)
        document["remedies"].append({"text": "Do this.", "command": text})

    verdict = judged(offer)
    assert verdict.count("command") == 1
    assert verdict.grave == 1


def test_a_command_that_fits_is_not_held_against_the_message() -> None:
    story = lived().story
    disabled, place = change(story, "DisableKey"), (story.account, story.region)
    enable = f"aws kms enable-key --key-id {disabled.resources[-1]} --region {story.region}"
    broken, mended = (disabled.when + minutes(number) for number in (10, 50))
    assert misfits(story.kms, place, [enable], (broken,)) == []
    assert misfits(story.kms, place, [enable], (mended,)) == ["enable-key on a key that is Enabled"]
    # What a look-up may have seen within the last minute is not held against it either.
    assert misfits(story.kms, place, [enable], (mended, broken)) == []


def test_an_alert_that_only_lags_behind_by_seconds_is_not_false() -> None:
    run = lived()
    opened = run.messages[0]
    late = replace(
        opened,
        when=change(run.story, "EnableKey").when + minutes(0.5),
        document={**opened.document, "remedies": []},
    )
    assert Judge(replace(run, messages=[late])).judge().count("false") == 0


def test_an_alert_about_what_never_failed_is_false() -> None:
    def other(document: Document, run: Run) -> None:
        nobody = f"arn:aws:kms:{run.story.region}:{run.story.account}:key/00000000-0000-4000-8000-000000000000"
        document["subject"] |= {"identifier": nobody, "key_arn": nobody, "alias": None}

    verdict = judged(other)
    assert verdict.count("false") == 1
    assert verdict.count("certain cause") == 1


def test_an_alert_after_the_end_is_false() -> None:
    run = lived()
    opened = next(m for m in run.messages if m.document["status"] == "opened")
    late = replace(opened, when=opened.when + minutes(60))
    verdict = Judge(replace(run, messages=[*run.messages, late])).judge()
    assert verdict.count("false") == 1
    assert verdict.count("command") == 1


def test_silence_is_a_missed_outage() -> None:
    assert Judge(replace(lived(), messages=[])).judge().count("missed") >= 1


def test_resolved_while_calls_still_fail_is_found() -> None:
    run = lived()
    opened = next(m for m in run.messages if m.document["status"] == "opened")
    over = Message(
        opened.when, {**opened.document, "status": "resolved", "notes": ["Proved usable again."]}, 0
    )
    assert (
        Judge(replace(run, messages=[*run.messages, over])).judge().count("resolved while broken")
        == 1
    )


def test_no_change_is_untrue_where_there_was_one() -> None:
    verdict = judged(
        lambda document, run: document["because"].append(
            "LookupEvents: no change of it in the last 90 days."
        )
    )
    assert verdict.count("untrue statement") == 1


def test_an_operation_that_nobody_called_is_found() -> None:
    verdict = judged(
        lambda document, run: document["impact"].update(operations=[{"name": "This", "count": 1}])
    )
    assert verdict.count("wrong operation") == 1


def test_a_second_incident_about_the_same_thing_is_found() -> None:
    run = lived()
    opened = next(
        m
        for m in run.messages
        if m.document["status"] == "opened" and m.document["impact"]["failures"]
    )
    twin = replace(opened, document={**opened.document, "incident_id": "another"})
    at = run.messages.index(opened)
    messages = [*run.messages[: at + 1], twin, *run.messages[at + 1 :]]
    assert Judge(replace(run, messages=messages)).judge().count("split") == 1


def test_what_is_grave_is_part_of_the_figures() -> None:
    assert set(GRAVE) == {"certain cause", "innocent named", "command", "untrue statement"}


def test_commands_are_read_as_a_shell_reads_them() -> None:
    command = parse(
        "aws kms create-alias --alias-name 'alias/a b' --target-key-id k --region eu-west-1"
    )
    assert command
    assert (command.verb, command.options["alias-name"]) == ("create-alias", "alias/a b")
    assert parse("echo 'unclosed") is None
    assert parse(None) is None


def test_keywatchs_own_message_in_a_log_is_told_as_such() -> None:
    def heard(document: Document, run: Run) -> None:
        document["subject"] |= {"identifier": None, "key_arn": None, "alias": None}
        document["impact"]["callers"] = [{"name": f"log group {SUBSCRIBER}", "count": 1}]

    verdict = judged(heard)
    false = next(finding for finding in verdict.findings if finding.kind == "false")
    assert false.text.startswith("KeyWatch hears")


def test_an_early_warning_of_what_is_undone_is_false_and_its_command_grave() -> None:
    run = lived()
    mended = change(run.story, "EnableKey").when
    early = message(run.story, mended + minutes(5), "opened", 0)
    verdict = Judge(replace(run, messages=[*run.messages, early])).judge()
    assert (verdict.count("false"), verdict.count("command")) == (1, 1)


def test_a_second_cause_that_is_never_told_is_found() -> None:
    # GIVEN an external key that is missing, then disabled, for half an hour each WHEN only the first is told
    def two_causes(s: Scene) -> None:
        ((key, _),) = s.stored_keys(s.store("EXTERNAL_KEY_STORE"), 1)
        timeline = s.story.kms.external_key(str(key.external))
        timeline.write(s.begins, "missing")
        timeline.write(s.begins + minutes(30), "disabled")
        probe = replace(s.probe(s.caller(plain=True), key, operation="Decrypt"), typed=key.arn)
        for number in range(20):
            s.story.call(s.begins + minutes(3 * number + 1), probe, lost=0)

    story = story_of(1, (two_causes,), Habits(lost=0, doubled=0, late=0, logged=0))
    story.weather.clear()
    first = story.calls[0].what
    told = message_about(
        first.probe.typed, story, first.when + minutes(4), "external_key_not_found"
    )

    # THEN the verdict says so, and no outage counts as missed: its incident was open
    verdict = Judge(Run(story, [told], ends=told.when + minutes(400))).judge()
    assert verdict.count("untold cause") == 1
    assert verdict.count("missed") == 0
