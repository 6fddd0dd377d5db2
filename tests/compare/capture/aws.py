"""AWS as the scenarios want it. Every call of every client is written down; DynamoDB is moto's, all else is scripted."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import boto3
import botocore.client
from botocore.exceptions import ParamValidationError
from botocore.validate import ParamValidator

from . import expressions

ACCOUNT = "123456789012"
OTHER_ACCOUNT = "444455556666"
REGION, ELSEWHERE = "eu-west-1", "us-east-1"
TABLE = "incidents"
Answer = dict[str, Any]


@dataclass(frozen=True)
class Fails:
    """An answer that is an error, in AWS's recorded words."""

    code: str
    message: str = ""
    status: int = 400


Script = (
    Answer | Fails | Callable[[str, Mapping[str, Any]], "Answer | Fails"]
)  # by Region and parameters


@dataclass
class Aws:
    """What AWS answers: ``scripts`` by (service, operation) or (service, operation, Region), DynamoDB's own otherwise."""

    scripts: dict[tuple[str, ...], Script] = field(default_factory=dict)
    calls: list[dict[str, Any]] = field(default_factory=list)
    made: list[dict[str, Any]] = field(default_factory=list)
    recording: bool = True

    def answer(self, service: str, operation: str, region: str) -> Script | None:
        found = self.scripts.get(
            (service, operation, region), self.scripts.get((service, operation))
        )
        if found is None and service != "dynamodb":
            found = Fails("AccessDeniedException", f"{service}:{operation} is not scripted", 403)
        return found

    def drain(self) -> list[dict[str, Any]]:
        calls, self.calls = self.calls, []
        return calls


AWS = Aws()
_REAL_CALL = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]
_REAL_CLIENT = boto3.session.Session.client
_CLIENTS: dict[tuple[str, str], Any] = {}


def stand_in() -> None:
    """Put the scripted AWS in the place of the real one, for every client that is made from now on."""
    botocore.client.BaseClient._make_api_call = _call  # type: ignore[attr-defined]
    boto3.session.Session.client = _client  # type: ignore[method-assign,assignment]


def client(service: str, region: str = REGION) -> Any:
    """Return one client for each service and Region: making them is slow, and what they talk to is the scenario's."""
    if (service, region) not in _CLIENTS:
        session = boto3.session.Session("testing", "testing", region_name=region)
        _CLIENTS[service, region] = _REAL_CLIENT(session, service)
    return _CLIENTS[service, region]


def _client(
    session: Any, service_name: str, region_name: str | None = None, config: Any = None, **_: Any
) -> Any:
    options = getattr(config, "_user_provided_options", None) or {}
    region = region_name or session.region_name or REGION
    made = {
        "client": f"{service_name} {region}",
        "config": {name: options[name] for name in sorted(options)},
    }
    AWS.made = sorted([*(one for one in AWS.made if one != made), made], key=repr)
    return client(service_name, region)


def _call(made: Any, operation: str, params: Mapping[str, Any]) -> Answer:
    service, region = made.meta.service_model.service_name, made.meta.region_name
    script = AWS.answer(service, operation, region)
    if AWS.recording:
        shown = (
            expressions.plain(stored(params)) if service == "dynamodb" else _message_opened(params)
        )
        ordered = {name: shown[name] for name in sorted(shown)}
        AWS.calls.append({"call": f"{service} {operation} {region}", "params": ordered})
    if script is None:
        return _REAL_CALL(made, operation, params)
    _validate(made, operation, params)
    answer = script(region, params) if callable(script) else script
    if isinstance(answer, Fails):
        response = {
            "Error": {"Code": answer.code, "Message": answer.message},
            "ResponseMetadata": {"HTTPStatusCode": answer.status},
        }
        raise made.exceptions.from_code(answer.code)(response, operation)
    return answer


def _validate(made: Any, operation: str, params: Mapping[str, Any]) -> None:
    shape = made.meta.service_model.operation_model(operation).input_shape
    problems = ParamValidator().validate(dict(params), shape) if shape else None
    if problems and problems.has_errors():
        raise ParamValidationError(report=problems.generate_report())


def _message_opened(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters; a message that is JSON is opened, and every body of it too."""
    shown = dict(params)
    if isinstance(shown.get("Payload"), bytes):
        shown["Payload"] = dict(sorted(json.loads(shown["Payload"]).items()))
    if isinstance(shown.get("Message"), str):
        shown["Message"] = opened(shown["Message"])
        if params.get("MessageStructure") == "json" and isinstance(shown["Message"], dict):
            shown["Message"] = _bodies(shown["Message"])
    return shown


def _bodies(message: Mapping[str, str]) -> dict[str, Any]:
    """Return what each protocol gets; the same body is shown once."""
    first: dict[str, str] = {}
    shown: dict[str, Any] = {}
    for protocol in sorted(message):
        body = message[protocol]
        shown[protocol] = f"as {first[body]}" if body in first else opened(body)
        first.setdefault(body, protocol)
    return shown


def opened(text: str) -> Any:
    """Return the JSON in a text, or the text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def stored(value: Any) -> Any:
    """Return items or values of DynamoDB; of JSON that is stored as text, the order of the members is no behaviour."""
    if isinstance(value, list):
        return [stored(item) for item in value]
    if not isinstance(value, dict):
        return value
    if list(value) == ["S"] and value["S"][:1] in {"{", "["}:
        return {"S": json.dumps(opened(value["S"]), sort_keys=True, ensure_ascii=False)}
    return {name: stored(item) for name, item in value.items()}


def as_json(value: Any) -> str:
    """Return any answer as JSON; members keep the order in which the tree gave them."""
    return json.dumps(
        value,
        ensure_ascii=False,
        indent=1,
        default=lambda v: v.isoformat() if isinstance(v, datetime) else repr(v),
    )
