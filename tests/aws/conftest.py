"""Tests in a real account: only where KEYWATCH_AWS_TESTS is set, because they deploy, cost a little, and take their time."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.aws.account import Account, opened

ROOT = Path(__file__).resolve().parents[2]
STACK = "KeyWatch"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.aws)
            if not os.environ.get("KEYWATCH_AWS_TESTS"):
                item.add_marker(
                    pytest.mark.skip(
                        reason="set KEYWATCH_AWS_TESTS=1 to test in the AWS account of your credentials"
                    )
                )


def outputs() -> dict[str, str] | None:
    """Return the outputs of the stack, or ``None`` where there is none."""
    try:
        (stack,) = boto3.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            return None
        raise
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def make(target: str, arguments: str) -> None:
    subprocess.run(["make", target, f"ARGS={arguments}"], cwd=ROOT, check=True)  # noqa: S607 - make runs these tests


@pytest.fixture(scope="session")
def stack() -> Iterator[dict[str, str]]:
    """Deploy KeyWatch and remove it again; one that is there already is used as it is, and stays."""
    if there := outputs():
        yield there
        return
    make("deploy", "--require-approval never")
    deployed = outputs()
    assert deployed
    yield deployed
    make("destroy", "--force")


@pytest.fixture(scope="session")
def account(stack) -> Iterator[Account]:
    with opened(stack["AlertTopicArn"]) as account:
        yield account
