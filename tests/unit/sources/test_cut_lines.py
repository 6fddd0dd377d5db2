"""Whatever a console or a router cuts out of a line: no piece of a name is ever given as the name of a key."""

import pytest

from tests.delivered import product
from tests.delivered.delivery import events_of

KEY = "5f2c1b7e-90ad-4c3e-8d61-7be04c19fa23"
MRK = "mrk-1578797fc02549399339e21250393ab7"
SENTENCES = [
    ("DisabledException: {} is disabled.", f"arn:aws:kms:eu-west-1:482913570264:key/{KEY}"),
    (
        "An error occurred (NotFoundException) when calling the Decrypt operation: Key '{}' does not exist",
        f"arn:aws-us-gov:kms:us-gov-west-1:482913570264:key/{MRK}",
    ),
    (
        "KMSInvalidStateException: {} is pending deletion.",
        f"arn:aws-cn:kms:cn-north-1:482913570264:key/{KEY}",
    ),
]


def names_of(*lines):
    return {name for said in product.signals(events_of(lines, key="cut")) for name in said.names}


def right(arn):
    return {arn, arn.rpartition(":")[2], arn.rpartition("/")[2]}


@pytest.mark.parametrize(("sentence", "arn"), SENTENCES)
def test_a_line_broken_anywhere_names_the_whole_key_or_none(sentence, arn):
    text = sentence.format(arn)
    for at in range(1, len(text)):
        assert names_of(text[:at], text[at:]) <= right(arn), at


@pytest.mark.parametrize(("sentence", "arn"), SENTENCES)
@pytest.mark.parametrize("lost", [3, 11, 29])
def test_a_line_of_which_a_piece_never_arrives_names_no_other_key(sentence, arn, lost):
    text = sentence.format(arn)
    begin = text.index("arn:")
    for at in range(begin + 1, begin + len(arn) - lost):
        assert names_of(text[:at], text[at + lost :]) <= right(arn), at


@pytest.mark.parametrize(("sentence", "arn"), SENTENCES)
def test_the_end_of_a_line_alone_names_the_whole_key_or_none(sentence, arn):
    text = sentence.format(arn)
    for at in range(1, len(text)):
        assert names_of(text[at:]) <= right(arn), at


def test_an_arn_without_its_beginning_is_made_whole_by_its_region():
    # GIVEN lines that lost no more than "arn" and the partition, THEN the Region says which partition it was
    for region, partition in (
        ("eu-west-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
    ):
        line = f":kms:{region}:482913570264:key/{KEY} is disabled."
        assert f"arn:{partition}:kms:{region}:482913570264:key/{KEY}" in names_of(line)


@pytest.mark.parametrize(
    "lines",
    [
        (
            "ERROR:orders:store failed: An error occurred (KMSInvalidStateException) when",
            f"arn:aws:kms:eu-west-1:482913570264:key/{KEY} is",
            "not pending deletion (or pending replica deletion).",
        ),
    ],
)
def test_a_broken_sentence_out_of_scope_gives_no_signal(lines):
    assert product.signals(events_of(lines, key="cut")) == []
