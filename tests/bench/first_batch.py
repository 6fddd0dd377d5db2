"""The first batch of a new container through real boto3 clients, and the same calls by boto3 alone. No call leaves the process.

Imports of the function are inside: what a process imports is part of what is measured.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from botocore import xform_name
from botocore.awsrequest import AWSResponse

_KEY = "arn:aws:kms:eu-west-1:123456789012:key/00000000-12ab-34cd-56ef-1234567890ab"
_KMS_OR_TABLE = {
    "Query": {"Items": [], "Count": 0},
    "DescribeKey": {
        "KeyMetadata": {
            "KeyId": _KEY.rpartition("/")[2],
            "Arn": _KEY,
            "KeyState": "Disabled",
            "AWSAccountId": "123456789012",
        }
    },
    "ListAliases": {"Aliases": [], "Truncated": False},
    "UpdateItem": {"Attributes": {}},
    "GetItem": {},
}
_PUBLISHED = (
    b"<PublishResponse xmlns='http://sns.amazonaws.com/doc/2010-03-31/'><PublishResult><MessageId>1</MessageId>"
    b"</PublishResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></PublishResponse>"
)


class _Raw:
    """The body of an answer, as urllib3 streams it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Any:
        yield self._body


def session(calls: list[dict[str, Any]] | None = None) -> Any:
    """Return a boto3 session whose requests are answered before they are sent; ``calls`` collects them."""
    made = boto3.session.Session("testing", "testing", region_name="eu-west-1")
    made.events.register("before-send", _answer)
    if calls is not None:
        made.events.register(
            "provide-client-params",
            lambda params, model, **_: calls.append(
                {
                    "service": model.service_model.service_name,
                    "operation": xform_name(model.name),
                    "params": params,
                }
            ),
        )
    return made


def _answer(request: Any, **_: Any) -> AWSResponse:
    target = request.headers.get("X-Amz-Target", b"")
    name = (target.decode() if isinstance(target, bytes) else target).rpartition(".")[2]
    body = json.dumps(_KMS_OR_TABLE.get(name, {})).encode() if name else _PUBLISHED
    return AWSResponse(request.url, 200, {}, _Raw(body))


def product(file: str = "") -> None:
    """Take one failure in a new container; write the calls that it made to ``file``, if one is given."""
    from aws_lambda_powertools import Logger, Metrics

    import handler  # noqa: F401 - what Lambda imports first
    from keywatch.aws import Clients
    from keywatch.runtime import Runtime
    from keywatch.services import build
    from keywatch.settings import Settings

    calls: list[dict[str, Any]] | None = [] if file else None
    settings = Settings(
        table="incidents",
        topic_arn="arn:aws:sns:eu-west-1:123456789012:alerts",
        own_role_arn="arn:aws:iam::123456789012:role/KeyWatch-function-eu-west-1",
        region="eu-west-1",
        account="123456789012",
    )
    services = build(settings, Clients(session(calls)), Logger(service="keywatch"))
    container = Runtime(services, Metrics(namespace="KeyWatch", service="keywatch"))
    container.batch({"Records": [{"messageId": "1", "body": _BODY}]}, None)
    if file:
        Path(file).write_text(json.dumps(calls, default=_time), encoding="utf-8")


def bare(file: str) -> None:
    """Make the calls of ``file`` with boto3 and nothing else."""
    made = session()
    clients: dict[str, Any] = {}
    for call in json.loads(Path(file).read_text(encoding="utf-8"), object_hook=_of_time):
        service = call["service"]
        if service not in clients:
            clients[service] = made.client(service, region_name="eu-west-1")
        getattr(clients[service], call["operation"])(**call["params"])


def _time(value: datetime) -> dict[str, float]:
    return {"$time": value.timestamp()}


def _of_time(value: dict[str, Any]) -> Any:
    return datetime.fromtimestamp(value["$time"], UTC) if "$time" in value else value


_BODY = json.dumps(
    {
        "version": "0",
        "id": "ee84",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.kms",
        "account": "123456789012",
        "time": "2026-03-01T03:00:00Z",
        "region": "eu-west-1",
        "resources": [],
        "detail": {
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "IAMUser",
                "arn": "arn:aws:iam::123456789012:user/app",
                "accountId": "123456789012",
                "userName": "app",
            },
            "eventTime": "2026-03-01T03:00:00Z",
            "eventSource": "kms.amazonaws.com",
            "eventName": "Decrypt",
            "awsRegion": "eu-west-1",
            "errorCode": "DisabledException",
            "errorMessage": f"{_KEY} is disabled.",
            "requestParameters": {"keyId": _KEY},
            "eventID": "7d84",
            "requestID": "cdd5",
            "eventType": "AwsApiCall",
            "recipientAccountId": "123456789012",
            "eventCategory": "Management",
        },
    }
)
