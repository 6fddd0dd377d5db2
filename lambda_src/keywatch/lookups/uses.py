"""What depends on a key: its grants, and the resources that AWS Config knows to name it. Read-only and bounded.

Who used it is asked of CloudTrail (``History.uses_of``). Config: "Querying the current configuration
state of AWS resources" (AWS Config Developer Guide); a key stands under a name of its own in each
service's configuration.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from keywatch.lookups.kms import Lookups
from keywatch.model.evidence import KeyFacts, LookupResult
from keywatch.model.text import one_line

T = TypeVar("T")

MOST_GRANTS, MOST_RESOURCES, PAGE = 500, 500, 100
# Where the configuration of a resource names its key; of S3's buckets the default encryption.
PROPERTIES = (
    "configuration.kmsKeyId",
    "configuration.kmsKeyArn",
    "configuration.kmsMasterKeyId",
    "configuration.KmsKeyId",
    "configuration.KmsMasterKeyId",
    "configuration.sseDescription.kmsMasterKeyArn",
    "supplementaryConfiguration.ServerSideEncryptionConfiguration.rules.applyServerSideEncryptionByDefault.kMSMasterKeyID",
)
_SAFE = re.compile(r"[A-Za-z0-9:/_-]{1,300}")


@dataclass(frozen=True, slots=True)
class GrantFacts:
    """A grant on a key: who holds it (an ARN or an AWS service), and for which operations."""

    grantee: str
    operations: tuple[str, ...]
    name: str = ""


@dataclass(frozen=True, slots=True)
class ResourceFacts:
    """A resource that AWS Config knows to use a key."""

    kind: str
    name: str
    account: str
    region: str


@dataclass(frozen=True, slots=True)
class Dependents(Generic[T]):
    """What was found, the look-up that found it, and whether there is more than was read."""

    items: tuple[T, ...]
    look: LookupResult
    more: bool = False


def grants_of(lookups: Lookups, key: KeyFacts) -> Dependents[GrantFacts]:
    """Return the grants on a key."""
    found: list[GrantFacts] = []
    more = [False]

    def read(kms: Any) -> None:  # noqa: ANN401 - boto3's clients have no static type here
        marker: dict[str, Any] = {}
        while True:
            page = kms.list_grants(KeyId=key.arn, Limit=PAGE, **marker)
            found.extend(_grant(one) for one in page["Grants"])
            more[0] = bool(page.get("Truncated"))
            if not more[0] or len(found) >= MOST_GRANTS:
                return
            marker = {"Marker": page["NextMarker"]}

    _, look = lookups.ask("ListGrants", key.arn, key.region, read)
    return Dependents(tuple(found), look, more[0])


def _grant(one: Mapping[str, Any]) -> GrantFacts:
    return GrantFacts(
        one_line(str(one.get("GranteePrincipal", "unknown")), 300),
        tuple(one_line(str(operation), 64) for operation in one.get("Operations", ())),
        one_line(str(one.get("Name", "")), 128),
    )


def resources_of(
    lookups: Lookups, key: KeyFacts, aliases: tuple[str, ...], aggregator: str, region: str
) -> Dependents[ResourceFacts]:
    """Return the resources that name a key, in this Region, or wherever ``aggregator`` (in ``region``) looks."""
    found: list[ResourceFacts] = []
    more = [False]
    operation = "SelectAggregateResourceConfig" if aggregator else "SelectResourceConfig"
    given: dict[str, Any] = {"Expression": expression(key, aliases), "Limit": PAGE}

    def read(config: Any) -> None:  # noqa: ANN401 - as above
        following: dict[str, Any] = {}
        while True:
            if aggregator:
                asked = given | {"ConfigurationAggregatorName": aggregator}
                page = config.select_aggregate_resource_config(**asked, **following)
            else:
                page = config.select_resource_config(**given, **following)
            found.extend(one for text in page.get("Results", ()) if (one := _resource(text)))
            more[0] = bool(page.get("NextToken"))
            if not more[0] or len(found) >= MOST_RESOURCES:
                return
            following = {"NextToken": page["NextToken"]}

    _, look = lookups.ask(operation, key.arn, region if aggregator else key.region, read)
    return Dependents(tuple(dict.fromkeys(found)), look, more[0])


def expression(key: KeyFacts, aliases: tuple[str, ...]) -> str:
    """Return the query for the resources whose configuration names a key by its ARN, its id, or an alias."""
    start = key.arn.rpartition(":")[0]
    names = (key.arn, key.key_id, *aliases, *(f"{start}:{alias}" for alias in aliases))
    values = ", ".join(f"'{name}'" for name in names if _SAFE.fullmatch(name))
    conditions = " OR ".join(f"{name} IN ({values})" for name in PROPERTIES)
    return f"SELECT resourceType, resourceId, resourceName, accountId, awsRegion WHERE {conditions}"


def _resource(text: str) -> ResourceFacts | None:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict):
        return None
    named = [fields.get(part) for part in ("resourceName", "resourceId")]
    return ResourceFacts(
        one_line(str(fields.get("resourceType", "unknown")), 100),
        one_line(str(next((name for name in named if name), "unknown")), 200),
        one_line(str(fields.get("accountId", "")), 20),
        one_line(str(fields.get("awsRegion", "")), 32),
    )
