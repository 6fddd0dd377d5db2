"""All keys, aliases and key stores of a Region, by their lists: few calls, whatever their number."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.actions.rate_limiter import RateLimiter
from keywatch.diagnosis.reasons import not_seen
from keywatch.lookups.outcomes import outcome_of
from keywatch.model.evidence import LookupOutcome, LookupResult, StoreFacts

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

MAX_RETRIES = 4
PAGE = {"list_keys": 1000, "list_aliases": 100, "describe_custom_key_stores": 100}
OPERATIONS = {
    "list_keys": "ListKeys",
    "list_aliases": "ListAliases",
    "describe_custom_key_stores": "DescribeCustomKeyStores",
}


@dataclass(frozen=True, slots=True)
class Inventory:
    """What there is: key ids in order, the target of each alias (``None`` where it has none), key stores, what was not seen."""

    keys: tuple[str, ...]
    aliases: dict[str, str | None]
    stores: tuple[StoreFacts, ...]
    unseen: tuple[str, ...]
    aliases_seen: bool = True
    keys_seen: bool = True

    def names(self) -> dict[str, tuple[str, ...]]:
        """Return the aliases of each key that has any."""
        found: dict[str, list[str]] = {}
        for alias, target in self.aliases.items():
            if target:
                found.setdefault(target, []).append(alias)
        return {key: tuple(names) for key, names in found.items()}


def take(kms: "KMSClient", region: str, pace: RateLimiter) -> Inventory:
    """List everything in ``region``; a list that is refused is missing and said to be (``unseen``)."""
    unseen: list[str] = []
    seen = dict.fromkeys(PAGE, True)

    def listed(operation: str, member: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        try:
            for page in _pages(kms, operation, pace):
                found += page.get(member, [])
        except (ClientError, BotoCoreError) as error:
            seen[operation] = False
            unseen.append(
                not_seen(LookupResult(OPERATIONS[operation], "all", region, *outcome_of(error)))
            )
        return found

    keys = sorted({entry["KeyId"] for entry in listed("list_keys", "Keys")})
    aliases = {
        entry["AliasName"]: entry.get("TargetKeyId") for entry in listed("list_aliases", "Aliases")
    }
    stores = tuple(
        _store(entry) for entry in listed("describe_custom_key_stores", "CustomKeyStores")
    )
    return Inventory(
        tuple(keys), aliases, stores, tuple(unseen), seen["list_aliases"], seen["list_keys"]
    )


def _pages(kms: "KMSClient", operation: str, pace: RateLimiter) -> Iterator[dict[str, Any]]:
    """Yield all pages of a list, each with some patience."""
    marker: dict[str, Any] = {}
    while True:
        page = patiently(lambda: getattr(kms, operation)(Limit=PAGE[operation], **marker), pace)  # noqa: B023 - called at once
        yield page
        if not page.get("Truncated") or not page.get("NextMarker"):
            return
        marker = {"Marker": page["NextMarker"]}


def patiently(call: Any, pace: RateLimiter) -> Any:  # noqa: ANN401 - any boto3 call and its answer
    """Make a call at its time, and again after a while where AWS says that it was too much; raises what it raises then."""
    for attempt in range(MAX_RETRIES + 1):
        pace.wait()
        try:
            return call()
        except ClientError as error:
            if outcome_of(error)[0] is not LookupOutcome.THROTTLED or attempt == MAX_RETRIES:
                raise
            pace.back_off(2.0**attempt / 2)
    raise AssertionError  # pragma: no cover - the loop returns or raises


def _store(entry: dict[str, Any]) -> StoreFacts:
    return StoreFacts(
        entry.get("CustomKeyStoreId", ""),
        entry.get("CustomKeyStoreName", ""),
        entry.get("CustomKeyStoreType", ""),
        entry.get("ConnectionState", ""),
        entry.get("ConnectionErrorCode", ""),
    )
