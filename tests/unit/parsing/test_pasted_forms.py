"""What stands around a failure when people paste it changes nothing that is read of it."""

from urllib.parse import quote_plus

import pytest

from handler import handler
from keywatch.parsing.logs.errors import find_errors

KEY = "8d03b6f1-57ce-4a92-b0e4-6f19c2a7d358"
ARN = f"arn:aws:kms:eu-central-1:305816472990:key/{KEY}"
ALIAS = "arn:aws:kms:eu-central-1:305816472990:alias/ledger"
REPORTS = [
    f"DisabledException: {ARN} is disabled.",
    f"kms decrypt failed\nCaused by: KMSInvalidStateException: {ARN} is pending deletion.\n\tat a.B.c(B.java:7)",
    f"NotFoundException: Alias {ALIAS} is not found.\n\tstatus code: 400",
    f"NotFoundException: Alias {ALIAS[:50]}\n{ALIAS[50:]} is not found.",
]
SOURCES = ["ledger-1  | ", "ledger.worker_2 | ", "[pod/ledger-7c9/app] ", "> > ", ">> "]


def read(text):
    return [
        (e.classification.cause, e.classification.confidence, e.classification.identifier)
        for e in find_errors(text)
    ]


def explained(text):
    return [
        (f["cause"], f["identifier"])
        for f in handler({"action": "explain", "text": text})["findings"]
    ]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("report", REPORTS)
def test_what_a_tool_puts_before_every_line_is_no_part_of_the_report(report, source):
    # GIVEN a report of several lines, WHEN a tool or a mail put the same before each of them
    lines = [*report.split("\n"), "that was all"]
    shown = "\n".join(source + line for line in lines)
    # THEN the same is read
    assert read(shown) == read("\n".join(lines)) != []


def test_the_first_column_of_a_table_is_not_taken_for_a_source():
    # GIVEN rows that begin with different names
    rows = f"pay | DisabledException: {ARN} is disabled.\nlog | nothing"
    # THEN the failure is read with them in place
    assert read(rows)[0][0] == "key_disabled"


@pytest.mark.parametrize(
    "text",
    [
        "NotFoundException: Invalid keyId 'alias/new ledger'",
        f"NotFoundException: Alias {ALIAS} is not found.",
        f"DisabledException: {ARN} is disabled.",
    ],
)
def test_a_form_writes_blanks_as_plus(text):
    assert read("error=" + quote_plus(text)) == read(f"error={text}") != []


@pytest.mark.parametrize("name", ["alias/ledger", ALIAS])
def test_what_is_missing_under_the_name_of_an_alias_is_the_alias(name):
    # GIVEN a code that does not tell what is missing, beside an alias
    (finding,) = explained(f"kms:DescribeKey gave NotFoundException for {name}")
    # THEN no key is said to be missing
    assert finding == ("alias_not_found", name)


@pytest.mark.parametrize(
    "lead",
    ["kms decrypt failed for key ", "unable to decrypt, KMS: key_id=", "KMS encryption key "],
)
def test_a_key_with_its_id_counts_where_kms_and_its_work_stand_beside_it(lead):
    assert explained(f"{lead}{KEY} not found") == [("key_not_found", KEY)]


@pytest.mark.parametrize(
    "kind", ["access", "api", "primary", "session", "foreign", "idempotency", "partition", "cache"]
)
@pytest.mark.parametrize("said", ["does not exist", "is disabled", "not found"])
def test_the_keys_of_other_programs_are_none_of_kms(kind, said):
    assert explained(f"ERROR kms decrypt worker: {kind} key {KEY} {said}") == []


@pytest.mark.parametrize("verb", ["seems to be", "appears to be", "turned out to be", "got"])
def test_people_are_as_sure_as_they_say(verb):
    (finding,) = handler({"action": "explain", "text": f"kms key {KEY} {verb} disabled"})[
        "findings"
    ]
    assert (finding["cause"], finding["identifier"], finding["confidence"]) == (
        "key_disabled",
        KEY,
        "likely",
    )


def test_the_code_of_ec2_says_by_itself_that_a_key_is_unusable():
    (error,) = find_errors(f"StateReason: Client.InvalidKMSKey.InvalidState; volume uses {ARN}")
    assert (error.classification.cause, error.classification.identifier) == ("unclassified", ARN)


def test_a_question_about_one_alias_names_it():
    (finding,) = explained(
        "somebody deleted alias/ledger in KMS, why does the uploader get NotFoundException?"
    )
    assert finding == ("alias_not_found", "alias/ledger")
