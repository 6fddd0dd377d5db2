"""All keys, aliases and key stores of a Region, by their lists: few calls, whatever their number."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.actions.sweep.paced_kms import PacedKms
from keywatch.diagnosis.reasons import not_seen
from keywatch.lookups.outcomes import outcome_of
from keywatch.model.evidence import KeyFacts, LookupResult, StoreFacts

OPERATIONS = {
    "list_keys": "ListKeys",
    "list_aliases": "ListAliases",
    "describe_custom_key_stores": "DescribeCustomKeyStores",
}


@dataclass(frozen=True)
class Inventory:
    """What there is: key ids in order, the target of each alias (``None`` where it has none), key stores, what was not seen."""

    keys: tuple[str, ...]
    aliases: dict[str, str | None]
    stores: tuple[StoreFacts, ...]
    unseen: tuple[str, ...]
    aliases_seen: bool = True
    keys_seen: bool = True

    def aliases_of(self, key: KeyFacts) -> tuple[str, ...]:
        """Return the aliases of a key; where none could be seen, what stands for them."""
        return self._names.get(key.key_id, ()) if self.aliases_seen else ("(not seen)",)

    @cached_property
    def _names(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for alias, target in self.aliases.items():
            if target:
                found.setdefault(target, []).append(alias)
        return {key: tuple(names) for key, names in found.items()}


def take(kms: PacedKms) -> Inventory:
    """List everything in the Region; a list that is refused is missing and said to be (``unseen``)."""
    unseen: dict[str, str] = {}

    def listed(operation: str, member: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        try:
            for page in kms.pages(operation):
                found += page.get(member, [])
        except (ClientError, BotoCoreError) as error:
            result = LookupResult(OPERATIONS[operation], "all", kms.region, *outcome_of(error))
            unseen[operation] = not_seen(result)
        return found

    keys = {entry["KeyId"] for entry in listed("list_keys", "Keys")}
    aliases = listed("list_aliases", "Aliases")
    stores = listed("describe_custom_key_stores", "CustomKeyStores")
    return Inventory(
        keys=tuple(sorted(keys)),
        aliases={entry["AliasName"]: entry.get("TargetKeyId") for entry in aliases},
        stores=tuple(map(_store, stores)),
        unseen=tuple(unseen.values()),
        aliases_seen="list_aliases" not in unseen,
        keys_seen="list_keys" not in unseen,
    )


def _store(entry: dict[str, Any]) -> StoreFacts:
    return StoreFacts(
        entry.get("CustomKeyStoreId", ""),
        entry.get("CustomKeyStoreName", ""),
        entry.get("CustomKeyStoreType", ""),
        entry.get("ConnectionState", ""),
        entry.get("ConnectionErrorCode", ""),
    )
