"""Call the deployed function: found by the output of its stack, with the credentials and Region of a person."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from .problems import CannotAskError, explained
from .session import opened

__all__ = ["STACK", "Answer", "CannotAskError", "Deployed"]

STACK = "KeyWatch"
OUTPUT = "FunctionName"
# The function may take 330 seconds; a second call would only start the same again.
_LONG_CALL: dict[str, Any] = {
    "connect_timeout": 10,
    "read_timeout": 345,
    "retries": {"total_max_attempts": 1},
}
_SHORT_CALL: dict[str, Any] = {
    "connect_timeout": 5,
    "read_timeout": 20,
    "retries": {"mode": "standard", "total_max_attempts": 3},
}
Answer = dict[str, Any]


class Deployed:
    """The function of one stack. ``stack`` is its name where it is not the usual one.

    ``session`` is a boto3 session; without one it is made of ``profile`` and, in turn, each of
    ``regions``: the first in which there is such a stack is asked (``None`` is the configured one).
    """

    def __init__(
        self,
        session: Any = None,  # noqa: ANN401 - boto3's session has no static type
        stack: str | None = None,
        profile: str | None = None,
        regions: tuple[str | None, ...] = (None,),
    ) -> None:
        self._given = session
        self._stack = stack
        self._profile = profile
        self._regions = regions
        self._found: tuple[Any, str] | None = None

    def ask(self, request: Answer) -> Answer:
        """Return the function's answer to a manual request. Raises ``CannotAskError``."""
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            session, function = self._found = self._found or self._find()
            client = session.client("lambda", config=Config(**_LONG_CALL))
            reply = client.invoke(FunctionName=function, Payload=json.dumps(request).encode())
            answer = json.loads(reply["Payload"].read())
        except (ClientError, BotoCoreError) as error:
            raise CannotAskError(explained(error)) from error
        except ValueError as error:
            raise CannotAskError(f"What answered is not KeyWatch: {error}") from error
        if reply.get("FunctionError") or not isinstance(answer, dict):
            problem = answer.get("errorMessage") if isinstance(answer, dict) else answer
            raise CannotAskError(
                f"The function failed: {problem}. See its log: aws logs tail /keywatch/function --since 10m"
            )
        return answer

    def _find(self) -> tuple[Any, str]:
        """Return the session of the Region in which the stack is, and the name of its function."""
        tried: list[str] = []
        for session in self._sessions():
            names = _names(self._stack, session.region_name)
            if function := _function_name(session, names):
                return session, function
            tried.append(f"{' or '.join(names)} in {session.region_name}")
        raise CannotAskError(
            f"There is no stack {', nor '.join(tried)}. Name the Region in which KeyWatch is deployed (AWS_REGION or --region), "
            "the account (AWS_PROFILE or --profile) or the stack (--stack); or deploy it there: make deploy"
        )

    def _sessions(self) -> Iterator[Any]:
        if self._given is not None:
            yield self._given
            return
        seen: set[str | None] = set()
        for region in self._regions:
            session = opened(self._profile, region)
            if session.region_name not in seen and (session.region_name or len(self._regions) == 1):
                seen.add(session.region_name)
                yield session


def _names(stack: str | None, region: str) -> list[str]:
    """Return what the stack may be called: those of several Regions were once called after them, and may still be."""
    return [stack.replace("{region}", region)] if stack else [STACK, f"{STACK}-{region}"]


def _function_name(session: Any, names: list[str]) -> str | None:  # noqa: ANN401 - as above
    from botocore.config import Config
    from botocore.exceptions import ClientError

    cloudformation = session.client("cloudformation", config=Config(**_SHORT_CALL))
    for name in names:
        try:
            (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if _is_absent(error):
                continue
            raise
        return _output(stack, name, session.region_name)
    return None


def _is_absent(error: Any) -> bool:  # noqa: ANN401 - a ClientError
    """Tell whether CloudFormation says "no such stack", which it does by ValidationError."""
    said = error.response["Error"]
    return said["Code"] == "ValidationError" and "not exist" in said.get("Message", "")


def _output(stack: Mapping[str, Any], name: str, region: str) -> str:
    for output in stack.get("Outputs", []):
        if output["OutputKey"] == OUTPUT:
            return str(output["OutputValue"])
    status = stack.get("StackStatus", "not known")
    raise CannotAskError(
        f"The stack {name} in {region} has no output {OUTPUT} (its status is {status}): it is not KeyWatch, or it was not "
        "deployed to its end. Name another stack (--stack), or deploy it again: make deploy"
    )
