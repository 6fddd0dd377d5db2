"""What the look-up role of an account says of itself: whom it trusts, and which version of the spoke made it.

The role may be read through itself (GetRole). Its trust is right where nobody but the hub's function
can assume it: by the function's ARN as principal, or by the hub's account with a condition that names
the function's role (IAM User Guide, "AWS global condition context keys", aws:PrincipalArn).
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.lookups.outcomes import outcome_of
from keywatch.model.text import one_line

VERSION_TAG = "KeyWatchVersion"
_VERSION = re.compile(r"\(KeyWatch spoke ([^()\s]{1,64})\)")
_NAMES_ONE = frozenset({"arnequals", "arnlike", "stringequals", "stringlike"})
_PRINCIPAL = "aws:principalarn"


@dataclass(frozen=True, slots=True)
class LookUpRole:
    """What was found: a ``problem`` in a sentence and the ``version``, each empty where there is none.

    ``unseen`` says why the role could not be looked at.
    """

    problem: str = ""
    version: str = ""
    unseen: str = ""


def look_at_role(iam: Any, name: str, hub_account: str, hub_role: str) -> LookUpRole:  # noqa: ANN401 - a boto3 client
    """Look at the role ``name`` through a session of itself; ``hub_role`` is the ARN of the function's role."""
    try:
        role = iam.get_role(RoleName=name)["Role"]
    except (ClientError, BotoCoreError) as error:
        outcome, code, _ = outcome_of(error)
        return LookUpRole(unseen=f"{outcome.value}: {code}")
    tags = {tag.get("Key"): tag.get("Value") for tag in role.get("Tags") or []}
    strangers = sorted(
        set(strangers_in(role.get("AssumeRolePolicyDocument"), hub_account, hub_role))
    )
    named = one_line(", ".join(strangers), 300)
    problem = f"It may be assumed by {named}." if strangers else ""
    return LookUpRole(problem, one_line(tags.get(VERSION_TAG), 64))


def version_of_rule(events: Any, name: str) -> str:  # noqa: ANN401 - a boto3 client
    """Return the version of a spoke in one Region, which ends the description of its rules; empty where none is told.

    Raises what EventBridge raises.
    """
    match = _VERSION.search(str(events.describe_rule(Name=name).get("Description", "")))
    return one_line(match[1], 64) if match else ""


def strangers_in(policy: object, hub_account: str, hub_role: str) -> Iterator[str]:
    """Yield who but the hub's function may assume a role, by its trust policy (a JSON object, or its URL-encoded text)."""
    for statement in _statements(policy):
        if statement.get("Effect") != "Allow":
            continue
        if "NotPrincipal" in statement:
            yield "everybody but those it names"
            continue
        only_hub = _allows_only(statement.get("Condition"), hub_role)
        for principal in _principals(statement.get("Principal")):
            if principal == hub_role or (only_hub and _is_account(principal, hub_account)):
                continue
            yield principal


def _statements(policy: object) -> Iterable[Mapping[str, Any]]:
    if isinstance(policy, str):
        try:
            policy = json.loads(unquote(policy))
        except ValueError:
            policy = None
    if not isinstance(policy, dict):
        return [{"Effect": "Allow", "Principal": "somebody: its policy could not be read"}]
    statements = policy.get("Statement", [])
    listed = statements if isinstance(statements, list) else [statements]
    return [statement for statement in listed if isinstance(statement, dict)]


def _principals(principal: object) -> Iterator[str]:
    if isinstance(principal, dict):
        for names in principal.values():
            yield from (str(name) for name in (names if isinstance(names, list) else [names]))
    elif principal is not None:
        yield str(principal)


def _is_account(principal: str, account: str) -> bool:
    return principal == account or principal.endswith(f":iam::{account}:root")


def _allows_only(conditions: object, hub_role: str) -> bool:
    """Tell whether the conditions of a statement let nobody but the hub's function in."""
    for test, keys in conditions.items() if isinstance(conditions, dict) else ():
        if str(test).lower() not in _NAMES_ONE or not isinstance(keys, dict):
            continue
        for key, values in keys.items():
            wanted = values if isinstance(values, list) else [values]
            if str(key).lower() == _PRINCIPAL and wanted == [hub_role]:
                return True
    return False
