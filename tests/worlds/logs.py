"""How SDKs print a call that KMS refused, and CloudWatch Logs deliveries that carry such lines (subscription payloads)."""

import base64
import gzip
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from tests.worlds.clock import Dice
from tests.worlds.records import Failed

Printer = Callable[[Failed], str]


def _boto3(failed: Failed) -> str:
    return f"[ERROR] {_client_error(failed)}"


def _client_error(failed: Failed) -> str:
    outcome = failed.outcome
    kind = "ClientError" if outcome.code == "AccessDeniedException" else outcome.code
    return f"{kind}: An error occurred ({outcome.code}) when calling the {failed.probe.operation} operation: {outcome.message}"


def _traceback(failed: Failed) -> str:
    return (
        'Traceback (most recent call last):\n  File "/var/task/app.py", line 41, in handle\n    kms.decrypt(blob)\n'
        f"botocore.errorfactory.{_client_error(failed)}"
    )


def _java1(failed: Failed) -> str:
    outcome = failed.outcome
    return (
        f"com.amazonaws.services.kms.model.{outcome.code}: {outcome.message} (Service: AWSKMS; Status Code: 400; "
        f"Error Code: {outcome.code}; Request ID: {failed.request_id}; Proxy: null)\n\tat com.amazonaws.http.AmazonHttpClient.run"
    )


def _java2(failed: Failed) -> str:
    outcome = failed.outcome
    return (
        f"2026-03-01 03:04:05,006 ERROR [main] c.e.orders.Decryptor - software.amazon.awssdk.services.kms.model.{outcome.code}: "
        f"{outcome.message} (Service: Kms, Status Code: 400, Request ID: {failed.request_id}) (SDK Attempt Count: 1)"
    )


def _go2(failed: Failed) -> str:
    outcome = failed.outcome
    return (
        f'level=error msg="operation error KMS: {failed.probe.operation}, https response error StatusCode: 400, RequestID: '
        f'{failed.request_id}, {outcome.code}: {outcome.message}"'
    )


def _js3(failed: Failed) -> str:
    outcome = failed.outcome
    return (
        f"{outcome.code}: {outcome.message}\n    at throwDefaultError (/app/node_modules/@smithy/index.js:838:20) {{\n"
        f"  '$fault': 'client',\n  '$metadata': {{ httpStatusCode: 400, requestId: '{failed.request_id}', attempts: 1, "
        f"totalRetryDelay: 0 }},\n  __type: '{outcome.code}'\n}}"
    )


def _lambda_json(failed: Failed) -> str:
    line = {"timestamp": "2026-03-01T03:04:05Z", "level": "ERROR", "requestId": failed.request_id}
    error = {
        "errorType": failed.outcome.code,
        "errorMessage": _client_error(failed).partition(": ")[2],
    }
    return json.dumps(line | error)


def _structured(failed: Failed) -> str:
    return json.dumps(
        {
            "level": "error",
            "key_id": failed.probe.typed,
            "trace_id": failed.id,
            "error": _client_error(failed),
        }
    )


def _dotnet(failed: Failed) -> str:
    outcome = failed.outcome
    return (
        f"Amazon.KeyManagementService.Model.{outcome.code}: {outcome.message}\n ---> Amazon.Runtime.Internal."
        "HttpErrorResponseException: Exception of type 'Amazon.Runtime.Internal.HttpErrorResponseException' was thrown."
    )


def _ruby(failed: Failed) -> str:
    return f"E, [2026-03-01T03:04:05 #1] ERROR -- : {failed.outcome.message} (Aws::KMS::Errors::{failed.outcome.code})"


PRINTERS: tuple[Printer, ...] = (
    _boto3,
    _traceback,
    _java1,
    _java2,
    _go2,
    _js3,
    _lambda_json,
    _structured,
    _dotnet,
    _ruby,
)


def printed(failed: Failed, dice: Dice) -> str:
    """Return what the caller's program writes; one program always writes in one way."""
    return dice.of(PRINTERS, "printer", failed.probe.caller.name)(failed)


def delivery(
    owner: str, group: str, lines: Sequence[tuple[str, datetime, str]], stream: str = "stream"
) -> dict[str, Any]:
    """Return a CloudWatch Logs delivery of ``lines`` (event id, time, message)."""
    payload = {
        "messageType": "DATA_MESSAGE",
        "owner": owner,
        "logGroup": group,
        "logStream": stream,
        "subscriptionFilters": ["KeyWatch"],
        "logEvents": [
            {"id": i, "timestamp": int(when.timestamp() * 1000), "message": text}
            for i, when, text in lines
        ],
    }
    return {
        "awslogs": {
            "data": base64.b64encode(gzip.compress(json.dumps(payload).encode(), 1)).decode()
        }
    }
