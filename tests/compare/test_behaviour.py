"""What another version stored is read, going forward and back; and the comparison of two versions notices what it should."""

import json
from dataclasses import replace

import pytest

from tests.compare import report, trees
from tests.compare.capture import expressions
from tests.compare.given import HANDED_OVER, given

HAS_HISTORY = trees.has(trees.BEFORE)
NO_HISTORY = "the history at hand does not hold the version before"
# Metrics of what could not be handled.
TROUBLE = {
    "AlertsFailed",
    "ChoresFailed",
    "ClockFailed",
    "SubjectsFailed",
    "TableUnreachable",
    "Unreadable",
}
INPUTS = given(reduced=True) | {"explain": {}, "scenarios": list(HANDED_OVER)}


@pytest.fixture(scope="module")
def versions():
    """The version before and the work tree, with what each left in its table."""
    with trees.laid_out(trees.BEFORE) as before:
        yield {tree: tree.capture("scenarios", INPUTS) for tree in (before, trees.NOW)}


def messages(step):
    """Yield the documents of the alerts that a step published."""
    for call in step["calls"]:
        message = call["params"].get("Message") if call["call"].startswith("sns Publish ") else None
        if isinstance(message, dict) and "default" in message:
            yield next(body for body in message.values() if isinstance(body, dict))


@pytest.mark.skipif(not HAS_HISTORY, reason=NO_HISTORY)
@pytest.mark.parametrize("direction", ["forward", "back"])
def test_open_incidents_of_another_version_go_on(versions, direction):
    # GIVEN incidents, changes and housekeeping that one version stored
    before, now = versions
    writer, reader = (before, now) if direction == "forward" else (now, before)
    left = versions[writer]
    # WHEN the other version is deployed over them, and time passes
    done = reader.capture("scenarios", INPUTS | {"tables": left["tables"]})["cases"]
    steps = {name: json.loads(did) for name, did in done.items()}
    assert len(steps) > 50
    # THEN nothing fails
    assert not {name: step["raised"] for name, step in steps.items() if "raised" in step}
    heard = [line.get("metrics", {}) for step in steps.values() for line in step["heard"]]
    assert not [metrics for metrics in heard if TROUBLE & set(metrics)]
    # AND what was announced is not announced again, but reminded of, changed and resolved as the same incident
    told = [
        one["status"]
        for name, step in steps.items()
        for one in messages(step)
        if one["incident_id"] in announced(left["tables"][name.partition(" / ")[0]])
    ]
    assert {"reminder", "changed", "resolved"} == set(told)


def announced(table):
    """Return the ids of the incidents that lay open in a table that was handed over."""
    stored = [item for item in table["items"] if item["item"]["S"] == "incident"]
    return {item["incident_id"]["S"] for item in stored if item["status"]["S"] == "open"}


@pytest.mark.skipif(not HAS_HISTORY, reason=NO_HISTORY)
def test_a_changed_answer_is_noticed():
    # GIVEN a version whose answers to ``explain`` differ in one word
    inputs = given(reduced=True) | {
        "explain": {"one": {"text": "NotFoundException: Invalid keyId 'x'"}}
    }
    with trees.laid_out(trees.BEFORE) as before:
        handler = before.path / "lambda_src" / "handler.py"
        was = before.capture("explain", inputs)["cases"]
        changed = '\n_as_it_was = handler\nhandler = lambda *a: {**_as_it_was(*a), "matched": "perhaps"}\n'
        handler.write_text(handler.read_text(encoding="utf-8") + changed, encoding="utf-8")
        # WHEN it is compared with the version before
        now = replace(before, commit="").capture("explain", inputs)["cases"]
    (found,) = report.compared(was, now, report.Reviewed()).found
    # THEN the difference is shown
    assert '+ "matched": "perhaps",' in found.diff()


def test_reviewed_texts_are_no_difference_and_others_are():
    # GIVEN two versions that differ in a reviewed text, inside of JSON, and in one that is not reviewed
    before = {"a": '["run \\"mend\\" now"]', "b": "x", "gone": "y"}
    after = {"a": '["run \\"fix\\" now"]', "b": "z", "new": "y"}
    # WHEN they are compared
    reviewed = report.Reviewed({'"mend"': '"fix"'})
    found = report.compared(before, after, reviewed).found
    # THEN only what was not reviewed, what is gone and what is new differ
    assert [difference.name for difference in found] == ["b", "gone", "new"]


def test_a_reworded_text_may_name_what_the_case_is_about():
    # GIVEN a text that now names the alias, in two cases of which one differs in more
    before = {"a": '"correct the name": 1', "b": '"correct the name": 1'}
    after = {
        "a": '"if you meant alias/x, correct it.": 1',
        "b": '"if you meant alias/y, correct it.": 2',
    }
    # WHEN they are compared
    reviewed = report.Reviewed({"correct the name": "if you meant {*}, correct it."})
    found = report.compared(before, after, reviewed).found
    # THEN only that one differs
    assert [difference.name for difference in found] == ["b"]


def test_a_reworded_text_may_break_its_lines_elsewhere_and_no_other_may():
    # GIVEN a mail whose lines break elsewhere because it was reworded, and one that was not
    before = {"a": '"who is\\nhurt by this\\nkey"', "b": '"one\\ntwo"'}
    after = {"a": '"impact of this\\nkey"', "b": '"one two"'}
    # WHEN they are compared
    found = report.compared(before, after, report.Reviewed({"who is hurt by": "impact of"})).found
    # THEN only the other differs
    assert [difference.name for difference in found] == ["b"]


def test_a_reviewed_change_is_that_change_and_nothing_else():
    # GIVEN a reviewed change of a state, and two cases of which one differs in more
    change = report.Accepted("sweep / *", '"state": "."', "it is usable")
    before = {
        "sweep / 1": '"state": "a"\n"x": 1',
        "sweep / 2": '"state": "a"\n"x": 1',
        "c": '"state": "a"',
    }
    after = {
        "sweep / 1": '"state": "b"\n"x": 1',
        "sweep / 2": '"state": "b"\n"x": 2',
        "c": '"state": "b"',
    }
    # WHEN they are compared
    side = report.compared(before, after, report.Reviewed(changes=(change,)))
    # THEN the one is accepted, and the other differs, as does what the change is not about
    assert [difference.name for difference in side.accepted] == ["sweep / 1"]
    assert [difference.name for difference in side.found] == ["sweep / 2", "c"]


def test_how_an_expression_was_put_together_is_no_difference():
    # GIVEN one update in two spellings
    one = {
        "UpdateExpression": "SET #a = :x, n = if_not_exists(n, :y) REMOVE queue",
        "ConditionExpression": "#a = :z AND attribute_exists(n)",
        "ExpressionAttributeNames": {"#a": "due_at"},
        "ExpressionAttributeValues": {":x": {"N": "1"}, ":y": {"S": "SET, me"}, ":z": {"N": "0"}},
    }
    other = {
        "UpdateExpression": "REMOVE #q SET n = if_not_exists(n,  :v1), due_at = :v0",
        "ConditionExpression": "attribute_exists(n) AND due_at = :v2",
        "ExpressionAttributeNames": {"#q": "queue"},
        "ExpressionAttributeValues": {
            ":v0": {"N": "1"},
            ":v1": {"S": "SET, me"},
            ":v2": {"N": "0"},
        },
    }
    # THEN both read the same, and another value does not
    assert expressions.plain(one) == expressions.plain(other)
    other["ExpressionAttributeValues"][":v2"] = {"N": "7"}
    assert expressions.plain(one) != expressions.plain(other)
