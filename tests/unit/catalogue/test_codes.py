"""The table of codes, row by row: what the reader understands, the rules let in and the log filter delivers is the same."""

import re

import botocore.session
import pytest

from infra import event_patterns, log_filter
from keywatch.catalogue.code_lookup import (
    KMS_MEANINGS,
    SERVICE_MEANINGS,
    core_of,
    of_another_service,
    of_kms,
)
from keywatch.catalogue.codes import CODES, ErrorCode
from keywatch.catalogue.texts import CONNECTION_ERRORS, TEXTS, Form
from keywatch.parsing.classify import read_error
from tests.delivered import grammar

IN_SCOPE = [row for row in CODES if row.means.cause]
LOG_FILTER = grammar.parse(log_filter.PATTERN)
SERVICE_PATTERN = event_patterns.services("arn:aws:iam::111122223333:role/KeyWatch")
# Recorded or documented, but in no service model of botocore: S3 and SQS pass on KMS's codes, EC2
# has no error shapes, and neither the state of a function nor the health of a cluster is an error.
WITHOUT_SHAPE = re.compile(
    r"KMS\..*|Client\..*|KMSKeyNotFound|KMSKeyAccessDenied|KmsKey(NotFound|Disabled)|.*KMSKey|\w+ \*"
)
# Event sources whose service model has another name.
MODELS = {
    "monitoring": ["cloudwatch"],
    "states": ["stepfunctions"],
    "rds": ["rds", "docdb", "neptune"],
    "memory-db": ["memorydb"],
    "bedrock-agentcore": ["bedrock-agentcore-control"],
}


def let_in(code: str) -> bool:
    """Match as EventBridge does, on the errorCode of another service's call."""
    return any(
        code.startswith(entry["prefix"]) if isinstance(entry, dict) else code == entry
        for entry in SERVICE_PATTERN["detail"]["errorCode"]
    )


def delivered(line: str) -> bool:
    """Match as CloudWatch Logs documents it."""
    return LOG_FILTER.matches(line)


@pytest.mark.parametrize("row", CODES, ids=lambda row: row.code)
def test_the_reader_understands_every_code_from_every_service_that_says_it(row: ErrorCode):
    # GIVEN a code without a text, WHEN each service that says it answers with it
    for service in row.said_by.split():
        found = read_error(row.code, None, service=f"{service}.amazonaws.com".replace("*", "any"))
        # THEN it means what the row says
        assert found is not None
        assert (found.cause, found.reason) == (row.means.bare or row.means.cause, row.means.reason)


@pytest.mark.parametrize("row", CODES, ids=lambda row: row.code)
def test_a_common_word_says_nothing_when_another_service_says_it(row: ErrorCode):
    if row.common_word:
        assert read_error(row.code, None, service="cognito-idp.amazonaws.com") is None


@pytest.mark.parametrize("row", IN_SCOPE, ids=lambda row: row.code)
def test_the_rule_lets_in_every_code_of_another_service_or_the_row_says_why_not(row: ErrorCode):
    if of_another_service(row) or not of_kms(row) or "." in row.code:
        assert let_in(row.code) != bool(row.unruled), row.unruled


@pytest.mark.parametrize("row", IN_SCOPE, ids=lambda row: row.code)
def test_the_log_filter_delivers_every_code_or_the_row_says_why_not(row: ErrorCode):
    assert delivered(f"{row.code}: UnknownError") != bool(row.unfiltered), row.unfiltered


@pytest.mark.parametrize("row", CODES, ids=lambda row: row.code)
def test_codes_that_the_reader_cannot_tell_apart_mean_the_same(row: ErrorCode):
    core = core_of(row.code)[0]
    if of_kms(row):
        assert KMS_MEANINGS[core] == row.means
    if of_another_service(row) and not row.common_word:
        assert SERVICE_MEANINGS[core] == row.means


def test_each_code_has_one_row():
    assert len({row.code for row in CODES}) == len(CODES)


def _shapes() -> dict[str, set[str]]:
    """Return the error codes of each service model that names KMS or is in the table."""
    session = botocore.session.get_session()
    services = {
        name for row in CODES for service in row.said_by.split() for name in _models(service)
    }
    found = {}
    for name in services & set(session.get_available_services()):
        shapes = session.get_service_model(name).error_shapes
        found[name] = {code for shape in shapes for code in (shape.name, shape.error_code)}
    return found


def _models(service: str) -> list[str]:
    return [service, *MODELS.get(service, [])]


def test_every_service_that_a_row_names_has_the_code_in_its_model():
    # GIVEN the error shapes of botocore's service models
    shapes = _shapes()
    # THEN the table names no service that does not say the code
    wrong = [
        (row.code, service)
        for row in CODES
        for service in row.said_by.split()
        if service not in {"kms", "*"} and not WITHOUT_SHAPE.fullmatch(row.code)
        if not any(row.code in shapes.get(model, ()) for model in _models(service))
    ]
    assert wrong == []


def test_every_code_with_kms_in_its_name_has_a_row():
    # GIVEN the same models, THEN no code of theirs that names KMS is missing from the table
    known = {row.code for row in CODES}
    named = {code for codes in _shapes().values() for code in codes if "kms" in str(code).lower()}
    assert named - known == {"CustomKeyStoreHasCMKsException"} & named


# --- texts ---


def _written(row) -> tuple[str, ...]:
    """Return a row's phrase as AWS capitalises it at the beginning and within a sentence, with its full stop."""
    said = row.phrase.replace("kms key", "KMS key").replace("aws kms", "AWS KMS")
    if row.form is Form.DENIAL:
        said = "because the resource does not exist in this Region"
    said += " exist" if said.endswith("that does not") else ""
    return said, f"{said}.", f"{said[0].upper()}{said[1:]}", f"{said} {' '.join(row.also)}"


@pytest.mark.parametrize(
    "row", [row for row in (*TEXTS, *CONNECTION_ERRORS) if row.cause], ids=lambda row: row.id
)
def test_the_log_filter_delivers_every_text_or_the_row_says_why_not(row):
    # GIVEN a row in scope, THEN the filter matches AWS's sentence, or all that its own fragments say
    delivers = bool(row.logged) or any(LOG_FILTER.matches(line) for line in _written(row))
    assert delivers or row.unfiltered
    # AND its fragments are in the pattern
    assert all(fragment in log_filter.PATTERN for fragment in row.logged)
