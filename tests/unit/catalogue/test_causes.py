"""The catalogue of causes: complete, honest, and with commands that can be pasted."""

import re
import shlex
from pathlib import Path
from string import Formatter

import botocore.session
import pytest
from botocore import xform_name
from hypothesis import given
from hypothesis import strategies as st

from docs.pages.causes import causes_page
from keywatch.catalogue.causes import (
    CAUSES,
    FACTS,
    Lookup,
    Proof,
    Remedy,
    cause_of,
    fill,
    remedies_for,
)
from keywatch.catalogue.causes.aws_side import AWS_SIDE
from keywatch.catalogue.causes.elsewhere import ELSEWHERE
from keywatch.catalogue.causes.external_keys import EXTERNAL_KEYS
from keywatch.catalogue.causes.external_proxies import EXTERNAL_PROXIES
from keywatch.catalogue.causes.key_states import KEY_STATES
from keywatch.catalogue.causes.key_stores import KEY_STORES
from keywatch.catalogue.causes.missing import NOT_FOUND
from keywatch.catalogue.codes import CODES
from keywatch.catalogue.texts import TEXTS

# The ids are API: this list changes only together with the documentation of those who rely on it.
IDS = (
    "alias_not_found",
    "key_not_found",
    "key_deleted",
    "malformed_identifier",
    "wrong_region",
    "wrong_account",
    "missing_or_not_authorized",
    "not_yet_visible",
    "key_pending_deletion",
    "key_disabled",
    "key_material_missing",
    "key_not_ready",
    "key_store_disconnected",
    "key_store_not_found",
    "xks_proxy_unreachable",
    "xks_proxy_rejected_credentials",
    "xks_proxy_denied",
    "xks_proxy_misconfigured",
    "xks_proxy_unhealthy",
    "external_key_not_found",
    "external_key_unusable",
    "cloudhsm_unavailable",
    "grant_not_found",
    "lambda_role_recreated",
    "kms_unavailable",
    "unclassified",
)

# Causes that no text of AWS names: look-ups and recorded changes prove them.
BY_LOOKUP_ONLY = {"lambda_role_recreated", "key_deleted", "wrong_account", "not_yet_visible"}

FULL = {
    "key": "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "alias": "alias/orders",
    "identifier": "alias/ordres",
    "did_you_mean": "alias/orders",
    "multi_region_key": "arn:aws:kms:us-east-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab",
    "region": "eu-west-1",
    "key_region": "us-east-1",
    "account": "111122223333",
    "partition": "aws",
    "principal": "arn:aws:iam::111122223333:role/orders",
    "operation": "Decrypt",
    "key_store": "cks-1234567890abcdef0",
    "xks_key": "bb8562717f809024",
    "deletion_date": "2026-12-01 00:00 UTC",
    "function": "arn:aws:lambda:eu-west-1:111122223333:function:orders",
    "role": "arn:aws:iam::111122223333:role/orders",
    "role_name": "orders",
    "secret": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders/db-AbCdEf",
    "parameter": "password,/password",
    "bucket": "orders",
    "object": "2026/11/a.csv",
    "database_id": "db-ABCDEFGHIJKL",
    "cluster_id": "cluster-ABCDEFGHIJKL",
    "database": "arn:aws:rds:eu-west-1:111122223333:db:orders",
    "cluster": "arn:aws:rds:eu-west-1:111122223333:cluster:orders",
    "volume": "vol-0123456789abcdef0",
    "snapshot": "snap-0123456789abcdef0",
    "topic": "arn:aws:sns:eu-west-1:111122223333:orders",
    "queue": "orders",
    "table": "orders",
    "stream": "arn:aws:kinesis:eu-west-1:111122223333:stream/orders",
    "trail": "arn:aws:cloudtrail:eu-west-1:111122223333:trail/orders",
    "domain": "orders",
    "log_group": "/aws/orders",
    "repository": "team/orders",
    "warehouse": "orders",
    "file_system": "fs-0123456789abcdef0",
    "fsx_file_system": "fs-0123456789abcdef0",
    "vault": "orders",
    "scaling_group": "orders",
}


def test_the_catalogue_holds_exactly_the_causes_that_are_api() -> None:
    assert sorted(CAUSES) == sorted(IDS)
    assert all(key == cause.id for key, cause in CAUSES.items())


def test_no_two_records_share_an_id_or_a_title() -> None:
    families = (
        NOT_FOUND,
        ELSEWHERE,
        KEY_STATES,
        AWS_SIDE,
        KEY_STORES,
        EXTERNAL_PROXIES,
        EXTERNAL_KEYS,
    )
    records = [cause for family in families for cause in family]
    assert len(records) == len(CAUSES) == len({cause.title for cause in records})


def test_a_cause_that_nobody_knows_gets_a_title_and_claims_nothing() -> None:
    unknown = cause_of("made_by_a_later_version")
    assert unknown.title == "Made by a later version"
    assert (unknown.key_states, unknown.remedies) == ((), ())
    assert unknown.proof is Proof.ONLY_A_CALL
    assert cause_of(None).id == ""


