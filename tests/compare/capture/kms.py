"""KMS of several Regions: keys, aliases and key stores as a scenario wants them, errors in AWS's recorded words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .aws import ACCOUNT, AWS, REGION, Fails

OLD = datetime(2024, 1, 1, tzinfo=UTC)
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
STORE = "cks-1234567890abcdef0"


def key_arn(key_id: str = KEY_ID, region: str = REGION, account: str = ACCOUNT) -> str:
    return f"arn:aws:kms:{region}:{account}:key/{key_id}"


@dataclass
class Kms:
    """What exists, by (Region, name)."""

    keys: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    aliases: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    stores: dict[str, dict[str, Any]] = field(default_factory=dict)
    usage: dict[str, dict[str, Any]] = field(default_factory=dict)

    def install(self) -> None:
        AWS.scripts["kms", "DescribeKey"] = self.describe_key
        AWS.scripts["kms", "ListAliases"] = self.list_aliases
        AWS.scripts["kms", "ListKeys"] = self.list_keys
        AWS.scripts["kms", "DescribeCustomKeyStores"] = self.describe_custom_key_stores
        AWS.scripts["kms", "GetKeyLastUsage"] = self.get_key_last_usage

    def add(
        self, key_id: str = KEY_ID, state: str = "Enabled", region: str = REGION, **more: Any
    ) -> str:
        arn = key_arn(key_id, region, more.pop("account", ACCOUNT))
        known = {
            "KeyId": key_id,
            "Arn": arn,
            "AWSAccountId": arn.split(":")[4],
            "KeyState": state,
            "Enabled": state == "Enabled",
            "CreationDate": OLD,
            "KeyManager": "CUSTOMER",
            "Origin": "AWS_KMS",
            "KeyUsage": "ENCRYPT_DECRYPT",
        }
        self.keys[region, key_id] = known | more
        return arn

    def alias(
        self, name: str, target: str | None = KEY_ID, region: str = REGION, at: datetime = OLD
    ) -> None:
        made: dict[str, Any] = {
            "AliasName": name,
            "AliasArn": f"arn:aws:kms:{region}:{ACCOUNT}:{name}",
        }
        made |= {"CreationDate": at, "LastUpdatedDate": at} | (
            {"TargetKeyId": target} if target else {}
        )
        self.aliases[region, name] = made

    def store(
        self,
        state: str,
        error: str | None = None,
        kind: str = "EXTERNAL_KEY_STORE",
        store: str = STORE,
    ) -> None:
        said = {
            "CustomKeyStoreId": store,
            "CustomKeyStoreName": "vault",
            "CustomKeyStoreType": kind,
            "ConnectionState": state,
        }
        self.stores[store] = said | ({"ConnectionErrorCode": error} if error else {})

    def used(self, arn: str, when: datetime | None, since: datetime = OLD) -> None:
        last = {"Operation": "Decrypt", "Timestamp": when} if when else {}
        self.usage[arn] = {"KeyLastUsage": last, "TrackingStartDate": since, "KeyCreationDate": OLD}

    def describe_key(self, region: str, params: Mapping[str, Any]) -> dict[str, Any] | Fails:
        asked: str = params["KeyId"]
        name = (
            asked.partition(":kms:")[2].split(":", 2)[-1].removeprefix("key/")
            if asked.startswith("arn:")
            else asked
        )
        if asked.startswith("arn:") and asked.split(":")[3] != region:
            return Fails("NotFoundException", f"Invalid arn {asked.split(':')[3]}")
        if name.startswith("alias/"):
            found = self.aliases.get((region, name))
            if found is None:
                return Fails(
                    "NotFoundException",
                    f"Alias arn:aws:kms:{region}:{ACCOUNT}:{name} is not found.",
                )
            name = str(found.get("TargetKeyId"))
        if (region, name) not in self.keys:
            return Fails("NotFoundException", f"Key '{key_arn(name, region)}' does not exist")
        return {"KeyMetadata": self.keys[region, name]}

    def list_aliases(self, region: str, params: Mapping[str, Any]) -> dict[str, Any]:
        wanted = str(params.get("KeyId", "")).rpartition("/")[2] or None
        there = [alias for (where, _), alias in sorted(self.aliases.items()) if where == region]
        return {
            "Aliases": [alias for alias in there if wanted in {None, alias.get("TargetKeyId")}],
            "Truncated": False,
        }

    def list_keys(self, region: str, _params: Mapping[str, Any]) -> dict[str, Any]:
        there = sorted(name for where, name in self.keys if where == region)
        return {
            "Keys": [{"KeyId": name, "KeyArn": key_arn(name, region)} for name in there],
            "Truncated": False,
        }

    def describe_custom_key_stores(
        self, _region: str, params: Mapping[str, Any]
    ) -> dict[str, Any] | Fails:
        wanted = params.get("CustomKeyStoreId")
        if wanted and wanted not in self.stores:
            return Fails("CustomKeyStoreNotFoundException")
        return {
            "CustomKeyStores": [self.stores[wanted]] if wanted else list(self.stores.values()),
            "Truncated": False,
        }

    def get_key_last_usage(self, _region: str, params: Mapping[str, Any]) -> dict[str, Any]:
        return self.usage.get(params["KeyId"], {"TrackingStartDate": OLD, "KeyCreationDate": OLD})
