"""Lambda functions and their roles: whether a role was made again after its function was last changed."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.lookups.outcomes import outcome_of
from keywatch.model.evidence import FunctionFacts, LookupOutcome, LookupResult

Clients = Callable[[str, str], Any]
_FUNCTION = re.compile(
    r"arn:aws[a-z-]{0,20}:lambda:[a-z0-9-]{5,32}:[0-9]{12}:function:[A-Za-z0-9_-]{1,140}"
)


def is_function(arn: str) -> bool:
    """Tell whether this is the whole ARN of a Lambda function."""
    return _FUNCTION.fullmatch(arn) is not None


def describe_function(
    client: Clients, arn: str, region: str
) -> tuple[FunctionFacts | None, tuple[LookupResult, ...]]:
    """Return what is known of a function and its role, and the look-ups that were made.

    ``LastModified`` is a text such as ``2026-03-01T03:00:00.000+0000`` (Lambda API Reference,
    FunctionConfiguration); ``CreateDate`` a time (IAM API Reference, Role).
    """
    try:
        found = client("lambda", region).get_function_configuration(FunctionName=arn)
    except (ClientError, BotoCoreError) as error:
        return None, (LookupResult("GetFunctionConfiguration", arn, region, *outcome_of(error)),)
    seen = LookupResult("GetFunctionConfiguration", arn, region, LookupOutcome.SEEN)
    role = str(found.get("Role", ""))
    facts = FunctionFacts(arn, role, _modified(found.get("LastModified")))
    name = role.rpartition("/")[2]
    try:
        created = client("iam", region).get_role(RoleName=name)["Role"]["CreateDate"]
    except (ClientError, BotoCoreError) as error:
        return facts, (seen, LookupResult("GetRole", name, region, *outcome_of(error)))
    look = LookupResult("GetRole", name, region, LookupOutcome.SEEN)
    return FunctionFacts(arn, role, facts.modified, created.astimezone(UTC)), (seen, look)


def _modified(value: object) -> datetime | None:
    try:
        return datetime.strptime(str(value), "%Y-%m-%dT%H:%M:%S.%f%z").astimezone(UTC)
    except ValueError:
        return None
