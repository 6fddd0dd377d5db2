"""What every episode is written with: a moment, chance of its own, keys, people, and calls that go on for a while."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.worlds.attempts import Probe
from tests.worlds.chronicle import Chronicle
from tests.worlds.clock import minutes, seconds
from tests.worlds.kms import Change, Key, Store
from tests.worlds.people import Person

LONG_AGO = timedelta(days=400)
FOREIGN = ("210987654321", "333344445555")
WORDS = (
    "payments",
    "orders",
    "billing",
    "invoices",
    "backup",
    "search",
    "mail",
    "reports",
    "vault",
    "customers",
    "ledger",
    "audit",
)
CRYPTO = (
    "Decrypt",
    "Decrypt",
    "Decrypt",
    "GenerateDataKey",
    "Encrypt",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncrypt",
)
SERVICES = (
    "s3.amazonaws.com",
    "lambda.amazonaws.com",
    "secretsmanager.amazonaws.com",
    "rds.amazonaws.com",
    "dynamodb.amazonaws.com",
    "AWS Internal",
)


@dataclass
class Scene:
    """One episode's view of the world."""

    story: Chronicle
    rng: random.Random
    begins: datetime
    planned: list[tuple[datetime, Probe, dict[str, Any]]] = field(default_factory=list)

    @property
    def home(self) -> tuple[str, str]:
        return self.story.account, self.story.region

    # --- things ----------------------------------------------------------------------------------------------------------

    def key(
        self,
        alias: str | None = None,
        *,
        region: str | None = None,
        account: str | None = None,
        **fields,
    ) -> Key:
        """Place a key that has been there for long."""
        multi = (
            "mrk-" + self.story.kms.uuid().replace("-", "")
            if fields.get("primary")
            else self.story.kms.uuid()
        )
        born = self.story.start - LONG_AGO
        key = Key(multi, account or self.story.account, region or self.story.region, born, **fields)
        return self.story.kms.put_key(key, born, alias=alias)

    def fresh(self, when: datetime, **fields) -> Key:
        """Return a key that somebody is about to create."""
        return Key(self.story.kms.uuid(), *self.home, when, **fields)

    def alias(self) -> str:
        """Return an alias name that nobody else uses."""
        return f"alias/{self.rng.choice(WORDS)}-{self.story.kms.uuid()[:5]}"

    def store(self, kind: str, **fields) -> Store:
        """Place a key store that has been there for long."""
        store_id = f"cks-{self.story.kms.uuid().replace('-', '')[:17]}"
        store = Store(store_id, f"store-{store_id[-4:]}", kind, **fields)
        return self.story.kms.put_store(*self.home, store, self.story.start - LONG_AGO)

    def stored_keys(self, store: Store, number: int) -> list[tuple[Key, str]]:
        """Place keys (with aliases) of a key store."""
        keys = []
        for _ in range(number):
            alias = self.alias()
            external = (
                f"ext-{self.story.kms.uuid()[:8]}" if store.kind == "EXTERNAL_KEY_STORE" else None
            )
            origin = "EXTERNAL_KEY_STORE" if external else "AWS_CLOUDHSM"
            keys.append((self.key(alias, store=store.id, external=external, origin=origin), alias))
        return keys

    # --- people ----------------------------------------------------------------------------------------------------------

    def admin(self, hint: str = "admin") -> Person:
        """Return somebody who changes things."""
        kind = self.rng.choice(
            ("user", "role", "role", "identity_center", "federated", "fas_role", "root")
        )
        via = "cloudformation.amazonaws.com" if kind == "fas_role" else ""
        return self.story.person(kind, hint, via=via)

    def caller(self, *, foreign: str | None = None, plain: bool = False) -> Person:
        """Return a program (or a service on its behalf) that uses keys."""
        kind = (
            "role"
            if plain or foreign
            else self.rng.choice(("role", "role", "role", "user", "fas_role", "fas_user"))
        )
        via = self.rng.choice(SERVICES) if kind.startswith("fas") else ""
        return self.story.person(kind, f"{self.rng.choice(WORDS)}-app", account=foreign, via=via)

    def ref(self, key: Key, alias: str | None = None) -> str:
        """Return one of the names of a key."""
        names = [key.id, key.arn, key.arn]
        if alias:
            names += [alias, alias, f"arn:aws:kms:{key.region}:{key.account}:{alias}"]
        return self.rng.choice(names)

    def probe(
        self, caller: Person, key: Key, alias: str | None = None, operation: str | None = None
    ) -> Probe:
        """Return a way to use a key; callers from elsewhere name it by its ARN."""
        operation = operation or self.rng.choice(CRYPTO)
        if caller.via in {"secretsmanager.amazonaws.com", "AWS Internal"}:
            return Probe(caller, "Decrypt", key.arn, key.region, unnamed=True)
        name = key.arn if caller.account != key.account else self.ref(key, alias)
        second = name if operation == "ReEncrypt" else None
        return Probe(caller, operation, name, key.region, second=second)

    # --- what happens ----------------------------------------------------------------------------------------------------

    def later(self, low: float, high: float, after: datetime | None = None) -> datetime:
        """Return a moment some minutes after another (or after the episode begins)."""
        return (after or self.begins) + minutes(self.rng.uniform(low, high))

    def soon(self, low: float, high: float, after: datetime) -> datetime:
        """Return a moment some seconds after another."""
        return after + seconds(self.rng.uniform(low, high))

    def times(self, begin: datetime, end: datetime, every: float) -> Iterator[datetime]:
        """Yield moments about ``every`` minutes apart."""
        when = begin + seconds(self.rng.uniform(0, 30))
        while when < end:
            yield when
            when += minutes(every * self.rng.uniform(0.3, 1.7))

    def calls(
        self, probe: Probe, begin: datetime, end: datetime, every: float | None = None, **how
    ) -> None:
        """Plan to call again and again, at most some dozens of times; ``finish`` makes the calls."""
        every = every or self.rng.choice((0.7, 2.0, 5.0, 9.0))
        every = max(every, (end - begin).total_seconds() / 60 / 40)
        self.planned += [(when, probe, how) for when in self.times(begin, end, every)]

    def finish(self) -> None:
        """Make the planned calls, once all changes of the episode are known: a call after a change meets it."""
        for when, probe, how in self.planned:
            self.story.call(when, probe, **how)

    def tell(self, *changes: Change | None, **how) -> None:
        """Let changes be recorded and delivered."""
        for change in changes:
            self.story.tell(change, **how)

    def innocents(self, key: Key, alias: str | None, until: datetime) -> None:
        """Let other people do harmless things to the same key before: none of them is to blame for anything."""
        kms = self.story.kms
        number = self.rng.choice((0, 0, 1, 1, 2))
        for when in sorted(until - minutes(self.rng.uniform(8, 300)) for _ in range(number)):
            what = self.rng.choice(
                ("flip", "update_alias", "policy", "tag", "grant", "rotation", "cancelled")
            )
            who = self.admin("innocent")
            if what == "flip":
                self.tell(
                    kms.disable(key, when, who),
                    kms.enable(key, when + seconds(self.rng.uniform(5, 55)), who),
                )
            elif what == "update_alias" and alias:
                self.tell(kms.update_alias(key, alias, when, who))
            elif what == "cancelled":
                self.tell(
                    kms.schedule_deletion(key, when, who, 7),
                    kms.cancel_deletion(key, when + seconds(20), who),
                )
                self.tell(kms.enable(key, when + seconds(40), who))
            else:
                name = {"policy": "PutKeyPolicy", "tag": "TagResource", "grant": "CreateGrant"}.get(
                    what, "EnableKeyRotation"
                )
                self.tell(kms.did(name, when, who, key))
