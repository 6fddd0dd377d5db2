"""The table in memory, on which the incident tests run, answers as moto's DynamoDB does."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.support.aws import TableClient
from tests.support.world import REGION, create_table
from tests.support.world import world as open_world
from tests.unit.incidents.test_faults import SCENARIOS, run

ANSWERS = ("Item", "Items", "Attributes", "Count", "LastEvaluatedKey")


class Both:
    """A DynamoDB client that asks moto and the table in memory, and gives an answer only where they agree."""

    def __init__(self) -> None:
        self.moto = boto3.session.Session("testing", "testing", region_name=REGION).client(
            "dynamodb"
        )
        create_table(self.moto)
        self.memory = TableClient()
        self.asked: set[str] = set()

    def __getattr__(self, operation: str) -> Any:
        def call(**request: Any) -> Any:
            self.asked.add(operation)
            expected = answer(getattr(self.moto, operation), request)
            found = answer(getattr(self.memory, operation), request)
            assert found == expected, (operation, request)
            if isinstance(expected, str):
                raise ClientError({"Error": {"Code": expected, "Message": ""}}, operation)
            return found

        return call


def answer(method: Any, request: dict[str, Any]) -> Any:
    """Return what a client answers, without what only a service can say, or the code of its refusal."""
    try:
        said = method(**request)
    except ClientError as error:
        return error.response["Error"]["Code"]
    if "IndexName" in request:  # what is due at the same time comes in any order
        said["Items"].sort(key=lambda item: (float(item["due_at"]["N"]), item["subject"]["S"]))
    return {name: ordered(said[name]) for name in ANSWERS if name in said}


def ordered(value: Any) -> Any:
    """Return ``value`` with its sets in one order: DynamoDB keeps none."""
    match value:
        case {"SS": list() as members}:
            return {"SS": sorted(members)}
        case dict():
            return {name: ordered(part) for name, part in value.items()}
        case list():
            return [ordered(part) for part in value]
    return value


@pytest.mark.parametrize("name", SCENARIOS)
def test_all_that_the_pipeline_and_the_clock_ask_is_answered_alike(name):
    with mock_aws(), open_world(table=(both := Both())) as world:
        # GIVEN WHEN a scenario is prepared and runs, against both at once
        SCENARIOS[name].prepare(world)
        run(world, SCENARIOS[name])
        world.wait(hours=7)
        world.tick()
        # THEN they agreed in every answer, and the table was really used
        assert {"update_item", "query"} <= both.asked
        assert world.inbox()
