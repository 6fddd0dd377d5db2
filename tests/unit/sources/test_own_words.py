"""KeyWatch does not hear itself, in any form and by any way back; and an application is not taken for it."""

import json

import pytest

from keywatch.alerts.builder import build_document
from keywatch.alerts.channels import chat, email
from keywatch.sources.own_words import is_own_text, own_lines
from tests.unit.alerts.factory import SCENES, STATUSES, alert

ROLES = frozenset({"arn:aws:iam::123456789012:role/watchers/KeyWatch-function-eu-west-1"})
CALL = "arn:aws:sts::123456789012:assumed-role/KeyWatch-function-eu-west-1/KeyWatch"


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("cause", sorted(SCENES))
def test_every_message_is_known_again_in_every_form(cause, status):
    document = build_document(alert(cause, status=status))
    told = f"got alert: {document['title']} {document['because']}"
    quoted = [told] if document["because"] else []
    for text in (
        json.dumps(document),
        json.dumps({"Message": json.dumps(document)}),
        str(document),
        email.body(document),
        json.dumps(chat.card(document)),
        *quoted,
    ):
        assert is_own_text(text, ROLES), text


@pytest.mark.parametrize(
    "text",
    [
        f'{{"userIdentity":{{"arn":"{CALL}"}},"errorCode":"NotFoundException"}}',
        f"User: {CALL} is not authorized to perform: kms:DescribeKey on this resource",
        '{"sessionIssuer":{"arn":"arn:aws:iam::123456789012:role/watchers/KeyWatch-function-eu-west-1"}}',
        "Alias arn:aws:kms:eu-west-1:123456789012:alias/keywatch-canary-that-never-exists is not found.",
    ],
)
def test_its_own_calls_are_known_in_a_log_of_the_trail(text):
    assert is_own_text(text, ROLES)


@pytest.mark.parametrize(
    "text",
    [
        "NotFoundException: Alias arn:aws:kms:eu-west-1:123456789012:alias/orders is not found.",
        "User: arn:aws:sts::123456789012:assumed-role/payments/i-0 is not authorized to perform: kms:Decrypt",
        "kw-orders: KMSInvalidStateException",
        f"User: {CALL.replace('eu-west-1', 'evil')} is not authorized to perform: kms:DescribeKey",
        f"User: {CALL.replace('eu-west-1', 'eu-west-1x')} is not authorized to perform: kms:DescribeKey",
        f"User: {CALL.replace('123456789012', '999988887777')} is not authorized to perform: kms:DescribeKey",
    ],
)
def test_an_application_is_not_taken_for_it(text):
    assert not is_own_text(text, ROLES)


MAIL = [
    "WHY",
    "- error text: AWS answered NotFoundException: Alias",
    "  arn:… is not found.",
    "WHAT TO DO",
]


def test_the_lines_of_one_print_are_its_own_together():
    # GIVEN a mail of which each line is an event, and what its reader logs before and after
    lines = [
        (0, "ERROR Invalid keyId 'a'"),
        *((5, line) for line in MAIL),
        (9, "2026-03-01 INFO sent"),
    ]
    # THEN the mail is its own, and the lines that a logger began are not
    assert own_lines(lines, ROLES) == {1, 2, 3, 4}


def test_a_line_of_another_moment_is_not_hidden_by_a_mark():
    lines = [(0, MAIL[1]), (1_000, MAIL[2]), (1_001, "Invalid keyId 'a'")]
    assert own_lines(lines, ROLES) == {0}
