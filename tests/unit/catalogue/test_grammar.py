"""A value that is not what it is called never stands in a command: whoever can call KMS or write a log line chooses it."""

from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keywatch.catalogue.causes import CAUSES, Remedy, fill, remedies_for
from keywatch.catalogue.causes.grammar import fits
from tests.support.examples import examples
from tests.unit.catalogue.test_causes import FULL

COMMANDS = [
    pytest.param(step.command, id=f"{cause.id} {number}")
    for cause in CAUSES.values()
    for number, step in enumerate(cause.remedies)
    if step.command
]
# No form of anything has room for these.
NEVER = (
    "--endpoint-url=https://evil.example",
    "--profile",
    "-x",
    "file:///etc/passwd",
    "https://evil.example",
    "$(id)",
    "a; id",
    "a b",
    "..",
    "",
    "'",
    "\u0430lias/payments",
)
# Names that something may have, but no Region, account, key, key store or function has.
WORDS = (
    "evil",
    "eu-west-1.evil.example",
    "eu-west-1#",
    "arn:aws:kms:evil:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "arn:aws:kms:eu-west-1:***:key/1234abcd-12ab-34cd-56ef-1234567890ab",
)
NAMES = frozenset(
    [
        "bucket",
        "role_name",
        "function",
        "secret",
        "parameter",
        "object",
        "queue",
        "table",
        "domain",
        "vault",
        "scaling_group",
        "log_group",
        "repository",
        "warehouse",
    ]
)


def names_in(command):
    return [name for _, name, _, _ in Formatter().parse(command) if name]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_fact_in_a_command_has_a_form_that_its_true_value_fits(command):
    assert [name for name in names_in(command) if not fits(name, FULL[name])] == []


@pytest.mark.parametrize("value", [*NEVER, *WORDS])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_value_of_another_form_leaves_the_command_out(command, value):
    # GIVEN a command of the catalogue, WHEN any one of its facts is no such thing
    others = [name for name in names_in(command) if value in NEVER or name not in NAMES]
    # THEN there is no command
    filled = [name for name in others if fill(Remedy("", command), FULL | {name: value})]
    assert filled == []


def test_a_made_up_region_does_not_send_a_command_to_the_default_one():
    # GIVEN a failure in a Region that is none
    steps = remedies_for("key_disabled", FULL | {"region": "evil.example"})
    # THEN its steps are sentences: without --region they would run somewhere else
    assert steps
    assert [step.command for step in steps if step.command and "{region}" not in step.command] == []


@examples(150)
@given(st.text(max_size=40), st.sampled_from(sorted(FULL)))
def test_no_text_fits_that_a_shell_or_the_cli_would_take_for_more_than_a_word(text, fact):
    if fits(fact, text):
        assert text.isascii()
        assert text[0] not in "-~#"
        assert not set(text) & set(" \t\n'\"`$;|&<>(){}[]*?!\\") - set("$")
        assert "://" not in text
