"""The read-only calls that a diagnosis may make of AWS: one row each. Data only.

The permissions of the function's role, what the doctor tries, and which clients give up early are
derived from the rows; ``lookups`` makes no call that has none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

NOBODYS_KEY = "00000000-0000-0000-0000-000000000000"


class Reach(StrEnum):
    """What a call may be made about: the look-ups are of things that may not exist, so none is named."""

    ANYTHING = "lists, for which IAM knows no narrower resource"
    KEYS = "the KMS keys and aliases of any account and Region"
    FUNCTIONS = "the Lambda functions of the account"
    ROLES = "the IAM roles of the account"


@dataclass(frozen=True, slots=True)
class ReadCall:
    """One operation of a service, both as IAM names them.

    ``tried_with`` are arguments with which the call is harmless, so that the doctor can try it
    ("not found" is an answer, too); without them it is not tried.
    """

    operation: str
    service: str = "kms"
    reach: Reach = Reach.ANYTHING
    tried_with: Mapping[str, object] | None = None

    @property
    def permission(self) -> str:
        """Return the IAM action, such as ``kms:DescribeKey``."""
        return f"{self.service}:{self.operation}"


READ_CALLS: Mapping[str, ReadCall] = MappingProxyType(
    {
        call.operation: call
        for call in (
            ReadCall("DescribeKey", reach=Reach.KEYS, tried_with={"KeyId": NOBODYS_KEY}),
            ReadCall("ListAliases", tried_with={"Limit": 1}),
            ReadCall("ListKeys", tried_with={"Limit": 1}),
            ReadCall("DescribeCustomKeyStores", tried_with={"Limit": 1}),
            ReadCall("GetKeyLastUsage", reach=Reach.KEYS, tried_with={"KeyId": NOBODYS_KEY}),
            ReadCall("LookupEvents", service="cloudtrail", tried_with={"MaxResults": 1}),
            ReadCall("GetFunctionConfiguration", service="lambda", reach=Reach.FUNCTIONS),
            ReadCall("GetRole", service="iam", reach=Reach.ROLES),
        )
    }
)

SERVICES = frozenset(call.service for call in READ_CALLS.values())