@pytest.mark.parametrize("cause", CAUSES.values(), ids=lambda cause: cause.id)
def test_a_record_does_not_contradict_itself(cause) -> None:
    # what breaks a whole store, or is a state of the key, can be looked up
    if cause.about_key_store:
        assert Lookup.KEY_STORE in cause.lookups
    if cause.key_states:
        assert Lookup.KEY in cause.lookups
        assert cause.proof is not Proof.ONLY_A_CALL
    # what stays broken however quiet it is has a look-up that proves its end
    if cause.ends_by_silence:
        assert cause.proof is Proof.KEY
        assert not cause.key_states
    # what says that the thing is absent is not shown on a page of it, and may be looked for elsewhere
    if cause.says_absent:
        assert not cause.has_key_page
        assert Lookup.ELSEWHERE in cause.lookups


def test_every_cause_but_those_found_by_look_ups_is_reached_from_a_text_or_code_of_aws() -> None:
    by_text = {row.cause for row in TEXTS}
    by_code = {cause for row in CODES for cause in (row.means.cause, row.means.bare)}
    assert set(CAUSES) - by_text - by_code == BY_LOOKUP_ONLY


@pytest.mark.parametrize("cause", CAUSES.values(), ids=lambda cause: cause.id)
def test_a_cause_says_what_it_means_in_a_sentence_or_two_and_links_to_aws(cause) -> None:
    assert cause.title
    assert "\n" not in cause.meaning
    assert cause.meaning.endswith(".")
    assert len(re.findall(r"\. [A-Z]", cause.meaning)) <= 1, "two sentences at most"
    assert cause.doc.startswith("https://docs.aws.amazon.com/")
    assert cause.remedies


def steps_of(cause):
    """Return the steps of a cause, with those that are done where a fact is not known."""
    left = list(cause.remedies)
    while left:
        step = left.pop(0)
        yield step
        left += [step.otherwise] if step.otherwise else []


COMMANDS = sorted(
    {(c.id, step.command) for c in CAUSES.values() for step in steps_of(c) if step.command}
)


@pytest.mark.parametrize(("cause", "command"), COMMANDS)
def test_a_command_is_one_that_the_aws_cli_knows_with_options_that_it_knows(cause, command) -> None:
    # GIVEN a template filled with every fact, WHEN a shell would split it
    words = shlex.split(fill(Remedy("", command), FULL).command)
    # THEN service, operation and each required option exist in the API model
    assert words[0] == "aws"
    model = botocore.session.get_session().get_service_model(
        {"s3api": "s3"}.get(words[1], words[1])
    )
    operations = {xform_name(name, "-"): name for name in model.operation_names}
    shape = model.operation_model(operations[words[2]]).input_shape
    members = {
        re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower(): name
        for name in (shape.members if shape else {})
    }
    given = {word.removeprefix("--") for word in words[3:] if word.startswith("--")}
    assert given - {"region", "query", "output", "max-items"} <= set(members)
    assert {members[name] for name in given if name in members} >= set(
        shape.required_members if shape else ()
    )


def test_commands_name_only_documented_facts() -> None:
    for _, command in COMMANDS:
        assert {name for _, name, _, _ in Formatter().parse(command) if name} <= set(FACTS)


def test_every_regional_command_says_which_region_it_means() -> None:
    global_services = ("aws sts ", "aws iam get-role", "aws iam simulate-principal-policy")
    assert [
        command
        for _, command in COMMANDS
        if "--region {" not in command and not command.startswith(global_services)
    ] == []


def test_a_key_pending_deletion_comes_with_the_two_commands_that_bring_it_back_in_their_order() -> (
    None
):
    commands = [step.command for step in remedies_for("key_pending_deletion", FULL)]
    assert commands[0] == f"aws kms cancel-key-deletion --key-id {FULL['key']} --region eu-west-1"
    assert commands[1] == f"aws kms enable-key --key-id {FULL['key']} --region eu-west-1"


def test_without_a_region_commands_leave_the_option_out() -> None:
    steps = remedies_for("key_disabled", {"key": "1234abcd-12ab-34cd-56ef-1234567890ab"})
    assert steps[0].command == "aws kms enable-key --key-id 1234abcd-12ab-34cd-56ef-1234567890ab"


def test_a_step_whose_point_is_unknown_is_left_out_and_others_stay_as_sentences() -> None:
    # GIVEN a missing alias of which neither a near name nor its key is known
    steps = remedies_for("alias_not_found", {"alias": "alias/x", "region": "eu-west-1"})
    # THEN nothing pretends to know the near name, and re-creating it is advice without a command
    assert not any("nearest" in step.text for step in steps)
    assert [step.command for step in steps if "create it again" in step.text] == [None]


def test_an_unknown_cause_has_no_remedies() -> None:
    assert remedies_for("no_such_cause", FULL) == ()


