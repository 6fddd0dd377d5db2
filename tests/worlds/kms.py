"""KMS of all accounts and Regions of a world: keys, aliases and key stores through time, and what administrators do to them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from tests.worlds.clock import Dice
from tests.worlds.people import Person
from tests.worlds.timeline import Timeline, Version

T = TypeVar("T")
View = Callable[[Timeline[T]], Version[T] | None]
KMS_ITSELF = "kms"


@dataclass(frozen=True, slots=True)
class Key:
    """A key in one Region, at one time. ``state`` is what it would be if its key store were connected."""

    id: str
    account: str
    region: str
    created: datetime
    state: str = "Enabled"
    origin: str = "AWS_KMS"
    usage: str = "ENCRYPT_DECRYPT"
    store: str | None = None
    external: str | None = None
    deletion_date: datetime | None = None
    pending_days: int | None = None
    valid_to: datetime | None = None
    primary: str | None = None  # Region of the primary, for a multi-Region key
    replicas: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()  # accounts that the key policy keeps out

    @property
    def arn(self) -> str:
        return f"arn:aws:kms:{self.region}:{self.account}:key/{self.id}"


@dataclass(frozen=True, slots=True)
class Alias:
    """An alias at one time."""

    name: str
    target: str
    created: datetime
    updated: datetime


@dataclass(frozen=True, slots=True)
class Store:
    """A custom key store at one time. ``trouble`` is what ails its proxy or cluster while it is connected."""

    id: str
    name: str
    kind: str  # AWS_CLOUDHSM, EXTERNAL_KEY_STORE
    state: str = "CONNECTED"
    error: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One successful management call, or deed of KMS itself, as CloudTrail records it."""

    id: str
    what: str
    when: datetime
    who: Person
    account: str
    region: str
    resources: tuple[str, ...] = ()
    request: dict[str, Any] | None = None
    response: dict[str, Any] | None = None
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def by_aws(self) -> bool:
        return self.who.kind == KMS_ITSELF


Place = tuple[str, str, str]


