"""Whatever KeyWatch emits, in whatever form and by whatever way it comes back, is no signal: else each alert makes the next."""

import base64
import gzip
import html
import json
import textwrap
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keywatch.alerts.builder import build_document
from keywatch.alerts.channels import CHANNELS
from keywatch.catalogue.own import CANARY_ALIAS
from keywatch.model.signals import KeyChange, KeyFailure, Signal
from keywatch.sources import read_event
from keywatch.sources.app_logs import read_delivery
from keywatch.sources.source import Reception
from tests.support.examples import examples
from tests.unit.alerts.factory import SCENES, STATUSES, alert

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
ACCOUNT, REGION = "123456789012", "eu-west-1"
ROLE_NAME = f"KeyWatch-function-{REGION}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/{ROLE_NAME}"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE_NAME}/KeyWatch-function"
GROUP = f"/aws/lambda/{ROLE_NAME}"
RECEPTION = Reception(NOW, REGION, frozenset({ROLE}), GROUP)
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"

Form = Callable[[dict], str]

# --- what is emitted ----------------------------------------------------------------------------------------------------

DOCUMENTS = [
    build_document(alert(cause, status=status)) for cause in sorted(SCENES) for status in STATUSES
]
ERRORS = (
    ("NotFoundException", f"Alias arn:aws:kms:{REGION}:{ACCOUNT}:alias/orders is not found."),
    ("NotFoundException", f"Key '{KEY}' does not exist"),
    ("NotFoundException", f"Alias arn:aws:kms:{REGION}:{ACCOUNT}:{CANARY_ALIAS} is not found."),
    ("NotFoundException", "Invalid keyId 'nope'"),
    ("NotFoundException", "Invalid arn us-west-2"),
    (
        "AccessDenied",
        (
            f"User: {SESSION} is not authorized to perform: kms:DescribeKey on this resource because the "
            "resource does not exist in this Region, no resource-based policies allow access, or a "
            "resource-based policy explicitly denies access"
        ),
    ),
    ("CustomKeyStoreNotFoundException", None),
)


def _body(channel: str) -> Form:
    return next(one.render for one in CHANNELS if one.name == channel)


def _sns(body: str) -> str:
    return json.dumps({"Type": "Notification", "MessageId": "m", "Message": body, "Timestamp": "t"})


DOCUMENT_FORMS: dict[str, Form] = {
    **{f"{one.name} body": one.render for one in CHANNELS},
    "document, pretty": lambda d: json.dumps(d, indent=2),
    "document, escaped": json.dumps,
    "document, sorted": lambda d: json.dumps(d, indent=4, sort_keys=True),
    "document as Python prints it": str,
    "document, YAML": lambda d: "\n".join(
        f"{name}: {json.dumps(value)}" for name, value in d.items()
    ),
    "document in an SNS message": lambda d: _sns(json.dumps(d)),
    "document in SNS in SQS": lambda d: json.dumps({"Records": [{"body": _sns(json.dumps(d))}]}),
    "document in SNS in Lambda": lambda d: json.dumps(
        {"Records": [{"Sns": {"Message": json.dumps(d)}}]}
    ),
    "document on a bus": lambda d: json.dumps(
        {"source": "keywatch", "detail-type": "KeyWatch alert", "detail": d}
    ),
    "document, HTML": lambda d: f"<pre>{html.escape(json.dumps(d, indent=1))}</pre>",
    "document, URL": lambda d: f"POST /hook payload={quote(json.dumps(d))}",
    "document in a chat message": lambda d: json.dumps({"text": _body("email")(d)}),
    "mail in an SNS message": lambda d: _sns(_body("email")(d)),
    "mail, quoted": lambda d: textwrap.indent(_body("email")(d), "> "),
    "mail, narrow": lambda d: "\n".join(
        textwrap.fill(line, 60) for line in _body("email")(d).splitlines()
    ),
    "mail in a ticket": lambda d: json.dumps({"issue": {"description": _body("email")(d)}}),
    "title and reasons": lambda d: f"got alert: {d['title']} {d['because']}",
    "reasons": lambda d: f"alert because {'; '.join(d['because'])}" if d["because"] else "",
    "log line of a subscriber": lambda d: json.dumps({"level": "INFO", "alert": d}),
    "Node's inspect": lambda d: "{ " + ", ".join(f"{k}: '{v}'" for k, v in d.items()) + " }",
    "logfmt": lambda d: f'level=info msg="alert" doc="{json.dumps(json.dumps(d))[1:-1]}"',
    "answer of incidents": lambda d: json.dumps(
        {"schema": "keywatch.incidents/1", "incidents": [d | {"timeline": [d]}]}, indent=2
    ),
    "answer of check": lambda d: json.dumps(
        {
            "schema": "keywatch.check/1",
            "results": [
                {"key_id": "alias/orders", "because": d["because"], "remedies": d["remedies"]}
            ],
        }
    ),
    "answer of explain": lambda d: json.dumps(
        {
            "schema": "keywatch.explain/1",
            "findings": [{"cause": d["cause"], "because": d["because"]}],
        },
        indent=2,
    ),
    "item of the table": lambda d: json.dumps(
        {
            "dynamodb": {
                "NewImage": {
                    "incident_id": {"S": d["incident_id"]},
                    "said": {"S": str(d["because"])},
                }
            }
        }
    ),
}

