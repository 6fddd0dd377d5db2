"""Call the deployed function: found by the output of its stack, with the credentials and Region of the environment."""

import json
from typing import Any

from .session import opened

STACK = "KeyWatch"
OUTPUT = "FunctionName"
# The function may take 330 seconds; a second call would only start the same again.
_LONG_CALL: dict[str, Any] = {
    "connect_timeout": 10,
    "read_timeout": 345,
    "retries": {"total_max_attempts": 1},
}
Answer = dict[str, Any]


class CannotAskError(Exception):
    """The function could not be asked. The message says why, and what to do."""


class Deployed:
    """The function of one stack. ``session`` is a boto3 session; ``stack`` is its name where it is not the usual one."""

    def __init__(self, session: Any = None, stack: str | None = None) -> None:  # noqa: ANN401 - boto3's session has no static type
        if session is None:
            session = opened()
        self._session = session
        self._stack = stack
        self._function: str | None = None

    def ask(self, request: Answer) -> Answer:
        """Return the function's answer to a manual request. Raises ``CannotAskError``."""
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            client = self._session.client("lambda", config=Config(**_LONG_CALL))
            self._function = self._function or self._function_name()
            reply = client.invoke(FunctionName=self._function, Payload=json.dumps(request).encode())
            answer = json.loads(reply["Payload"].read())
        except (ClientError, BotoCoreError) as error:
            raise CannotAskError(_explained(error)) from error
        if reply.get("FunctionError") or not isinstance(answer, dict):
            problem = answer.get("errorMessage") if isinstance(answer, dict) else answer
            raise CannotAskError(
                f"The function failed: {problem}. See its log: aws logs tail /keywatch/function --since 10m"
            )
        return answer

    def _function_name(self) -> str:
        from botocore.exceptions import ClientError

        region = self._session.region_name
        names = [self._stack] if self._stack else [STACK, f"{STACK}-{region}"]
        cloudformation = self._session.client("cloudformation")
        for name in names:
            try:
                stacks = cloudformation.describe_stacks(StackName=name)["Stacks"]
            except ClientError as error:
                if (
                    error.response["Error"]["Code"] == "ValidationError"
                ):  # that is how CloudFormation says "no such stack"
                    continue
                raise
            for output in stacks[0].get("Outputs", []):
                if output["OutputKey"] == OUTPUT:
                    return str(output["OutputValue"])
        raise CannotAskError(
            f"There is no stack {' or '.join(names)} in {region}. "
            "Set AWS_REGION to where KeyWatch is deployed, or deploy it there: make deploy"
        )


def _explained(error: Exception) -> str:
    kind = type(error).__name__
    if kind in {"NoCredentialsError", "PartialCredentialsError"}:
        return "There are no AWS credentials. Set AWS_PROFILE, or log in (aws sso login)."
    if kind == "NoRegionError":
        return "There is no AWS Region. Set AWS_REGION to where KeyWatch is deployed."
    return f"AWS could not be asked: {error}"
