"""Stand-ins of the services of which the function uses an operation or two."""

from datetime import datetime
from typing import Any

from tests.worlds.chronicle import Chronicle
from tests.worlds.clock import Clock
from tests.worlds.errors import AwsError


class Sns:
    """Takes what is published, and when."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.sent: list[tuple[datetime, dict[str, Any]]] = []

    def publish(self, **request: Any) -> dict[str, str]:
        self.sent.append((self.clock.now, request))
        return {"MessageId": f"message-{len(self.sent)}"}


class Sts:
    """Tells who calls, and lends roles: their access key id ends with their account."""

    def __init__(self, account: str, clock: Clock) -> None:
        self.account, self.clock = account, clock

    def get_caller_identity(self) -> dict[str, str]:
        arn = f"arn:aws:sts::{self.account}:assumed-role/KeyWatch/KeyWatch"
        return {"Account": self.account, "Arn": arn, "UserId": "AROA:KeyWatch"}


class Iam:
    """Tells when a role was made."""

    def __init__(self, story: Chronicle) -> None:
        self.story = story

    def get_role(self, RoleName: str) -> dict[str, Any]:
        if RoleName not in self.story.roles:
            raise AwsError("NoSuchEntity", f"The role with name {RoleName} cannot be found.")
        arn, made = f"arn:aws:iam::{self.story.account}:role/{RoleName}", self.story.roles[RoleName]
        role = {
            "RoleName": RoleName,
            "Arn": arn,
            "Path": "/",
            "RoleId": "AROANEW",
            "CreateDate": made,
        }
        return {"Role": role}


class Lambda:
    """Tells what a function's configuration is."""

    def __init__(self, story: Chronicle) -> None:
        self.story = story

    def get_function_configuration(self, FunctionName: str, **_: Any) -> dict[str, Any]:
        name = FunctionName.rpartition(":")[2]
        if name not in self.story.functions:
            raise AwsError("ResourceNotFoundException", f"Function not found: {FunctionName}")
        role, key, modified = self.story.functions[name]
        place = f"{self.story.region}:{self.story.account}"
        return {
            "FunctionName": name,
            "FunctionArn": f"arn:aws:lambda:{place}:function:{name}",
            "Role": role,
            "KMSKeyArn": key,
            "LastModified": modified.strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
        }

    def get_function(self, FunctionName: str, **_: Any) -> dict[str, Any]:
        return {"Configuration": self.get_function_configuration(FunctionName)}
