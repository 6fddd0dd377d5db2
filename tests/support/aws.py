"""Stand-ins for the clients that the incident tests need, in memory: DynamoDB's and SNS's.

moto answers the same (``tests/unit/store/test_stand_in.py`` compares them), at a hundred times the cost.
"""

import json
from threading import RLock
from typing import Any

import botocore.session
from botocore.exceptions import ClientError

from tests.worlds.dynamodb import DynamoDb
from tests.worlds.errors import AwsError

MAX_BYTES = 262_144


def _kms_codes() -> list[str]:
    model = botocore.session.get_session().get_service_model("sns").operation_model("Publish")
    codes = {
        shape.metadata.get("error", {}).get("code", shape.name) for shape in model.error_shapes
    }
    return sorted(code for code in codes if code.startswith("KMS"))


# What SNS answers to Publish where it cannot use the topic's key, as the model of its API lists it.
SNS_KMS_CODES = _kms_codes()


class TableClient:
    """A DynamoDB client of one table in memory: one call at a time, refusals as botocore raises them."""

    def __init__(self) -> None:
        self._table, self._lock = DynamoDb(), RLock()

    def __getattr__(self, operation: str) -> Any:
        method = getattr(self._table, operation)

        def call(**request: Any) -> Any:
            with self._lock:
                try:
                    return method(**request)
                except AwsError as error:
                    raise client_error(error, operation) from None

        return call


class TopicClient:
    """An SNS client that keeps what machines would get, and refuses what SNS refuses (SNS API Reference, Publish).

    ``broken`` maps ARNs of topics to the code with which they refuse; ``topics`` are those that took a message, in order.
    ``attributes`` are those of each message.
    """

    def __init__(self) -> None:
        self._documents: list[dict[str, Any]] = []
        self.broken: dict[str, str] = {}
        self.topics: list[str] = []
        self.attributes: list[dict[str, str]] = []

    def publish(
        self,
        *,
        TopicArn: str,
        Message: str,
        Subject: str = "-",
        MessageStructure: str = "",
        MessageAttributes: dict[str, dict[str, str]] | None = None,
    ) -> dict[str, str]:
        bodies = json.loads(Message) if MessageStructure == "json" else {"default": Message}
        attributes = (MessageAttributes or {}).values()
        if (
            not TopicArn.startswith("arn:")
            or not (0 < len(Subject) < 100 and Subject.isascii() and Subject.isprintable())
            or len(Message.encode()) > MAX_BYTES
            or not isinstance(bodies.get("default"), str)
            or not all(attribute["StringValue"] for attribute in attributes)
        ):
            raise client_error(AwsError("InvalidParameter", "Invalid parameter"), "publish")
        if code := self.broken.get(TopicArn):
            raise client_error(AwsError(code, "the key of the topic cannot be used"), "publish")
        self.topics.append(TopicArn)
        given = (MessageAttributes or {}).items()
        self.attributes.append({name: one["StringValue"] for name, one in given})
        self._documents.append(json.loads(bodies.get("sqs", bodies["default"])))
        return {"MessageId": f"message-{len(self._documents)}"}

    def receive(self) -> list[dict[str, Any]]:
        """Return and remove all alert documents that were published, oldest first."""
        documents, self._documents = self._documents, []
        return documents


def client_error(error: AwsError, operation: str) -> ClientError:
    response = {
        "Error": {"Code": error.code, "Message": error.message},
        "ResponseMetadata": {"HTTPStatusCode": 400},
    }
    return ClientError(response, operation)  # type: ignore[arg-type]
