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
    OWNED = "the KMS keys of the account, where the setting owner_tags names tags"
    DEPENDENTS = "the KMS keys of the account, where the setting dependents is on"
    CONFIGURATION = "what AWS Config records, where the setting dependents is on"
    AGGREGATOR = "the aggregators of AWS Config, where the setting config_aggregator names one"


@dataclass(frozen=True, slots=True)
class ReadCall:
    """One operation of a service, both as IAM names them; ``why`` is the reason for it, as a sentence.

    ``tried_with`` are arguments with which the call is harmless, so that the doctor can try it
    ("not found" is an answer, too); without them it is not tried.
    """

    operation: str
    why: str
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
            ReadCall(
                "DescribeKey",
                "The state of a key, and whether it exists, is what most diagnoses rest on.",
                reach=Reach.KEYS,
                tried_with={"KeyId": NOBODYS_KEY},
            ),
            ReadCall(
                "ListAliases",
                "A missing alias may be a misspelt one; a key is called by its alias.",
                tried_with={"Limit": 1},
            ),
            ReadCall("ListKeys", "The sweep looks at every key.", tried_with={"Limit": 1}),
            ReadCall(
                "DescribeCustomKeyStores",
                "A key store that is not connected breaks all its keys.",
                tried_with={"Limit": 1},
            ),
            ReadCall(
                "GetKeyLastUsage",
                "An early warning says when the key was used last.",
                reach=Reach.KEYS,
                tried_with={"KeyId": NOBODYS_KEY},
            ),
            ReadCall(
                "ListResourceTags",
                "A tag of the key says whom its alerts are for (setting owner_tags).",
                reach=Reach.OWNED,
                tried_with={"KeyId": NOBODYS_KEY},
            ),
            ReadCall(
                "ListGrants",
                "A grant tells which service or role depends on the key (setting dependents).",
                reach=Reach.DEPENDENTS,
                tried_with={"KeyId": NOBODYS_KEY},
            ),
            ReadCall(
                "SelectResourceConfig",
                "AWS Config knows which resources are encrypted with the key (setting dependents).",
                service="config",
                reach=Reach.CONFIGURATION,
            ),
            ReadCall(
                "SelectAggregateResourceConfig",
                "As above, in all accounts that an aggregator sees (setting config_aggregator).",
                service="config",
                reach=Reach.AGGREGATOR,
            ),
            ReadCall(
                "LookupEvents",
                "Who changed the key, and when.",
                service="cloudtrail",
                tried_with={"MaxResults": 1},
            ),
            ReadCall(
                "GetFunctionConfiguration",
                "When a function was changed last tells whether its grant is older than its role.",
                service="lambda",
                reach=Reach.FUNCTIONS,
            ),
            ReadCall(
                "GetRole",
                "When the role was made tells whether it was deleted and made again.",
                service="iam",
                reach=Reach.ROLES,
            ),
        )
    }
)

SERVICES = frozenset(call.service for call in READ_CALLS.values())
