"""KMS's API as KeyWatch calls it, of one account and Region: what its hosts see by now, in pages, with AWS's refusals."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.worlds import words
from tests.worlds.errors import AwsError
from tests.worlds.kms import Alias, Key, Kms, Store, seen
from tests.worlds.resolve import Resolved, resolve

LOOK = "look"
TRACKED_SINCE = timedelta(days=200)
_LAST_USE = {"often": timedelta(minutes=7), "long_ago": timedelta(days=150)}


@dataclass
class KmsApi:
    """The read-only operations. ``role`` is who asks; ``hidden`` are keys whose policy does not let KeyWatch in."""

    kms: Kms
    account: str
    region: str
    now: Callable[[], datetime]
    role: str
    hidden: frozenset[str] = frozenset()
    opened: Mapping[str, datetime] = field(
        default_factory=dict
    )  # key ARN → last successful use, where the world knows it

    def describe_key(self, KeyId: str, **_: Any) -> dict[str, Any]:
        return {"KeyMetadata": self._metadata(self._found(KeyId, "DescribeKey"))}

    def _found(self, typed: str, operation: str) -> Key:
        found = resolve(self.kms, typed, self.account, self.region, seen(self.now(), LOOK))
        self._refuse(found, operation)
        assert found.key
        return found.key

    def _refuse(self, found: Resolved, operation: str) -> None:
        if found.problem == "malformed":
            raise AwsError("NotFoundException", words.MALFORMED.format(typed=found.typed))
        if found.problem == "region":
            raise AwsError("NotFoundException", words.WRONG_REGION.format(region=found.region))
        if found.account != self.account:
            text = words.DENIED_THREE_WAYS[0].format(user=self.role, operation=operation)
            raise AwsError("AccessDeniedException", text)
        if found.problem == "alias":
            raise AwsError("NotFoundException", words.ALIAS_MISSING.format(alias=found.alias_arn))
        if found.problem == "key":
            raise AwsError("NotFoundException", words.KEY_MISSING.format(key=found.key_arn))
        if found.key and found.key.arn in self.hidden:
            text = words.DENIED_PLAINLY[1].format(
                user=self.role, operation=operation, key=found.key.arn
            )
            raise AwsError("AccessDeniedException", text)

    def _metadata(self, key: Key) -> dict[str, Any]:
        state = self.kms.state_of(key, seen(self.now(), LOOK))
        metadata: dict[str, Any] = {
            "AWSAccountId": key.account,
            "KeyId": key.id,
            "Arn": key.arn,
            "CreationDate": key.created,
            "Enabled": state == "Enabled",
            "KeyState": state,
            "KeyUsage": key.usage,
            "Origin": key.origin,
            "KeyManager": "CUSTOMER",
            "MultiRegion": key.primary is not None,
            "Description": "",
        }
        optional = {
            "DeletionDate": key.deletion_date,
            "PendingDeletionWindowInDays": key.pending_days,
            "ValidTo": key.valid_to,
            "CustomKeyStoreId": key.store,
            "XksKeyConfiguration": {"Id": key.external} if key.external else None,
            "MultiRegionConfiguration": self._family(key) if key.primary else None,
        }
        return metadata | {name: value for name, value in optional.items() if value is not None}

    def _family(self, key: Key) -> dict[str, Any]:
        def one(region: str) -> dict[str, str]:
            return {"Arn": f"arn:aws:kms:{region}:{key.account}:key/{key.id}", "Region": region}

        kind = "PRIMARY" if key.region == key.primary else "REPLICA"
        return {
            "MultiRegionKeyType": kind,
            "PrimaryKey": one(str(key.primary)),
            "ReplicaKeys": [one(r) for r in key.replicas],
        }

    def _visible(self, places: dict[tuple[str, str, str], Any]) -> list[Any]:
        view = seen(self.now(), LOOK)
        here = [
            t
            for (account, region, _), t in places.items()
            if (account, region) == (self.account, self.region)
        ]
        return [version.value for version in map(view, here) if version and version.value]

    def list_aliases(
        self, KeyId: str | None = None, Limit: int = 50, Marker: str | None = None
    ) -> dict[str, Any]:
        key = self._found(KeyId, "ListAliases") if KeyId else None
        aliases: list[Alias] = sorted(self._visible(self.kms.aliases), key=lambda alias: alias.name)
        listed = [self._alias(alias) for alias in aliases if key is None or alias.target == key.id]
        return self._page("Aliases", listed, Limit, Marker)

    def _alias(self, alias: Alias) -> dict[str, Any]:
        return {
            "AliasName": alias.name,
            "AliasArn": f"arn:aws:kms:{self.region}:{self.account}:{alias.name}",
            "TargetKeyId": alias.target,
            "CreationDate": alias.created,
            "LastUpdatedDate": alias.updated,
        }

    def list_keys(self, Limit: int = 100, Marker: str | None = None) -> dict[str, Any]:
        keys: list[Key] = sorted(self._visible(self.kms.keys), key=lambda key: key.id)
        return self._page(
            "Keys", [{"KeyId": key.id, "KeyArn": key.arn} for key in keys], Limit, Marker
        )

    def _page(self, name: str, listed: list[Any], limit: int, marker: str | None) -> dict[str, Any]:
        begin = int(marker or 0)
        answer = {name: listed[begin : begin + limit], "Truncated": begin + limit < len(listed)}
        return answer | ({"NextMarker": str(begin + limit)} if answer["Truncated"] else {})

    def describe_custom_key_stores(
        self,
        CustomKeyStoreId: str | None = None,
        CustomKeyStoreName: str | None = None,
        Limit: int = 100,
        Marker: str | None = None,
    ) -> dict[str, Any]:
        stores: list[Store] = sorted(self._visible(self.kms.stores), key=lambda store: store.id)
        wanted = [
            s
            for s in stores
            if CustomKeyStoreId in {None, s.id} and CustomKeyStoreName in {None, s.name}
        ]
        if not wanted and (CustomKeyStoreId or CustomKeyStoreName):
            raise AwsError("CustomKeyStoreNotFoundException", "")
        return self._page(
            "CustomKeyStores", [self._store(store) for store in wanted], Limit, Marker
        )

    def _store(self, store: Store) -> dict[str, Any]:
        entry = {
            "CustomKeyStoreId": store.id,
            "CustomKeyStoreName": store.name,
            "CustomKeyStoreType": store.kind,
            "ConnectionState": store.state,
            "CreationDate": datetime.fromtimestamp(1.6e9, self.now().tzinfo),
        }
        return entry | ({"ConnectionErrorCode": store.error} if store.state == "FAILED" else {})

    def get_key_last_usage(self, KeyId: str) -> dict[str, Any]:
        if "alias/" in KeyId:
            raise AwsError("NotFoundException", words.MALFORMED.format(typed=KeyId))
        key = self._found(KeyId, "GetKeyLastUsage")
        since = max(key.created, self.now() - TRACKED_SINCE)
        answer: dict[str, Any] = {
            "KeyId": key.arn,
            "KeyCreationDate": key.created,
            "TrackingStartDate": since,
        }
        used = self.opened.get(key.arn) or self._last_use(key)
        if used:
            answer["KeyLastUsage"] = {
                "Operation": "Decrypt",
                "Timestamp": used,
                "CloudTrailEventId": "e",
                "KmsRequestId": "r",
            }
        return answer

    def _last_use(self, key: Key) -> datetime | None:
        ago = _LAST_USE.get(self.kms.uses.get(key.arn, "often"))
        version = self.kms.key(key.account, key.region, key.id).at(self.now())
        until = self.now() if version is None or key.state == "Enabled" else version.when
        return until - ago if ago else None

    def list_resource_tags(self, KeyId: str, **_: Any) -> dict[str, Any]:
        self._found(KeyId, "ListResourceTags")
        return {"Tags": [{"TagKey": "team", "TagValue": "payments"}], "Truncated": False}

    def list_grants(self, KeyId: str, **_: Any) -> dict[str, Any]:
        self._found(KeyId, "ListGrants")
        return {"Grants": [], "Truncated": False}

    def get_key_policy(self, KeyId: str, PolicyName: str = "default") -> dict[str, Any]:
        self._found(KeyId, "GetKeyPolicy")
        return {"Policy": '{"Version":"2012-10-17","Statement":[]}', "PolicyName": PolicyName}

    def get_key_rotation_status(self, KeyId: str) -> dict[str, Any]:
        key = self._found(KeyId, "GetKeyRotationStatus")
        return {"KeyId": key.id, "KeyRotationEnabled": False}