@given(st.text(min_size=1), st.sampled_from(sorted(CAUSES)))
def test_no_fact_can_add_a_word_to_a_command(hostile, cause) -> None:
    # GIVEN any text in place of every fact, WHEN the commands are filled in
    for calm, wild in zip(
        remedies_for(cause, dict.fromkeys(FACTS, "x")),
        remedies_for(cause, dict.fromkeys(FACTS, hostile)),
        strict=True,
    ):
        # THEN a shell sees as many words as with a harmless fact, or there is no command
        if calm.command and wild.command:
            assert len(shlex.split(wild.command)) == len(shlex.split(calm.command))


def test_the_page_of_causes_is_that_of_the_catalogue():
    assert (Path(__file__).parents[3] / "docs" / "causes.md").read_text(
        encoding="utf-8"
    ) == causes_page(), "run make docs"


@pytest.mark.parametrize("cause", CAUSES.values(), ids=lambda cause: cause.id)
def test_steps_are_whole_sentences_that_name_no_fact_which_is_not_known(cause) -> None:
    # GIVEN every fact, and none
    for facts in (dict.fromkeys(FACTS, "x"), {}):
        for step in remedies_for(cause.id, facts):
            # THEN a step begins and ends as a sentence does, with a colon only before its command
            assert step.text[0].isupper()
            assert step.text.endswith((".", ":") if step.command else ".")
            assert not re.search(r"\{[a-z_]+\}", step.text)


def test_a_step_names_what_was_most_likely_meant() -> None:
    # GIVEN a misspelt alias and the alias that exists
    facts = {"did_you_mean": "alias/payments", "region": "eu-west-1"}
    # THEN the first step names it, and so does its command
    first = remedies_for("alias_not_found", facts)[0]
    assert first.text.startswith("If you meant alias/payments, ")
    assert "alias/payments" in (first.command or "")


_READS = ("describe-", "head-", "list-", "get-", "lookup-", "simulate-")


@pytest.mark.parametrize("cause", sorted(CAUSES))
def test_a_command_that_changes_something_is_held_against_what_was_seen(cause):
    for remedy in CAUSES[cause].remedies:
        operation = remedy.command.split()[2] if remedy.command else "list-"
        if not operation.startswith(_READS):
            assert remedy.only_where is not None, remedy.command


@pytest.mark.parametrize("cause", sorted(CAUSES))
def test_no_command_that_changes_something_stands_on_a_log_line_alone(cause):
    # GIVEN every fact of a case but what a look-up saw
    facts = dict.fromkeys(FACTS, "x") | {"reported": "yes"}
    # THEN only commands that read are offered
    for remedy in remedies_for(cause, facts):
        assert remedy.command is None or remedy.command.split()[2].startswith(_READS)


@pytest.mark.parametrize("seen", ["Enabled", "Updating"])
@pytest.mark.parametrize("cause", ["key_disabled", "key_pending_deletion", "key_material_missing"])
def test_nothing_is_mended_that_a_look_up_has_just_seen_whole(cause, seen):
    for remedy in remedies_for(cause, dict.fromkeys(FACTS, "x") | {"key_state": seen}):
        assert remedy.command is None or remedy.command.split()[2].startswith(_READS)


@pytest.mark.parametrize("cause", CAUSES)
@given(
    st.sets(st.sampled_from(sorted(FULL))),
    st.sampled_from(["", "Enabled", "Disabled"]),
    st.booleans(),
)
def test_whatever_is_known_there_is_a_command_to_run(cause, known, state, reported):
    # GIVEN some of the facts that a case may have, and perhaps only the word of an application's log
    facts = {name: FULL[name] for name in known} | {"key_state": state}
    facts |= {"reported": "yes"} if reported else {}
    # WHEN the steps are made
    steps = remedies_for(cause, facts)
    # THEN somebody who is woken by it has something to paste, and every step is a whole sentence
    assert any(step.command for step in steps)
    for step in steps:
        assert step.text[0].isupper()
        assert step.text.endswith((".", ":") if step.command else ".")


# What begins a step that only looks.
_LOOKS = ("Check ", "Compare ", "Find ", "Read ", "To find ", "AWS did not name ")


@pytest.mark.parametrize("cause", CAUSES.values(), ids=lambda cause: cause.id)
def test_fixes_come_before_inspections(cause):
    # GIVEN the steps of a cause
    looks = [step.text.startswith(_LOOKS) for step in cause.remedies]
    # THEN those that only look come last, where it is known from the start what to do
    if cause.id not in MUST_LOOK_FIRST:
        assert looks == sorted(looks), [step.text for step in cause.remedies]


# What to do depends on what is found: whether the key exists, what the proxy answers, which service is meant.
MUST_LOOK_FIRST = {
    "missing_or_not_authorized",
    "unclassified",
    "kms_unavailable",
    "cloudhsm_unavailable",
    "xks_proxy_unreachable",
    "xks_proxy_misconfigured",
}
