"""``explain``: the public face of what KeyWatch knows about errors."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docs.pages.explain import explain_page
from keywatch.actions.explain import explain
from keywatch.actions.explain.action import ACTION
from keywatch.actions.requests import InvalidRequest
from keywatch.catalogue.causes import CAUSES
from tests.support.examples import examples

ROOT = Path(__file__).parents[3]
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
FIELDS = {
    "cause",
    "confidence",
    "identifier",
    "key_arn",
    "alias",
    "account",
    "region",
    "operation",
    "error_code",
    "because",
    "remedies",
}


def record(**changes):
    """Return a CloudTrail record of a failing Decrypt."""
    return {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser",
            "arn": "arn:aws:iam::111122223333:user/ops",
            "accountId": "111122223333",
        },
        "eventTime": "2026-10-03T07:14:02Z",
        "eventSource": "kms.amazonaws.com",
        "eventName": "Decrypt",
        "awsRegion": "eu-west-1",
        "errorCode": "DisabledException",
        "errorMessage": f"{KEY} is disabled.",
        "requestParameters": {"keyId": KEY},
        "eventID": "e-1",
        "eventType": "AwsApiCall",
        "recipientAccountId": "111122223333",
    } | changes


def only(answer):
    assert answer["matched"]
    assert len(answer["findings"]) == 1
    return answer["findings"][0]


def test_a_text_is_answered_with_the_documented_fields():
    # GIVEN a log line, WHEN it is explained
    answer = explain(
        {
            "action": "explain",
            "text": f"An error occurred (DisabledException) when calling the Decrypt operation: {KEY} is disabled.",
        }
    )
    # THEN every field is there, and all is plain JSON
    assert answer["schema"] == "keywatch.explain/1"
    finding = only(json.loads(json.dumps(answer)))
    assert set(finding) == FIELDS
    assert (finding["cause"], finding["confidence"], finding["key_arn"]) == (
        "key_disabled",
        "certain",
        KEY,
    )
    assert (finding["account"], finding["region"], finding["operation"]) == (
        "111122223333",
        "eu-west-1",
        "Decrypt",
    )
    assert (
        finding["remedies"][0]["command"] == f"aws kms enable-key --key-id {KEY} --region eu-west-1"
    )


def test_each_statement_names_its_source():
    finding = only(explain({"text": f"DisabledException: {KEY} is disabled."}))
    assert (
        finding["because"][0] == f"error text: AWS answered DisabledException: {KEY} is disabled."
    )
    assert all(
        statement.partition(": ")[0] in {"error text", "catalogue", "identifier", "unknown"}
        for statement in finding["because"]
    )


def test_a_malformed_identifier_is_told_apart_and_corrected():
    finding = only(
        explain(
            {
                "text": "NotFoundException: Invalid keyId '1234abcd12ab34cd56ef1234567890ab' (Service: AWSKMS;"
            }
        )
    )
    assert finding["cause"] == "malformed_identifier"
    assert any(
        "without its dashes" in statement and "1234abcd-12ab-34cd-56ef-1234567890ab" in statement
        for statement in finding["because"]
    )
    assert (
        finding["remedies"][0]["command"]
        == "aws kms describe-key --key-id 1234abcd-12ab-34cd-56ef-1234567890ab"
    )


def test_an_ambiguous_denial_stays_ambiguous():
    text = "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are"
    finding = only(explain({"text": text}))
    assert (finding["cause"], finding["confidence"]) == ("missing_or_not_authorized", "possible")
    assert any(statement.startswith("unknown: ") for statement in finding["because"])


def test_a_wrong_region_names_the_region_of_the_key_and_sends_the_command_there():
    text = f"calling https://kms.us-east-1.amazonaws.com with {KEY}: NotFoundException: Invalid arn eu-west-1"
    finding = only(explain({"text": text}))
    assert (finding["cause"], finding["region"], finding["key_arn"]) == (
        "wrong_region",
        "eu-west-1",
        KEY,
    )
    assert (
        finding["remedies"][0]["command"]
        == f"aws kms describe-key --key-id {KEY} --region eu-west-1"
    )


@pytest.mark.parametrize(
    "request_of",
    [
        lambda r: {"record": r},
        lambda r: {
            "record": {
                "source": "aws.kms",
                "detail-type": "AWS API Call via CloudTrail",
                "detail": r,
            }
        },
        lambda r: {"record": {"Records": [r]}},
        lambda r: {"text": json.dumps(r)},
        lambda r: {"text": json.dumps([r])},
        lambda r: {"text": json.dumps(r), "record": r},
    ],
    ids=["record", "event", "file", "text", "list", "both"],
)
def test_a_record_is_explained_in_every_shape_that_people_paste(request_of):
    finding = only(explain(request_of(record())))
    assert (finding["cause"], finding["identifier"], finding["operation"]) == (
        "key_disabled",
        KEY,
        "Decrypt",
    )
    assert (finding["account"], finding["region"], finding["error_code"]) == (
        "111122223333",
        "eu-west-1",
        "DisabledException",
    )


def test_a_record_without_a_text_is_explained_by_its_code():
    finding = only(explain({"record": record(errorMessage=None)}))
    assert (finding["cause"], finding["confidence"]) == ("key_disabled", "likely")
    assert finding["because"][0] == "error code: AWS answered DisabledException"


@pytest.mark.parametrize(
    "changes",
    [
        {"errorCode": None, "errorMessage": None},
        {
            "errorCode": "AccessDenied",
            "errorMessage": f"User: x is not authorized to perform: kms:Decrypt on resource: {KEY}",
        },
        {"errorCode": "ThrottlingException", "errorMessage": "Rate exceeded"},
        {
            "eventSource": "cognito-idp.amazonaws.com",
            "errorCode": "NotFoundException",
            "errorMessage": "User pool does not exist",
        },
        {
            "errorCode": None,
            "errorMessage": None,
            "requestParameters": {"encryptionContext": {"x": f"{KEY} is disabled."}},
        },
    ],
    ids=["success", "denied", "throttled", "cognito", "quoting"],
)
def test_a_record_that_is_out_of_scope_has_no_findings(changes):
    answer = explain({"record": record(**changes)})
    assert (answer["schema"], answer["matched"], answer["findings"]) == (
        "keywatch.explain/1",
        False,
        [],
    )
    assert explain({"text": json.dumps(record(**changes))})["matched"] is False


@pytest.mark.parametrize(
    ("detail_type", "cause"),
    [
        ("KMS CMK Deletion", "key_deleted"),
        ("KMS Imported Key Material Expiration", "key_material_missing"),
        ("KMS CMK Rotation", None),
    ],
)
def test_what_kms_announces_by_itself_is_explained(detail_type, cause):
    event = {
        "source": "aws.kms",
        "detail-type": detail_type,
        "account": "111122223333",
        "region": "eu-west-1",
        "resources": [KEY],
        "detail": {"key-id": KEY.rpartition("/")[2]},
    }
    answer = explain({"record": event})
    assert [(f["cause"], f["confidence"], f["key_arn"]) for f in answer["findings"]] == (
        [(cause, "certain", KEY)] if cause else []
    )


def test_an_event_of_a_kind_that_nobody_knows_is_searched_as_text():
    event = {
        "detail-type": "EC2 Instance Launch Unsuccessful",
        "detail": {"StatusMessage": f"launch failed: {KEY} is pending deletion."},
    }
    assert only(explain({"record": event}))["cause"] == "key_pending_deletion"


def test_a_queue_message_that_quotes_an_error_is_searched_once_however_many_records_there_are():
    records = [{"eventSource": "aws:sqs", "body": f"DisabledException: {KEY} is disabled."}] * 2000
    assert only(explain({"text": json.dumps({"Records": records})}))["cause"] == "key_disabled"


@pytest.mark.parametrize(
    ("request_body", "fields"),
    [
        ({}, {"text"}),
        ({"text": None}, {"text"}),
        ({"text": 5}, {"text"}),
        ({"text": ["a"]}, {"text"}),
        ({"record": "x"}, {"record"}),
        ({"record": [1]}, {"record"}),
        ({"text": {}, "record": 0}, {"text", "record"}),
    ],
)
def test_a_bad_request_names_the_fields_that_are_wrong(request_body, fields):
    with pytest.raises(InvalidRequest) as problem:
        ACTION.read(request_body)
    assert set(problem.value.fields) == fields
    assert problem.value.message


def test_hostile_identifiers_cannot_forge_a_command():
    finding = only(
        explain({"text": "NotFoundException: Invalid keyId 'alias/x; rm -rf /' (Service: AWSKMS;"})
    )
    assert finding["identifier"] == "alias/x; rm -rf /"
    assert not any("rm -rf" in (remedy["command"] or "") for remedy in finding["remedies"])


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@examples(100)
@given(
    st.sampled_from(
        [*record(), "detail", "detail-type", "Records", "additionalEventData", "resources"]
    ),
    _JSON,
)
def test_any_json_at_any_place_of_a_record_gives_an_answer(field, value):
    for body in (
        record(**{field: value}),
        {"detail-type": "AWS API Call via CloudTrail", "detail": record(**{field: value})},
    ):
        for request_body in ({"record": body}, {"text": json.dumps(body)}):
            for finding in explain(request_body)["findings"]:
                assert finding["cause"] in CAUSES


@given(_JSON)
def test_any_json_as_text_gives_an_answer(value):
    assert isinstance(explain({"text": json.dumps(value)})["matched"], bool)


def test_explain_needs_no_aws_library_no_settings_and_no_credentials():
    # GIVEN a process without any environment, WHEN the function's entry point answers explain
    program = (
        "import sys; from handler import handler\n"
        f"answer = handler({{'action': 'explain', 'text': 'DisabledException: {KEY} is disabled.'}}, None)\n"
        "assert answer['matched'], answer\n"
        "print(','.join(m for m in ('boto3', 'botocore', 'aws_lambda_powertools', 'socket') if m in sys.modules))"
    )
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-c",
            f"import sys; sys.path.insert(0, {str(ROOT / 'lambda_src')!r})\n{program}",
        ],
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    # THEN it answers, and nothing that could call AWS was even imported
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_the_page_of_examples_is_what_explain_answers_today():
    assert (ROOT / "docs" / "explain.md").read_text(encoding="utf-8") == explain_page(), (
        "run make docs"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (" \n\t", "empty"),
        ("\x00\x01PK\x03\x04" * 20, "not_text"),
        (
            f"User: x is not authorized to perform: kms:Decrypt on resource: {KEY} because no identity-based policy allows it",
            "denied_on_existing_key",
        ),
        ("googleapi: Error 404: CryptoKey not found.", "another_product"),
        ("KMS Decrypt took 12 ms", "kms_but_no_key_problem"),
        ("hello world", "nothing_about_kms"),
    ],
)
def test_where_nothing_matches_the_answer_says_which_it_was(text, reason):
    answer = explain({"text": text})
    assert (answer["matched"], answer["reason"]) == (False, reason)
    assert answer["sentence"].endswith(".")


@pytest.mark.parametrize(
    "code", ["NotFoundException", "DisabledException", "KMS.NotFoundException"]
)
@pytest.mark.parametrize("form", ["{}", "com.amazonaws.services.kms.model.{}", "'{}'", " {}\n"])
def test_a_bare_code_is_possible_and_the_answer_says_what_would_settle_it(code, form):
    (finding,) = explain({"text": form.format(code)})["findings"]
    assert finding["confidence"] == "possible"
    assert any("The code alone does not say which key" in said for said in finding["because"])


def test_the_name_that_articles_give_to_every_missing_key_is_explained_for_what_it_is():
    # GIVEN the code of CreateKey with an external key store, beside an ordinary key
    for text in (
        "XksKeyNotFoundException",
        f"ERROR XksKeyNotFoundException: {KEY} could not be found",
        "caught XksKeyNotFoundException for alias/orders",
    ):
        (finding,) = explain({"text": text})["findings"]
        # THEN it is possible at most, and both ways to check are said
        assert (finding["cause"], finding["confidence"]) == ("external_key_not_found", "possible")
        said = " ".join(finding["because"])
        assert "NotFoundException" in said
        assert "EXTERNAL_KEY_STORE" in said