IDENTITIES: dict[str, dict] = {
    "role with issuer": {
        "type": "AssumedRole",
        "principalId": "AROAEXAMPLE:KeyWatch-function",
        "arn": SESSION,
        "accountId": ACCOUNT,
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": ROLE, "userName": ROLE_NAME}},
    },
    "role without issuer": {"type": "AssumedRole", "arn": SESSION, "accountId": ACCOUNT},
    "role with an empty context": {"type": "AssumedRole", "arn": SESSION, "sessionContext": {}},
    "role of another Region's deployment": {
        "type": "AssumedRole",
        "arn": SESSION,
        "sessionContext": {"sessionIssuer": {"arn": ROLE}},
        "invokedBy": "lambda.amazonaws.com",
    },
    "role itself": {"type": "Role", "arn": ROLE, "accountId": ACCOUNT},
}


def _record(identity: dict, code: str, message: str | None) -> dict:
    return {
        "eventVersion": "1.11",
        "userIdentity": identity,
        "eventTime": "2026-03-01T02:59:00Z",
        "eventSource": "kms.amazonaws.com",
        "eventName": "DescribeKey",
        "awsRegion": REGION,
        "errorCode": code,
        "errorMessage": message,
        "requestParameters": {
            "keyId": CANARY_ALIAS if CANARY_ALIAS in str(message) else "alias/orders"
        },
        "eventID": "8d1c2f7e-0000-4000-8000-000000000001",
        "eventType": "AwsApiCall",
        "recipientAccountId": ACCOUNT,
    }


OWN_RECORDS = [
    _record(identity, code, message) for identity in IDENTITIES.values() for code, message in ERRORS
]


def _own_line(code: str, message: str | None) -> dict:
    traced = 'Traceback (most recent call last):\n  File "/var/task/keywatch/lookups/kms.py"\n'
    said = f"An error occurred ({code}) when calling the DescribeKey operation: {message}"
    return {
        "level": "ERROR",
        "location": "assess:41",
        "message": "look-ups failed",
        "timestamp": "2026-03-01 03:00:00,000+0000",
        "service": "keywatch",
        "function_name": ROLE_NAME,
        "exception": f"{traced}botocore.errorfactory.{code}: {said}",
        "exception_name": code,
    }


OWN_LINES = [json.dumps(_own_line(code, message)) for code, message in ERRORS]
METRICS = json.dumps(
    {
        "_aws": {
            "CloudWatchMetrics": [
                {"Namespace": "KeyWatch", "Metrics": [{"Name": "Incidents.key_not_found"}]}
            ]
        },
        "Incidents.key_not_found": [1.0],
        "service": "keywatch",
    }
)


# --- how it comes back --------------------------------------------------------------------------------------------------


def _delivered(*messages: str) -> Iterator[Signal]:
    payload = {
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT,
        "logGroup": "/app/alert-subscriber",
        "logStream": "s",
        "logEvents": [
            {"id": f"{number:056d}", "timestamp": 1_772_334_000_000 + number, "message": message}
            for number, message in enumerate(messages)
        ],
    }
    data = base64.b64encode(gzip.compress(json.dumps(payload).encode(), 1)).decode()
    yield from read_delivery({"awslogs": {"data": data}}, RECEPTION)


def _on_the_bus(text: str) -> Iterator[Signal]:
    try:
        value = json.loads(text)
    except ValueError:
        return
    yield from read_event(value, RECEPTION)
    yield from read_event({"Records": [value]}, RECEPTION)
    for kind in (
        "AWS API Call via CloudTrail",
        "AWS Service Event via CloudTrail",
        "KeyWatch alert",
    ):
        yield from read_event(
            {"detail-type": kind, "source": "aws.kms", "detail": value}, RECEPTION
        )


WAYS: dict[str, Callable[[str], Iterator[Signal]]] = {
    "one log event": _delivered,
    "one log event behind a prefix": lambda text: _delivered(
        f"2026-03-01T03:00:00Z INFO hook - {text}"
    ),
    "one log event a line": lambda text: _delivered(*text.splitlines()),
    "lines that a container cut at 16 KiB": lambda text: _delivered(
        *(text[at : at + 16_384] for at in range(0, len(text), 16_384))
    ),
    "the bus": _on_the_bus,
}


def _heard(text: str, way: str) -> list[Signal]:
    return [signal for signal in WAYS[way](text) if isinstance(signal, KeyFailure | KeyChange)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("form", DOCUMENT_FORMS)
@examples(5)
@given(document=st.sampled_from(DOCUMENTS))
def test_an_alert_that_comes_back_is_no_signal(form, way, document):
    assert _heard(DOCUMENT_FORMS[form](document), way) == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("number", range(len(OWN_RECORDS)))
def test_a_call_of_its_own_that_comes_back_is_no_signal(number, way):
    record = OWN_RECORDS[number]
    for text in (json.dumps(record), json.dumps(record, indent=2), str(record)):
        assert _heard(text, way) == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("text", [*OWN_LINES, METRICS])
def test_what_it_logs_is_no_signal_in_another_log_group(text, way):
    assert _heard(text, way) == []


def test_nothing_at_all_is_read_of_its_own_log_group():
    payload = {
        "messageType": "DATA_MESSAGE",
        "logGroup": GROUP,
        "logEvents": [{"message": str(ERRORS[0])}],
    }
    data = base64.b64encode(gzip.compress(json.dumps(payload).encode())).decode()
    (signal,) = read_delivery({"awslogs": {"data": data}}, RECEPTION)
    assert not isinstance(signal, KeyFailure)


def test_there_are_at_least_forty_forms():
    assert len(DOCUMENT_FORMS) + len(OWN_RECORDS) + len(OWN_LINES) + 1 >= 40


def test_the_same_errors_of_somebody_else_are_signals():
    # GIVEN the log lines and records of an application that meets the same errors
    other = json.dumps(
        _record({"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/jo"}, *ERRORS[0])
    )
    # THEN they are heard by every way that they can come
    assert _heard(other, "the bus")
    assert _heard(f"{ERRORS[0][0]}: {ERRORS[0][1]}", "one log event")