@dataclass
class Kms:
    """Everything that KMS holds in a world."""

    dice: Dice
    keys: dict[Place, Timeline[Key]] = field(default_factory=dict)
    aliases: dict[Place, Timeline[Alias]] = field(default_factory=dict)
    stores: dict[Place, Timeline[Store]] = field(default_factory=dict)
    external: dict[str, Timeline[str]] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    uses: dict[str, str] = field(default_factory=dict)  # key ARN → often, never, long_ago
    _serial: int = 0

    # --- names -----------------------------------------------------------------------------------------------------------

    def uuid(self) -> str:
        """Return a new id."""
        self._serial += 1
        return str(UUID(int=self.dice.number("uuid", self._serial), version=4))

    # --- what there is at the beginning ----------------------------------------------------------------------------------

    def put_key(self, key: Key, when: datetime, *made_by: str, alias: str | None = None) -> Key:
        """Place a key (and an alias of it) without anybody having done so within the world's time."""
        self.key(key.account, key.region, key.id).write(when, key, *made_by)
        if alias:
            self.alias(key.account, key.region, alias).write(
                when, Alias(alias, key.id, when, when), *made_by
            )
        return key

    def put_store(self, account: str, region: str, store: Store, when: datetime) -> Store:
        """Place a key store."""
        self.store(account, region, store.id).write(when, store)
        return store

    def key(self, account: str, region: str, key_id: str) -> Timeline[Key]:
        """Return the timeline of a key, which may never have existed."""
        place = (account, region, key_id)
        return self.keys.setdefault(place, Timeline(f"key {place}", self.dice))

    def alias(self, account: str, region: str, name: str) -> Timeline[Alias]:
        """Return the timeline of an alias, which may never have existed."""
        place = (account, region, name)
        return self.aliases.setdefault(place, Timeline(f"alias {place}", self.dice))

    def store(self, account: str, region: str, store_id: str) -> Timeline[Store]:
        """Return the timeline of a key store, which may never have existed."""
        place = (account, region, store_id)
        return self.stores.setdefault(place, Timeline(f"store {place}", self.dice))

    def external_key(self, name: str) -> Timeline[str]:
        """Return the timeline of an external key's condition (``ok``, or a word of ``words.EXTERNAL``)."""
        return self.external.setdefault(name, Timeline(f"external {name}", self.dice))

    def now(self, key: Key, when: datetime) -> Key:
        """Return a key as it is at a moment; raises where it does not exist."""
        version = self.key(key.account, key.region, key.id).at(when)
        assert version
        assert version.value
        return version.value

    # --- what administrators do ------------------------------------------------------------------------------------------

    def did(
        self, what: str, when: datetime, who: Person, key: Key | None = None, **details: Any
    ) -> Change:
        """Note a change of a key (or of what ``account`` and ``region`` say), and return it."""
        resources = details.pop("resources", (key.arn,) if key else ())
        place = {"account": key.account, "region": key.region} if key else {}
        request = details.pop("request", {"keyId": key.id} if key else None)
        change = Change(
            self.uuid(), what, when, who, resources=resources, request=request, **place | details
        )
        self.changes.append(change)
        return change

    def write(self, key: Key, when: datetime, *made_by: str, **fields: Any) -> None:
        """Write a new version of a key."""
        timeline = self.key(key.account, key.region, key.id)
        timeline.write(when, replace(self.now(key, when), **fields), *made_by)

    def _made_by(self, key: Key, when: datetime) -> tuple[str, ...]:
        version = self.key(key.account, key.region, key.id).at(when)
        return version.made_by if version else ()

    def create_key(self, key: Key, who: Person) -> Change:
        """CreateKey."""
        change = self.did(
            "CreateKey",
            key.created,
            who,
            key,
            request={"keyUsage": key.usage, "origin": key.origin},
        )
        self.key(key.account, key.region, key.id).write(key.created, key, change.id)
        return change

    def disable(self, key: Key, when: datetime, who: Person) -> Change:
        """DisableKey."""
        change = self.did("DisableKey", when, who, key)
        self.write(key, when, change.id, state="Disabled")
        return change

    def enable(self, key: Key, when: datetime, who: Person) -> Change:
        """EnableKey."""
        change = self.did("EnableKey", when, who, key)
        self.write(key, when, change.id, state="Enabled")
        return change

    def schedule_deletion(self, key: Key, when: datetime, who: Person, days: int = 30) -> Change:
        """ScheduleKeyDeletion; a primary key with replicas waits for them without a date."""
        waits = bool(self.now(key, when).replicas) and key.primary == key.region
        date = None if waits else when + timedelta(days=days)
        state = "PendingReplicaDeletion" if waits else "PendingDeletion"
        answer = {"keyId": key.arn, "keyState": state, "pendingWindowInDays": days}
        if date:
            answer["deletionDate"] = date.strftime("%b %d, %Y, %I:%M:%S %p")
        request = {"keyId": key.id, "pendingWindowInDays": days}
        change = self.did("ScheduleKeyDeletion", when, who, key, request=request, response=answer)
        self.write(
            key,
            when,
            change.id,
            state=state,
            deletion_date=date,
            pending_days=days if waits else None,
        )
        return change

    def cancel_deletion(self, key: Key, when: datetime, who: Person) -> Change:
        """CancelKeyDeletion, which leaves the key disabled: who scheduled and who cancelled both brought that about."""
        before = self._made_by(key, when)
        change = self.did("CancelKeyDeletion", when, who, key, response={"keyId": key.arn})
        self.write(
            key, when, change.id, *before, state="Disabled", deletion_date=None, pending_days=None
        )
        return change

    def delete_key(self, key: Key, when: datetime) -> Change:
        """KMS deletes a key whose time has come, and its aliases with it."""
        before, itself = self._made_by(key, when), Person("kms", "AWS KMS", key.account)
        change = self.did(
            "DeleteKey",
            when,
            itself,
            key,
            request=None,
            more={"serviceEventDetails": {"keyId": key.arn}},
        )
        self.key(key.account, key.region, key.id).write(when, None, change.id, *before)
        for (account, region, _), timeline in self.aliases.items():
            version = timeline.at(when)
            if (
                (account, region) == (key.account, key.region)
                and version
                and version.value
                and version.value.target == key.id
            ):
                timeline.write(when, None, change.id, *before)
        return change

    def lose_material(self, key: Key, when: datetime, who: Person | None) -> Change:
        """DeleteImportedKeyMaterial by somebody, or DeleteExpiredKeyMaterial by KMS."""
        itself = Person("kms", "AWS KMS", key.account)
        what = "DeleteImportedKeyMaterial" if who else "DeleteExpiredKeyMaterial"
        change = self.did(
            what, when, who or itself, key, request={"keyId": key.id} if who else None
        )
        self.write(key, when, change.id, state="PendingImport", valid_to=None)
        return change

    def import_material(self, key: Key, when: datetime, who: Person) -> Change:
        """ImportKeyMaterial."""
        change = self.did("ImportKeyMaterial", when, who, key)
        self.write(key, when, change.id, state="Enabled")
        return change

    def create_alias(self, key: Key, name: str, when: datetime, who: Person) -> Change:
        """CreateAlias."""
        change = self._alias_change("CreateAlias", key, name, when, who)
        self.alias(key.account, key.region, name).write(
            when, Alias(name, key.id, when, when), change.id
        )
        return change

    def update_alias(self, key: Key, name: str, when: datetime, who: Person) -> Change:
        """UpdateAlias: point it to ``key``."""
        timeline = self.alias(key.account, key.region, name)
        old = timeline.at(when)
        assert old
        assert old.value
        change = self._alias_change("UpdateAlias", key, name, when, who)
        timeline.write(when, replace(old.value, target=key.id, updated=when), change.id)
        return change

    def delete_alias(self, key: Key, name: str, when: datetime, who: Person) -> Change:
        """DeleteAlias."""
        change = self._alias_change("DeleteAlias", key, name, when, who)
        self.alias(key.account, key.region, name).write(when, None, change.id)
        return change

    def _alias_change(self, what: str, key: Key, name: str, when: datetime, who: Person) -> Change:
        arn = f"arn:aws:kms:{key.region}:{key.account}:{name}"
        request = {"aliasName": name} | ({} if what == "DeleteAlias" else {"targetKeyId": key.id})
        return self.did(what, when, who, key, request=request, resources=(arn, key.arn))

    def set_store(
        self,
        account: str,
        region: str,
        store_id: str,
        when: datetime,
        what: str,
        who: Person | None,
        **fields: Any,
    ) -> Change | None:
        """Change a key store: by a call of somebody, or by itself (``who`` is nobody)."""
        timeline = self.store(account, region, store_id)
        old = timeline.at(when)
        assert old
        assert old.value
        change = None
        if who:
            request = {"customKeyStoreId": store_id}
            change = self.did(
                what,
                when,
                who,
                account=account,
                region=region,
                request=request,
                more={"additionalEventData": {"customKeyStoreName": old.value.name}},
            )
        timeline.write(when, replace(old.value, **fields), *([change.id] if change else []))
        return change

    def replicate(
        self, primary: Key, region: str, when: datetime, who: Person, ready: datetime
    ) -> tuple[Key, Change]:
        """ReplicateKey: the replica is ``Creating`` until ``ready``."""
        request = {"keyId": primary.id, "replicaRegion": region}
        change = self.did("ReplicateKey", when, who, primary, request=request)
        replica = replace(
            self.now(primary, when),
            region=region,
            created=when,
            state="Creating",
            deletion_date=None,
        )
        self.key(replica.account, region, replica.id).write(when, replica, change.id)
        self._family(primary.account, primary.id, when, (*self.now(primary, when).replicas, region))
        self.write(replica, ready, change.id, state="Enabled")
        return replica, change

    def drop_replica(self, replica: Key, when: datetime) -> Change:
        """KMS deletes a replica whose time has come."""
        change = self.delete_key(replica, when)
        left = tuple(r for r in self._replicas(replica, when) if r != replica.region)
        self._family(replica.account, replica.id, when, left)
        return change

    def _replicas(self, key: Key, when: datetime) -> tuple[str, ...]:
        return next((k.replicas for k in self._relatives(key.account, key.id, when)), ())

    def _relatives(self, account: str, key_id: str, when: datetime) -> Iterator[Key]:
        for (owner, _, one), timeline in self.keys.items():
            version = timeline.at(when)
            if (owner, one) == (account, key_id) and version and version.value:
                yield version.value

    def _family(self, account: str, key_id: str, when: datetime, replicas: tuple[str, ...]) -> None:
        for key in list(self._relatives(account, key_id, when)):
            version = self.key(account, key.region, key_id).at(when)
            assert version
            self.key(account, key.region, key_id).write(
                when, replace(key, replicas=replicas), *version.made_by
            )

    # --- reading ---------------------------------------------------------------------------------------------------------

    def state_of(self, key: Key, view: View[Store]) -> str:
        """Return the KeyState: keys of a store that is not connected are Unavailable (KMS Developer Guide, key states)."""
        if key.store is None or key.state not in {"Enabled", "Disabled"}:
            return key.state
        store = view(self.store(key.account, key.region, key.store))
        connected = (
            store is not None and store.value is not None and store.value.state == "CONNECTED"
        )
        return key.state if connected else "Unavailable"

    def change(self, event_id: str) -> Change:
        """Return a change by its event id."""
        return next(change for change in self.changes if change.id == event_id)


def at(when: datetime) -> View[Any]:
    """Return the view of what is true at a moment."""
    return lambda timeline: timeline.at(when)


def seen(when: datetime, reader: str) -> View[Any]:
    """Return the view of a reader at a moment."""
    return lambda timeline: timeline.seen(when, reader)
